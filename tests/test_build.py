import json
import os
from pathlib import Path

import nbformat
import pytest

import course_utils
from course_utils import build

SOURCE = '''\
# %% [markdown]
# # A lesson
# {{COLAB_BADGE}}

# %%
# {{SETUP}}

# %%
def double(number):
    """Twice the number."""
    ### BEGIN SOLUTION
    twice = number + number
    return twice
    ### END SOLUTION


class Counter:
    def step(self):
        ### BEGIN SOLUTION
        return 1
        ### END SOLUTION

# %% tags=["raises-exception"]
double(1)

# %% tags=["solution-only"]
"only in the solution"

# %% tags=["nbval-check-output"]
print("checked")
'''


@pytest.fixture
def lesson(tmp_path: Path) -> build.Lesson:
    return written(tmp_path, SOURCE)


def written(root: Path, source: str) -> build.Lesson:
    (root / "solutions").mkdir(exist_ok=True)
    (root / "solutions" / "1_try.py").write_text(source, encoding="utf-8")
    (found,) = build.lessons(root)
    return found


def sources(notebook: build.Notebook) -> list[str]:
    return [cell.source for cell in notebook.cells]


# What the lesson holds


def test_a_solution_becomes_a_stub_that_names_its_function(lesson: build.Lesson) -> None:
    functions = sources(build.handed_out(lesson))[2]
    assert functions == (
        "def double(number):\n"
        '    """Twice the number."""\n'
        '    raise NotImplementedError("write double here")\n'
        "\n\n"
        "class Counter:\n"
        "    def step(self):\n"
        '        raise NotImplementedError("write step here")'
    )


def test_an_inner_function_above_the_block_does_not_give_the_stub_its_name(tmp_path: Path) -> None:
    source = (
        "# %%\ndef outer(x):\n    def inner(y):\n        return y\n"
        "    ### BEGIN SOLUTION\n    return inner(x)\n    ### END SOLUTION\n"
    )
    assert "write outer here" in sources(build.handed_out(written(tmp_path, source)))[0]


def test_cells_for_the_solution_only_are_left_out(lesson: build.Lesson) -> None:
    assert not any("only in the solution" in source for source in sources(build.handed_out(lesson)))
    assert any("only in the solution" in source for source in sources(build.solved(lesson)[0]))


def test_tags_and_ids_are_the_same_in_both_notebooks(lesson: build.Lesson) -> None:
    solution, _ = build.solved(lesson)
    ids = [cell.id for cell in solution.cells if "solution-only" not in cell.metadata.get("tags", [])]
    handed_out = build.handed_out(lesson)
    assert [cell.id for cell in handed_out.cells] == ids
    assert handed_out.cells[-1].metadata == {"tags": ["demo", "nbval-check-output"]}


@pytest.mark.parametrize(
    ("cell", "needed"),
    [
        ("import numpy as np\nfrom course_utils import plots", True),
        ("import torch\n\ntorch.set_printoptions(precision=2)", True),
        ("from course_utils.reference.softmax import softmax", False),
        ("from course_utils.given import is_ideograph", True),
        ("import numpy as np\nx = np.ones(3)", False),
        ("# {{SETUP}}", False),
        ("def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION", True),
    ],
)
def test_what_no_answer_needs_is_tagged_demo(tmp_path: Path, cell: str, needed: bool) -> None:
    notebook, _ = build.solved(written(tmp_path, f"# %%\n{cell}\n"))
    assert ("demo" not in notebook.cells[0].metadata.get("tags", [])) == needed


ANSWER = "def f(x):\n    ### BEGIN SOLUTION\n    return is_ideograph(x) or helper(x)\n    ### END SOLUTION"


