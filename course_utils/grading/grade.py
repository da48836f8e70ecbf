"""From what came out of the sandbox to marks: the same exercises and the same diagnosis as in the notebook.

Runs in the parent, and runs nothing of a learner's.
"""

import hashlib
import inspect
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from course_utils.exercises import catalogue
from course_utils.exercises.exercise import Exercise
from course_utils.exercises.verdict import CORRECT, NOT_ATTEMPTED, Verdict
from course_utils.grading import own_cells
from course_utils.grading.judging import Judge
from course_utils.grading.looking import as_it_was, fingerprints, suspicions
from course_utils.grading.rooms import Room
from course_utils.grading.sandbox import Asked, Outcome, Sandbox
from course_utils.grading.server import SandboxError
from course_utils.grading.submission import (
    Cell,
    Submission,
    Unreadable,
    from_raw,
    learner_of,
    read,
)

GRADED, UNREADABLE = "graded", "unreadable"

MOST_RUNS = 3
"""Times the time of one run, after which a submission gets no second and third chance any more."""


@dataclass
class Mark:
    """What one exercise got, and why."""

    lesson: int
    exercise: str
    title: str
    outcome: str
    points: int
    possible: int
    step: str
    finding: str
    advice: str
    cause: str = ""
    mistake: str | None = None
    """The name of the known mistake, if it is one."""
    evidence: list[list[str]] = field(default_factory=list)
    """(what, value) pairs; empty where the input was drawn for this grading alone."""
    notes: list[str] = field(default_factory=list)
    fingerprint: str = ""
    """Of the answer's code, whatever its names and comments; empty where there is no answer."""

    def verdict(self) -> Verdict:
        """The verdict as the learner would have read it, without hidden inputs."""
        return Verdict(
            self.exercise,
            self.outcome,
            self.points,
            self.possible,
            self.step,
            self.finding,
            self.advice,
            self.cause,
            self.mistake,
            tuple((what, value) for what, value in self.evidence),
            tuple(self.notes),
        )


