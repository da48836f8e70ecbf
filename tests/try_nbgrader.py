"""The real nbgrader grades lesson 2 as it is: made from the solution, handed in by two learners, graded, exported.

    python -m tests.try_nbgrader

nbgrader gets an environment of its own (`.venv-nbgrader`, made once), since it brings versions of its own; the notebooks
run in a kernel of this one. Not a module of pytest, so that it runs where its minutes are wanted.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import nbformat

from course_utils.exercises import catalogue
from tests.grading.classroom import notebook_with, right_answers

ROOT = Path(__file__).resolve().parents[1]
VERSION = "nbgrader==0.9.6"
LESSON, NAME = 2, "2_tokenizers"
ASSIGNMENT = "lesson_2"


def nbgrader_environment() -> Path:
    """The folder of the commands of an environment that has nbgrader."""
    place = ROOT / ".venv-nbgrader"
    ready = place / ".ready"
    if not ready.exists():
        print("Making an environment for nbgrader (about a minute) ...", flush=True)
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([place / "bin" / "python", "-m", "pip", "install", "--quiet", VERSION], check=True)
        ready.touch()
    return place / "bin"


def lay_out(folder: Path) -> dict[str, int]:
    """The source, what two learners handed in, and a kernel with the course. Gives the points each learner deserves."""
    kernel = folder / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    start = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": start, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    source = folder / "course" / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    (source / f"{NAME}.ipynb").write_bytes((ROOT / "solutions" / f"{NAME}.ipynb").read_bytes())
    points = {exercise.name: exercise.points for exercise in catalogue(LESSON).EXERCISES}
    right = right_answers(LESSON)
    some = {name: answer for name, answer in right.items() if name != "wordpiece"}
    some["pad_batch"] = "def pad_batch(sequences, pad_id=0):\n    return {'input_ids': sequences}"
    for learner, answers in (("ana", right), ("bo", some)):
        place = folder / "course" / "submitted" / learner / ASSIGNMENT
        place.mkdir(parents=True)
        nbformat.write(notebook_with(LESSON, answers), place / f"{NAME}.ipynb")
    whole = sum(points.values())
    return {"ana": whole, "bo": whole - points["wordpiece"] - points["pad_batch"]}


def main() -> None:
    commands = nbgrader_environment()
    with tempfile.TemporaryDirectory(prefix="course-nbgrader-") as made:
        folder = Path(made)
        deserved = lay_out(folder)
        environment = {
            **os.environ,
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
            "JUPYTER_PATH": str(folder / "jupyter"),
            "COURSE_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": "",
        }
        for step in (("generate_assignment", ASSIGNMENT, "--create"), ("autograde", ASSIGNMENT), ("export",)):
            print("nbgrader", *step, flush=True)
            command = [commands / "nbgrader", *step, "--log-level=ERROR"]
            subprocess.run(command, cwd=folder / "course", env=environment, check=True)
        with (folder / "course" / "grades.csv").open(newline="") as file:
            got = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    if got != deserved:
        raise SystemExit(f"nbgrader gave {got}, and {deserved} is deserved.")
    print(f"nbgrader gave each learner what they deserve: {got}")


if __name__ == "__main__":
    main()
