import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from course_utils import build, check_notebook, cli, doctor
from course_utils.exercises import LESSONS, catalogue, progress

RIGHT = """\
def softmax(logits, axis=-1):
    e = np.exp(logits - np.max(logits, axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
"""
WRONG = "def decode(logits, id2label):\n    return [id2label[0] for _ in logits]\n"
STUB = 'def macro_f1(matrix):\n    raise NotImplementedError("write macro_f1 here")\n'
ENDLESS = "def fit_temperature(logits, labels):\n    while True:\n        pass\n"


def course(*arguments: str) -> tuple[int, str]:
    """Exit code of the command, and all that it says."""
    result = CliRunner().invoke(cli.app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def notebook(path: Path, *cells: str | tuple[str, str]) -> Path:
    """A notebook of these code cells; (tag, source) for one with a tag."""
    written = nbformat.v4.new_notebook()
    for cell in cells:
        tag, source = cell if isinstance(cell, tuple) else ("", cell)
        written.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": [tag]} if tag else {}))
    nbformat.write(written, path)
    return path


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    program = (
        "import sys; from course_utils import cli; sys.argv = ['course', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'torch', 'transformers', 'nbformat', 'jupytext', 'nbclient', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(command in done.stdout for command in ("lab", "build", "check", "progress", "doctor"))


# check


@pytest.fixture(scope="module")
def own_progress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A learner's data folder of this module's own, so that what other tests left doesn't matter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_DATA_DIR", str(tmp_path_factory.mktemp("learner")))
        yield


def own_cell() -> str:
    """A cell of lesson 4's own, which is not run: it imports what the exercises ask for."""
    own = build.own_cells(build.lessons(build.course_root(), "4")[0])
    return next(source for source in own if "as reference_softmax" in source)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, own_progress: None) -> check_notebook.Report:
    folder = tmp_path_factory.mktemp("submission")
    path = notebook(
        folder / "mine.ipynb",
        "import numpy as np\nfrom pathlib import Path\nfrom course_utils.exercises import lesson_4 as ex",
        RIGHT,
        "this is not Python",
        "ex.softmax.check(lambda: None)",
        WRONG,
        STUB,
        ENDLESS,
        own_cell(),
        "if 'reference_softmax' in globals():\n    Path('ran').touch()",
        "import time\ntime.sleep(60)",
    )
    before = check_notebook.ANSWER_TIMEOUT
    check_notebook.ANSWER_TIMEOUT = 3
    try:
        return check_notebook.check(path, timeout=2)
    finally:
        check_notebook.ANSWER_TIMEOUT = before
        assert not (folder / "ran").exists()


def test_every_exercise_of_the_catalogue_gets_its_own_verdict(report: check_notebook.Report) -> None:
    outcomes = {verdict.name: verdict.outcome for verdict in report.verdicts}
    assert list(outcomes) == [exercise.name for exercise in catalogue(4).EXERCISES]
    assert outcomes["softmax"] == "correct"
    assert outcomes["decode"] == "wrong"
    assert outcomes["macro_f1"] == "not attempted"
    assert outcomes["confusion_matrix"] == "not attempted"


def test_an_answer_that_never_returns_is_wrong_and_the_rest_is_judged(report: check_notebook.Report) -> None:
    (endless,) = (verdict for verdict in report.verdicts if verdict.name == "fit_temperature")
    assert endless.outcome == "wrong"
    assert "still running after 3 seconds" in endless.text


def test_a_cell_that_takes_too_long_is_stopped_and_named(report: check_notebook.Report) -> None:
    assert report.notes == ["Cell 10 was stopped: not finished after 2 seconds."]


def test_checking_leaves_the_learners_own_progress_alone(report: check_notebook.Report) -> None:
    assert progress.load() == {}


def test_the_command_says_what_passes_and_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    verdicts = [
        check_notebook.Judged("softmax", "Softmax", 2, "correct", "softmax: correct (2 points)."),
        check_notebook.Judged("decode", "Decode", 1, "wrong", "decode: wrong. You gave [[0]]."),
    ]
    monkeypatch.setattr(
        check_notebook, "check", lambda *_: check_notebook.Report(verdicts, ["Cell 3 was stopped."])
    )
    code, said = course("check", "mine.ipynb")
    assert code == 1
    assert "1 of 2 exercises pass the checks here, 2 of 3 points." in said
    assert "You gave [[0]]." in said
    del verdicts[1]
    assert course("check", "mine.ipynb")[0] == 0


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("x = 1", "imports no exercises"),
        ("from course_utils.exercises import lesson_99 as ex", "lesson_99, which has no exercises"),
    ],
)
def test_a_notebook_without_exercises_is_told_so(tmp_path: Path, source: str, says: str) -> None:
    code, said = course("check", str(notebook(tmp_path / "mine.ipynb", source)))
    assert code == 1
    assert says in said


def test_a_kernel_that_dies_is_named_by_its_cell(tmp_path: Path) -> None:
    path = notebook(
        tmp_path / "mine.ipynb", "from course_utils.exercises import lesson_4", "import os; os._exit(0)"
    )
    code, said = course("check", str(path))
    assert code == 1
    assert "The kernel died in Cell 2" in said


@pytest.mark.parametrize("content", ["", "not a notebook :x:", "{}"])
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mine.ipynb"
    path.write_text(content)
    code, said = course("check", str(path))
    assert code == 1
    assert "is not a notebook" in said


