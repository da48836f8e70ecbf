"""Comparing values that honest people write differently: lists and arrays, torch and NumPy, float32 and float64."""

import copy
import sys
from collections.abc import Mapping
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


def plain(value: Any) -> Any:
    """The same data without its library: torch and pandas become NumPy, NumPy scalars become Python's.

    Lists, tuples and dicts are walked through; anything unknown is left as it is.
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        if value.dtype == torch.bfloat16:
            value = value.half()
        return value.numpy()[()]
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.Series | pandas.DataFrame | pandas.Index):
        return value.to_numpy()
    if isinstance(value, np.ndarray):
        return value.item() if value.ndim == 0 and value.dtype == object else value
    if isinstance(value, np.str_ | np.bool_ | np.integer):
        return value.item()
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(item) for item in value) if type(value) in (list, tuple) else [*map(plain, value)]
    return value


def tolerance(value: Any) -> tuple[float, float]:
    """(relative, absolute) tolerance that the precision of a plain value deserves: the coarsest part decides."""
    if isinstance(value, np.ndarray | np.floating):
        return {"float64": DOUBLE, "float16": HALF}.get(value.dtype.name, SINGLE)
    if isinstance(value, list | tuple) and value:
        return max((tolerance(item) for item in value), default=SINGLE)
    return SINGLE


def alike(one: Any, other: Any, within: tuple[float, float] = EXACT) -> bool:
    """Whether two plain values say the same: equal shape, equal text, numbers within the tolerance, nan equal to nan."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(one[key], other[key], within) for key in one)
    if one is None or other is None or isinstance(one, str) or isinstance(other, str):
        return type(one) is type(other) and one == other
    sequences = isinstance(one, list | tuple | np.ndarray) and isinstance(other, list | tuple | np.ndarray)
    if sequences:
        arrays = _as_numbers(one), _as_numbers(other)
        if arrays[0] is not None and arrays[1] is not None:
            return arrays[0].shape == arrays[1].shape and _close(*arrays, within)
        return _length(one) == _length(other) and all(
            alike(plain(a), plain(b), within) for a, b in zip(one, other, strict=True)
        )
    numbers = _as_numbers(one), _as_numbers(other)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0].shape == numbers[1].shape and _close(*numbers, within)
    return False


def unchanged(before: Any, after: Any) -> bool:
    """Whether an argument is to the last bit what it was, dtype included."""
    if isinstance(before, np.ndarray):
        same_kind = isinstance(after, np.ndarray) and before.dtype == after.dtype and before.shape == after.shape
        return same_kind and alike(before, after)
    if isinstance(before, dict):
        return list(before.items()) == list(after.items())
    return alike(plain(before), plain(after))


def copied(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments of one's own, so that nothing done to them reaches the next call."""
    return tuple(copy.deepcopy(argument) for argument in arguments)


def _close(one: np.ndarray, other: np.ndarray, within: tuple[float, float]) -> bool:
    return bool(np.allclose(one, other, rtol=within[0], atol=within[1], equal_nan=True))


def _length(value: Any) -> int | None:
    return None if isinstance(value, np.ndarray) and value.ndim == 0 else len(value)


def _as_numbers(value: Any) -> np.ndarray | None:
    """A float64 array of the value, or None where it is not made of real numbers alone."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return None
    return array.astype(np.float64) if array.dtype.kind in "biuf" else None
