"""Notebooks as they are handed in, from any tool and in any version of the format; and files that are none."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course_utils.grading import looking, submission
from course_utils.grading.submission import Unreadable, from_raw
from tests.grading.classroom import lesson_notebook

IMPORT = "from course_utils.exercises import lesson_4 as ex\n"
ANSWER = "def softmax(logits, axis=-1):\n    return logits\n"


def code(source: Any, **more: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": source,
    } | more


def version_4(*cells: dict[str, Any], minor: int = 5, **more: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": {}, "cells": list(cells)} | more


def sources(notebook: Any) -> list[str]:
    return [cell.source for cell in from_raw(json.dumps(notebook).encode(), "a.ipynb").cells]


@pytest.mark.parametrize("minor", range(6))
def test_every_minor_version_of_format_4(minor: int) -> None:
    cells = [code(IMPORT), code(ANSWER)]
    if minor == 5:
        cells = [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)]
    assert sources(version_4(*cells, minor=minor)) == [IMPORT, ANSWER]


def test_format_3() -> None:
    cells = [
        {"cell_type": "heading", "level": 1, "source": "Lesson"},
        {"cell_type": "code", "language": "python", "input": [IMPORT], "outputs": [], "collapsed": False},
        {"cell_type": "code", "language": "python", "input": ANSWER, "outputs": []},
    ]
    notebook = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells}],
    }
    assert sources(notebook) == [IMPORT, ANSWER]


def test_cells_without_ids_and_with_the_same_id() -> None:
    assert sources(version_4(code(IMPORT), code(ANSWER, id="a"), code(ANSWER, id="a"))) == [
        IMPORT,
        ANSWER,
        ANSWER,
    ]


def test_sources_as_lists_and_as_strings() -> None:
    assert sources(version_4(code(IMPORT.splitlines(True)), code(ANSWER.splitlines(True)))) == [
        IMPORT,
        ANSWER,
    ]


def test_colab() -> None:
    metadata = {"colab": {"provenance": []}, "accelerator": "GPU", "kernelspec": {"name": "python3"}}
    cells = [
        code(
            [IMPORT],
            metadata={"id": "x1", "colab": {"base_uri": "https://localhost:8080/"}},
            execution_count=3,
        ),
        {"cell_type": "markdown", "metadata": {"id": "x2"}, "source": ["# Text"]},
        code([ANSWER], metadata={"id": "x3", "cellView": "form"}),
    ]
    assert sources(version_4(*cells, minor=0, metadata=metadata)) == [IMPORT, ANSWER]


@pytest.mark.parametrize(
    "metadata",
    [
        {"vscode": {"interpreter": {"hash": "0"}}, "language_info": {"name": "python"}},
        {"kernelspec": {"name": "my-env", "display_name": "Mine", "language": "python"}},
        {"kernelspec": None},
        None,
    ],
)
def test_other_tools_and_kernels(metadata: Any) -> None:
    cells = [code(IMPORT, metadata={"vscode": {"languageId": "python"}}), code(ANSWER, metadata=None)]
    assert sources(version_4(*cells, metadata=metadata)) == [IMPORT, ANSWER]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_encodings(encoding: str) -> None:
    cell = "# caf\u00e9\n" + IMPORT
    raw = json.dumps(version_4(code(cell), code(ANSWER)), ensure_ascii=False).encode(encoding)
    assert [cell.source for cell in from_raw(raw, "a.ipynb").cells] == [cell, ANSWER]


def test_ends_of_lines_of_windows() -> None:
    raw = json.dumps(
        version_4(code(IMPORT.replace("\n", "\r\n")), code(ANSWER.replace("\n", "\r\n"))), indent=1
    )
    read = from_raw(raw.replace("\n", "\r\n").encode(), "a.ipynb")
    names: dict[str, Any] = {}
    exec(compile(read.cells[1].source, "cell", "exec"), names)
    assert "softmax" in names


def test_the_lesson_as_it_is_handed_out_without_its_demonstrations() -> None:
    notebook = lesson_notebook(4)
    kept = sources(notebook)
    demonstrations = [cell.source for cell in notebook.cells if "demo" in cell.metadata.get("tags", [])]
    assert demonstrations
    assert not set(kept) & set(demonstrations)
    assert len([source for source in kept if "NotImplementedError" in source]) == 9


def test_an_answer_written_into_a_demonstration_is_run() -> None:
    assert ANSWER in sources(version_4(code(IMPORT), code(ANSWER, metadata={"tags": ["demo"]})))


@pytest.mark.parametrize(
    ("source", "runs"),
    [
        ("%time x = 1", False),
        ("%matplotlib inline\nx = 1", True),
        ("!pip install torch\nx = 1", True),
        ("%pip install torch\nx = 1", True),
        ("print?\nx = 1", True),
        ("?print\nx = 1", True),
        ("files = !ls\nx = 1", True),
        ("y = %pwd\nx = 1", True),
        ("if True:\n    !ls\nx = 1", True),
        ("x = 7 % 2\n", True),
        ("x = '''\n%time\n!ls\n'''", True),
    ],
)
def test_magics_and_shell_lines_become_python(source: str, runs: bool) -> None:
    class Shell:
        def __getattr__(self, name: str) -> Any:
            return lambda *arguments: None

    names: dict[str, Any] = {"get_ipython": Shell}
    exec(compile(submission.plain_python(source), "cell", "exec"), names)
    assert ("x" in names) == runs


def test_a_cell_that_is_no_python_is_left_as_it_is() -> None:
    assert submission.plain_python("%time\nthis is ( no Python") is not None
    assert submission.plain_python("def f(:\n") == "def f(:\n"


@pytest.mark.parametrize(
    ("cells", "lessons"),
    [
        ([IMPORT], (4,)),
        (["import course_utils.exercises.lesson_1 as ex"], (1,)),
        (["from course_utils.exercises import lesson_2, lesson_3"], (2, 3)),
        (["def softmax(logits):\n  pass\ndef decode(a, b):\n  pass"], (4,)),
    ],
)
def test_the_lessons_that_it_answers(cells: list[str], lessons: tuple[int, ...]) -> None:
    raw = json.dumps(version_4(*map(code, cells))).encode()
    assert from_raw(raw, "a.ipynb").lessons == lessons


@pytest.mark.parametrize(
    ("key", "learner"),
    [("ada/4.ipynb", "ada"), ("ada lovelace 🦊.ipynb", "ada lovelace 🦊"), ("class/ada/4.ipynb", "class")],
)
def test_who_handed_it_in(key: str, learner: str) -> None:
    assert submission.learner_of(key) == learner


def test_what_is_found_in_a_folder(tmp_path: Path) -> None:
    for name in (
        "b/4.ipynb",
        "a 🦊.IPYNB",
        ".ipynb_checkpoints/4.ipynb",
        "__MACOSX/4.ipynb",
        "b/notes.txt",
        "b/._4.ipynb",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "b/4.ipynb")
    found = [path.relative_to(tmp_path).as_posix() for path in submission.found(tmp_path)]
    assert found == ["a 🦊.IPYNB", "b/4.ipynb"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b'{"cells": [', "not a whole notebook"),
        (b"null", "no notebook"),
        (b'{"nbformat": 4}', "no cells"),
        (b"[" * 100_000, "too deeply"),
        (b'{"a":' * 100_000, "too deeply"),
        (b"1" * 10_000, "notebook"),
        (json.dumps(version_4(*[code("x = 1")] * 6000)).encode(), "6000 cells"),
    ],
)
def test_what_can_not_be_read_is_said_in_words(raw: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        from_raw(raw, "a.ipynb")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cells", "worksheets", "source", "input", "metadata", "tags", "cell_type"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)
cell = st.fixed_dictionaries(
    {
        "cell_type": st.just("code") | anything,
        "source": st.sampled_from([IMPORT, ANSWER, "%time", "\ud800", "\0"]) | anything,
    },
    optional={"metadata": anything, "outputs": anything},
)


def readable_or_not(raw: bytes) -> None:
    with contextlib.suppress(Unreadable):
        from_raw(raw, "a.ipynb")


@settings(max_examples=150)
@given(anything)
def test_any_json(value: Any) -> None:
    readable_or_not(json.dumps(value).encode())


@settings(max_examples=150)
@given(st.lists(cell, max_size=4))
def test_any_cells(cells: list[Any]) -> None:
    readable_or_not(json.dumps(version_4(code(IMPORT), *cells)).encode())


@settings(max_examples=150)
@given(st.binary(max_size=60))
@example(b"\xff\xfe")
@example(b"\xfe\xff{")
@example(b"\xef\xbb\xbf")
@example(b'{"a": ' + b"9" * 5000 + b"}")
def test_any_bytes(raw: bytes) -> None:
    readable_or_not(raw)


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_any_cell(source: str) -> None:
    submission.plain_python("%time\n" + source)
    cells = [submission.Cell(1, source)]
    looking.suspicions(cells, [source])
    looking.fingerprints(cells)
    looking.room_for(cells)
