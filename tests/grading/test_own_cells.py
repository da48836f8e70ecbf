"""The list of the lessons' own cells, which goes with the package."""

import json
from pathlib import Path

import pytest

from course_utils import build
from course_utils.grading import own_cells

LESSONS = build.lessons(build.course_root())


def test_the_list_knows_all_lessons() -> None:
    for lesson in LESSONS:
        assert own_cells.unknown(build.own_cells(lesson)) == set(), "course build writes it"


def test_answers_and_imports_are_not_in_it() -> None:
    for lesson in LESSONS:
        needed = [
            cell.source
            for cell in build.handed_out(lesson).cells
            if cell.cell_type == "code" and "demo" not in cell.metadata.get("tags", [])
        ]
        assert needed
        assert not [source for source in needed if own_cells.is_own(source)]


def test_what_is_added_stays_and_what_was_there_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_cells, "LIST", tmp_path / "own.json")
    own_cells.LIST.write_text("[]")
    own_cells.known.cache_clear()
    try:
        own_cells.add(["print(1)\n", "print(2)"])
        own_cells.add(["print(3)"])
        assert [own_cells.is_own(f"print({n})  ") for n in (1, 2, 3, 4)] == [True, True, True, False]
        assert len(json.loads(own_cells.LIST.read_text())) == 3
    finally:
        monkeypatch.undo()
        own_cells.known.cache_clear()
