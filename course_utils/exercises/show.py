"""Values written so that a person can read them: rounded, cut, one line where it fits."""

from collections.abc import Mapping
from typing import Any

import numpy as np

LONGEST = 400
"""Characters of one value; beyond it the middle is left out."""


def shown(value: Any) -> str:
    """A value as short text. Arrays are rounded to six digits and lose their middle when they are large."""
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=6, threshold=24, edgeitems=3, separator=", ", suppress_small=False)
        if value.size == 0:
            text = f"an empty array of shape {value.shape}"
    elif isinstance(value, np.generic):
        text = f"{value.item():.6g}" if isinstance(value, np.floating) else repr(value.item())
    elif isinstance(value, float):
        text = f"{value:.6g}"
    elif isinstance(value, Mapping):
        text = "{" + ", ".join(f"{shown(key)}: {shown(item)}" for key, item in value.items()) + "}"
    elif isinstance(value, tuple) and any(isinstance(item, np.ndarray) for item in value):
        text = "\n".join(shown(item) for item in value)
    elif isinstance(value, list | tuple):
        inside = ", ".join(shown(item) for item in value)
        text = f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    else:
        text = _safe_repr(value)
    return cut(text)


def cut(text: str, longest: int = LONGEST) -> str:
    """The text, without its middle where it is longer than `longest` characters."""
    if len(text) <= longest:
        return text
    half = longest // 2 - 3
    return f"{text[:half]} … {text[-half:]}"


def _safe_repr(value: Any) -> str:
    """repr of a learner's object, which may itself raise."""
    try:
        return repr(value)
    except Exception as error:
        return f"<a {type(value).__name__} whose repr raises {type(error).__name__}>"
