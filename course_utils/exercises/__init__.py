"""Exercises: what is asked, how an answer is checked, and the known ways to get it wrong."""

from importlib import import_module
from types import ModuleType

LESSONS = (1, 2, 3, 4)
"""The lessons that have a catalogue."""


def catalogue(lesson: int) -> ModuleType:
    """The catalogue of one lesson, a module with `EXERCISES` and `quiz`.

    Raises:
        ValueError: there is no such lesson.
    """
    if lesson not in LESSONS:
        known = ", ".join(str(number) for number in LESSONS)
        raise ValueError(f"no lesson {lesson!r}: lessons with exercises are {known}.")
    return import_module(f"course_utils.exercises.lesson_{lesson}")
