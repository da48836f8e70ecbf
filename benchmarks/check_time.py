"""How long a check takes: `exercise.judge` on the right answer and on each known mistake, in milliseconds.

    python benchmarks/check_time.py

Writes check_time.json beside itself. What a notebook adds, the progress file and the display, is not in it. The first
check of an exercise also works out what its mistakes give for the fixed cases; it is reported by itself.
"""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course_utils.exercises import LESSONS, catalogue
from course_utils.exercises.exercise import Exercise

ROUNDS = 5
TARGET = 100.0
"""Milliseconds at the median."""


def once(exercise: Exercise, answer: Callable[..., Any]) -> float:
    start = time.perf_counter()
    exercise.judge(answer)
    return 1000 * (time.perf_counter() - start)


def measured(exercise: Exercise) -> dict[str, Any]:
    """Medians of one exercise."""
    first = once(exercise, lambda *arguments: 0.123)
    right = statistics.median(once(exercise, exercise.reference) for _ in range(ROUNDS))
    wrong = {
        mistake.name: statistics.median(once(exercise, mistake.answer) for _ in range(ROUNDS))
        for mistake in exercise.mistakes
    }
    return {
        "first": round(first, 1),
        "right": round(right, 1),
        "wrong_median": round(statistics.median(wrong.values()), 1),
        "wrong_slowest": [max(wrong, key=wrong.__getitem__), round(max(wrong.values()), 1)],
        "wrong": {name: round(value, 1) for name, value in wrong.items()},
    }


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def main() -> None:
    exercises = {
        f"lesson_{lesson}.{exercise.name}": measured(exercise)
        for lesson in LESSONS
        for exercise in catalogue(lesson).EXERCISES
    }
    rights = [figures["right"] for figures in exercises.values()]
    wrongs = [value for figures in exercises.values() for value in figures["wrong"].values()]
    report = {
        "unit": "ms",
        "machine": {"processor": processor(), "cores": os.cpu_count(), "python": platform.python_version()},
        "load_average_at_the_end": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "target": TARGET,
        "median": {
            "right": round(statistics.median(rights), 1),
            "wrong": round(statistics.median(wrongs), 1),
            "all": round(statistics.median([*rights, *wrongs]), 1),
        },
        "exercises": exercises,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    print(f"{'exercise':44} {'first':>7} {'right':>7} {'wrong':>7} {'slowest':>8}")
    for name, figures in exercises.items():
        slowest = figures["wrong_slowest"][1]
        print(f"{name:44} {figures['first']:7} {figures['right']:7} {figures['wrong_median']:7} {slowest:8}")
    print(f"median of all checks: {report['median']['all']} ms (target: under {TARGET:.0f})")


if __name__ == "__main__":
    main()
