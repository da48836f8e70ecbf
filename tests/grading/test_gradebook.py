"""The gradebook survives whatever stops a grading, and believes no line that is not whole."""

from dataclasses import replace
from pathlib import Path

import pytest

from course_utils.grading.grade import GRADED, Mark, Record, exercises_digest
from course_utils.grading.gradebook import Gradebook, GradebookError, is_current, records, seed_of


def record(key: str = "ada/4.ipynb", points: int = 1, **more: object) -> Record:
    mark = Mark(
        4, "softmax", "Softmax", "correct", points, 1, "passed", "Fine.", "", evidence=[["input", "é 🦊"]]
    )
    given = {"marks": [mark], "seed": 5, "exercises": exercises_digest()} | more
    return Record(key, key.split("/")[0], "digest", GRADED, points=points, **given)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "grades" / "gradebook.jsonl"


def test_of_two_shards_the_newer_record_counts(path: Path) -> None:
    """Whatever their files are called: another number of shards, or none, puts a submission into another file."""
    parts = [
        path.with_name(name)
        for name in ("gradebook-1-of-2.jsonl", "gradebook-2-of-2.jsonl", "gradebook.jsonl")
    ]
    for part, when, points in zip(parts, (3.0, 1.0, 2.0), (1, 0, 0), strict=True):
        with Gradebook(part) as book:
            book.add(replace(record(points=points), when=when))
    assert records(*parts)["ada/4.ipynb"].points == 1
    assert records(*reversed(parts))["ada/4.ipynb"].points == 1


def test_what_is_added_is_read_again_and_the_newest_counts(path: Path) -> None:
    with Gradebook(path) as book:
        book.add(record(points=0))
        book.add(record("ben/4.ipynb"))
        assert len(records(path)) == 2, "a line is there as soon as it is added"
        book.add(record(points=1))
    assert records(path) == {"ada/4.ipynb": record(points=1), "ben/4.ipynb": record("ben/4.ipynb")}


@pytest.mark.parametrize("torn", ['{"key": "b', "{", '{"key": "b"}'])
def test_a_line_that_was_being_written_is_cut_off(path: Path, torn: str) -> None:
    with Gradebook(path) as book:
        book.add(record())
    with path.open("a") as file:
        file.write(torn)
    with Gradebook(path) as book:
        book.add(record("ben/4.ipynb"))
    assert set(records(path)) == {"ada/4.ipynb", "ben/4.ipynb"}


@pytest.mark.parametrize("line", ["{", "[]", '{"key": "a"}', "null", '{"marks": 5}'])
def test_a_damaged_line_is_named(path: Path, line: str) -> None:
    with Gradebook(path) as book:
        book.add(record())
    path.write_text(f"{line}\n{path.read_text()}")
    with pytest.raises(GradebookError, match="line 1"):
        records(path)


def test_one_grading_at_a_time(path: Path) -> None:
    with Gradebook(path), pytest.raises(GradebookError, match="Another grading"), Gradebook(path):
        pass


def test_a_gradebook_that_is_not_there(path: Path) -> None:
    with pytest.raises(GradebookError, match="can't be read"):
        records(path)


def test_the_seed_is_the_one_asked_for_or_the_gradebooks() -> None:
    assert seed_of([record()], 9) == 9
    assert seed_of([record()], None) == 5
    assert seed_of([record(marks=[], seed=0)], None) != 0


@pytest.mark.parametrize(
    ("known", "current"),
    [
        (record(), True),
        (None, False),
        (record(seed=6), False),
        (record(exercises="older"), False),
        (record(marks=[], seed=0), True),
    ],
)
def test_what_has_to_be_graded_again(known: Record | None, current: bool) -> None:
    assert is_current(known, "digest", 5) == current
    assert not is_current(known, "another digest", 5)