@dataclass
class Record:
    """One submission's line in the gradebook. Plain data."""

    key: str
    """The file's path within the folder of submissions."""
    learner: str
    digest: str
    """SHA-256 of the file."""
    status: str
    """graded or unreadable"""
    why: str = ""
    """Why it is unreadable, and what to do."""
    lessons: list[int] = field(default_factory=list)
    points: int = 0
    possible: int = 0
    marks: list[Mark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What went wrong in which cell."""
    suspicions: list[str] = field(default_factory=list)
    """Signs that it tried to leave the sandbox."""
    seed: int = 0
    exercises: str = ""
    """A digest of the exercises and of what judges them: another one means that a mark may differ."""
    isolation: list[str] = field(default_factory=list)
    seconds: float = 0.0
    when: float = field(default_factory=time.time, compare=False)
    """Seconds since 1970, when it was graded. Of two records of a submission the newer one counts."""

    def written(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def from_written(cls, written: dict[str, Any]) -> "Record":
        """The record that was written."""
        return cls(**{**written, "marks": [Mark(**mark) for mark in written["marks"]]})


class Grader:
    """Grades submissions, each on the same hidden inputs.

    Args:
        sandbox: where their code runs.
        seed: settles the hidden inputs. The same seed gives the same marks.
    """

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        self.sandbox, self.seed = sandbox, seed
        self.lock = threading.Lock()
        self.prepared: dict[int, list[Judge]] = {}
        self.proved: set[tuple[int, Room]] = set()

    def prepare(self, lesson: int) -> list[Judge]:
        """The lesson's exercises, each with its inputs."""
        if lesson not in self.prepared:
            self.prepared[lesson] = [
                Judge(Asked(exercise, (*exercise.cases, *exercise.draw_cases(self._seed_of(exercise)))))
                for exercise in catalogue(lesson).EXERCISES
            ]
        return self.prepared[lesson]

    def _seed_of(self, exercise: Exercise) -> int:
        return int.from_bytes(hashlib.sha256(f"{self.seed} {exercise.key}".encode()).digest()[:8], "big")

    def prove(self, lessons: Iterable[int]) -> None:
        """Grade the reference solutions in the same sandbox.

        Raises:
            SandboxError: they don't get full marks, so nobody's marks could be believed.
        """
        for lesson in lessons:
            cells = [Cell(0, source) for source in reference_modules(lesson).values()]
            asked = [judge.asked for judge in self.prepare(lesson)]
            self._prove(lesson, self.sandbox.room_for(cells, asked), lane=0)

    def _prove(self, lesson: int, room: Room, lane: int) -> None:
        """Once for each lesson and room."""
        with self.lock:
            if (lesson, room) in self.proved:
                return
            cells = [Cell(0, reference_cell(lesson))]
            marks, outcome = self._asked(lesson, cells, {}, lane, room, self._deadline())
            lost = [mark for mark in marks if mark.outcome != CORRECT]
            if lost:
                said = "; ".join(f"{mark.exercise}: {mark.outcome}. {mark.finding}" for mark in lost[:3])
                raise SandboxError(
                    f"Grading did not begin: in this sandbox the reference solutions of lesson {lesson} don't get full "
                    f"marks, so no mark could be believed. {said} {' '.join(outcome.notes[:3])} "
                    "`course doctor` says whether the course is whole here."
                )
            self.proved.add((lesson, room))

    def grade_file(self, path: Path, folder: Path, lane: int = 0) -> Record:
        """The record of one file, whatever is in it."""
        try:
            return self._guarded(lambda: read(path, folder), lane)
        except Unreadable as error:
            return unreadable(path, folder, str(error))

    def grade_raw(self, raw: bytes, key: str, lane: int = 0) -> Record:
        """The record of a file whose bytes came from elsewhere."""
        try:
            return self._guarded(lambda: from_raw(raw, key), lane)
        except Unreadable as error:
            digest = hashlib.sha256(raw).hexdigest()
            return Record(key, learner_of(key), digest, UNREADABLE, str(error), exercises=exercises_digest())

    def _guarded(self, submitted: Callable[[], Submission], lane: int) -> Record:
        """Grade it. Where the grader itself fails on it, the rest of the class must not wait for that."""
        try:
            return self.grade(submitted(), lane)
        except (SandboxError, Unreadable):
            raise
        except Exception as error:
            raise Unreadable(
                f"The grader failed on it ({type(error).__name__}: {str(error)[:200]}). That is the grader's mistake: "
                "please mark this one by hand, and report it."
            ) from error

    def grade(self, submission: Submission, lane: int = 0) -> Record:
        """The record of one submission."""
        record = Record(
            submission.key, submission.learner, submission.digest, GRADED, lessons=list(submission.lessons)
        )
        until, seconds = self._deadline(), 0.0
        prints = fingerprints(submission.cells)
        for lesson in submission.lessons:
            asked = [judge.asked for judge in self.prepare(lesson)]
            room = self.sandbox.room_for(submission.cells, asked)
            self._prove(lesson, room, lane)
            marks, outcome = self._asked(lesson, submission.cells, prints, lane, room, until)
            record.marks += marks
            record.notes += [note for note in outcome.notes if note not in record.notes]
            seconds += outcome.seconds
        record.points = sum(mark.points for mark in record.marks)
        record.possible = sum(mark.possible for mark in record.marks)
        record.suspicions = suspicions(submission.cells, record.notes)
        record.seed, record.exercises = self.seed, exercises_digest()
        record.isolation = list(self.sandbox.layers)
        record.seconds = round(seconds, 3)
        return record

    def _deadline(self) -> float:
        return time.monotonic() + MOST_RUNS * self.sandbox.times.submission

    def _asked(
        self, lesson: int, cells: Sequence[Cell], prints: dict[str, str], lane: int, room: Room, until: float
    ) -> tuple[list[Mark], Outcome]:
        """All answers are asked in one process first. A right answer is right; any other is asked again, in a process
        of its own, so that nothing which another answer did can count against it; and once more as it was before the
        cells below it, where these may have changed it. After `until` nothing is asked again.
        """
        judges = self.prepare(lesson)
        outcome = self.sandbox.run(cells, [judge.asked for judge in judges], lane, room=room)
        verdicts = [judge.verdict(outcome) for judge in judges]
        doubtful = [
            index for index, verdict in enumerate(verdicts) if verdict.outcome not in (CORRECT, NOT_ATTEMPTED)
        ]
        if doubtful and time.monotonic() < until:
            again = self.sandbox.run(cells, [judges[index].asked for index in doubtful], lane, True, room)
            for index in doubtful:
                verdicts[index] = judges[index].verdict(again)
            outcome.seconds += again.seconds
            outcome.notes += [note for note in again.notes if note not in outcome.notes]
        for index, judge in enumerate(judges):
            if (
                verdicts[index].outcome != CORRECT
                and time.monotonic() < until
                and (before := as_it_was(cells, judge.exercise.name))
            ):
                alone = self.sandbox.run(before, [judge.asked], lane, room=room)
                outcome.seconds += alone.seconds
                then = judge.verdict(alone)
                verdicts[index] = then if then.outcome == CORRECT else verdicts[index]
            verdicts[index] = judge.explained(verdicts[index], cells, outcome.notes)
        marks = [
            _mark(lesson, judge.exercise, verdict, prints)
            for judge, verdict in zip(judges, verdicts, strict=True)
        ]
        return marks, outcome


def _mark(lesson: int, exercise: Exercise, verdict: Verdict, prints: dict[str, str]) -> Mark:
    evidence = [] if verdict.fresh else [[what, value] for what, value in verdict.evidence]
    return Mark(
        lesson,
        exercise.name,
        exercise.title,
        verdict.outcome,
        verdict.points,
        verdict.possible,
        verdict.step,
        verdict.finding,
        verdict.advice,
        verdict.cause,
        verdict.mistake,
        evidence,
        list(verdict.notes),
        prints.get(exercise.name, "") if verdict.outcome != NOT_ATTEMPTED else "",
    )


def unreadable(path: Path, folder: Path, why: str) -> Record:
    """The record of a file that is no notebook."""
    key = path.relative_to(folder).as_posix()
    return Record(key, learner_of(key), file_digest(path), UNREADABLE, why, exercises=exercises_digest())


def file_digest(path: Path) -> str:
    """SHA-256 of a file; of nothing where it can't be read."""
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                found.update(chunk)
    except OSError:
        pass
    return found.hexdigest()


@cache
def exercises_digest() -> str:
    """Of all code that a mark depends on: reference, exercises and this."""
    import course_utils

    root = Path(course_utils.__file__).parent
    found = hashlib.sha256()
    paths = [
        path for folder in ("reference", "exercises", "grading") for path in (root / folder).rglob("*.py")
    ]
    for path in sorted((root / "given.py", own_cells.LIST, *paths)):
        found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def reference_modules(lesson: int) -> dict[str, str]:
    """The source of each module that the lesson's reference solutions need, in the order of their imports."""
    modules: dict[str, str] = {}

    def add(name: str) -> None:
        if name in modules:
            return
        source = inspect.getsource(sys.modules[name])
        for needed in re.findall(r"^from (course_utils\.reference\.\w+) import", source, re.MULTILINE):
            add(needed)
        modules[name] = source

    for exercise in catalogue(lesson).EXERCISES:
        add(exercise.reference.__module__)
    return modules


def reference_cell(lesson: int) -> str:
    """One cell that defines the reference solutions of a lesson, from the source of their modules alone."""
    names = {exercise.name: exercise.reference.__module__ for exercise in catalogue(lesson).EXERCISES}
    return (
        "import sys, types\n"
        f"for name, source in {reference_modules(lesson)!r}.items():\n"
        "    module = types.ModuleType(name)\n"
        "    sys.modules[name] = module\n"
        "    exec(compile(source, f'<{name}>', 'exec'), module.__dict__)\n"
        f"globals().update({{name: getattr(sys.modules[home], name) for name, home in {names!r}.items()}})\n"
    )
