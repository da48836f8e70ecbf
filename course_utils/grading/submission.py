"""Reading notebooks as they are handed in: any name, any tool, any version of the format, and files that are none.

    for submission in found(folder): submission.cells()

Nothing here runs a learner's code.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from course_utils.grading.own_cells import is_own

LARGEST = 256 << 20
"""Bytes a file may have. Pictures in outputs make honest notebooks large; more than this is none."""

MOST_CELLS = 5000

RUN_BY_MAGIC = re.compile(r"(\s*)%%(?:time|timeit|capture|prun)\b[^\n]*(?:\n|$)")
"""The line of a cell magic whose cell is Python to be run; that of the others is not, or is not ours to run."""


class Unreadable(Exception):
    """The file is no notebook that can be graded. The message says why and what to do."""


@dataclass(frozen=True)
class Cell:
    """One code cell that is to be run, as plain Python: magics and shell lines are calls that the sandbox ignores."""

    number: int
    """Its place among all cells of the notebook, from 1, as a person counts them."""
    source: str


@dataclass(frozen=True)
class Submission:
    """One file that was handed in."""

    key: str
    """Its path within the folder, which names it in the gradebook."""
    learner: str
    """Who handed it in, by the folder or the file name."""
    digest: str
    """SHA-256 of the bytes."""
    lessons: tuple[int, ...]
    """The lessons whose exercises it answers."""
    cells: tuple[Cell, ...]


SUFFIXES = (".ipynb", ".ipynb.json", ".ipynb.txt")
"""Of notebooks; the last two are what browsers make of a download."""


def found(folder: Path) -> Iterator[Path]:
    """The notebooks of a folder and of the folders in it, in order. Links are left alone: they may lead anywhere."""
    for path in sorted(folder.rglob("*")):
        if any(map(_is_hidden, path.relative_to(folder).parts)):
            continue
        if path.name.lower().endswith(SUFFIXES) and not path.is_symlink() and path.is_file():
            yield path


def without_a_notebook(folder: Path) -> list[str]:
    """Files and folders that lie in the folder and hold nothing to grade: somebody may have handed in the wrong thing."""
    have = {path.relative_to(folder).parts[0] for path in found(folder)}
    return sorted(
        path.name for path in folder.iterdir() if path.name not in have and not _is_hidden(path.name)
    )


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def read(path: Path, folder: Path) -> Submission:
    """One submission.

    Raises:
        Unreadable: it can't be graded, with the reason.
    """
    return from_raw(read_bytes(path), path.relative_to(folder).as_posix())


def from_raw(raw: bytes, key: str) -> Submission:
    """One submission from the bytes of its file.

    Raises:
        Unreadable: it can't be graded, with the reason.
    """
    cells = code_cells(parsed(raw))
    sources = [source for _, source, _ in cells]
    lessons = lessons_of(sources)
    if not lessons:
        raise Unreadable(
            "It answers no exercise of this course: no cell imports `course_utils.exercises` or defines a function "
            "that an exercise asks for. Was the right file handed in?"
        )
    kept = tuple(
        Cell(number, plain_python(source))
        for number, source, _ in cells
        if source.strip() and not is_own(source)
    )
    return Submission(key, learner_of(key), hashlib.sha256(raw).hexdigest(), lessons, kept)


def read_bytes(path: Path) -> bytes:
    """What is in the file.

    Raises:
        Unreadable: it is too large, or can't be read.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise Unreadable(
                f"It has {size >> 20} MB, more than the {LARGEST >> 20} MB that are read. "
                "Clear the outputs (Edit > Clear Outputs of All Cells), save, and hand it in again."
            )
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"It can't be read: {error.strerror}.") from None


def parsed(raw: bytes) -> dict[str, Any]:
    """The notebook as a dict, whatever its encoding.

    Raises:
        Unreadable: it is no notebook.
    """
    if not raw.strip():
        raise Unreadable("The file is empty. Save the notebook, then hand it in again.")
    for encoding in (json.detect_encoding(raw), "utf-16", "latin-1"):
        try:
            text = raw.decode(encoding)
            notebook = json.loads(text)
            break
        except UnicodeDecodeError:
            continue
        except RecursionError:
            raise Unreadable("It is nested too deeply to be a notebook.") from None
        except ValueError as error:
            if encoding == "utf-16" and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                continue
            detail = (
                f"{error.msg}, line {error.lineno}"
                if isinstance(error, json.JSONDecodeError)
                else str(error)[:80]
            )
            raise Unreadable(
                f"It is not a whole notebook ({detail}). It may have been cut off, or be another kind of file: "
                "save the notebook and hand it in again."
            ) from None
    if not isinstance(notebook, dict):
        raise Unreadable("It is JSON, but no notebook: there are no cells in it.")
    return notebook


def code_cells(notebook: dict[str, Any]) -> list[tuple[int, str, frozenset[str]]]:
    """(number, source, tags) of each code cell, from nbformat 3 (worksheets, `input`) or 4."""
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        sheets = notebook.get("worksheets")
        sheets = sheets if isinstance(sheets, list) else []
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in _listed(sheet.get("cells"))]
    if not cells:
        raise Unreadable("There are no cells in it. Was the lesson's notebook handed in, and was it saved?")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"It has {len(cells)} cells, more than the {MOST_CELLS} that are read.")
    code = []
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", cell.get("input", ""))
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        metadata = cell.get("metadata")
        tags = metadata.get("tags") if isinstance(metadata, dict) else None
        named = frozenset(tag for tag in _listed(tags) if isinstance(tag, str))
        if isinstance(source, str):
            code.append((number, source, named))
    return code


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def lessons_of(sources: list[str]) -> tuple[int, ...]:
    """The lessons that a notebook answers: those whose catalogue it imports, or else those whose functions it defines."""
    from course_utils.exercises import LESSONS

    text = "\n".join(sources)
    lines = re.findall(r"course_utils\.exercises\b[^\n]*", text)
    imported = {int(number) for line in lines for number in re.findall(r"\blesson_(\d{1,3})\b", line)}
    known = tuple(number for number in LESSONS if number in imported)
    if known:
        return known
    defined = set(re.findall(r"^def (\w+)\(", text, re.MULTILINE))
    return tuple(number for number in LESSONS if len(defined & _names(number)) >= 2)


@cache
def _names(lesson: int) -> frozenset[str]:
    from course_utils.exercises import catalogue

    return frozenset(exercise.name for exercise in catalogue(lesson).EXERCISES)


def plain_python(source: str) -> str:
    """The cell with IPython's magics and shell lines turned into calls of `get_ipython()`, as IPython itself does it."""
    before = ""
    while magic := RUN_BY_MAGIC.match(source):
        before += magic[1] + "\n"
        source = source[magic.end() :]
    return before + _without_magics(source)


def _without_magics(source: str) -> str:
    if not re.search(r"^[^\S\n]*[%!?]|[!?][^\S\n]*$|=[^\S\n]*[%!]", source, re.MULTILINE):
        return source
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return TransformerManager().transform_cell(source)
    except Exception:  # a cell that is no Python: the sandbox reports its syntax error
        return source


def learner_of(key: str) -> str:
    """Who handed it in: the first folder, as most systems export it, or the file's name where there is none."""
    parts = key.split("/")
    return parts[0] if len(parts) > 1 else Path(parts[0]).stem
