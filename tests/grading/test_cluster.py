"""Grading on a real Dask cluster of two worker processes, one of which is killed half-way."""

import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from course_utils.grading.cluster import ClusterError
from course_utils.grading.gradebook import NAME, records
from course_utils.grading.run import grade_folder
from tests.grading.classroom import make_class

SIZE = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("class")
    make_class(place, SIZE, seed=3)
    (place / "learner_99999").mkdir()
    (place / "learner_99999" / "cut off.ipynb").write_text('{"cells": [')
    return place


def marks(path: Path) -> dict[str, object]:
    return {
        key: (record.status, [(mark.exercise, mark.outcome, mark.mistake) for mark in record.marks])
        for key, record in records(path / NAME).items()
    }


def test_nothing_is_lost_and_nothing_twice_when_a_worker_dies(folder: Path, tmp_path: Path) -> None:
    grade_folder(folder, tmp_path / "here", seed=5)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        with Client(cluster) as client:
            victim = sorted(client.run(os.getpid).values())[0]
        told = []

        def kill_half_way(done: int, of: int) -> None:
            told.append((done, of))
            if done == SIZE // 2:
                os.kill(victim, signal.SIGKILL)

        done = grade_folder(
            folder, tmp_path / "there", seed=5, scheduler=cluster.scheduler_address, progress=kill_half_way
        )
        assert done.graded == SIZE + 1
        assert told[-1] == (SIZE + 1, SIZE + 1)
        lines = (tmp_path / "there" / NAME).read_text(encoding="utf-8").splitlines()
        assert set(Counter(json.loads(line)["key"] for line in lines).values()) == {1}
        assert marks(tmp_path / "there") == marks(tmp_path / "here")
        again = grade_folder(folder, tmp_path / "there", scheduler=cluster.scheduler_address)
        assert (again.graded, again.kept, again.seed) == (0, SIZE + 1, 5)


def test_an_address_without_a_scheduler_is_told_so(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="There is no Dask scheduler at tcp:"):
        grade_folder(folder, tmp_path / "nowhere", seed=5, scheduler="tcp://127.0.0.1:1")
