"""The lessons' own cells, known by their text: what is left out where answers are checked and graded.

The list is written by `course build`, so that it is there where the package is installed without the lessons. It only
grows: learners hand in what they were given, which may be an earlier edition.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

LIST = Path(__file__).with_suffix(".json")


def is_own(source: str) -> bool:
    """Whether a cell is one of the lessons' own that no answer needs.

    Its tag is not asked: a learner may have written an answer into such a cell, and the tag stays.
    """
    return digest(source) in known()


@cache
def known() -> frozenset[str]:
    """Digests of all of them."""
    return frozenset(json.loads(LIST.read_text(encoding="utf-8")))


def digest(source: str) -> str:
    """Of a cell's text, whatever an editor did to the ends of its lines."""
    lines = [line.rstrip() for line in source.strip().splitlines()]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def unknown(cells: Iterable[str]) -> set[str]:
    """The digests of those of these cells that are not in the list."""
    return {digest(source) for source in cells} - known()


def add(cells: Iterable[str]) -> None:
    """Put the cells into the list, as a whole or not at all."""
    if not unknown(cells := list(cells)):
        return
    together = sorted(known() | unknown(cells))
    temporary = LIST.with_suffix(".part")
    temporary.write_text(json.dumps(together, indent=0) + "\n", encoding="utf-8")
    temporary.replace(LIST)
    known.cache_clear()
