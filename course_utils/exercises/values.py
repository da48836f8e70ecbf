"""Comparing values that honest people write differently: lists and arrays, torch and NumPy, float32 and float64."""

import copy
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

EXACT = (0.0, 0.0)

DOUBLE = (1e-7, 1e-9)
"""(relative, absolute) for float64 arrays: two right formulas differ by 1e-12; an epsilon of 1e-8 added to a
denominator to avoid 0/0 stays inside, the smallest known mistake far outside."""

SINGLE = (1e-5, 1e-6)
"""For float32, whose steps are 6e-8 wide, after a few dozen additions. Python floats are given it too: they may have
come from a float32 array by `tolist()`."""

HALF = (2e-2, 2e-3)
"""For float16 and bfloat16, which keep two to three digits."""

PLAIN = frozenset({type(None), bool, int, float, complex, str, bytes})
"""Types that are data already. Their subclasses are not: those may compare and print as they like."""


@dataclass(frozen=True)
class Opaque:
    """What is kept of an object that is not data: the name of its type and how it prints.

    Nothing of the object itself is kept, so that no method of a learner's class runs after the call.
    """

    kind: str
    text: str

    def __repr__(self) -> str:
        return self.text


def loaded(name: str) -> Any:
    """The module, or None where it is not loaded. One that loads at its first use (`importlib.util.LazyLoader`) is left
    alone: nothing of it can be in a value yet."""
    module = sys.modules.get(name)
    return module if type(module) is ModuleType else None


