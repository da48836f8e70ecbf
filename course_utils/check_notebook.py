"""Run a learner's notebook and ask each of its exercises for a verdict: what its own checks would say.

The code runs with the learner's own rights, as it does when they press Run All. It is no place for other
people's notebooks: nothing here is isolated.
"""

import ast
import json
import queue
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_utils.build import CELL_TIMEOUT, kernel_environment, read
from course_utils.exercises.verdict import CORRECT
from course_utils.grading.looking import as_it_was
from course_utils.grading.own_cells import is_own
from course_utils.grading.submission import Cell, plain_python
from course_utils.needed import NOT_THERE

ANSWER_TIMEOUT = 60
"""Seconds in which an exercise has to be judged; an answer that never returns is wrong."""
INTERRUPT_GRACE = 10
"""Seconds that a cell has to stop in, once it was interrupted."""

_BEGIN, _END = "<<<course verdict", "course verdict>>>"

# Runs in the learner's kernel, inside a function that is gone afterwards: it reads their names and leaves none.
_JUDGE = f"""\
def _course_judge(_course_answers):
    import json
    from course_utils.exercises import catalogue
    exercise = {{{{e.name: e for e in catalogue({{number}}).EXERCISES}}}}[{{name!r}}]
    verdict = exercise.judge(_course_answers.get(exercise.name))
    print("{_BEGIN}" + json.dumps([verdict.outcome, verdict.text]) + "{_END}", flush=True)
try:
    _course_judge(globals())
finally:
    del _course_judge
"""


class CheckError(Exception):
    """The notebook could not be checked. The message says why and what to do."""


@dataclass(frozen=True)
class Judged:
    """What one exercise says of the notebook's answer."""

    name: str
    title: str
    points: int
    outcome: str
    """not attempted, raised, wrong or correct"""
    text: str


@dataclass(frozen=True)
class Report:
    """All verdicts, in the order of the catalogue, and what else is worth knowing about the run."""

    verdicts: list[Judged]
    notes: list[str]


def check(
    path: Path, timeout: int = CELL_TIMEOUT, progress: Callable[[int, int], None] | None = None
) -> Report:
    """Run the notebook's code cells, except the lesson's own that no answer needs, and judge the answers that are there in the end.

    A cell that fails, or takes longer than `timeout` seconds, does not stop the next. An answer that cells below it may
    have changed is judged where it stands, too.

    Raises:
        BuildError: the file is not a notebook.
        CheckError: it imports no exercises, or its code stopped the kernel.
    """
    notebook = read(path)
    cells = [
        (index, cell)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and not is_own(cell.source)
    ]
    exercises = [
        (number, exercise)
        for number in _known_lessons([cell.source for _, cell in cells], path)
        for exercise in _catalogue(number)
    ]
    ends = _ends(cells, [exercise.name for _, exercise in exercises])
    with (
        tempfile.TemporaryDirectory(prefix="course-check-") as folder,
        _Kernel(path, folder) as kernel,
    ):
        notes = []
        early: dict[str, tuple[str, str]] = {}
        for done, (index, cell) in enumerate(cells):
            if progress:
                progress(done, len(cells) + len(exercises))
            if not kernel.finishes(cell.source, f"Cell {index + 1}", timeout):
                notes.append(f"Cell {index + 1} was stopped: not finished after {timeout} seconds.")
            for number, exercise in exercises:
                if ends.get(exercise.name) == index:
                    early[exercise.name] = kernel.judge(number, exercise.name)
        verdicts = []
        for done, (number, exercise) in enumerate(exercises, len(cells)):
            if progress:
                progress(done, len(cells) + len(exercises))
            outcome, text = early.get(exercise.name, ("", ""))
            if outcome != CORRECT:
                outcome, text = kernel.judge(number, exercise.name)
            verdicts.append(Judged(exercise.name, exercise.title, exercise.points, outcome, text))
    return Report(verdicts, notes)


def _ends(cells: list[tuple[int, Any]], names: list[str]) -> dict[str, int]:
    """For each function that cells below it may have changed, the place of the cell after which it is as it was."""
    plain = [Cell(index, plain_python(cell.source)) for index, cell in cells]
    before = {name: as_it_was(plain, name) for name in names}
    return {name: part[-1].number for name, part in before.items() if part}


