"""A class of lesson 4, graded by `course grade`, by nbgrader's `autograde` and by `otter run`, in one run.

    python -m benchmarks.grading [--beside 8]
    python -m benchmarks.grading --beside 0      only `course grade`: 10, 80 and 1,000 submissions

From the start of the command to its end, in seconds; for otter, which takes one submission a time, the sum of its
commands. Most answers are right, 15 in 100 are known mistakes, 3 in 100 are missing. nbgrader and otter run the whole
notebook, as they always do; `course grade` leaves out the cells that no answer needs, so the others are measured a
second time with these cells taken out of the notebooks. Writes grading.json.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
import psutil
from tqdm import tqdm

from tests.grading.classroom import make_class
from tests.other_graders import NBGRADER, OTTER, Nbgrader, Otter

LESSON = 4
SIZES = (10, 80, 1000)


def ours(submissions: Path, out: Path) -> dict[str, float]:
    """`course grade`, its pages included: seconds, and the memory of all its processes together at its peak, in MB."""
    command = [Path(sys.executable).parent / "course", "grade", submissions, "--out", out, "--seed", "1"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
    if process.returncode:
        raise SystemExit(f"`course grade` ended with code {process.returncode}.")
    return {"seconds": round(time.perf_counter() - start, 2), "peak_mb": round(peak / 2**20)}


def memory(pid: int) -> float:
    """Bytes of a process and of all that it started; what they share counts once (PSS)."""
    total = 0.0
    with contextlib.suppress(psutil.Error):
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += process.memory_full_info().pss
    return total


def nbgrader(submissions: list[Path], folder: Path) -> tuple[float, dict[str, float]]:
    """Seconds of one `autograde` of them all, and each learner's points."""
    course = Nbgrader(folder, LESSON)
    for path in submissions:
        course.hand_in(path.parent.name, nbformat.read(path, 4))
    start = time.perf_counter()
    course.autograde()
    return time.perf_counter() - start, course.scores()


def otter(submissions: list[Path], folder: Path) -> tuple[float, dict[str, float]]:
    """Seconds of an `otter run` of each, and each learner's points."""
    archive = Otter(folder, LESSON)
    points = {}
    start = time.perf_counter()
    for path in tqdm(submissions, desc="otter run"):
        points[path.parent.name] = sum(archive.grade(path).values())
    return time.perf_counter() - start, points


def taken_out(submissions: list[Path], folder: Path) -> list[Path]:
    """Copies without the cells that `course grade` does not run either, but for those that nbgrader grades."""
    copies = []
    for path in submissions:
        notebook = nbformat.read(path, 4)
        notebook.cells = [
            cell
            for cell in notebook.cells
            if "nbgrader" in cell.metadata or "demo" not in cell.metadata.get("tags", ())
        ]
        copy = folder / path.parent.name / path.name
        copy.parent.mkdir(parents=True)
        nbformat.write(notebook, copy)
        copies.append(copy)
    return copies


def our_points(out: Path) -> dict[str, float]:
    lines = (out / "gradebook.jsonl").read_text().splitlines()
    return {
        record["learner"]: float(record["points"]) for record in map(json.loads, lines) if "learner" in record
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--beside", type=int, default=8, help="how many of the 80 the others grade as well")
    beside = parser.parse_args().beside
    report: dict[str, Any] = {"lesson": LESSON, "cores": os.cpu_count(), "course grade": {}}
    with tempfile.TemporaryDirectory(prefix="course-benchmark-") as made:
        folder = Path(made)
        for size in SIZES:
            make_class(folder / f"class_{size}", size, LESSON)
            report["course grade"][size] = figures = ours(folder / f"class_{size}", folder / f"marks_{size}")
            print(
                f"course grade, {size} submissions: {figures['seconds']} s, {figures['peak_mb']} MB",
                flush=True,
            )
        few, many = (report["course grade"][size]["seconds"] for size in SIZES[1:])
        report["marginal_ms"] = round(1000 * (many - few) / (SIZES[2] - SIZES[1]), 1)
        print(f"each further submission: {report['marginal_ms']} ms")
        chosen = sorted((folder / "class_80").rglob("*.ipynb"))[:beside]
        each = few / 80
        points = our_points(folder / "marks_80")
        for bare in (False, True) if chosen else ():
            handed_in = taken_out(chosen, folder / "bare") if bare else chosen
            for name, version, grade in (
                ("nbgrader autograde", NBGRADER, nbgrader),
                ("otter run", OTTER, otter),
            ):
                place = folder / f"{name.split()[0]} {bare}"
                seconds, theirs = grade(handed_in, place)
                said = f"{name}, without the cells that no answer needs" if bare else name
                report[said] = {
                    "version": version.partition("==")[2],
                    "submissions": len(handed_in),
                    "seconds": round(seconds, 1),
                    "times_as_long": round(seconds / len(handed_in) / each),
                    "same_points": sum(theirs[learner] == points[learner] for learner in theirs),
                }
                print(f"{said}: {report[said]}", flush=True)
    Path(__file__).with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
