"""The gradebook: one JSON line for each submission, written as it is done, so that nothing is lost when grading stops."""

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from course_utils.grading.grade import Record, exercises_digest

NAME = "gradebook.jsonl"

Progress = Callable[[int, int], None]
"""Called with how many are done and how many there are."""


class GradebookError(Exception):
    """The gradebook can't be used. The message says why and what to do."""


class Gradebook:
    """A file of records that grows by a line at a time, and is held by one grading at a time.

    Args:
        path: the file; made with its folder if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = FileLock(path.with_name(f"{path.name}.lock"))

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.lock.acquire(timeout=0)
        except Timeout:
            raise GradebookError(
                f"Another grading writes {self.path}. Wait for it, or choose another folder with --out."
            ) from None
        _mend_end(self.path)
        self.file = self.path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        self.lock.release()

    def add(self, record: Record) -> None:
        """Write a record down, so that it is there even if the machine stops at once."""
        self.file.write(json.dumps(record.written(), sort_keys=True) + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())


def _mend_end(path: Path) -> None:
    """Cut off a line that was being written when something stopped the last grading."""
    if not path.exists():
        return
    raw = path.read_bytes()
    if raw and not raw.endswith(b"\n"):
        whole = raw.rfind(b"\n") + 1
        with path.open("r+b") as file:
            file.truncate(whole)


def records(*paths: Path) -> dict[str, Record]:
    """The newest record of each submission, by its key, from one gradebook or the shards of one.

    Raises:
        GradebookError: a file is not there, or is no gradebook.
    """
    found: dict[str, Record] = {}
    for path in paths:
        for number, written in _lines(path):
            try:
                record = Record.from_written(written)
            except (TypeError, KeyError):
                raise GradebookError(
                    f"{path}, line {number}, is no record of this version of the course. Grade into another folder with "
                    "--out, or move the old gradebook away."
                ) from None
            if record.key not in found or found[record.key].when <= record.when:
                found[record.key] = record
    return dict(sorted(found.items()))


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise GradebookError(f"{path} can't be read: {error.strerror}. Is it the right folder?") from None
    for number, line in enumerate(lines, 1):
        try:
            yield number, json.loads(line)
        except ValueError:
            if number == len(lines):
                return  # it was being written when something stopped the grading
            raise GradebookError(
                f"{path}, line {number}, is not whole. Move the file away and grade again: what is lost is only time."
            ) from None


def seed_of(known: Iterable[Record], asked: int | None) -> int:
    """The seed to grade with: the one asked for, or else that of the gradebook, or else a new one."""
    if asked is not None:
        return asked
    seeds = [record.seed for record in sorted(known, key=lambda record: record.when) if record.marks]
    return seeds[-1] if seeds else secrets.randbits(32)


def is_current(record: Record | None, digest: str, seed: int) -> bool:
    """Whether a record is still what grading this file again would give."""
    return (
        record is not None
        and record.digest == digest
        and record.exercises == exercises_digest()
        and (record.seed == seed or not record.marks)
    )
