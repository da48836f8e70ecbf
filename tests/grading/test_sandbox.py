"""The sandbox as a whole: the same verdicts as in a notebook, in isolation and in plain processes."""

from collections.abc import Iterator
from typing import Any

import nbformat
import pytest

from course_utils.exercises import LESSONS, catalogue
from course_utils.exercises.diagnosis import Beside
from course_utils.exercises.exercise import Exercise
from course_utils.exercises.verdict import CORRECT
from course_utils.grading import inside
from course_utils.grading.grade import Grader
from course_utils.grading.sandbox import Asked, Sandbox
from course_utils.grading.server import SandboxError
from course_utils.grading.submission import Cell, Submission, from_raw, plain_python
from course_utils.grading.supervisor import Times
from tests.grading.classroom import IMPORTS, known_mistakes, notebook_with, right_answers

TIMES = Times(cell=20.0, exercise=20.0, submission=60.0, grace=1.0)
SEED = 7


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(times=TIMES) as box:
        yield box


def assert_the_same_verdict(exercise: Exercise, name: str, in_sandbox: Any, in_notebook: Any) -> None:
    for part in ("outcome", "step", "mistake", "finding", "cause", "advice", "points"):
        one, other = getattr(in_sandbox, part), getattr(in_notebook, part)
        assert one == other, (
            f"{exercise.key}, {name}: {part} is {one!r} in the sandbox, {other!r} in a notebook"
        )


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_same_answer_gets_the_same_verdict_as_in_a_notebook(sandbox: Sandbox, lesson: int) -> None:
    """The n-th known mistake of every exercise makes the n-th submission."""
    exercises = catalogue(lesson).EXERCISES
    asked = [Asked(one, (*one.cases, *one.draw_cases(SEED))) for one in exercises]
    besides = {one.name: Beside(one) for one in exercises}
    written = known_mistakes(lesson)
    seen = 0
    for turn in range(max(map(len, written.values()))):
        chosen = [question for question in asked if turn < len(written[question.exercise.name])]
        cells = [Cell(1, IMPORTS)]
        cells += [
            Cell(number, written[question.exercise.name][turn][1])
            for number, question in enumerate(chosen, 2)
        ]
        outcome = sandbox.run(cells, chosen, apart=True)
        assert not outcome.notes
        for question in chosen:
            exercise = question.exercise
            name, source, _ = written[exercise.name][turn]
            namespace: dict[str, Any] = {}
            inside.run_cell(1, IMPORTS, namespace)
            inside.run_cell(2, source, namespace)
            in_notebook = exercise.judge(namespace[exercise.name], SEED)
            assert exercise.name in outcome.given, (exercise.key, name, outcome.ended)
            attempt = question.attempt(outcome.given[exercise.name])
            in_sandbox = exercise.verdict(question.cases, attempt, besides[exercise.name])
            assert_the_same_verdict(exercise, name, in_sandbox, in_notebook)
            if "NameError" in in_notebook.finding:  # it leans on code that is not in its source
                continue
            assert in_sandbox.mistake == name
            seen += 1
    assert seen >= len(exercises)


def test_what_held_is_what_is_reported(sandbox: Sandbox) -> None:
    sandbox.wait()
    assert all(":" in layer for layer in sandbox.layers)


def answers(extra: str = "") -> tuple[Cell, ...]:
    sources = [extra, IMPORTS, *right_answers(4).values()]
    return tuple(Cell(number, source) for number, source in enumerate(sources, 1) if source)


def submitted(cells: tuple[Cell, ...]) -> Submission:
    return Submission("a.ipynb", "a", "0", (4,), cells)


@pytest.fixture(scope="module")
def plain() -> Iterator[Sandbox]:
    with Sandbox(times=Times(cell=2.0, exercise=5.0, submission=60.0, grace=6.0), isolated=False) as box:
        yield box


@pytest.mark.parametrize(
    ("extra", "note"),
    [
        ("", ""),
        ("import os; os._exit(3)", "exit code 3"),
        ("while True: pass", "TookTooLong"),
        ("print('x' * 10**7)", ""),
    ],
)
def test_without_isolation_answers_are_marked_all_the_same(plain: Sandbox, extra: str, note: str) -> None:
    record = Grader(plain, SEED).grade(submitted(answers(extra)))
    assert {mark.outcome for mark in record.marks} == {CORRECT}, record.notes
    assert record.isolation == []
    assert note in " ".join(record.notes)