@pytest.mark.parametrize(
    ("cells", "lost"),
    [
        (
            ("from course_utils.given import is_ideograph\nfrom textwrap import indent as helper", ANSWER),
            None,
        ),
        (("from course_utils.given import is_ideograph", "def helper(x):\n    return x", ANSWER), "`helper`"),
        (
            ("import numpy as helper\nfrom course_utils.reference.wordpiece import is_ideograph", ANSWER),
            "`is_ideograph`",
        ),
        (("import os\nfrom course_utils import plots as helper", ANSWER), "`helper`, `is_ideograph`"),
        ((ANSWER.replace("helper", "f").replace("is_ideograph", "len"),), None),
    ],
)
def test_an_answer_has_to_find_what_it_uses_where_it_is_graded(
    tmp_path: Path, cells: tuple[str, ...], lost: str | None
) -> None:
    source = written(tmp_path, "".join(f"# %%\n{cell}\n\n" for cell in cells))
    if lost is None:
        build.solved(source)
    else:
        with pytest.raises(build.BuildError, match=f"answers use {lost}, which is not there"):
            build.solved(source)


def test_nbgrader_finds_answers_and_the_locked_checks_with_their_points(tmp_path: Path) -> None:
    answer = "def softmax(z):\n    ### BEGIN SOLUTION\n    return z\n    ### END SOLUTION"
    notebook, _ = build.solved(written(tmp_path, f"# %%\n{answer}\n\n# %%\nex.softmax.check(softmax)\n"))
    asked, check = (cell.metadata["nbgrader"] for cell in notebook.cells)
    assert asked == {
        **{"schema_version": 3, "task": False, "grade": False, "grade_id": "softmax"},
        **{"locked": False, "solution": True},
    }
    assert check == {
        **{"schema_version": 3, "task": False, "grade": True, "grade_id": "check-softmax"},
        **{"locked": True, "points": 2, "solution": False},
    }


def test_ids_are_unique_and_survive_a_cell_put_in_front(tmp_path: Path) -> None:
    twins = "# %%\nx = 1\n\n# %%\nx = 1\n"
    before = [cell.id for cell in build.solved(written(tmp_path, twins))[0].cells]
    after = [cell.id for cell in build.solved(written(tmp_path, "# %%\ny = 2\n\n" + twins))[0].cells]
    assert len(set(before)) == 2
    assert after[1:] == before


def test_the_address_is_filled_in_everywhere(lesson: build.Lesson) -> None:
    title, setup, *_ = sources(build.handed_out(lesson))
    owner_and_name = course_utils.REPOSITORY.removeprefix("https://github.com/")
    assert (
        f"https://colab.research.google.com/github/{owner_and_name}/blob/main/lessons/1_try.ipynb)" in title
    )
    assert f'%pip install --quiet "attention-to-labels[offline] @ git+{course_utils.REPOSITORY}"' in setup
    assert setup.endswith("print(device.describe())")


def test_a_magic_that_jupytext_keeps_as_a_comment_is_one_again(tmp_path: Path) -> None:
    assert sources(build.solved(written(tmp_path, "# %%\n# %timeit sum([1])\n"))[0]) == ["%timeit sum([1])"]


# What an author gets wrong

FUNCTION = "# %%\ndef f():\n"
BLOCK = "    ### BEGIN SOLUTION\n    return 1\n"


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        (FUNCTION + BLOCK, 3, "not closed before the file ends"),
        (FUNCTION + BLOCK + "\n# %%\nx = 1\n    ### END SOLUTION\n", 3, "not closed before the cell ends"),
        (FUNCTION + BLOCK + BLOCK + "    ### END SOLUTION\n", 5, "inside the block opened on line 3"),
        (FUNCTION + "    return 1\n    ### END SOLUTION\n", 4, "closes nothing"),
        (FUNCTION + BLOCK + "    ### END SOLUTION\n    ### END SOLUTION\n", 6, "closes nothing"),
        (FUNCTION + "    # begin solution\n    return 1\n", 3, "looks like a marker"),
        (FUNCTION + BLOCK + "    ### END SOLUTION.\n", 5, "looks like a marker"),
        ("# %%\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n", 2, "not inside a function"),
        (
            "# %%\ndef f(): ...\n\n# %%\n    ### BEGIN SOLUTION\n    ### END SOLUTION\n",
            5,
            "not inside a function",
        ),
        ("# %% [markdown]\n# One\n# {{REPOSITRY}}\n", 3, "{{REPOSITRY}}"),
    ],
)
def test_an_error_in_the_source_names_file_and_line(
    tmp_path: Path, source: str, line: int, says: str
) -> None:
    with pytest.raises(build.BuildError) as error:
        build.handed_out(written(tmp_path, source))
    assert str(error.value).startswith(f"solutions/1_try.py, line {line}: ")
    assert says in str(error.value)


