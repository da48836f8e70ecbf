"""What an answer should look like: its type, its shape, its finiteness. Read before it is compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from course_utils.exercises.show import cut, shown
from course_utils.exercises.values import Opaque, as_numbers, plain

ONE_BY_ONE = (
    "generator",
    "map",
    "zip",
    "filter",
    "range",
    "dict_values",
    "dict_keys",
    "dict_items",
    "enumerate",
    "reversed",
)
"""Types that give their items only when asked, by name: `list()` makes a list of them."""


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


class Part(Protocol):
    """A form that can also read a part of an answer, which its messages then call by `subject`."""

    def read_part(self, value: Any, expected: Any, subject: str) -> Any: ...


@dataclass(frozen=True)
class Numbers:
    """An array of real numbers with the shape of the expected one. Lists, tuples and tensors will do."""

    def read(self, value: Any, expected: Any) -> np.ndarray:
        return _array(value, expected, "Your answer")


@dataclass(frozen=True)
class Number:
    """One real number. A NumPy scalar, or a tensor or array of one element, will do."""

    def read(self, value: Any, expected: Any) -> float:
        return self.read_part(value, expected, "Your answer")

    def read_part(self, value: Any, expected: Any, subject: str) -> float:
        array = _numbers(value, "one number", subject)
        if array.size != 1:
            raise Misfit("shape", f"{subject} has shape {array.shape} where one number was expected.")
        number = float(array.reshape(()))
        if not np.isfinite(number) and np.isfinite(expected):
            raise Misfit("non-finite", f"{subject} is `{shown(number)}` where a finite number was expected.")
        return number


@dataclass(frozen=True)
class Arrays:
    """Several arrays of numbers, in a fixed order, each named for the messages."""

    names: tuple[str, ...]

    def read(self, value: Any, expected: Any) -> tuple[np.ndarray, ...]:
        value = _parts(value, self.names, "arrays")
        named = zip(self.names, value, expected, strict=True)
        return tuple(_array(part, wanted, f"Your {name}") for name, part, wanted in named)


@dataclass(frozen=True)
class Rows:
    """Several lists of row numbers, in a fixed order. Each may have any length and any order inside."""

    names: tuple[str, ...]

    def read(self, value: Any, expected: Any) -> tuple[list[int], ...]:
        parts = _parts(value, self.names, "lists of row numbers")
        return tuple(
            self._numbers(part, f"Your {name}") for name, part in zip(self.names, parts, strict=True)
        )

    def _numbers(self, part: Any, subject: str) -> list[int]:
        items = _items(part, "a list of row numbers", subject)
        if items and all(isinstance(item, bool | np.bool_) for item in items):
            raise Misfit("type", f"{subject} holds True and False where row numbers were expected.")
        return sorted(_whole_number(item, subject) for item in items)


@dataclass(frozen=True)
class Labels:
    """A list with one label an example; where `optional`, None stands for an abstention. Tuples and arrays will do."""

    optional: bool = False

    def read(self, value: Any, expected: Any) -> list[str | None]:
        items = _items(value, "a list of labels")
        for item in items:
            if not (isinstance(item, str) or (item is None and self.optional)):
                wanted = "a label or None" if self.optional else "a label"
                raise Misfit("type", f"Your list holds {_kind_and_value(item)}, where {wanted} was expected.")
        _same_length(items, expected, "labels")
        return items


@dataclass(frozen=True)
class LabelLists:
    """A list with a list of labels an example. Tuples and sets will do, and any order inside: no label comes twice."""

    def read(self, value: Any, expected: Any) -> list[list[str]]:
        rows = _items(value, "a list of lists of labels")
        for row in rows:
            if not isinstance(row, list | tuple | np.ndarray | frozenset):
                raise Misfit(
                    "type",
                    f"Your list holds {_kind_and_value(row)}, where a list of labels was expected.{_as_list(row)}",
                )
        _same_length(rows, expected, "lists")
        return [sorted(map(str, Labels().read(list(row), list(row)))) for row in rows]


@dataclass(frozen=True)
class Words:
    """A list of strings, of any length. Tuples and arrays will do."""

    noun: str
    """What one of them is called: "word", "piece"."""

    def read(self, value: Any, expected: Any) -> list[str]:
        return self.read_part(_items(value, f"a list of {self.noun}s"), expected, "Your list")

    def read_part(self, value: Any, expected: Any, subject: str) -> list[str]:
        items = _items(value, f"a list of {self.noun}s", subject)
        for item in items:
            if not isinstance(item, str):
                raise Misfit(
                    "type", f"{subject} holds {_kind_and_value(item)}, where a {self.noun} was expected."
                )
        _same_count(items, expected, subject, self.noun)
        return items


@dataclass(frozen=True)
class Text:
    """One string."""

    def read(self, value: Any, expected: Any) -> str:
        if not isinstance(value := plain(value), str):
            raise Misfit("type", f"Your answer is {_kind(value)} where a text was expected.{_as_list(value)}")
        return value


@dataclass(frozen=True)
class Ids:
    """A list of whole numbers, or of lists of them, which may differ in length. Tuples, arrays and tensors will do."""

    nouns: tuple[str, ...] = ("id",)
    """What an entry is called, from the outside in: ("id",) is a list of ids, ("window", "id") a list of windows."""

    def read(self, value: Any, expected: Any) -> list[Any]:
        return self.read_part(value, expected, "Your answer")

    def read_part(self, value: Any, expected: Any, subject: str) -> list[Any]:
        noun, *inner = self.nouns
        items = _items(value, f"a list of {noun}s", subject)
        if inner and items and not any(_is_list(item) for item in items):
            raise Misfit(
                "type",
                f"{subject} is one list of {_element(items[0])} where a list of {noun}s was expected, each with a "
                "list of its own.",
            )
        if not inner:
            items = [_whole_number(item, subject) for item in items]
        _same_count(items, expected, subject, noun)
        if not inner:
            return items
        within = Ids(tuple(inner))
        return [
            within.read_part(item, wanted, f"{subject}, {noun} {index},")
            for index, (item, wanted) in enumerate(zip(items, expected, strict=True))
        ]


@dataclass(frozen=True)
class Fields:
    """A dict, or what can be read like one, with these keys at least; `form` says what each of them holds."""

    names: tuple[str, ...]
    form: Part

    def read(self, value: Any, expected: Any) -> dict[str, Any]:
        listed = " and ".join(f"`{name}`" for name in self.names)
        if not isinstance(value := plain(value), Mapping):
            raise Misfit("type", f"Your answer is {_kind(value)} where a dict with {listed} was expected.")
        for name in self.names:
            if name not in value:
                raise Misfit("shape", f"Your dict has no `{name}`; {listed} were expected.")
        return {
            name: self.form.read_part(value[name], expected[name], f"Your `{name}`") for name in self.names
        }


def _parts(value: Any, names: tuple[str, ...], what: str) -> Any:
    """A list or tuple with one part for each name."""
    listed = ", ".join(names)
    if not isinstance(value := plain(value), list | tuple | np.ndarray):
        raise Misfit(
            "type",
            f"Your answer is {_kind(value)} where {len(names)} {what} were expected: {listed}.{_as_list(value)}",
        )
    count = 1 if isinstance(value, np.ndarray) and value.ndim < 2 else len(value)
    if count != len(names):
        parts = "1 part" if count == 1 else f"{count} parts"
        raise Misfit("shape", f"Your answer has {parts} where {len(names)} were expected: {listed}.")
    return value


def _whole_number(item: Any, subject: str) -> int:
    number = as_numbers(item)
    if (
        isinstance(item, str)
        or number is None
        or number.size != 1
        or not float(number.reshape(())).is_integer()
    ):
        raise Misfit("type", f"{subject} holds {_kind_and_value(item)}, where a whole number was expected.")
    return int(number.reshape(()))


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _same_count(items: list[Any], expected: Any, subject: str, noun: str) -> None:
    if len(items) != len(expected):
        some = f"{len(items)} {noun}" + "s" * (len(items) != 1)
        were = "was" if len(expected) == 1 else "were"
        raise Misfit("length", f"{subject} has {some} where {len(expected)} {were} expected.")


def _array(value: Any, expected: Any, subject: str) -> np.ndarray:
    array = _numbers(value, "an array of numbers", subject)
    wanted = np.asarray(expected)
    if array.shape != wanted.shape:
        raise Misfit("shape", f"{subject} has shape {array.shape} where {wanted.shape} was expected.")
    odd = ~np.isfinite(array) & np.isfinite(wanted)
    if odd.any():
        raise Misfit(
            "non-finite", f"{subject} holds `{shown(array[odd][0])}` where a finite number was expected."
        )
    return array


def _same_length(items: list[Any], expected: Any, what: str) -> None:
    if len(items) != len(expected):
        one = what.removesuffix("s") if len(items) == 1 else what
        was = "was" if len(expected) == 1 else "were"
        raise Misfit(
            "shape",
            f"Your list has {len(items)} {one} where {len(expected)} {was} expected, one for each text.",
        )


MOST_ITEMS = 200_000
"""Entries of an array that stands for a list. No exercise asks for as many."""


def _items(value: Any, wanted: str, subject: str = "Your answer") -> list[Any]:
    value = plain(value)
    if not _is_list(value):
        raise Misfit("type", f"{subject} is {_kind(value)} where {wanted} was expected.{_as_list(value)}")
    if isinstance(value, np.ndarray) and value.size > MOST_ITEMS:  # to walk through millions takes minutes
        raise Misfit("shape", f"{subject} is an array of shape {value.shape} where {wanted} was expected.")
    return [plain(item) for item in value] if isinstance(value, np.ndarray) else list(value)


def _numbers(value: Any, wanted: str, subject: str) -> np.ndarray:
    value = plain(value)
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, OverflowError):
        raise Misfit(
            "shape", f"{subject} has rows that differ in length where {wanted} was expected."
        ) from None
    if array.dtype.kind not in "biuf":
        odd = _first_odd(value)
        if odd is not value:
            raise Misfit(
                "type", f"{subject} holds {_kind_and_value(odd)}, where {wanted} was expected.{_as_list(odd)}"
            )
        raise Misfit("type", f"{subject} is {_kind(value)} where {wanted} was expected.{_as_list(value)}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _first_odd(value: Any) -> Any:
    """The first thing inside that is no number, or the value itself where it is no list."""
    while isinstance(value, list | tuple):
        odd = next((item for item in value if as_numbers(item) is None), value)
        if odd is value:
            break
        value = odd
    return value


def _kind(value: Any) -> str:
    """The type in words, with an article."""
    if value is None:
        return "None"
    name = value.kind if isinstance(value, Opaque) else type(value).__name__
    if isinstance(value, list | tuple):
        name = f"{name} of {_element(value[0])}" if len(value) else f"{name} without items"
    elif isinstance(value, np.ndarray):
        name = f"NumPy array of {'text' if value.dtype.kind in 'US' else value.dtype}"
    elif isinstance(value, frozenset):
        name = "set"
    name = cut(name, 60)
    return ("an " if name[:1].lower() in "aeiou" else "a ") + name


def _element(item: Any) -> str:
    return item.kind if isinstance(item, Opaque) else type(item).__name__


def _kind_and_value(item: Any) -> str:
    return "None" if item is None else f"{_kind(item)}, `{cut(shown(item), 80)}`"


def _as_list(value: Any) -> str:
    if isinstance(value, Opaque) and value.kind in ONE_BY_ONE:
        return " It gives its items only when asked: `list()` makes a list of them."
    return ""
