"""Marks as other systems read them: a spreadsheet, Canvas, Moodle, Gradescope.

Canvas reads what its own export looks like: `Student`, `ID`, `SIS User ID`, `SIS Login ID`, `Section`, then assignments,
and a row `Points Possible`. It finds people by the ID, or else by an SIS id, or else by name; assignments by title.
    https://community.canvaslms.com/t5/Instructor-Guide/How-do-I-import-grades-in-the-Gradebook/ta-p/807
    https://github.com/instructure/canvas-lms/blob/master/lib/gradebook_importer.rb
Moodle reads its offline grading worksheet, one for each assignment: `Identifier`, `Grade` and `Last modified (grade)`
have to be there, `Feedback comments` are read if that kind of feedback is switched on. It finds people by `Identifier`
alone, skips empty grades, and skips grades above the assignment's maximum without a word.
    https://docs.moodle.org/en/Assignment_settings#Feedback_types
    https://github.com/moodle/moodle/blob/main/public/mod/assign/feedback/offline/importgradeslib.php
Gradescope reads the `results.json` of an autograder.
    https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format
What can't be known from the files that were handed in, such as an SIS id, stays empty.
"""

import csv
import html
import io
from collections.abc import Iterable, Sequence
from typing import Any

from course_utils.exercises.verdict import CORRECT
from course_utils.grading.feedback_page import verdict_for
from course_utils.grading.grade import GRADED, Mark
from course_utils.grading.summary import Handed, Learner, Summary, moodle_name, printable

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the start of a formula. https://owasp.org/www-community/attacks/CSV_Injection"""


def safe_cell(text: str) -> str:
    """A text, on one line, that no spreadsheet takes for a formula: one that might gets an apostrophe before it."""
    text = printable(text) if text else ""
    return f"'{text}" if text.startswith(FORMULA) else text


def _table(rows: Iterable[Sequence[str | int]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(
        [safe_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return out.getvalue()


def marks_csv(summary: Summary) -> str:
    """A row for each learner and lesson, and one for each file that could not be graded; points and outcome of each
    exercise. With a byte order mark, by which spreadsheets know UTF-8."""
    exercises = [(lesson.lesson, one.name) for lesson in summary.lessons for one in lesson.exercises]
    head = ["learner", "lesson", "points", "possible", "status", "why", "file", "not counted", "feedback"]
    head += [column for _, exercise in exercises for column in (exercise, f"{exercise} outcome")]
    rows: list[list[str | int]] = [list(head)]
    for learner in summary.learners:
        page = f"feedback/{learner.page}.html"
        for lesson, handed in learner.lessons.items():
            marks = {(mark.lesson, mark.exercise): mark for mark in handed.marks}
            others = "; ".join(key for number, key in learner.set_aside if number == lesson)
            row: list[str | int] = [
                *(learner.name, lesson, handed.points, handed.possible, GRADED, ""),
                *(handed.record.key, others, page),
            ]
            for key in exercises:
                mark = marks.get(key)
                row += [mark.points, mark.outcome] if mark else ["", ""]
            rows.append(row)
        for record in learner.unreadable:
            row = [learner.name, "", "", "", record.status, record.why, record.key, "", page]
            rows.append(row + [""] * (len(head) - len(row)))
    return "\ufeff" + _table(rows)


def assignment(lesson: int) -> str:
    """The title of a lesson's assignment. Canvas makes a new assignment of a title that it does not know."""
    return f"Attention to Labels - Lesson {lesson}"


def canvas_csv(summary: Summary) -> str:
    """The marks for Canvas's import of grades: a column for each lesson, a row for each learner. A lesson that was not
    handed in, or could not be read, stays empty, so that the instructor settles it."""
    numbers = [lesson.lesson for lesson in summary.lessons]
    rows: list[list[str | int]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *map(assignment, numbers)],
        # Canvas tells this row by its first cell, so no learner may have such a name.
        ["Points Possible", "", "", "", "", *(lesson.possible for lesson in summary.lessons)],
    ]
    for learner in summary.learners:
        points = [learner.lessons[number].points if number in learner.lessons else "" for number in numbers]
        name = learner.name.replace("Points Possible", "Points possible")
        identity = int(learner.canvas_id) if learner.canvas_id.isdecimal() else ""
        rows.append([name, identity, "", "", "", *points])
    return _table(rows)


MOODLE_HEAD = (
    *("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum grade", "Grade can be changed"),
    *("Last modified (submission)", "Last modified (grade)", "Feedback comments"),
)


def moodle_csv(summary: Summary, lesson: int) -> str:
    """The marks of one lesson as Moodle's offline grading worksheet. `Identifier` comes from the names that Moodle
    gives to the folders of its download, and is empty where they are named otherwise."""
    rows: list[list[str | int]] = [list(MOODLE_HEAD)]
    for learner in summary.learners:
        handed = learner.lessons.get(lesson)
        if handed is None:
            continue
        match = moodle_name(handed.record.key)
        rows.append(
            [
                f"Participant {match['id']}" if match else "",
                match["name"] if match else learner.name,
                *("", "Submitted for grading", handed.points, handed.possible, "Yes", "", ""),
                _comments(handed),
            ]
        )
    return _table(rows)


def _comments(handed: Handed) -> str:
    """All verdicts in short, as HTML: Moodle shows these comments as such."""
    lines = [f"{handed.points} of {handed.possible} points."]
    for mark in handed.marks:
        verdict = verdict_for(mark)
        said = f"{mark.exercise}: {mark.outcome}, {mark.points} of {mark.possible}."
        if mark.outcome != CORRECT:
            looks = f" It looks as if {verdict.cause}." if verdict.cause else ""
            advice = f" Next: {verdict.advice}" if verdict.advice else ""
            said += f" {verdict.finding}{looks}{advice}"
        lines.append(said)
    return "<br>".join(html.escape(line) for line in lines)


def gradescope(
    marks: Iterable[Mark], notes: Iterable[str] = (), why: str = "", seconds: float = 0.0
) -> dict[str, Any]:
    """A submission's `results.json`.

    Args:
        marks: of one or several lessons.
        notes: what went wrong in which cell.
        why: the reason, for a file that could not be graded.
        seconds: that grading took.
    """
    marks = list(marks)
    output = [why] if why else []
    output += [f"When the cells were run: {note}" for note in notes]
    return {
        "score": float(sum(mark.points for mark in marks)),
        "execution_time": round(seconds, 3),
        "output": _utf8("\n".join(output)),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(number, mark) for number, mark in enumerate(marks, 1)],
    }


def gradescope_of(learner: Learner) -> dict[str, Any]:
    """The `results.json` of all that counts of one learner."""
    handed = list(learner.lessons.values())
    records = {one.record.key: one.record for one in handed}.values()
    return gradescope(
        [mark for one in handed for mark in one.marks],
        [note for record in records for note in record.notes],
        "\n".join(f"{printable(record.key)}: {record.why}" for record in learner.unreadable),
        sum(record.seconds for record in records),
    )


def _test(number: int, mark: Mark) -> dict[str, Any]:
    return {
        "score": float(mark.points),
        "max_score": float(mark.possible),
        "status": "passed" if mark.outcome == CORRECT else "failed",
        "name": f"{mark.exercise}: {mark.title}",
        "number": f"{mark.lesson}.{number}",
        "output": _utf8(verdict_for(mark).text),
        "output_format": "text",
        "visibility": "visible",
    }


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