def test_text_before_the_first_cell_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(build.BuildError, match="Start the file with"):
        build.solved(written(tmp_path, "import numpy\n# %%\nx = 1\n"))


def test_an_unknown_lesson_is_told_what_there_is(lesson: build.Lesson) -> None:
    with pytest.raises(build.BuildError, match="It has: 1_try"):
        build.lessons(lesson.root, "7")
    assert build.lessons(lesson.root, "1") == build.lessons(lesson.root, "1_try.py") == [lesson]


# What is written


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> build.Lesson:
    found = written(tmp_path_factory.mktemp("course"), SOURCE)
    build.build(found)
    return found


def test_the_solution_has_outputs_and_the_lesson_has_none(built: build.Lesson) -> None:
    solution, lesson = build.read(built.solution), build.read(built.lesson)
    assert solution.cells[-1].outputs[0].text == "checked\n"
    assert all(
        not cell.outputs and cell.execution_count is None for cell in lesson.cells if "outputs" in cell
    )


def test_both_are_valid_and_hold_nothing_of_this_machine(built: build.Lesson) -> None:
    for path in (built.solution, built.lesson):
        text = path.read_text(encoding="utf-8")
        notebook = nbformat.reads(text, as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        assert set(notebook.metadata) == {"kernelspec", "language_info"}
        assert not any("execution" in cell.metadata for cell in notebook.cells)
        assert str(built.root) not in text


def test_what_was_just_built_is_not_stale(built: build.Lesson) -> None:
    assert build.stale(built) == []
    assert sorted(path.name for path in built.lesson.parent.iterdir()) == ["1_try.ipynb"]


def test_building_the_lesson_again_gives_the_same_bytes(built: build.Lesson) -> None:
    before = built.lesson.read_bytes(), built.solution.read_bytes()
    build.build(built, execute=False)
    assert (built.lesson.read_bytes(), built.solution.read_bytes()) == before


def copied(built: build.Lesson, root: Path) -> build.Lesson:
    """The built lesson again, to be damaged."""
    for path in (built.source, built.solution, built.lesson):
        target = root / path.relative_to(built.root)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    return build.Lesson(root, built.name)


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("# # A lesson", "# # Another lesson", ["lessons/1_try.ipynb", "solutions/1_try.ipynb"]),
        ("twice = number + number", "twice = 2 * number", ["solutions/1_try.ipynb"]),
        ('tags=["nbval-check-output"]', 'tags=["demo"]', ["lessons/1_try.ipynb", "solutions/1_try.ipynb"]),
    ],
)
def test_a_changed_source_makes_stale_what_depends_on_it(
    built: build.Lesson, tmp_path: Path, old: str, new: str, stale: list[str]
) -> None:
    lesson = copied(built, tmp_path)
    lesson.source.write_text(lesson.source.read_text().replace(old, new))
    assert [problem.split(" ")[0] for problem in build.stale(lesson)] == stale


def test_a_lesson_edited_by_hand_is_stale(built: build.Lesson, tmp_path: Path) -> None:
    lesson = copied(built, tmp_path)
    notebook = json.loads(lesson.lesson.read_text())
    notebook["cells"][-1]["source"] = ["print('by hand')"]
    lesson.lesson.write_text(json.dumps(notebook))
    assert build.stale(lesson) == ["lessons/1_try.ipynb is stale: cell 5 differs in its source."]


def test_a_solution_that_was_not_run_is_stale(built: build.Lesson, tmp_path: Path) -> None:
    lesson = copied(built, tmp_path)
    nbformat.write(build.solved(lesson)[0], lesson.solution)
    assert build.stale(lesson) == ["solutions/1_try.ipynb is stale: cell 2 has not been run."]


def test_missing_notebooks_are_named(lesson: build.Lesson) -> None:
    assert build.stale(lesson) == ["lessons/1_try.ipynb is missing.", "solutions/1_try.ipynb is missing."]


