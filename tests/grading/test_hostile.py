"""Submissions that attack the grading, or are broken, among honest ones: each gets the mark that its file says it deserves,
nobody else loses any, and nothing outside changes."""

import hashlib
import json
import os
import re
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

import course_utils
from course_utils.exercises import catalogue
from course_utils.exercises.verdict import CORRECT
from course_utils.grading.grade import GRADED, UNREADABLE, Record
from course_utils.grading.gradebook import NAME, records
from course_utils.grading.isolation import FIRST_USER
from course_utils.grading.run import Done, grade_folder
from course_utils.grading.sandbox import Sandbox
from course_utils.grading.supervisor import Times
from tests.grading.classroom import notebook_with, right_answers

LESSON = 4
HOSTILE = sorted((Path(__file__).parents[1] / "hostile").glob("*.py"))
EXERCISES = {exercise.name: exercise for exercise in catalogue(LESSON).EXERCISES}
SECRET = "canary-5f1c27"
FIRST_CELL = "import numpy as np\nfrom course_utils.exercises import lesson_4 as ex\n"


def deserved(path: Path) -> dict[str, str]:
    """The outcome of each exercise that the file itself names; the others are correct."""
    said = re.search(r"^# deserves: (.+)$", path.read_text(), re.MULTILINE)
    assert said, f"{path} does not say what it deserves"
    named = dict(re.findall(r"(\w+) (wrong|raised|not attempted)", said[1]))
    assert set(named) <= set(EXERCISES), f"{path} names exercises that there are not"
    assert named or said[1] == "everything correct", path
    return {name: named.get(name, CORRECT) for name in EXERCISES}


def notebook(path: Path, filled_in: dict[str, str]) -> Any:
    """The file's cells, with the right answers in their place."""
    text = path.read_text()
    for placeholder, value in filled_in.items():
        text = re.sub(rf"\b{placeholder}\b", lambda found, value=value: value, text)  # type: ignore[misc]
    sources = [FIRST_CELL]
    for title, source in re.findall(r"^# %%(.*)\n((?:(?!# %%).*\n?)*)", text, re.MULTILINE):
        sources += right_answers(LESSON).values() if "right answers" in title else [source]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut off.ipynb": (lambda whole: whole[: len(whole) // 2], "not a whole notebook"),
    "picture.ipynb": (
        lambda whole: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)),
        "not a whole notebook",
    ),
    "empty file.ipynb": (lambda whole: b"", "empty"),
    "no notebook.ipynb": (lambda whole: b"[1, 2]", "no notebook"),
    "no cells.ipynb": (lambda whole: b'{"cells": [], "nbformat": 4}', "no cells"),
    "other notebook.ipynb": (
        lambda whole: b'{"cells": [{"cell_type": "code", "source": "print(1)"}]}',
        "answers no exercise",
    ),
    "nested.ipynb": (lambda whole: b"[" * 200_000, "nested too deeply"),
    "too large.ipynb": (lambda whole: b"", "Clear the outputs"),
}
"""File names, how their bytes come from a whole notebook, and what is said about them."""


def readable(whole: bytes) -> dict[str, bytes]:
    """The same right answers in files that are odd, each to be read like any other."""
    parsed = json.loads(whole)
    for cell in parsed["cells"][:10]:
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * (10 << 20)}]
    odd = json.loads(whole)
    odd["cells"][0]["source"] = "# caf\u00e9\n" + "".join(odd["cells"][0]["source"])
    in_latin = json.dumps(odd, ensure_ascii=False).encode("latin-1", "replace")
    return {
        "name with spaces 🦊.ipynb": whole,
        "latin.ipynb": in_latin,
        "utf16.ipynb": json.dumps(odd, ensure_ascii=False).encode("utf-16"),
        "marked.ipynb": b"\xef\xbb\xbf" + whole,
        "large outputs.ipynb": json.dumps(parsed).encode(),
    }


@dataclass
class Graded:
    """What one grading left."""

    done: Done
    records: dict[str, Record]
    gradebook: str
    changed: list[str] = field(default_factory=list)
    """Files that are not what they were."""
    connections: int = 0
    survivors: list[str] = field(default_factory=list)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }


def of_the_sandbox() -> list[str]:
    """Processes of the users that submissions run as, but for those of a grading that still goes on beside this one."""
    found = []
    for process in psutil.process_iter():
        users = _users(process)
        if users and FIRST_USER <= users.real < FIRST_USER + 1000 and not _has_a_server(process):
            found.append(str(process))
    return found


def _has_a_server(process: psutil.Process) -> bool:
    try:
        return any("course_utils.grading.forkserver" in above.cmdline() for above in process.parents())
    except psutil.Error:  # it has just ended
        return True


def descendants() -> set[psutil.Process]:
    """Processes that this one has started, and those that they have."""
    return set(psutil.Process().children(recursive=True))


