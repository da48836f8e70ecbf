"""What an answer should look like: its type, its shape, its finiteness. Read before it is compared."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from course_utils.exercises.show import shown
from course_utils.exercises.values import plain


class Misfit(Exception):
    """An answer that does not have the form asked for."""

    def __init__(self, step: str, message: str) -> None:
        super().__init__(message)
        self.step = step


class Form(Protocol):
    """Turns an answer into one canonical form, so that honest variants compare equal."""

    def read(self, value: Any, expected: Any) -> Any:
        """The answer in canonical form.

        Raises:
            Misfit: with step "type", "shape" or "non-finite".
        """
        ...


@dataclass(frozen=True)
class Numbers:
    """An array of real numbers with the shape of the expected one. Lists, tuples and tensors will do."""

    def read(self, value: Any, expected: Any) -> np.ndarray:
        array = _numbers(value, "an array of numbers")
        wanted = np.asarray(expected)
        if array.shape != wanted.shape:
            raise Misfit("shape", f"Your answer has shape {array.shape} where {wanted.shape} was expected.")
        odd = ~np.isfinite(array) & np.isfinite(wanted)
        if odd.any():
            raise Misfit("non-finite", f"Your answer holds `{shown(array[odd][0])}` where a finite number was expected.")
        return array


@dataclass(frozen=True)
class Number:
    """One real number. A NumPy scalar, or a tensor or array of one element, will do."""

    def read(self, value: Any, expected: Any) -> float | np.floating[Any]:
        array = _numbers(value, "one number")
        if array.size != 1:
            raise Misfit("shape", f"Your answer has shape {array.shape} where one number was expected.")
        number = array.reshape(())[()]
        if not np.isfinite(number) and np.isfinite(expected):
            raise Misfit("non-finite", f"Your answer is `{shown(number)}` where a finite number was expected.")
        return number


@dataclass(frozen=True)
class Arrays:
    """Several arrays of numbers, in a fixed order, each named for the messages."""

    names: tuple[str, ...]

    def read(self, value: Any, expected: Any) -> tuple[np.ndarray, ...]:
        listed = ", ".join(self.names)
        if not isinstance(value := plain(value), list | tuple | np.ndarray):
            raise Misfit("type", f"Your answer is {_kind(value)} where {len(self.names)} arrays were expected: {listed}.")
        count = 1 if isinstance(value, np.ndarray) and value.ndim < 2 else len(value)
        if count != len(self.names):
            raise Misfit("shape", f"Your answer has {count} parts where {len(self.names)} were expected: {listed}.")
        parts = []
        for name, part, wanted in zip(self.names, value, expected, strict=True):
            try:
                parts.append(Numbers().read(part, wanted))
            except Misfit as misfit:
                raise Misfit(misfit.step, f"In {name}: {misfit}") from None
        return tuple(parts)


@dataclass(frozen=True)
class Labels:
    """A list with one label an example; where `optional`, None stands for an abstention. Tuples and arrays will do."""

    optional: bool = False

    def read(self, value: Any, expected: Any) -> list[str | None]:
        items = _items(value, "a list of labels")
        for item in items:
            if not (isinstance(item, str) or (item is None and self.optional)):
                wanted = "a label or None" if self.optional else "a label"
                raise Misfit("type", f"Your list holds {_kind(item)}, `{shown(item)}`, where {wanted} was expected.")
        _same_length(items, expected, "labels")
        return items


@dataclass(frozen=True)
class LabelLists:
    """A list with a list of labels an example. Tuples will do, and any order inside: a text's labels are a set."""

    def read(self, value: Any, expected: Any) -> list[list[str]]:
        rows = _items(value, "a list of lists of labels")
        for row in rows:
            if not isinstance(row, list | tuple | np.ndarray):
                raise Misfit("type", f"Your list holds {_kind(row)}, `{shown(row)}`, where a list of labels was expected.")
        _same_length(rows, expected, "lists")
        return [sorted(map(str, Labels().read(row, list(row)))) for row in rows]


def _same_length(items: list[Any], expected: Any, what: str) -> None:
    if len(items) != len(expected):
        raise Misfit("shape", f"Your list has {len(items)} {what} where {len(expected)} were expected, one an example.")


def _items(value: Any, wanted: str) -> list[Any]:
    value = plain(value)
    if not isinstance(value, list | tuple) and not (isinstance(value, np.ndarray) and value.ndim):
        raise Misfit("type", f"Your answer is {_kind(value)} where {wanted} was expected.")
    return [plain(item) for item in value]


def _numbers(value: Any, wanted: str) -> np.ndarray:
    try:
        array = np.asarray(plain(value))
    except (ValueError, TypeError):
        raise Misfit("shape", f"Your answer's rows differ in length where {wanted} was expected.") from None
    if array.dtype.kind not in "biuf":
        raise Misfit("type", f"Your answer is {_kind(value)} where {wanted} was expected.")
    return array if array.dtype.kind == "f" and array.dtype.itemsize <= 8 else array.astype(np.float64)


def _kind(value: Any) -> str:
    """The type in words, with an article."""
    if value is None:
        return "None"
    name = type(value).__name__
    if isinstance(value, list | tuple) and len(value):
        name += f" of {type(value[0]).__name__}"
    elif isinstance(value, np.ndarray):
        name = f"NumPy array of {value.dtype}"
    return ("an " if name[0].lower() in "aeiou" else "a ") + name