def test_outputs_are_kept_only_for_code_that_gave_them(built: build.Lesson, tmp_path: Path) -> None:
    lesson = copied(built, tmp_path)
    lesson.source.write_text(lesson.source.read_text().replace("A lesson", "A better lesson"))
    build.build(lesson, execute=False)
    assert build.stale(lesson) == []
    assert build.read(lesson.solution).cells[-1].outputs[0].text == "checked\n"
    lesson.source.write_text(lesson.source.read_text().replace('"checked"', '"changed"'))
    with pytest.raises(build.BuildError, match="without --no-run"):
        build.build(lesson, execute=False)


# What runs


def test_a_failing_cell_is_named_by_source_line_and_nothing_is_written(tmp_path: Path) -> None:
    source = "# %% [markdown]\n# Text\n\n# %%\ndef f(x):\n    return 1 / x\n\n# %%\ny = 1\nf(0)\n"
    lesson = written(tmp_path, source)
    with pytest.raises(
        build.BuildError, match=r"^solutions/1_try\.py, line 10 \(cell 3\): ZeroDivisionError"
    ):
        build.build(lesson)
    assert not lesson.solution.exists()
    assert not lesson.lesson.exists()


def test_what_cells_print_is_tidied(tmp_path: Path) -> None:
    """One kernel for all of it: bars, overwritten lines, warnings, tracebacks, widgets, the folder of progress."""
    bars = (
        "import os, sys, warnings\n"
        "from tqdm import tqdm\n"
        "for _ in tqdm(range(3)): pass\n"
        "sys.stderr.write('step 1\\rstep 2\\n')\n"
        "print('kept')"
    )
    warning = "warnings.warn('look out')\nprint(os.path.join(os.getcwd(), 'file'))"
    widget = "from tqdm.notebook import tqdm as bar\nfor _ in bar(range(3)): pass"
    traceback = "import json\njson.loads('{')"
    folder = "print(os.environ['COURSE_DATA_DIR'] == BEFORE)"
    lesson = written(
        tmp_path,
        f"# %%\n{bars}\n\n# %%\n{warning}\n\n# %%\n{widget}\n\n"
        f'# %% tags=["raises-exception"]\n{traceback}\n\n'
        f"# %%\nBEFORE = {os.environ['COURSE_DATA_DIR']!r}\n{folder}\n",
    )
    build.build(lesson)
    first, second, third, fourth, fifth = build.read(lesson.solution).cells
    assert {output.name: output.text for output in first.outputs} == {
        "stdout": "kept\n",
        "stderr": "step 2\n",
    }
    printed = {output.name: output.text for output in second.outputs}
    assert printed["stdout"] == "file\n"
    assert printed["stderr"].startswith("<cell>:1: UserWarning: look out")
    assert third.outputs == []
    shown = "\n".join(fourth.outputs[0].traceback)
    assert "JSONDecodeError" in shown
    assert str(Path(json.__file__).parent) not in shown
    assert fifth.outputs[0].text == "False\n"


def test_writing_is_all_or_nothing(lesson: build.Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson.lesson.parent.mkdir()
    lesson.lesson.write_text("the old one")

    def full(notebook: build.Notebook) -> str:
        raise OSError("No space left on device")

    monkeypatch.setattr(build, "_text", full)
    with pytest.raises(OSError, match="No space"):
        build._write(lesson.lesson, build.handed_out(lesson))
    assert [path.read_text() for path in lesson.lesson.parent.iterdir()] == ["the old one"]


# Reading what may not be a notebook


@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"{}", b"[]", b"\xff\xfe\x00", b"\x89PNG\r\n", b'{"cells": 3, "nbformat": 4}'],
)
def test_what_is_no_notebook_is_told_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    with pytest.raises(build.BuildError, match=r"broken\.ipynb (is not|cannot be read as) a notebook"):
        build.read(path)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(build.BuildError, match="There is no file"):
        build.read(tmp_path / "nowhere.ipynb")
    with pytest.raises(build.BuildError, match="is a folder"):
        build.read(tmp_path)
