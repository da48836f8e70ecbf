"""What an instructor types, and what they read."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_utils.grading.gradebook import records
from tests.grading.classroom import make_class

PROGRAM = "import sys; from course_utils.cli import main; sys.argv[0] = 'course'; main()"


def course(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_a_folder_is_graded_reported_and_graded_no_second_time(tmp_path: Path) -> None:
    make_class(tmp_path / "class", 3, seed=2, share_wrong=0.3)
    out = tmp_path / "grades"
    first = course("grade", tmp_path / "class", "--out", out, "--seed", 4)
    assert first.returncode == 0, first.stderr
    assert "3 graded, 0 unchanged since the last time. Seed 4." in first.stdout
    assert {"gradebook.jsonl", "marks.csv", "canvas.csv", "class.html"} <= {
        path.name for path in out.iterdir()
    }
    assert len(list((out / "feedback").glob("*.html"))) == 3
    assert "0 graded, 3 unchanged" in course("grade", tmp_path / "class", "--out", out).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C is no signal to send")
def test_who_stops_a_grading_is_told_that_nothing_is_lost(tmp_path: Path) -> None:
    make_class(tmp_path / "class", 40)
    book = tmp_path / "grades" / "gradebook.jsonl"
    # Where the tests themselves run in the background, Ctrl-C is ignored, and children inherit that.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{heard}; {PROGRAM}", "grade", tmp_path / "class", "--out", book.parent]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while running.poll() is None and not (book.exists() and book.read_text().count("\n") > 1):
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate()
    assert running.returncode == 130
    assert "the same command goes on from there" in said
    kept = len(records(book))
    assert (
        f"{40 - kept} graded, {kept} unchanged"
        in course("grade", tmp_path / "class", "--out", book.parent).stdout
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("grade", "nowhere"), "There is no folder nowhere"),
        (("grade", ".", "--executor", "dask"), "needs the address of a scheduler"),
        (("grade", ".", "--executor", "slurm"), "The executor is `local` or `dask`"),
        (("grade", ".", "--shard", "9/8"), "A shard is a part such as 2/8"),
        (("report", "nowhere"), "There is no gradebook"),
        (("export", "moodle"), "There is no export for 'moodle'"),
    ],
)
def test_what_cannot_be_done_is_told_in_words(arguments: tuple[str, ...], said: str) -> None:
    done = course(*arguments)
    assert done.returncode != 0
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_the_archive_for_gradescope_is_written(tmp_path: Path) -> None:
    done = course("export", "gradescope", "--out", tmp_path / "autograder.zip", "--seed", 9)
    assert done.returncode == 0
    assert (tmp_path / "autograder.zip").exists()
    assert "Seed 9." in done.stdout
