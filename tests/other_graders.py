"""nbgrader and otter-grader, each in an environment of its own, made once: to be tested with, and to be measured beside.

Their notebooks run in a kernel that has the course. They are started by their own commands, as a school starts them.
"""

import csv
import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from course_utils.build import course_root, lessons
from course_utils.exercises import catalogue

ROOT = course_root()
NBGRADER, OTTER = "nbgrader==0.9.6", "otter-grader==7.0.0"
NBGRADER_NEEDS = (
    "alembic==1.20.1",
    "Mako==1.4.3",
    "notebook==7.6.5",
    "RapidFuzz==3.14.6",
    "SQLAlchemy==2.1.9",
)
"""What it brings that the course does not have; all else is of the versions in constraints.txt."""


def environment_of(package: str, *needs: str, sees_the_course: bool = False) -> Path:
    """The folder of the commands of an environment that has this package, and all that this one has if it is asked for."""
    place = ROOT / f".venv-{package.partition('==')[0]}"
    ready = place / ".ready"
    if not ready.exists():
        print(f"Making an environment for {package} (about a minute) ...", flush=True)
        venv.create(place, with_pip=True, clear=True)
        pip = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt"]
        subprocess.run([*pip, package, *needs], check=True)
        if sees_the_course:
            here = next(path for path in sys.path if path.endswith("site-packages"))
            there = next(place.glob("lib/python*/site-packages"))
            (there / "the_course.pth").write_text(f"import site; site.addsitedir({here!r})\n")
        ready.touch()
    return place / "bin"


def kernel(folder: Path, python: str | Path = sys.executable) -> Path:
    """A folder for JUPYTER_PATH whose kernel "python3" is this Python."""
    place = folder / "jupyter" / "kernels" / "python3"
    place.mkdir(parents=True, exist_ok=True)
    start = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": start, "display_name": "Python 3", "language": "python"}
    (place / "kernel.json").write_text(json.dumps(spec))
    return folder / "jupyter"


def _environment(commands: Path, folder: Path, python: str | Path) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_PATH": str(kernel(folder, python)),
        "COURSE_DATA_DIR": str(folder / "data"),
        "PYTHONPATH": "",
    }


class Nbgrader:
    """A course folder of nbgrader's with one assignment, made from a lesson's solution."""

    def __init__(self, folder: Path, lesson: int) -> None:
        self.commands = environment_of(NBGRADER, *NBGRADER_NEEDS)
        self.folder, self.course = folder, folder / "course"
        self.assignment, self.name = f"lesson_{lesson}", lessons(ROOT, str(lesson))[0].solution.name
        source = self.course / "source" / self.assignment
        source.mkdir(parents=True)
        solution = lessons(ROOT, str(lesson))[0].solution
        (source / self.name).write_bytes(solution.read_bytes())
        self.run("generate_assignment", self.assignment, "--create")

    def hand_in(self, learner: str, notebook: Any) -> None:
        place = self.course / "submitted" / learner / self.assignment
        place.mkdir(parents=True)
        nbformat.write(notebook, place / self.name)

    def run(self, *step: str) -> None:
        """One of nbgrader's commands."""
        command = [self.commands / "nbgrader", *step, "--log-level=ERROR"]
        environment = _environment(self.commands, self.folder, sys.executable)
        subprocess.run(command, cwd=self.course, env=environment, check=True)

    def autograde(self) -> None:
        self.run("autograde", self.assignment)

    def scores(self) -> dict[str, float]:
        """Each learner's points."""
        self.run("export")
        with (self.course / "grades.csv").open(newline="") as file:
            return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


TEST_FILE = """
from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = {points}


@test_case(points={points})
def right({name}):
    from course_utils.exercises import lesson_{lesson} as ex

    assert ex.{name}.judge({name}).outcome == "correct"
"""
"""The same check as the notebook's, as otter wants it."""


class Otter:
    """An autograder archive of otter's for one lesson, with the course's own checks as its tests."""

    def __init__(self, folder: Path, lesson: int) -> None:
        self.commands = environment_of(OTTER, sees_the_course=True)
        self.folder = folder
        self.environment = _environment(self.commands, folder, self.commands / "python")
        tests = folder / "tests"
        tests.mkdir(parents=True)
        for exercise in catalogue(lesson).EXERCISES:
            (tests / f"{exercise.name}.py").write_text(
                TEST_FILE.format(name=exercise.name, points=exercise.points, lesson=lesson)
            )
        self.archive = folder / "autograder.zip"
        self._run(
            "generate", "-t", str(tests), "-o", str(self.archive), "--no-requirements", "--no-environment"
        )
        assert zipfile.is_zipfile(self.archive)

    def _run(self, *step: str) -> None:
        subprocess.run(
            [self.commands / "otter", *step],
            cwd=self.folder,
            env=self.environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def grade(self, notebook: Path) -> Mapping[str, float]:
        """Points by exercise, by `otter run`."""
        out = self.folder / "results"
        out.mkdir(exist_ok=True)
        self._run("run", "--no-logo", "-a", str(self.archive), "-o", str(out), str(notebook))
        tests = json.loads((out / "results.json").read_text())["tests"]
        return {test["name"]: float(test["score"]) for test in tests if "score" in test}
