"""From what one exercise's process gave back to a verdict, with the same diagnosis as in the notebook.

Runs in the parent, and runs nothing of a learner's.
"""

import hashlib
import re
import threading
from collections.abc import Sequence
from dataclasses import replace

from course_utils.exercises.diagnosis import Beside
from course_utils.exercises.verdict import NOT_ATTEMPTED, RAISED, WRONG, Verdict
from course_utils.grading import wire
from course_utils.grading.sandbox import Asked, Outcome
from course_utils.grading.submission import Cell
from course_utils.grading.supervisor import FLOODED
from course_utils.needed import NOT_THERE

_one_at_a_time = threading.Lock()
"""To judge is to run known mistakes with their output and warnings caught, and those are one for the whole process: two
lanes that caught them at once would leave standard output redirected for good."""

LONE_CELL = "restart the kernel, run the lesson's imports and then that cell alone: what does its first error say is missing?"

MOST_REMEMBERED = 2000
"""Verdicts of one exercise: a few KB each."""


class Judge:
    """One exercise with its inputs, what the right and the known wrong answers give to them, and the verdicts so far.

    Most of a class give back one of few things, byte for byte: each is judged once.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked, self.exercise = asked, asked.exercise
        self.beside = Beside(asked.exercise)
        self.known: dict[bytes, Verdict] = {}

    def verdict(self, outcome: Outcome) -> Verdict:
        """On what came out of the sandbox, whatever it is."""
        content = outcome.given.get(self.exercise.name)
        if content is None:
            return _ended(self, outcome.ended.get(self.exercise.name, "it gave no result"))
        key = hashlib.sha256(content).digest()
        verdict = self.known.get(key)
        if verdict is None:
            if len(self.known) >= MOST_REMEMBERED:
                self.known.clear()
            verdict = self.known[key] = self._judged(content)
        return verdict

    def explained(self, verdict: Verdict, cells: Sequence[Cell], notes: Sequence[str]) -> Verdict:
        """The verdict, or, where there is no function because its cell failed, one that says so."""
        if verdict.outcome != NOT_ATTEMPTED:
            return verdict
        defines = re.compile(rf"^def {self.exercise.name}\(", re.MULTILINE)
        numbers = {cell.number for cell in cells if defines.search(cell.source)}
        for note in notes:
            where, _, error = note.partition(": ")
            if where in {f"cell {number}" for number in numbers}:
                advice = NOT_THERE if error.startswith("NameError") else LONE_CELL
                finding = f"The function is not there, for its cell failed where answers are graded: {error.rstrip('.')}."
                return Verdict(self.exercise.name, RAISED, 0, self.exercise.points, "raised", finding, advice)
        return verdict

    def _judged(self, content: bytes) -> Verdict:
        try:
            attempt = self.asked.attempt(content)
        except (wire.Garbled, ValueError, RecursionError):
            return _unreadable(self)
        with _one_at_a_time:
            verdict = self.exercise.verdict(self.asked.cases, attempt, self.beside)
        if verdict.outcome == RAISED and verdict.finding.startswith("NameError"):
            return replace(verdict, notes=(*verdict.notes, NOT_THERE))
        return verdict


def _unreadable(judge: Judge) -> Verdict:
    finding = "What it gave back can't be read: it is far too large, or no plain data."
    advice = f"look at the size of what `{judge.exercise.name}` gives back for a small input."
    return Verdict(judge.exercise.name, WRONG, 0, judge.exercise.points, "type", finding, advice)


def _ended(judge: Judge, why: str) -> Verdict:
    """The verdict on an answer that gave nothing back."""
    if why == "time":
        finding, advice = (
            "It was still running when its time was over.",
            "which loop in it never ends, and for which input?",
        )
        return Verdict(judge.exercise.name, WRONG, 0, judge.exercise.points, "time", finding, advice)
    if why == FLOODED:
        return _unreadable(judge)
    finding = f"It ended the process that it ran in ({why})."
    advice = "a function gives its value back with `return`; leave the process running, and mind how much memory it takes."
    return Verdict(judge.exercise.name, RAISED, 0, judge.exercise.points, "ended", finding, advice)