def test_without_isolation_an_answer_that_ends_its_process_is_lost_alone(plain: Sandbox) -> None:
    cells = (*answers(), Cell(99, "def softmax(logits, axis=-1):\n    import os\n    os._exit(3)"))
    record = Grader(plain, SEED).grade(submitted(cells))
    assert [mark.exercise for mark in record.marks if mark.outcome != CORRECT] == ["softmax"]


def test_without_isolation_the_environment_is_not_handed_on(
    plain: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_TEST_TOKEN", "canary-5f1c27")
    record = Grader(plain, SEED).grade(submitted(answers("import os; raise ValueError(dict(os.environ))")))
    assert "canary" not in " ".join(record.notes)


def test_cells_may_wait_and_magics_that_run_python_run_it(sandbox: Sandbox) -> None:
    """An answer under %%time counts, a cell with `await` runs, and a magic that is not Python does no harm."""
    right = right_answers(4)
    sources = [
        IMPORTS,
        "import asyncio\n\nasync def later():\n    await asyncio.sleep(0)\n    return np.exp\n\nexp = await later()",
        *(source for name, source in right.items() if name not in ("softmax", "decode")),
        "%%time\n" + right["softmax"].replace("np.exp(", "exp("),
        "%%capture said\n" + right["decode"],
        "%pip install numpy\n!ls\n%matplotlib inline",
        "%%bash\nrm -rf everything",
    ]
    cells = tuple(Cell(number, plain_python(source)) for number, source in enumerate(sources, 1))
    record = Grader(sandbox, SEED).grade(submitted(cells))
    assert {mark.outcome for mark in record.marks} == {CORRECT}, record.notes
    assert record.notes == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_lessons_own_solutions_get_all_points(sandbox: Sandbox, lesson: int) -> None:
    """In the notebook that is handed out, with all that it gives learners to build with."""
    raw = nbformat.writes(notebook_with(lesson, right_answers(lesson))).encode()
    record = Grader(sandbox, SEED).grade(from_raw(raw, "a/mine.ipynb"))
    lost = {mark.exercise: mark.finding for mark in record.marks if mark.outcome != CORRECT}
    assert (lost, record.notes, record.points) == ({}, [], record.possible)


IN_TORCH = {
    "named": "import torch\ndef softmax(logits, axis=-1):\n    return torch.softmax(torch.as_tensor(logits, dtype=float), axis)",
    "under another name": "import torch as t\ndef softmax(logits, axis=-1):\n    return t.softmax(t.as_tensor(logits, dtype=float), axis)",
    "by a way that can't be seen": "import torch\ndef softmax(logits, axis=-1):\n    library = globals()['tor' + 'ch']\n"
    "    return library.softmax(library.as_tensor(logits, dtype=float), axis)",
    "by importlib": "import importlib\ndef softmax(logits, axis=-1):\n    library = importlib.import_module('torch')\n"
    "    return library.softmax(library.as_tensor(logits, dtype=float), axis)",
    "from SciPy": "from scipy.special import softmax as theirs\ndef softmax(logits, axis=-1):\n    return theirs(logits, axis)",
}


@pytest.mark.parametrize("way", IN_TORCH)
def test_an_answer_finds_the_libraries_that_it_uses(sandbox: Sandbox, way: str) -> None:
    cells = (*answers(), Cell(99, IN_TORCH[way]))
    record = Grader(sandbox, SEED).grade(submitted(cells))
    assert {mark.exercise: mark.outcome for mark in record.marks if mark.outcome != CORRECT} == {}, (
        record.notes
    )


def test_a_library_that_nobody_uses_is_not_loaded(sandbox: Sandbox) -> None:
    """And is still itself: what looks at it gets the library."""
    say = "import sys, torch\nraise ValueError(type(sys.modules['torch']).__name__, len(sys.modules) > 1000)"
    record = Grader(sandbox, SEED).grade(submitted(answers(say)))
    assert "('_LazyModule', False)" in " ".join(record.notes)
    record = Grader(sandbox, SEED).grade(submitted(answers(f"import torch\ntorch.zeros(1)\n{say}")))
    assert "('module', True)" in " ".join(record.notes)


def test_every_room_is_proved_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(times=TIMES) as box:
        grader = Grader(box, SEED)
        grader.prove([4])
        monkeypatch.setattr("course_utils.grading.grade.reference_cell", lambda lesson: "softmax = None")
        assert grader.grade(submitted(answers())).points > 0
        with pytest.raises(SandboxError, match="Grading did not begin"):
            grader.grade(submitted((*answers(), Cell(99, IN_TORCH["named"]))))