def _users(process: psutil.Process) -> Any:
    try:
        return process.uids()
    except psutil.Error:
        return None


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    base = tmp_path_factory.mktemp("class")
    folder, out = base / "submissions", base / "grades"
    folder.mkdir()
    listener = socket.create_server(("127.0.0.1", 0))
    with (
        tempfile.TemporaryDirectory(prefix="canary-", dir=Path.home()) as home,
        tempfile.TemporaryDirectory(prefix="canary-", dir="/tmp") as temporary,
    ):
        kept = [Path(home), Path(temporary), base / "neighbour"]
        kept[2].mkdir()
        for place in kept:
            (place / "canary.txt").write_text(SECRET)
        honest = notebook_with(LESSON, right_answers(LESSON))
        canaries = [
            *(str(place / "canary.txt") for place in kept),
            str(folder / "honest_1.ipynb"),
            str(out / NAME),
        ]
        filled_in = {
            "CANARIES": repr(canaries)[1:-1],
            "PORT": str(listener.getsockname()[1]),
            "COURSE": repr(str(Path(course_utils.__file__).parents[1])),
        }
        for number in range(3):
            nbformat.write(honest, folder / f"honest_{number}.ipynb")
        for path in HOSTILE:
            nbformat.write(notebook(path, filled_in), folder / f"{path.stem}.ipynb")
        whole = (folder / "honest_0.ipynb").read_bytes()
        for name, (make, _) in BROKEN.items():
            (folder / name).write_bytes(make(whole))
        os.truncate(folder / "too large.ipynb", 300 << 20)  # a hole: it takes no room
        for name, raw in readable(whole).items():
            (folder / name).write_bytes(raw)
        (folder / "link.ipynb").symlink_to(kept[0] / "canary.txt")
        (folder / "linked folder").symlink_to(kept[0])
        before = {
            **digests(folder),
            **{key: value for place in kept for key, value in digests(place).items()},
        }
        group, running = os.getpgid(0), descendants()
        box = Sandbox(times=Times(cell=1.0, exercise=2.0, submission=30.0, grace=0.5))
        done = grade_folder(folder, out, seed=1, workers=1, sandbox=box)
        after = {**digests(folder), **{key: value for place in kept for key, value in digests(place).items()}}
        assert os.getpgid(0) == group
        changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
        survivors = [*of_the_sandbox(), *map(str, descendants() - running)]
        listener.settimeout(0)
        connections = 0
        try:
            while True:
                listener.accept()[0].close()
                connections += 1
        except BlockingIOError:
            pass
        text = (out / NAME).read_text()
        yield Graded(done, records(out / NAME), text, changed, connections, survivors)
    listener.close()


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_a_hostile_submission_gets_the_mark_it_deserves(graded: Graded, path: Path) -> None:
    record = graded.records[f"{path.stem}.ipynb"]
    found = {mark.exercise: mark.outcome for mark in record.marks}
    said = {
        mark.exercise: mark.finding for mark in record.marks if mark.outcome != deserved(path)[mark.exercise]
    }
    assert found == deserved(path), (said, record.notes)
    assert record.points == sum(
        EXERCISES[name].points for name, outcome in found.items() if outcome == CORRECT
    )


@pytest.mark.parametrize(
    "name", [*(f"honest_{number}.ipynb" for number in range(3)), *readable(b'{"cells": [{"source": ""}]}')]
)
def test_honest_learners_get_full_marks_whatever_their_file_is_like(graded: Graded, name: str) -> None:
    record = graded.records[name]
    assert record.status == GRADED
    assert {mark.outcome for mark in record.marks} == {CORRECT}, record.why
    assert record.points == record.possible == sum(exercise.points for exercise in EXERCISES.values())
    assert not record.suspicions


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_said_to_be_broken_and_what_to_do(graded: Graded, name: str) -> None:
    record = graded.records[name]
    assert record.status == UNREADABLE
    assert BROKEN[name][1] in record.why
    assert record.points == 0


def test_links_are_left_alone(graded: Graded) -> None:
    assert not [key for key in graded.records if key.startswith("link")]


def test_nothing_outside_is_read(graded: Graded) -> None:
    assert SECRET not in graded.gradebook
    assert "honest_1.ipynb" not in " ".join(graded.records["reads_outside.ipynb"].notes)


def test_nothing_outside_is_changed(graded: Graded) -> None:
    assert graded.changed == []


def test_the_network_is_out_of_reach(graded: Graded) -> None:
    assert graded.connections == 0


def test_no_process_survives(graded: Graded) -> None:
    assert graded.survivors == []


def test_other_processes_and_what_they_left_are_not_to_be_seen(graded: Graded) -> None:
    assert "FORBIDDEN" not in graded.gradebook


@pytest.mark.parametrize("name", ["network", "exit_cell", "frames_and_gc", "segfault", "signals"])
def test_an_attempt_to_leave_is_pointed_out(graded: Graded, name: str) -> None:
    assert graded.records[f"{name}.ipynb"].suspicions
