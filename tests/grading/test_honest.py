"""What honest people do in notebooks, and what passes there: it must cost nothing where it is graded."""

import re
import time
from collections.abc import Iterator

import nbformat
import pytest

from course_utils.exercises.verdict import CORRECT, RAISED
from course_utils.grading.grade import UNREADABLE, Grader, Record
from course_utils.grading.sandbox import Sandbox
from course_utils.grading.submission import from_raw
from course_utils.needed import NOT_THERE
from tests.grading.classroom import notebook_with, right_answers

RIGHT = right_answers(4)
SOFTMAX = RIGHT["softmax"]


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Sandbox() as box:
        yield Grader(box, 3)


def graded(grader: Grader, below: str = "", **answers: str) -> Record:
    """Lesson 4 with all answers right but for these, and with a cell below."""
    notebook = notebook_with(4, RIGHT | answers)
    if below:
        notebook.cells.append(nbformat.v4.new_code_cell(below))
    return grader.grade(from_raw(nbformat.writes(notebook).encode(), "ana/4.ipynb"))


@pytest.mark.parametrize(
    "below",
    [
        "from scipy.special import softmax",
        "from torch.nn.functional import softmax",
        "from sklearn.metrics import *",
        "confusion_matrix = confusion_matrix(np.array([0, 1]), np.array([0, 1]), 2)",
        "softmax = None",
        "del softmax",
        "def softmax(logits, axis=-1):\n    raise NotImplementedError",
        "import gc\ngc.collect()",
    ],
)
def test_what_is_done_below_an_answer_is_no_part_of_it(grader: Grader, below: str) -> None:
    record = graded(grader, below)
    assert {mark.exercise: mark.finding for mark in record.marks if mark.outcome != CORRECT} == {}
    assert record.suspicions == []


def test_what_an_answer_leans_on_may_be_bound_anew_below(grader: Grader) -> None:
    scaled = "SCALE = 1.0\n" + SOFTMAX.replace("np.exp(", "np.exp(SCALE * ")
    assert (
        graded(grader, "for SCALE in (0.5, 2.0):\n    print(softmax(np.ones(2)))", softmax=scaled).points
        == 16
    )
    own = "def largest(rows):\n    return {0}\n\n\ndef {1}:\n    return {2}"
    decode = own.format(
        "rows.argmax(-1)", "decode(logits, id2label)", "[id2label[int(i)] for i in largest(logits)]"
    )
    assert graded(grader, "def largest(rows):\n    return rows.max(-1)", decode=decode).points == 16


@pytest.mark.parametrize(
    "softmax",
    [
        "print(logits.shape)\n" + SOFTMAX,
        "import a_package_that_is_not_here\n" + SOFTMAX,
        "assert torch.cuda.device_count() > 1000\n\n" + SOFTMAX,
        SOFTMAX.replace("(logits, axis=-1)", "(logits: NDArray, axis: int = -1) -> NDArray", 1),
        "%%time\n%matplotlib inline\n" + SOFTMAX,
        "%%capture said\n!ls\n" + SOFTMAX,
        "%time POWERS = np.exp\n" + SOFTMAX.replace("np.exp(", "POWERS("),
    ],
)
def test_a_line_that_fails_or_is_no_python_takes_nothing_else_with_it(grader: Grader, softmax: str) -> None:
    record = graded(grader, softmax=softmax)
    assert {mark.exercise: mark.finding for mark in record.marks if mark.outcome != CORRECT} == {}, (
        record.notes
    )


@pytest.mark.parametrize(
    "below",
    [
        "total = " + "1 + " * 1500 + "1",
        "def f(x):\n    return " + "x + " * 990 + "x",
        "%%time\n" * 1100,
        "x = 1" + "\n" * 100_000,
    ],
    ids=["a long sum", "a long sum in a function", "many magics", "many lines"],
)
def test_cells_that_are_hard_to_look_at_are_run_like_any_other(grader: Grader, below: str) -> None:
    assert graded(grader, below).points == 16


def test_what_the_grader_fails_on_is_left_to_a_person(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(cells: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("course_utils.grading.grade.fingerprints", fails)
    raw = nbformat.writes(notebook_with(4, RIGHT)).encode()
    record = grader.grade_raw(raw, "ana/4.ipynb")
    assert record.status == UNREADABLE
    assert "RecursionError: too deep" in record.why
    assert "mark this one by hand" in record.why


@pytest.mark.parametrize(("left", "runs"), [(60.0, 3), (-1.0, 1)])
def test_a_submission_that_has_had_its_time_is_not_asked_again(
    grader: Grader, monkeypatch: pytest.MonkeyPatch, left: float, runs: int
) -> None:
    graded(grader)  # which is when the reference solutions are proved
    seen = []
    run = grader.sandbox.run
    monkeypatch.setattr(grader, "_deadline", lambda: time.monotonic() + left)
    monkeypatch.setattr(
        grader.sandbox, "run", lambda *given, **named: seen.append(given) or run(*given, **named)
    )
    record = graded(grader, "softmax = None", softmax="def softmax(logits, axis=-1):\n    return logits")
    assert (record.points, len(seen)) == (14, runs)


def test_future_imports_hold_for_the_cells_below(grader: Grader) -> None:
    decode = RIGHT["decode"].replace("def decode(logits,", "def decode(logits: Tensor,")
    held = "class Held:\n    rows: Tensor\n\n\n"
    future = "from __future__ import annotations\n"
    assert graded(grader, softmax=future + SOFTMAX, decode=held + decode).notes == []


@pytest.mark.parametrize(
    ("decode", "error", "advice"),
    [
        ("def decode(logits, id2label=id2label):\n    return []", "NameError: name 'id2label'", NOT_THERE),
        (
            "def decode(logits, id2label):\n    return [",
            "SyntaxError",
            "run the lesson's imports and then that cell",
        ),
    ],
)
def test_a_function_that_is_missing_because_its_cell_failed_is_told_so(
    grader: Grader, decode: str, error: str, advice: str
) -> None:
    (mark,) = (mark for mark in graded(grader, decode=decode).marks if mark.outcome != CORRECT)
    assert (mark.exercise, mark.outcome) == ("decode", RAISED)
    assert error in mark.finding
    assert advice in mark.advice


def test_a_lessons_own_cell_that_was_edited_is_the_learners(grader: Grader) -> None:
    """The tag stays, the text decides; and it may still import what the lesson's own cell imports."""
    notebook = notebook_with(4, RIGHT | {"softmax": re.sub(r"np\.exp\(", "raised(", SOFTMAX)})
    cell = next(cell for cell in notebook.cells if "as reference_softmax" in cell.source)
    assert "demo" in cell.metadata.tags
    cell.source += "\n\n\ndef raised(x):\n    return np.exp(x)"
    record = grader.grade(from_raw(nbformat.writes(notebook).encode(), "ana/4.ipynb"))
    assert (record.points, record.suspicions) == (16, [])
