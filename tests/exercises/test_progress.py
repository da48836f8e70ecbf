"""The progress file: whole at any moment, shared by two kernels, never in the way of a check."""

import json
import subprocess
import sys
import threading
import warnings

import pytest

from course_utils.exercises import progress
from course_utils.exercises.lesson_4 import decode, softmax


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(progress, "_unsaved", {})
    return tmp_path


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A folder that nobody can make: it lies below a regular file."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file" / "folder"))


def test_nothing_is_known_at_the_start():
    assert progress.load() == {}
    assert not progress.attempted("lesson_4.softmax")


def test_an_outcome_is_kept():
    progress.record("lesson_4.softmax", "wrong", "no_shift")
    entry = progress.load()["lesson_4.softmax"]
    assert entry == {"attempts": 1, "last": "wrong", "mistake": "no_shift", "outcome": "wrong"}
    assert progress.attempted("lesson_4.softmax")


def test_a_later_failure_does_not_take_a_success_back():
    for outcome in ("wrong", "correct", "raised"):
        progress.record("key", outcome)
    entry = progress.load()["key"]
    assert (entry["outcome"], entry["last"], entry["attempts"]) == ("correct", "raised", 3)


def test_a_stub_is_no_attempt():
    progress.record("key", "not attempted")
    assert progress.load()["key"]["attempts"] == 0
    assert not progress.attempted("key")


def test_hints_are_remembered_and_stop_at_the_last():
    assert [progress.next_hint("key", 3) for _ in range(5)] == [1, 2, 3, 3, 3]
    progress.record("key", "wrong")
    assert progress.next_hint("key", 4) == 4


def test_reset_of_one_by_name_or_key_and_of_all():
    for key in ("lesson_4.softmax", "lesson_4.decode", "lesson_4.macro_f1"):
        progress.record(key, "wrong")
    progress.reset("softmax")
    assert set(progress.load()) == {"lesson_4.decode", "lesson_4.macro_f1"}
    progress.reset("lesson_4.decode")
    assert set(progress.load()) == {"lesson_4.macro_f1"}
    progress.reset()
    assert progress.load() == {}


def test_reset_of_something_unknown_says_what_there_is():
    progress.record("lesson_4.softmax", "wrong")
    with pytest.raises(KeyError, match=r"lesson_4\.softmax"):
        progress.reset("sofmax")
    assert "lesson_4.softmax" in progress.load()


def test_an_exercise_without_progress_may_be_reset():
    softmax.reset()
    decode.hint()
    softmax.reset()
    assert set(progress.load()) == {decode.key}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"key": 3}',
        b'{"key": {"attempts": "many"}}',
        b'{"key": {"hints": null}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b"null",
    ],
)
def test_a_file_that_makes_no_sense_is_set_aside(own_folder, content):
    progress.path().write_bytes(content)
    assert progress.load() == {}
    with pytest.warns(UserWarning, match="could not be read"):
        progress.record("key", "correct")
    assert progress.load()["key"]["outcome"] == "correct"
    assert (own_folder / "progress.unreadable-1.json").read_bytes() == content


def test_a_second_broken_file_does_not_replace_the_first(own_folder):
    for number in (1, 2):
        progress.path().write_text(f"broken {number}")
        with pytest.warns(UserWarning, match="could not be read"):
            progress.record("key", "correct")
    assert (own_folder / "progress.unreadable-1.json").read_text() == "broken 1"
    assert (own_folder / "progress.unreadable-2.json").read_text() == "broken 2"


@pytest.mark.parametrize("content", ["", "\n", "{}", "{ }"])
def test_an_empty_file_is_fine(own_folder, content):
    progress.path().write_text(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        progress.record("key", "correct")
    assert not list(own_folder.glob("*unreadable*"))


def test_where_nothing_can_be_written_checks_go_on_and_say_so(nowhere):
    with pytest.warns(UserWarning, match="COURSE_DATA_DIR"):
        assert softmax.check(softmax.reference).outcome == "correct"


def test_where_nothing_can_be_written_hints_and_solutions_work_from_memory(nowhere, capsys):
    with pytest.warns(UserWarning, match="not kept"):
        assert [progress.next_hint("key", 3) for _ in range(3)] == [1, 2, 3]
    assert "no solution yet" in softmax.solution().text
    with pytest.warns(UserWarning, match="not kept"), pytest.raises(Exception, match="softmax"):
        softmax.check(lambda logits, axis=-1: 0)
    assert "one way to write it" in softmax.solution().text
    assert progress.load()[softmax.key]["attempts"] == 1


def test_what_was_kept_in_memory_is_written_as_soon_as_it_can_be(tmp_path, monkeypatch):
    (tmp_path / "later").write_text("")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "later"))
    with pytest.warns(UserWarning, match="not kept"):
        progress.record("first", "wrong")
    (tmp_path / "later").unlink()
    progress.record("second", "wrong")
    assert set(json.loads(progress.path().read_text())) == {"first", "second"}


def test_a_write_that_fails_counts_once(monkeypatch):
    progress.record("key", "wrong")

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(progress, "_replace", full)
    for _ in range(3):
        with pytest.warns(UserWarning, match="no space left"):
            progress.record("key", "wrong")
    assert progress.load()["key"]["attempts"] == 4
    monkeypatch.undo()


def test_a_disk_that_knows_no_locks_does_not_stop_a_check(monkeypatch):
    class NoLock:
        def __init__(self, *_, **__):
            raise NotImplementedError("no locks here")

    monkeypatch.setattr(progress, "FileLock", NoLock)
    with pytest.warns(UserWarning, match="no locks here"):
        progress.record("key", "correct")
    assert progress.load()["key"]["outcome"] == "correct"


WRITER = """
import sys
from course_utils.exercises import progress
for _ in range(100):
    progress.record("shared", "wrong")
    progress.next_hint(sys.argv[1], 1000)
"""


def test_two_processes_writing_at_once_lose_nothing(own_folder):
    """A reader meanwhile never sees half a file."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name], stderr=subprocess.PIPE) for name in "ab"
    ]
    torn = []
    done = threading.Event()

    def read():
        while not done.is_set():
            if progress.path().exists():
                try:
                    json.loads(progress.path().read_text())
                except ValueError as error:
                    torn.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    errors = [writer.communicate()[1] for writer in writers]
    done.set()
    reader.join()
    assert errors == [b"", b""]
    assert torn == []
    content = progress.load()
    assert content["shared"]["attempts"] == 200
    assert content["a"]["hints"] == content["b"]["hints"] == 100
    assert {path.name for path in own_folder.iterdir()} <= {"progress.json", "progress.json.lock"}


def test_a_write_that_is_interrupted_leaves_the_old_file_whole(own_folder, monkeypatch):
    progress.record("key", "wrong")
    before = progress.path().read_text()

    class Interrupted:
        def __init__(self, *_):
            pass

        def replace(self, *_):
            raise KeyboardInterrupt

        def unlink(self, **_):
            pass

    target = progress.path()
    monkeypatch.setattr(progress, "path", lambda: target)
    monkeypatch.setattr(progress, "Path", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        progress.record("key", "correct")
    monkeypatch.undo()
    assert (own_folder / "progress.json").read_text() == before
