"""The explorers: pictures that answer while you move them. A plain function computes what each shows.

    from course_utils.widgets import SoftmaxExplorer
    SoftmaxExplorer([2.0, 1.0, -1.0])

Each is one file in Python, which holds the plain function, and one in JavaScript, which draws.
"""

import importlib
from typing import Any

_HOMES = {
    "AttentionExplorer": "attention",
    "CalibrationExplorer": "calibration",
    "ScaleExplorer": "scale",
    "ScheduleExplorer": "schedule",
    "SoftmaxExplorer": "softmax",
    "ThresholdExplorer": "threshold",
    "TokenizerExplorer": "tokenizer",
    "TrainingMonitor": "monitor",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Each explorer is loaded when it is first used: some need torch, and most lessons need two or three."""
    if name not in _HOMES:
        raise AttributeError(f"There is no explorer {name}. There are: {', '.join(__all__)}.")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
