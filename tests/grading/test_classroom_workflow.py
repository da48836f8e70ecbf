"""The workflow for a classroom repository: its steps are run here by bash, as GitHub runs them, on a learner's folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from course_utils.build import course_root
from tests.grading.classroom import notebook_with, right_answers

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="GitHub's Linux runners use bash")

WORKFLOW: dict[str, Any] = yaml.safe_load((course_root() / "docs" / "classroom.yml").read_text())
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["grade"]["steps"]


def run(step: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What GitHub does with a step's text on Linux: `bash -e`, in the job's folder."""
    script = next(each["run"] for each in STEPS if each.get("name") == step)
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": commands},
        capture_output=True,
        text=True,
        check=False,
    )


def uses(action: str) -> dict[str, Any]:
    return next(step["with"] for step in STEPS if step.get("uses", "").startswith(f"actions/{action}@"))


@pytest.mark.parametrize("lost", [(), ("softmax",)])
def test_a_push_is_graded_and_fails_while_points_are_lost(tmp_path: Path, lost: tuple[str, ...]) -> None:
    answers = {name: source for name, source in right_answers(4).items() if name not in lost}
    checked_out = tmp_path / uses("checkout")["path"]
    checked_out.mkdir(parents=True)
    nbformat.write(notebook_with(4, answers), checked_out / "4_logits_to_labels.ipynb")
    graded = run("Grade", tmp_path)
    assert graded.returncode == 0, graded.stderr
    pages = list((tmp_path / uses("upload-artifact")["path"]).glob("*.html"))
    assert len(pages) == 1
    assert ("not attempted" in pages[0].read_text(encoding="utf-8").lower()) == bool(lost)
    verdict = run("All points?", tmp_path)
    assert verdict.returncode == (1 if lost else 0), verdict.stderr
    assert (
        "'points': '14', 'possible': '16'" if lost else "'points': '16', 'possible': '16'"
    ) in verdict.stdout


def test_a_notebook_that_cannot_be_read_fails_the_run(tmp_path: Path) -> None:
    checked_out = tmp_path / uses("checkout")["path"]
    checked_out.mkdir(parents=True)
    (checked_out / "4.ipynb").write_text('{"cells": [')
    assert run("Grade", tmp_path).returncode == 0
    assert run("All points?", tmp_path).returncode == 1


def test_the_feedback_is_kept_before_the_run_may_fail() -> None:
    order = [step.get("name") or step["uses"].partition("@")[0] for step in STEPS]
    assert order.index("Grade") < order.index("actions/upload-artifact") < order.index("All points?")


def test_the_course_can_be_installed_as_the_workflow_does() -> None:
    """PyTorch first, from the index with the small builds; then the course under the name that it has."""
    script = next(step["run"] for step in STEPS if step.get("name") == "Install the course")
    torch, course = script.strip().splitlines()
    assert "pip install --quiet torch --index-url https://download.pytorch.org/whl/cpu" in torch
    project = (course_root() / "pyproject.toml").read_text()
    assert f'name = "{course.split(chr(34))[1].partition(" @ ")[0]}"' in project
