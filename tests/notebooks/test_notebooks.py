"""What every notebook must be. That each of them runs is shown by nbval, see nbval.ini."""

import configparser
import re
from pathlib import Path
from typing import Any

import pytest

from course_utils import build

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "solutions").glob("*.py"))
NOTEBOOKS = sorted([*(ROOT / "lessons").glob("*.ipynb"), *(ROOT / "solutions").glob("*.ipynb")])
COMPARED = {"nbval-check-output", "NBVAL_CHECK_OUTPUT"}
WAYS_TO_SKIP = {"nbval-skip", "NBVAL_SKIP", "nbval-ignore-output", "NBVAL_IGNORE_OUTPUT"}


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", []))


every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=shown)
every_source = pytest.mark.parametrize("path", SOURCES, ids=shown)


def test_each_source_has_both_notebooks_and_each_notebook_a_source() -> None:
    names = [path.stem for path in SOURCES]
    assert names, "there is no lesson at all"
    for folder in ("lessons", "solutions"):
        assert (
            sorted(path.stem for path in (ROOT / folder).rglob("*.ipynb") if "checkpoint" not in path.name)
            == names
        )


@every_source
def test_both_notebooks_are_as_their_source_says(path: Path) -> None:
    assert build.stale(build.Lesson(ROOT, path.stem)) == []


@every_source
def test_a_solution_compares_cells_that_print_something(path: Path) -> None:
    cells = build.read(path.with_suffix(".ipynb")).cells
    compared = [cell for cell in cells if tags(cell) & COMPARED]
    assert len(compared) >= 5
    assert [cell.source for cell in compared if not cell.outputs] == []


@every_source
def test_a_solution_fails_nowhere_but_where_it_is_meant_to(path: Path) -> None:
    failed = [
        cell.source
        for cell in build.read(path.with_suffix(".ipynb")).cells
        if any(output.output_type == "error" for output in cell.get("outputs", []))
        and "raises-exception" not in tags(cell)
    ]
    assert failed == []


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.parent.name == "lessons"], ids=shown)
def test_a_lesson_is_handed_out_without_outputs_and_answers(path: Path) -> None:
    for cell in build.read(path).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
        assert "SOLUTION" not in cell.source
        assert "solution-only" not in tags(cell)


@every_notebook
def test_no_notebook_holds_state_of_widgets_or_of_the_machine_that_built_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    notebook = build.read(path)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert "application/vnd.jupyter.widget" not in text
    assert [
        cell.metadata for cell in notebook.cells if set(cell.metadata) - {"tags", "jupyter", "nbgrader"}
    ] == []
    found = re.findall(r"(?:/home/|/Users/|/root/|/site-packages|ipykernel_\d)[^\s\"']{0,80}", text)
    assert found == []


@every_source
def test_a_cell_that_shows_an_explorer_is_a_demo_and_leaves_a_picture(path: Path) -> None:
    cells = build.read(path.with_suffix(".ipynb")).cells
    showing = [
        cell
        for cell in cells
        if cell.cell_type == "code" and re.search(r"\w+(?:Explorer|Monitor)\(", cell.source)
    ]
    assert showing, "a lesson has explorers"
    assert [cell.source for cell in showing if "demo" not in tags(cell) or tags(cell) & COMPARED] == []
    pictures = [
        output.data["text/plain"]
        for cell in showing
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) >= len(showing)
    assert [words for words in pictures if len(words) < 30 or "<" in words] == []


@every_notebook
def test_no_cell_is_skipped(path: Path) -> None:
    for cell in build.read(path).cells:
        assert not tags(cell) & WAYS_TO_SKIP
        assert not any(f"# {way}" in cell.source for way in WAYS_TO_SKIP)


def test_no_notebook_is_skipped() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "tests" / "notebooks" / "nbval.ini", encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"pytest -c tests/notebooks/nbval\.ini .*\blessons solutions$", makefile, re.MULTILINE)
    for option in ("--ignore", "--deselect", "-k ", "skip"):
        assert option not in settings["pytest"]["addopts"]
        assert option not in makefile


@every_notebook
def test_a_notebook_fetches_nothing_and_asks_for_nothing(path: Path) -> None:
    """No script, style or picture from another host, and no `input()`, which stops every unattended run."""
    for cell in build.read(path).cells:
        remote = re.search(
            r"""<(?:script|img|link|iframe)[^>]*["'](?:https?:)?//|!\[[^\]]*\]\(https?:""", cell.source
        )
        assert remote is None
        if cell.cell_type == "code":
            assert re.search(r"(?<![\w.])input\(", cell.source) is None
