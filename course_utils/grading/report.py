"""From a gradebook to everything that is handed on: marks, feedback, and the class page.

write_reports(folder)            reads gradebook*.jsonl in the folder, and writes beside them

marks.csv                        a row for each learner and lesson
canvas.csv  moodle.csv           for the import of grades (moodle-lesson-N.csv where there are several lessons)
gradescope/LEARNER.json          results.json of each learner
feedback/LEARNER.html            what each learner may read
class.html                       what the class misunderstood, and what to look at
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from course_utils.grading import lms
from course_utils.grading.class_page import class_page
from course_utils.grading.feedback_page import feedback_page
from course_utils.grading.gradebook import GradebookError, Progress, records
from course_utils.grading.page import MADE_BY, write
from course_utils.grading.summary import Summary, summary


@dataclass(frozen=True)
class Report:
    """What was written."""

    summary: Summary
    folder: Path
    notes: tuple[str, ...] = ()
    """What whoever asked should know, such as a shard that is missing."""


def gradebooks(folder: Path) -> list[Path]:
    """The gradebook of a folder, and those of its shards.

    Raises:
        GradebookError: there is none.
    """
    found = sorted(folder.glob("gradebook*.jsonl"))
    if not found:
        raise GradebookError(
            f"There is no gradebook (gradebook*.jsonl) in {folder}. Name the folder that `course grade` wrote into, "
            "which is `grades` where no other was given."
        )
    return found


def missing_shards(paths: list[Path]) -> list[str]:
    """Names of the shards that belong to those that are there, and are not there."""
    there = {path.name for path in paths}
    parts = {
        int(match[1]) for name in there if (match := re.fullmatch(r"gradebook-\d+-of-(\d+)\.jsonl", name))
    }
    named = (f"gradebook-{number}-of-{of}.jsonl" for of in sorted(parts) for number in range(1, of + 1))
    return [name for name in named if name not in there]


def write_reports(folder: Path, out: Path | None = None, progress: Progress | None = None) -> Report:
    """Write all reports on the gradebooks of a folder. Pages of an earlier report that nothing stands for any more go.

    Args:
        folder: holds the gradebook, or its shards.
        out: where the reports go; beside the gradebook, if not given.
        progress: hears how many learners are done.

    Raises:
        GradebookError: there is no gradebook, it is damaged, or nothing is in it.
    """
    paths = gradebooks(folder)
    found = summary(records(*paths).values())
    if not found.learners:
        raise GradebookError(f"Nothing is graded yet in {folder}: the gradebook is empty.")
    out = out or folder
    write(out / "marks.csv", lms.marks_csv(found))
    write(out / "canvas.csv", lms.canvas_csv(found))
    _write_moodle(out, found)
    kept = set()
    for done, learner in enumerate(found.learners, 1):
        feedback, results = (
            out / "feedback" / f"{learner.page}.html",
            out / "gradescope" / f"{learner.page}.json",
        )
        write(feedback, feedback_page(learner))
        write(results, json.dumps(lms.gradescope_of(learner), indent=1))
        kept |= {feedback, results}
        if progress:
            progress(done, len(found.learners))
    _remove_old(out, kept)
    write(out / "class.html", class_page(found))
    lost = missing_shards(paths)
    notes = (
        (f"These shards are not there, so some of the class is missing: {', '.join(lost)}.",) if lost else ()
    )
    return Report(found, out, notes)


def _write_moodle(out: Path, found: Summary) -> None:
    numbers = [lesson.lesson for lesson in found.lessons]
    alone = len(numbers) == 1
    kept = set()
    for number in numbers:
        path = out / ("moodle.csv" if alone else f"moodle-lesson-{number}.csv")
        write(path, lms.moodle_csv(found, number))
        kept.add(path)
    for path in (out / "moodle.csv", *out.glob("moodle-lesson-*.csv")):
        if path not in kept:
            path.unlink(missing_ok=True)


def _remove_old(out: Path, kept: set[Path]) -> None:
    """Only files that a report wrote."""
    for path in (*out.glob("feedback/*.html"), *out.glob("gradescope/*.json")):
        mark = MADE_BY if path.suffix == ".html" else '"stdout_visibility": "hidden"'
        if path not in kept and mark in path.read_text(encoding="utf-8", errors="replace")[:100_000]:
            path.unlink()
