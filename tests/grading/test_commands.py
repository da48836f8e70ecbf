"""What an instructor types, and what they read."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.grading.classroom import make_class


def course(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from course_utils.cli import main; sys.argv[0] = 'course'; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True, check=False
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
