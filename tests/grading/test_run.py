"""Grading a folder: going on where it stopped, the same marks for the same seed, shards, and what can't be graded."""

import json
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from course_utils.grading.gradebook import NAME, GradebookError, records
from course_utils.grading.run import Shard, grade_folder
from tests.grading.classroom import make_class


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("class")
    make_class(place, 6, seed=1, share_wrong=0.3)
    return place


@pytest.fixture(scope="module")
def graded(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("grades")
    assert grade_folder(folder, out, seed=11).graded == 6
    return out


def without_times(path: Path) -> list[dict]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted(({**line, "seconds": 0, "when": 0} for line in lines), key=lambda line: line["key"])


def test_marks_are_there_with_their_reasons(graded: Path) -> None:
    found = records(graded / NAME).values()
    wrong = [mark for record in found for mark in record.marks if mark.outcome == "wrong"]
    assert wrong
    assert sum(mark.mistake is not None for mark in wrong) > len(wrong) / 2
    assert all(mark.finding and mark.advice for mark in wrong)
    assert all(record.points == sum(mark.points for mark in record.marks) for record in found)
    assert all(record.isolation for record in found)


def test_the_same_seed_gives_the_same_gradebook(folder: Path, graded: Path, tmp_path: Path) -> None:
    grade_folder(folder, tmp_path, seed=11, workers=1)
    assert without_times(tmp_path / NAME) == without_times(graded / NAME)


def test_what_is_unchanged_is_not_graded_again(folder: Path, graded: Path, tmp_path: Path) -> None:
    place, out = tmp_path / "class", tmp_path / "grades"
    shutil.copytree(folder, place)
    shutil.copytree(graded, out)
    assert grade_folder(place, out).graded == 0
    changed = next(place.rglob("*.ipynb"))
    changed.write_bytes(changed.read_bytes() + b"\n")
    assert grade_folder(place, out).graded == 1
    assert grade_folder(place, out, seed=12).graded == 6


def test_a_line_cut_off_by_a_crash_costs_that_submission_alone(
    folder: Path, graded: Path, tmp_path: Path
) -> None:
    whole = (graded / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole[: whole.rfind(b"\n", 0, -1) + 40])
    assert len(records(tmp_path / NAME)) == 5
    assert grade_folder(folder, tmp_path).graded == 1
    assert without_times(tmp_path / NAME) == without_times(graded / NAME)


def test_shards_together_are_the_whole(folder: Path, graded: Path, tmp_path: Path) -> None:
    parts = [grade_folder(folder, tmp_path, seed=11, shard=Shard(number, 2)).graded for number in (1, 2)]
    assert sum(parts) == 6
    assert min(parts) > 0
    parts = sorted(tmp_path.glob("gradebook-*-of-2.jsonl"))
    assert records(*parts).keys() == records(graded / NAME).keys()


def test_who_joins_later_moves_nobody_to_another_shard() -> None:
    keys = [f"learner {number}/4.ipynb" for number in range(200)]
    for of in (2, 3, 7):
        taken = [[key for key in keys if Shard(number, of).takes(key)] for number in range(1, of + 1)]
        assert sorted(key for part in taken for key in part) == sorted(keys)
        assert min(map(len, taken)) > 200 / of / 3


def test_what_holds_no_notebook_is_named_and_a_browsers_name_is_read(folder: Path, tmp_path: Path) -> None:
    group = tmp_path / "class"
    whole = next(folder.rglob("*.ipynb")).read_bytes()
    for name in ("ana/4.ipynb", "ben/4.ipynb.txt", "cem/4.ipynb.json"):
        (group / name).parent.mkdir(parents=True)
        (group / name).write_bytes(whole)
    (group / "eva").mkdir()
    (group / "dan.py").write_text("pass")
    (group / ".DS_Store").touch()
    done = grade_folder(group, tmp_path / "grades", seed=1)
    assert (done.graded, done.passed_over, done.elsewhere) == (3, ("dan.py", "eva"), ())
    (group / "ben" / "4.ipynb.txt").unlink()
    done = grade_folder(group, tmp_path / "grades")
    assert (done.kept, done.passed_over, done.elsewhere) == (
        2,
        ("ben", "dan.py", "eva"),
        ("ben/4.ipynb.txt",),
    )


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b", "-1/2"])
def test_a_shard_that_is_none_is_told_so(text: str) -> None:
    with pytest.raises(ValueError, match="the second of eight"):
        Shard.parse(text)


def test_folders_that_cannot_be_graded_are_told_so(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="There is no folder"):
        grade_folder(tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(ValueError, match="no notebooks"):
        grade_folder(tmp_path, tmp_path.parent / "out")
    with pytest.raises(ValueError, match="in the folder of submissions"):
        grade_folder(folder, folder / "grades")


def test_two_gradings_do_not_write_one_gradebook(folder: Path, tmp_path: Path) -> None:
    with FileLock(tmp_path / f"{NAME}.lock"), pytest.raises(GradebookError, match="Another grading"):
        grade_folder(folder, tmp_path)
