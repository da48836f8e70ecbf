"""Our metric functions against scikit-learn's, on a million predictions.

    python benchmarks/metrics.py

Both sides start from labels and predictions, and are timed in turn in the same run, so that whatever else the
machine does slows both. A ratio above 1 says how many times faster ours is (median over the repeats of
scikit-learn's time divided by ours, pair by pair). Answers are compared before anything is timed. The figures
go to benchmarks/metrics.json.
"""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics as theirs

from course_utils.reference import metrics as ours

PREDICTIONS = 1_000_000
REPEATS = 9


def processor() -> str:
    """The processor's own name where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def pairs(
    labels: np.ndarray, predictions: np.ndarray, n_classes: int
) -> dict[str, tuple[Callable, Callable]]:
    """For each function: ours and scikit-learn's, ready to be called."""

    def matrix() -> np.ndarray:
        return ours.confusion_matrix(labels, predictions, n_classes)

    every = range(n_classes)
    return {
        "confusion_matrix": (
            matrix,
            lambda: theirs.confusion_matrix(labels, predictions, labels=every),
        ),
        "precision_recall_f1": (
            lambda: ours.precision_recall_f1(matrix()),
            lambda: theirs.precision_recall_fscore_support(
                labels, predictions, labels=every, zero_division=0
            )[:3],
        ),
        "macro_f1": (
            lambda: ours.macro_f1(matrix()),
            lambda: theirs.f1_score(labels, predictions, labels=every, average="macro", zero_division=0),
        ),
        "accuracy": (
            lambda: ours.accuracy(matrix()),
            lambda: theirs.accuracy_score(labels, predictions),
        ),
    }


def seconds(function: Callable) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def measure(n_classes: int) -> list[dict]:
    rng = np.random.default_rng(n_classes)
    labels = rng.integers(n_classes, size=PREDICTIONS)
    predictions = np.where(rng.random(PREDICTIONS) < 0.8, labels, rng.integers(n_classes, size=PREDICTIONS))
    rows = []
    for name, (our, their) in pairs(labels, predictions, n_classes).items():
        np.testing.assert_allclose(our(), their(), rtol=1e-12)
        times = [(seconds(our), seconds(their)) for _ in range(REPEATS)]
        rows.append(
            {
                "function": name,
                "classes": n_classes,
                "ours_ms": round(1000 * statistics.median(t[0] for t in times), 2),
                "scikit_learn_ms": round(1000 * statistics.median(t[1] for t in times), 2),
                "ratio": round(statistics.median(t[1] / t[0] for t in times), 1),
                "lowest_ratio": round(min(t[1] / t[0] for t in times), 1),
            }
        )
    return rows


def main() -> int:
    rows = measure(3) + measure(10)
    print(f"{'function':<22}{'classes':>8}{'ours':>12}{'scikit-learn':>15}{'ratio':>8}")
    for row in rows:
        print(
            f"{row['function']:<22}{row['classes']:>8}{row['ours_ms']:>9.2f} ms"
            f"{row['scikit_learn_ms']:>12.2f} ms{row['ratio']:>8.1f}"
        )
    report = {
        "predictions": PREDICTIONS,
        "repeats": REPEATS,
        "machine": {"processor": processor(), "cores": os.cpu_count(), "system": platform.system()},
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "results": rows,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n")
    slower = [row["function"] for row in rows if row["ratio"] < 1]
    if slower:
        print(f"Slower than scikit-learn: {', '.join(slower)}")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