def test_a_notebook_that_is_not_there_is_refused() -> None:
    code, said = course("check", "nowhere.ipynb")
    assert code == 1
    assert "There is no file nowhere.ipynb" in said


@pytest.mark.parametrize(
    ("source", "numbers"),
    [
        ("from course_utils.exercises import lesson_4 as ex", [4]),
        ("from course_utils.exercises import lesson_4, lesson_2", [2, 4]),
        ("import course_utils.exercises.lesson_3 as ex", [3]),
        ("from course_utils.exercises.lesson_1 import EXERCISES", [1]),
        ("%matplotlib inline\nfrom course_utils.exercises import lesson_4 as ex", [4]),
        ("# from course_utils.exercises import lesson_4", []),
        ("text = 'course_utils.exercises.lesson_4'", []),
    ],
)
def test_the_catalogue_is_found_by_its_import(source: str, numbers: list[int]) -> None:
    assert check_notebook.imported_catalogues(["x = 1", source]) == numbers


# build


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "1_try.py").write_text("# %%\nprint('ran')\n")
    monkeypatch.setattr(build, "course_root", lambda: tmp_path)
    return tmp_path


def test_build_writes_both_and_check_then_agrees(clone: Path) -> None:
    assert course("build", "--check")[0] == 1
    code, said = course("build", "1")
    assert code == 0
    assert "wrote solutions/1_try.ipynb" in said
    assert "wrote lessons/1_try.ipynb" in said
    assert course("build", "--check") == (0, "1 of 1 lessons are as their sources say.\n")


def test_build_check_names_the_stale_file(clone: Path) -> None:
    course("build")
    (clone / "solutions" / "1_try.py").write_text("# %%\nprint('changed')\n")
    code, said = course("build", "--check")
    assert code == 1
    assert "lessons/1_try.ipynb is stale: cell 1 differs in its source." in said


def test_build_of_an_unknown_lesson_says_what_there_is(clone: Path) -> None:
    code, said = course("build", "9")
    assert code == 1
    assert "It has: 1_try." in said


# lab


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The notebooks that `lab` opens, instead of opening them."""
    for name in ("1_attention", "4_logits_to_labels"):
        (tmp_path / "lessons").mkdir(exist_ok=True)
        notebook(tmp_path / "lessons" / f"{name}.ipynb", "1")
    (tmp_path / "course_utils").mkdir()
    monkeypatch.chdir(tmp_path / "lessons")
    commands: list[str] = []
    monkeypatch.setattr(subprocess, "call", lambda command, cwd: commands.append(Path(command[3]).name) or 0)
    return commands


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ([], "1_attention.ipynb"),
        (["4"], "4_logits_to_labels.ipynb"),
        (["4_logits_to_labels.ipynb"], "4_logits_to_labels.ipynb"),
    ],
)
def test_lab_opens_the_lesson_asked_for(opened: list[str], arguments: list[str], name: str) -> None:
    assert course("lab", *arguments)[0] == 0
    assert opened == [name]


def test_lab_of_an_unknown_lesson_says_what_there_is(opened: list[str]) -> None:
    code, said = course("lab", "7")
    assert code == 1
    assert "It has: 1_attention, 4_logits_to_labels." in said
    assert opened == []


# progress


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    progress.record("lesson_4.softmax", "wrong")
    progress.record("lesson_4.softmax", "correct")
    progress.record("lesson_4.decode", "wrong")


def row(said: str, name: str) -> list[str]:
    (line,) = (line for line in said.splitlines() if line.strip("│ ").split(" ")[0] == name)
    return [part.strip() for part in line.strip("│ ").split("│")]


def test_progress_shows_outcome_attempts_and_points(kept: None) -> None:
    code, said = course("progress")
    assert code == 0
    points = {exercise.name: exercise.points for exercise in catalogue(4).EXERCISES}
    assert row(said, "softmax") == ["softmax", "correct", "2", f"{points['softmax']} of {points['softmax']}"]
    assert row(said, "decode") == ["decode", "wrong", "1", f"0 of {points['decode']}"]
    assert row(said, "macro_f1")[1:3] == ["not attempted", "0"]
    assert all(f"Lesson {number}" in said for number in LESSONS)


def test_progress_forgets_one_exercise_or_all(kept: None) -> None:
    assert course("progress", "--reset", "softmax") == (0, "Progress in softmax is forgotten.\n")
    assert list(progress.load()) == ["lesson_4.decode"]
    assert course("progress", "--reset", "softmax")[0] == 0
    assert course("progress", "--reset", "all")[0] == 0
    assert progress.load() == {}


def test_progress_of_an_unknown_exercise_says_which_there_are(kept: None) -> None:
    code, said = course("progress", "--reset", "sofmax")
    assert code == 1
    assert "There is no exercise sofmax." in said
    assert "softmax, decode" in said
    assert len(progress.load()) == 2


# doctor


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("note", 0), ("problem", 1)])
def test_doctor_fails_only_for_what_must_be_fixed(
    monkeypatch: pytest.MonkeyPatch, state: str, code: int
) -> None:
    findings = [doctor.Finding("ok", "Python"), doctor.Finding(state, "disk [full]", "free some [space]")]  # type: ignore[arg-type]
    monkeypatch.setattr(doctor, "findings", lambda: iter(findings))
    exit_code, said = course("doctor")
    assert exit_code == code
    assert f"{state:8}disk [full]\n        To do: free some [space]\n" in said
