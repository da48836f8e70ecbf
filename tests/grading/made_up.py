"""Records as a gradebook holds them, made up for tests of the reports."""

from typing import Any

from course_utils.grading.grade import Mark, Record

LAYERS = ["network namespace", "another root folder"]


def mark(exercise: str = "softmax", outcome: str = "correct", **more: Any) -> Mark:
    """A mark of 2 points in lesson 4."""
    wanted = {"lesson": 4, "title": exercise.title(), "possible": 2, "step": "passed", "advice": ""} | more
    wanted.setdefault("points", wanted["possible"] if outcome == "correct" else 0)
    wanted.setdefault("finding", "It passes the checks here." if outcome == "correct" else "It is wrong.")
    return Mark(exercise=exercise, outcome=outcome, **wanted)


def mistaken(exercise: str, mistake: str, **more: Any) -> Mark:
    """A wrong answer that is a known mistake."""
    said = {"cause": f"{mistake} was done", "advice": f"undo {mistake}?", "step": "differs"}
    return mark(exercise, "wrong", mistake=mistake, **(said | more))


def record(key: str, *marks: Mark, **more: Any) -> Record:
    """A graded record; the learner is the first folder."""
    lessons = sorted({one.lesson for one in marks}) or [4]
    wanted = {
        "learner": key.split("/")[0],
        "digest": "0" * 64,
        "status": "graded",
        "lessons": lessons,
        "marks": list(marks),
        "points": sum(one.points for one in marks),
        "possible": sum(one.possible for one in marks),
        "seed": 7,
        "exercises": "e",
        "isolation": LAYERS,
        "seconds": 0.25,
    } | more
    return Record(key, **wanted)


def unreadable(key: str, why: str = "The file is empty.") -> Record:
    """The record of a file that is no notebook."""
    return Record(key, key.split("/")[0], "0" * 64, "unreadable", why, exercises="e")