def imported_catalogues(sources: list[str]) -> list[int]:
    """The numbers N of the `course_utils.exercises.lesson_N` that some cell imports, in order.

    Cells that are not plain Python (magics, a syntax error) are read line by line.
    """
    numbers: set[int] = set()
    for source in sources:
        for node in (node for piece in _parsed(source) for node in ast.walk(piece)):
            names: list[str] = []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                if found := re.match(r"course_utils\.exercises\.lesson_(\d+)\b", name):
                    numbers.add(int(found[1]))
    return sorted(numbers)


def _parsed(source: str) -> list[ast.Module]:
    try:
        return [ast.parse(source)]
    except (SyntaxError, ValueError):
        lines = source.splitlines()
        return [piece for line in lines for piece in _parsed(line.strip())] if len(lines) > 1 else []


def _known_lessons(sources: list[str], path: Path) -> list[int]:
    from course_utils.exercises import LESSONS

    numbers = imported_catalogues(sources)
    if not numbers:
        raise CheckError(
            f"{path} imports no exercises. A lesson has a cell that says, for instance, "
            f"`from course_utils.exercises import lesson_{LESSONS[-1]} as ex`: "
            "put it back, or check another notebook."
        )
    unknown = [number for number in numbers if number not in LESSONS]
    if unknown:
        known = ", ".join(f"lesson_{number}" for number in LESSONS)
        raise CheckError(
            f"{path} imports lesson_{unknown[0]}, which has no exercises. Those that have: {known}."
        )
    return numbers


def _catalogue(number: int) -> Any:
    from course_utils.exercises import catalogue

    return catalogue(number).EXERCISES


class _Kernel:
    """A kernel of its own for one notebook, in which cells may fail or hang."""

    def __init__(self, path: Path, data_folder: str) -> None:
        from jupyter_client.manager import start_new_kernel

        self.path = path
        self.manager, self.client = start_new_kernel(
            kernel_name="python3",
            cwd=str(path.resolve().parent),
            env=kernel_environment(data_folder),
            extra_arguments=["--Application.log_level=40"],
        )

    def __enter__(self) -> "_Kernel":
        return self

    def __exit__(self, *error: Any) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def finishes(self, source: str, what: str, timeout: int) -> bool:
        """Run the cell; whether it fails is its own affair. False if it had to be interrupted."""
        try:
            self._run(source, what, timeout)
            return True
        except TimeoutError:
            self._interrupt(what)
            return False

    def judge(self, number: int, name: str) -> tuple[str, str]:
        """Outcome and text of the verdict on the function of this name."""
        try:
            printed = self._run(_JUDGE.format(number=number, name=name), name, ANSWER_TIMEOUT)
        except TimeoutError:
            self._interrupt(name)
            return "wrong", (
                f"{name}: wrong. It was still running after {ANSWER_TIMEOUT} seconds.\n"
                "Next: which loop in it never ends, and for which input?"
            )
        found = re.search(re.escape(_BEGIN) + "(.*?)" + re.escape(_END), printed, re.DOTALL)
        if found is None:
            raise CheckError(
                f"{self.path} ran, but {name} got no verdict ({printed[-300:] or 'nothing was printed'}). "
                "Does a cell change `print` or `sys.stdout`? `course doctor` says whether the course is whole."
            )
        outcome, text = json.loads(found[1])
        return outcome, f"{text}\n{NOT_THERE}" if outcome == "raised" and "NameError at" in text else text

    def _interrupt(self, what: str) -> None:
        self.manager.interrupt_kernel()
        try:
            self._run("pass", what, INTERRUPT_GRACE)
        except TimeoutError:
            raise CheckError(
                f"{what} of {self.path} takes too long and cannot be interrupted. Which loop in it never ends?"
            ) from None

    def _run(self, source: str, what: str, timeout: int) -> str:
        """Run the cell and give back what it printed, and its error if it raised one.

        Raises:
            TimeoutError: it is still running after `timeout` seconds.
            CheckError: the kernel is gone.
        """
        request = self.client.execute(source, stop_on_error=False, allow_stdin=False)
        deadline = time.monotonic() + timeout
        printed: list[str] = []
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=0.5)
            except queue.Empty:
                if not self.manager.is_alive():
                    raise CheckError(
                        f"The kernel died in {what} of {self.path}. Does it leave Python, or need more memory than "
                        "there is? Run it by itself in JupyterLab."
                    ) from None
                message = None
            if message and message["parent_header"].get("msg_id") == request:
                content = message["content"]
                if message["msg_type"] == "stream" and len(printed) < 1000:
                    printed.append(content["text"])
                elif message["msg_type"] == "error":
                    printed.append(f"{content['ename']}: {content['evalue']}")
                elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                    return "".join(printed)
            if time.monotonic() > deadline:
                raise TimeoutError
