"""Look at everything the course stands on, and name the one thing to do about each problem."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

DISTRIBUTION = "attention-to-labels"
OLDEST_PYTHON = (3, 11)
NEEDED_SPACE = 1_000_000_000
"""Bytes for checkpoints and caches."""


@dataclass(frozen=True)
class Finding:
    """One line of the report. A `note` is worth knowing and needs no repair."""

    state: Literal["ok", "note", "problem"]
    what: str
    remedy: str = ""


def findings() -> Iterator[Finding]:
    """One finding after the other. A check that itself breaks is a problem too, and stops no other."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (python, packages, device, assets, disk, trained)
    for check in checks:
        try:
            yield from check()
        except Exception as error:  # whatever breaks, the learner needs to read it, and the other checks
            yield Finding(
                "problem",
                f"{check.__name__}: could not be looked at ({type(error).__name__}: {error})",
                "set the environment up again: make clean, then make lab",
            )


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Iterator[Finding]:
    shown = ".".join(map(str, version))
    if version >= OLDEST_PYTHON:
        yield Finding("ok", f"Python {shown} on {platform.system()} {platform.machine()}")
    else:
        yield Finding(
            "problem",
            f"Python {shown}; the course needs {'.'.join(map(str, OLDEST_PYTHON))} or later",
            "make clean, then make lab PYTHON=python3.12 (or any from 3.11 that you have)",
        )


def packages(requirements: list[str] | None = None) -> Iterator[Finding]:
    """What is installed against what the course's own metadata ask for."""
    from packaging.requirements import Requirement

    if requirements is None:
        try:
            requirements = metadata.requires(DISTRIBUTION) or []
        except metadata.PackageNotFoundError:
            yield Finding(
                "problem",
                f"{DISTRIBUTION} is imported from a folder but is not installed",
                'in the clone: python -m pip install -e ".[lab,offline]"',
            )
            return
    fine = 0
    for text in requirements:
        need = Requirement(text)
        extra = "lab" if need.marker and not need.marker.evaluate({"extra": ""}) else ""
        if need.marker and not need.marker.evaluate({"extra": extra}):
            continue
        try:
            found = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            what = f"{need.name} is not installed; needed: {need.name}{need.specifier}"
            yield Finding(
                "note" if extra else "problem", what, f'python -m pip install "{need.name}{need.specifier}"'
            )
            continue
        if need.specifier.contains(found, prereleases=True):
            fine += 1
        else:
            yield Finding(
                "problem",
                f"{need.name} {found} is installed; needed: {need.name}{need.specifier}",
                f'python -m pip install "{need.name}{need.specifier}"',
            )
    yield Finding("ok", f"{fine} packages as required")


def device() -> Iterator[Finding]:
    try:
        from course_utils import device as devices

        yield Finding("ok", devices.describe().rstrip("."))
    except ValueError as error:  # a setting that names no device: the message says what to do
        yield Finding("problem", "device", str(error))


def assets() -> Iterator[Finding]:
    """The packages that carry weights and reviews, checksums included."""
    from course_utils.assets import hub
    from course_utils.assets import packages as carriers
    from course_utils.assets.errors import AssetError

    if hub.wanted(None):
        reached = hub.resolvable()
        yield Finding(
            "ok" if reached else "problem",
            f"{hub.SETTING} is set, and the Hugging Face Hub is {'within reach' if reached else 'out of reach'}",
            ""
            if reached
            else f"connect to the network, or remove {hub.SETTING} to use the installed packages",
        )
    for what, package in (("weights", carriers.WEIGHTS), ("reviews", carriers.REVIEWS)):
        try:
            package.folder()
            yield Finding("ok", f"{what}: {package.requirement}, checksums right")
        except AssetError as error:
            yield Finding("note" if hub.wanted(None) else "problem", what, str(error))


def disk(free: int | None = None) -> Iterator[Finding]:
    from course_utils.assets import cache

    folder = existing_parent(cache.root())
    if free is None:
        free = shutil.disk_usage(folder).free
    if free < NEEDED_SPACE:
        yield Finding(
            "problem",
            f"{free / 1e9:.1f} GB free in {folder}; the cache needs 1 GB",
            f"free some space there, or set {cache.SETTING} to a folder on another disk",
        )
    elif not os.access(folder, os.W_OK):
        yield Finding(
            "problem", f"{folder} cannot be written to", f"set {cache.SETTING} to a folder that can"
        )
    else:
        yield Finding("ok", f"{free / 1e9:.1f} GB free for the cache in {cache.root()}")


def trained() -> Iterator[Finding]:
    """Whether the classifier that the lessons fine-tune is there already."""
    from course_utils.assets import checkpoints

    if checkpoints.is_fine_tuned():
        yield Finding("ok", "the fine-tuned classifier is in the cache")
    else:
        yield Finding(
            "note",
            "the fine-tuned classifier is not in the cache yet: the first lesson to need it trains it",
        )


def existing_parent(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())
