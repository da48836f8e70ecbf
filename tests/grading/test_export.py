"""The archive for Gradescope, run in the layout of folders that its documentation gives."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from course_utils.exercises import catalogue
from course_utils.grading.export import gradescope_archive
from tests.grading.classroom import notebook_with, right_answers


@pytest.fixture
def autograder(tmp_path: Path) -> Path:
    """/autograder as Gradescope lays it out, with the archive unpacked into it."""
    root = tmp_path / "autograder"
    for folder in ("source", "submission", "results"):
        (root / folder).mkdir(parents=True)
    archive = tmp_path / "autograder.zip"
    assert gradescope_archive(archive, "v1", seed=7) == 7
    with zipfile.ZipFile(archive) as file:
        file.extractall(root / "source")
    return root


def run(root: Path) -> dict:
    environment = {**os.environ, "COURSE_AUTOGRADER": str(root), "COURSE_PYTHON": sys.executable}
    subprocess.run(["bash", str(root / "source" / "run_autograder")], check=True, env=environment)
    return json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))


def test_a_submission_gets_its_results(autograder: Path) -> None:
    answers = right_answers(4)
    answers["softmax"] = "def softmax(logits, axis=-1):\n    return np.exp(logits) / np.exp(logits).sum()"
    nbformat.write(notebook_with(4, answers), autograder / "submission" / "my work.ipynb")
    results = run(autograder)
    tests = {test["name"].split(":")[0]: test for test in results["tests"]}
    exercises = catalogue(4).EXERCISES
    assert set(tests) == {exercise.name for exercise in exercises}
    lost = next(exercise.points for exercise in exercises if exercise.name == "softmax")
    assert results["score"] == sum(exercise.points for exercise in exercises) - lost
    assert tests["softmax"]["score"] == 0
    assert "softmax: wrong" in tests["softmax"]["output"]


def test_an_upload_without_a_notebook_is_told_so(autograder: Path) -> None:
    (autograder / "submission" / "essay.txt").write_text("about attention")
    results = run(autograder)
    assert results["score"] == 0
    assert "There are no notebooks" in results["output"]


def test_the_archive_names_version_and_seed_and_can_be_run(tmp_path: Path) -> None:
    archive = tmp_path / "new" / "autograder.zip"
    seed = gradescope_archive(archive, "v2.1")
    with zipfile.ZipFile(archive) as file:
        assert sorted(file.namelist()) == ["run_autograder", "setup.sh"]
        assert "@v2.1" in file.read("setup.sh").decode()
        assert str(seed) in file.read("run_autograder").decode()
        assert all(entry.external_attr >> 16 & 0o111 for entry in file.infolist())
