"""The page that a learner gets back: each verdict as the notebook would have said it, without hidden inputs."""

import re

from course_utils.exercises.feedback import verdict_html
from course_utils.exercises.verdict import CORRECT, NOT_ATTEMPTED, Verdict
from course_utils.grading.grade import Mark
from course_utils.grading.page import count, escaped, name, page
from course_utils.grading.summary import Handed, Learner

PRINTED = "It printed something. What it was is left out, since it may show a hidden input."
WARNED = "While it ran, Python warned. What it said is left out, since it may show a hidden input."
HARMLESS_WARNING = re.compile(r"While it ran, Python warned: [A-Za-z .:'`_-]*")
"""Without numbers, brackets or more than words: a warning of NumPy's, and no input."""


def verdict_for(mark: Mark) -> Verdict:
    """The verdict as the learner may read it.

    The gradebook keeps no evidence where the input was drawn for the grading. What a finding or a note quotes comes
    from the answer itself, which may have returned, raised or printed the hidden input; that is left out, too.
    """
    verdict = mark.verdict()
    finding = verdict.finding
    if verdict.outcome not in (CORRECT, NOT_ATTEMPTED) and not verdict.evidence:
        finding = _without_values(finding)
    return Verdict(
        verdict.exercise,
        verdict.outcome,
        verdict.points,
        verdict.possible,
        verdict.step,
        finding,
        verdict.advice,
        verdict.cause,
        verdict.mistake,
        verdict.evidence,
        tuple(_note(note) for note in verdict.notes),
    )


def _without_values(finding: str) -> str:
    """A finding on a hidden input, with its kind and place, and without the values in it."""
    error, says, _ = finding.partition(" It says: ")
    if says:
        return f"{error} It was raised for a hidden input, which what it says may show; so that is left out."
    finding = re.sub(r"(, first at index [^:]*): .* where .* was expected", r"\1", finding, flags=re.DOTALL)
    return re.sub(r"(holds [^,`]+), `.*`, where", r"\1 where", finding, flags=re.DOTALL)


def _note(note: str) -> str:
    if note.startswith("It printed: "):
        return PRINTED
    if note.startswith("While it ran, Python warned: ") and not HARMLESS_WARNING.fullmatch(note):
        return WARNED
    return note


def feedback_page(learner: Learner) -> str:
    """The page of one learner."""
    parts = [_lesson(learner, handed) for handed in learner.lessons.values()]
    for record in learner.unreadable:
        parts.append(
            f"<section><h2>Not graded: {name(record.key)}</h2>"
            f'<p class="warning">{escaped(record.why)}</p></section>'
        )
    marks = ""
    if learner.lessons:
        marks = f"<p><strong>{learner.points} of {count(learner.possible, 'point')}</strong></p>"
    header = f"<h1>Feedback for {name(learner.name)}</h1>{marks}"
    footer = (
        "Attention to Labels. Graded on the inputs that the notebook checks, and on hidden ones; hidden inputs are not "
        "shown."
    )
    return page(f"Feedback: {learner.name}", header, "".join(parts), f"<p>{footer}</p>")


def _lesson(learner: Learner, handed: Handed) -> str:
    correct = sum(mark.outcome == CORRECT for mark in handed.marks)
    others = [key for lesson, key in learner.set_aside if lesson == handed.lesson]
    aside = ""
    if others:
        listed = ", ".join(name(key) for key in others)
        aside = f"<p>Handed in more than once; the better one counts. Not counted: {listed}.</p>"
    return (
        f"<section><h2>Lesson {handed.lesson}: {handed.points} of {count(handed.possible, 'point')}</h2>"
        f'<p class="soft">{name(handed.record.key)}. {correct} of {count(len(handed.marks), "exercise")} correct.</p>{aside}</section>'
        + "".join(_exercise(mark) for mark in handed.marks)
        + _cells(handed.record.notes)
    )


def _exercise(mark: Mark) -> str:
    points = f'<span class="soft">{mark.points} of {count(mark.possible, "point")}</span>'
    return f"<section><h3>{escaped(mark.title)} {points}</h3>{verdict_html(verdict_for(mark))}</section>"


def _cells(notes: list[str]) -> str:
    if not notes:
        return ""
    items = "".join(f"<li><pre>{escaped(note)}</pre></li>" for note in notes)
    return (
        "<section><h3>When the cells were run</h3><p>These cells ended with an error. That costs no points by itself; "
        f"an answer that such a cell defines may be missing, though.</p><ul>{items}</ul></section>"
    )