def plain(value: Any) -> Any:
    """The same data without its library, and a copy of it: torch and pandas become NumPy, NumPy scalars Python's.

    Lists, tuples, dicts and sets are walked through. What is not data becomes `Opaque`.
    """
    if type(value) in PLAIN or type(value) is Opaque:
        return value
    torch = loaded("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _plain_array(_from_torch(torch, value))[()]
    pandas = loaded("pandas")
    if pandas is not None and isinstance(value, pandas.Series | pandas.DataFrame | pandas.Index):
        return _plain_array(value.to_numpy())
    if isinstance(value, np.ndarray):
        return _plain_array(value)
    if isinstance(value, np.generic):
        return value if isinstance(value, np.float64 | np.float32 | np.float16) else _plain_scalar(value)
    if isinstance(value, Mapping):
        items = dict.items(value) if isinstance(value, dict) else value.items()
        return {_hashable(plain(key)): plain(item) for key, item in items}
    if isinstance(value, list):
        listed = list(list.__iter__(value))
        return listed if PLAIN.issuperset(map(type, listed)) else [plain(item) for item in listed]
    if isinstance(value, tuple):
        return tuple(plain(item) for item in tuple.__iter__(value))
    if isinstance(value, set | frozenset):
        return frozenset(_hashable(plain(item)) for item in value)
    if isinstance(value, str):  # a subclass, such as a member of an enumeration
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if hasattr(value, "__array__") and not isinstance(value, type):
        array = np.asarray(value)
        if array.ndim or array.dtype != object:
            return _plain_array(array)
    return opaque(value)


def opaque(value: Any, trouble: BaseException | None = None) -> Opaque:
    """What is kept of an object that is not data, or that was in trouble when it was read. Its repr may raise."""
    kind = str(type(value).__name__)
    if trouble is not None:
        kind += f" that can't be read ({type(trouble).__name__})"
    try:
        text = str(repr(value))[:1000]
    except Exception as error:
        text = f"<{kind}, whose repr raises {type(error).__name__}>"
    return Opaque(kind, text)


def tolerance(value: Any) -> tuple[float, float]:
    """(relative, absolute) tolerance that the precision of a plain value deserves: the coarsest part decides."""
    if isinstance(value, np.ndarray | np.floating):
        return {"float64": DOUBLE, "float16": HALF}.get(value.dtype.name, SINGLE)
    if isinstance(value, list | tuple) and not PLAIN.issuperset(map(type, value)):
        return max(tolerance(item) for item in value)
    return SINGLE


def alike(one: Any, other: Any, within: tuple[float, float] = EXACT) -> bool:
    """Whether two plain values say the same: equal shape, equal text, numbers within the tolerance, nan equal to nan."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(one[key], other[key], within) for key in one)
    if one is None or other is None or isinstance(one, str) or isinstance(other, str):
        return type(one) is type(other) and one == other
    sequences = _is_sequence(one) and _is_sequence(other)
    if sequences and len(one) != len(other):
        return False
    numbers, others = as_numbers(one), as_numbers(other)
    if numbers is not None and others is not None:
        return numbers.shape == others.shape and bool(close(numbers, others, within).all())
    if sequences:
        return all(alike(plain(a), plain(b), within) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and type(one) in (Opaque, frozenset, int, complex, bytes) and one == other


def close(one: np.ndarray, other: np.ndarray, within: tuple[float, float]) -> np.ndarray:
    """Element by element. Symmetric: the larger of the two sets the relative tolerance."""
    relative, absolute = within
    with np.errstate(all="ignore"):
        reach = absolute + relative * np.maximum(np.abs(one), np.abs(other))
        near = np.isfinite(one) & np.isfinite(other) & (np.abs(one - other) <= reach)
        return near | (one == other) | (np.isnan(one) & np.isnan(other))


def unchanged(before: Any, after: Any) -> bool:
    """Whether an argument is to the last bit what it was, dtype and order of keys included."""
    if isinstance(before, np.ndarray):
        same_kind = (
            isinstance(after, np.ndarray) and before.dtype == after.dtype and before.shape == after.shape
        )
        return same_kind and (
            before.tobytes() == after.tobytes() if before.dtype != object else alike(before, after)
        )
    one, other = plain(before), plain(after)
    if isinstance(one, dict) and isinstance(other, dict) and list(one) != list(other):
        return False
    return type(before) is type(after) and alike(one, other)


def copied(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments of one's own, so that nothing done to them reaches the next call."""
    return tuple(copy.deepcopy(argument) for argument in arguments)


def as_numbers(value: Any) -> np.ndarray | None:
    """A float64 array of the value, or None where it is not made of real numbers alone."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return array.astype(np.float64) if array.dtype.kind in "biuf" else None


def _is_sequence(value: Any) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _plain_array(array: np.ndarray) -> Any:
    """A copy without subclass. Objects are walked through as lists are; a masked number becomes nan."""
    if isinstance(array, np.ma.MaskedArray):
        masked = np.ma.getmaskarray(array)
        array = (
            np.array(array.data, dtype=np.float64)
            if masked.any() and array.dtype.kind in "biuf"
            else array.data
        )
        if array.dtype.kind == "f" and masked.any():
            array[masked] = np.nan
    array = np.array(array, subok=False)
    if array.dtype == object or array.dtype.kind == "T":
        return plain(array.item()) if array.ndim == 0 else [plain(item) for item in array]
    if array.dtype.hasobject:
        return opaque(array)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:  # a long double
        return array.astype(np.float64)
    return array.item() if array.ndim == 0 and array.dtype.kind not in "biuf" else array


def _plain_scalar(value: np.generic) -> Any:
    if isinstance(value, np.floating):
        return np.float64(value)  # a long double
    item = value.item()
    return item if type(item) in PLAIN else opaque(value)


def _from_torch(torch: Any, tensor: Any) -> np.ndarray:
    tensor = tensor.detach().cpu()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    if (
        tensor.dtype == torch.bfloat16
    ):  # NumPy has none; where float16 can hold the numbers, it has the tolerance due
        half, single = tensor.half(), tensor.float()
        tensor = half if bool((half.isinf() == single.isinf()).all()) else single
    return tensor.resolve_conj().resolve_neg().numpy()


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return opaque(value)
    return value
