"""What a function may be given, checked here, so that the functions themselves stay short enough to read.

Each helper returns a NumPy array, or raises a ValueError that says what came, what was expected, what to do.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def as_floats(values: ArrayLike) -> NDArray[Any]:
    """The values as floats: integers and booleans become float64, and float32 stays float32."""
    array = np.asarray(values)
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float64)


def as_table(values: ArrayLike, name: str, id2label: Mapping[int, str] | None = None) -> NDArray[Any]:
    """One row per example, one column per class, no nan; with `id2label`, one name for each column."""
    table = as_floats(values)
    if table.shape == (0,):  # an empty list: no examples
        table = table.reshape(0, len(id2label) if id2label else 1)
    if table.ndim != 2 or table.shape[1] == 0:
        raise ValueError(
            f"{name} should have shape [examples, classes] with at least one class, but got {table.shape}. "
            f"For a single example write {name}[None, :]."
        )
    if np.isnan(table).any():
        row = int(np.isnan(table).any(axis=1).argmax())
        raise ValueError(
            f"{name} holds nan, first in row {row}. Find out where it came from; nan has no class."
        )
    if id2label is not None and set(id2label) != set(range(table.shape[1])):
        raise ValueError(
            f"id2label should name the ids 0 to {table.shape[1] - 1}, one for each column of {name}, "
            f"but its keys are {list(id2label)}. Use the model's own config.id2label (its keys are int, not str)."
        )
    return table


def as_probabilities(
    values: ArrayLike, name: str = "probabilities", id2label: Mapping[int, str] | None = None
) -> NDArray[Any]:
    """A table (see `as_table`) of numbers from 0 to 1."""
    table = as_table(values, name, id2label)
    if table.size and not (table.min() >= 0 and table.max() <= 1 + 1e-6):  # 1e-6: an average may round up
        raise ValueError(
            f"{name} should lie between 0 and 1, but got {table.min():g} to {table.max():g}. "
            "If these are logits, apply softmax first."
        )
    return table


def as_class_ids(
    values: ArrayLike, name: str, n_classes: int, length: int | None = None
) -> NDArray[np.int64]:
    """A list of whole numbers from 0 to `n_classes` - 1, with `length` entries if that is given."""
    ids = np.asarray(values)
    if ids.ndim != 1 or (length is not None and len(ids) != length):
        expected = (
            "one class id per example" if length is None else f"shape ({length},), a class id per example"
        )
        raise ValueError(f"{name} should have {expected}, but got shape {ids.shape}.")
    if ids.size == 0:
        return np.zeros(0, dtype=np.int64)
    if ids.dtype.kind not in "iub":
        raise ValueError(
            f"{name} should be whole numbers, but got {ids.dtype}. Names become ids with label2id, "
            "logits with argmax(axis=-1), whole numbers kept as floats with astype(int)."
        )
    if ids.min() < 0 or ids.max() >= n_classes:
        raise ValueError(
            f"{name} should lie between 0 and {n_classes - 1}, but got {ids.min()} to {ids.max()}. "
            "Check the number of classes, and leave out examples without a label (often marked -100)."
        )
    return ids.astype(np.int64, copy=False)  # a small integer type would overflow in sums and products


def as_counts(matrix: ArrayLike) -> NDArray[np.float64]:
    """A confusion matrix: square, at least one class, no negative count."""
    counts = np.asarray(matrix, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.size == 0:
        raise ValueError(
            f"A confusion matrix should have shape [classes, classes], but got {counts.shape}. "
            "Make one with confusion_matrix(labels, predictions, n_classes)."
        )
    if not (counts >= 0).all():
        raise ValueError(f"A confusion matrix counts examples, so none may be negative or nan:\n{counts}")
    return counts
