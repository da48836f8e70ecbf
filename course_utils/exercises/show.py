"""Values written so that a person can read them: rounded, cut, one line where it fits."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np

LONGEST = 400
"""Characters of one value; beyond it the middle is left out."""

MOST = 24
"""Entries of one array, list or dict; beyond it the middle is left out."""

EDGE = 3
"""Entries that are kept at each end then."""


def shown(value: Any, digits: int = 6) -> str:
    """A plain value as short text: numbers are rounded, what is long loses its middle."""
    if isinstance(value, np.ndarray):
        text = _array(value, digits)
    elif isinstance(value, np.floating | float):
        text = f"{float(value):.{digits}g}"
    elif isinstance(value, np.generic):
        text = repr(value.item())
    elif isinstance(value, Mapping):
        text = (
            "{"
            + _joined((f"{shown(k, digits)}: {shown(v, digits)}" for k, v in value.items()), len(value))
            + "}"
        )
    elif isinstance(value, tuple) and any(isinstance(item, np.ndarray) for item in value):
        text = "\n".join(shown(item, digits) for item in value[:MOST])
    elif isinstance(value, list | tuple):
        ends = (value[:EDGE], value[-EDGE:]) if len(value) > MOST else (value, ())
        inside = ", ".join([*(shown(item, digits) for item in ends[0]), *["…"][: len(ends[1])]])
        inside += "".join(f", {shown(item, digits)}" for item in ends[1])
        text = f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    elif isinstance(value, frozenset):
        text = (
            "{" + _joined(sorted(shown(item, digits) for item in islice(value, MOST + 1)), len(value)) + "}"
        )
    elif isinstance(value, str | bytes):
        text = repr(value if len(value) <= LONGEST else value[: LONGEST + 1])
    else:
        text = _safe_repr(value)
    return cut(text)


def cut(text: str, longest: int = LONGEST) -> str:
    """The text without its middle where it is longer than `longest` characters, and without control characters."""
    if len(text) > longest:
        half = longest // 2 - 3
        text = f"{text[:half]} … {text[-half:]}"
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)


def _array(value: np.ndarray, digits: int) -> str:
    if value.size == 0:
        return f"an empty array of shape {value.shape}"
    text = np.array2string(value, precision=digits, threshold=MOST, edgeitems=EDGE, separator=", ")
    return text if value.size <= MOST else f"{text}\n(shape {value.shape})"


def _joined(texts: Iterable[str], length: int) -> str:
    return ", ".join(islice(texts, MOST)) + (", …" if length > MOST else "")


def _safe_repr(value: Any) -> str:
    """repr of something that may be too large to write out, or that may raise."""
    try:
        return repr(value)
    except Exception as error:
        return f"<a {type(value).__name__} whose repr raises {type(error).__name__}>"
