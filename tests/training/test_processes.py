"""Several processes take the same steps as one."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoTokenizer, BertForSequenceClassification

from course_utils.training.processes import Alone
from tests.training import gradients_of_a_team

ROOT = Path(__file__).resolve().parents[2]
SENTENCES = 37
"""The last batch of four holds one row, so one of two processes has to go without."""


def python(*words: object, cwd: Path = ROOT) -> str:
    """What Python prints, run in a process of its own on one thread of the processor."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "COURSE_DEVICE": "cpu"}
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def in_two(*words: object, cwd: Path = ROOT) -> str:
    """The same in two processes. Without GPUs the library starts two only if told `--multi_gpu`."""
    launcher = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", 2)
    return python(*launcher, "--main_process_port", 0, *words, cwd=cwd)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folders and the words of the same training in one process and in two."""
    place = tmp_path_factory.mktemp("models")
    options = (
        "--sentences",
        SENTENCES,
        "--epochs",
        1,
        "--branches",
        1,
        "--batch-size",
        4,
        "--dropout",
        0,
        "--seed",
        5,
    )
    alone = python("-m", "course_utils.training", place / "alone", *options, cwd=place)
    return place, alone, in_two("-m", "course_utils.training", place / "two", *options, cwd=place)


def test_the_gradient_of_two_is_that_of_one():
    processes, gradient, loss = json.loads(in_two(Path(gradients_of_a_team.__file__)).splitlines()[-1])
    expected_gradient, expected_loss = gradients_of_a_team.gradient(Alone())
    assert processes == 2
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-12)
    assert loss == pytest.approx(expected_loss, rel=1e-12)


def test_two_processes_train_what_one_would(trained):
    place, *_ = trained
    one, two = (json.loads((place / name / "history.json").read_text()) for name in ("alone", "two"))
    assert len(one["losses"]) == math.ceil(SENTENCES / 4)
    assert one["learning_rates"] == two["learning_rates"]
    np.testing.assert_allclose(two["losses"], one["losses"], atol=0.02)  # bfloat16 keeps three digits
    assert np.ptp(one["losses"]) > 0.05, "losses that hardly differ would tell nothing"


def test_it_says_how_many_processes_there_are(trained):
    _, alone, two = trained
    assert f"{SENTENCES} sentences, 1 process\n" in alone
    assert f"{SENTENCES} sentences, 2 processes\n" in two
    assert two.count("validation accuracy") == two.count("saved in") == 1


def test_what_is_saved_loads(trained):
    place, *_ = trained
    model = BertForSequenceClassification.from_pretrained(place / "two")
    assert model.config.id2label == {0: "negative", 1: "positive"}
    assert AutoTokenizer.from_pretrained(place / "two").tokenize("a fine film") == ["a", "fine", "film"]
    assert sorted(path.name for path in place.iterdir()) == ["alone", "two"]


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    command = [sys.executable, "-m", "course_utils.training", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert "is there already. Name a folder that isn't" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_settings_that_make_no_sense_are_named(tmp_path):
    command = [sys.executable, "-m", "course_utils.training", str(tmp_path / "new"), "--epochs", "0"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert "--epochs must be above 0; it is 0" in done.stderr
    assert not (tmp_path / "new").exists()


def team(rank: int, size: int) -> Alone:
    member = Alone()
    member.rank, member.size = rank, size
    return member


@pytest.mark.parametrize("size", [1, 2, 3, 8])
@pytest.mark.parametrize("rows", [1, 2, 7, 32])
def test_each_row_counts_once_whoever_has_it(rows, size):
    shares = [team(rank, size).share(list(range(rows))) for rank in range(size)]
    counted = [row for mine, counts in shares for row, count in zip(mine, counts, strict=True) if count]
    assert sorted(counted) == list(range(rows))
    assert all(mine for mine, _ in shares), "a process without a row would be waited for in vain"
    assert max(len(mine) for mine, _ in shares) - min(len(mine) for mine, _ in shares) <= 1
