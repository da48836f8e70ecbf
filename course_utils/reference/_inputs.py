"""What a function may be given, checked here, so that the functions themselves stay short enough to read.

Each helper returns a NumPy array, or raises a ValueError that says what came, what was expected, what to do.
"""

from collections.abc import Iterable, Mapping
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


def as_hidden(values: ArrayLike, name: str) -> NDArray[Any]:
    """One vector per example."""
    vectors = as_floats(values)
    if vectors.ndim != 2:
        raise ValueError(
            f"{name} should have shape [examples, width], but got {vectors.shape}. "
            f"For a single example write {name}[None, :]; from [examples, tokens, width] take the token [CLS] with [:, 0]."
        )
    return vectors


def as_linear(
    weight: ArrayLike, bias: ArrayLike, prefix: str, width: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weight [out, width] and bias [out] of a linear layer."""
    weight, bias = as_floats(weight), as_floats(bias)
    if weight.ndim != 2 or weight.shape[1] != width or bias.shape != weight.shape[:1]:
        raise ValueError(
            f"{prefix}weight should have shape [out, {width}] and {prefix}bias [out], but got {weight.shape} and "
            f"{bias.shape}. Give them as torch's Linear stores them, `layer.weight` and `layer.bias`."
        )
    return weight, bias


def as_steps(**steps: Any) -> tuple[int, ...]:
    """Whole numbers, none negative."""
    for name, value in steps.items():
        if isinstance(value, bool) or value != int(value) or value < 0:
            raise ValueError(
                f"{name} should be a whole number from 0 up, but got {value}. Steps are counted, not shares of them: "
                "for a warm-up of a tenth write int(0.1 * total_steps)."
            )
    return tuple(int(value) for value in steps.values())


def as_fraction(fraction: float) -> float:
    """A share, from 0 to 1."""
    if not 0 <= fraction <= 1:
        raise ValueError(
            f"fraction should lie between 0 and 1, but got {fraction}. It is the share held out; a fifth is 0.2."
        )
    return fraction


def as_labels(values: ArrayLike, name: str) -> NDArray[Any]:
    """A list of ids or names, in one dimension."""
    labels = np.asarray(values)
    if labels.ndim != 1:
        raise ValueError(
            f"{name} should be a list with one label per example, but got shape {labels.shape}. "
            "Give the labels alone, not the texts with them."
        )
    return labels


def as_names(values: Iterable[str], name: str) -> list[str]:
    """A list of texts. One text alone would be taken letter by letter."""
    names = [] if isinstance(values, str) else list(values)
    odd = (
        values if isinstance(values, str) else next((one for one in names if not isinstance(one, str)), None)
    )
    if odd is not None:
        raise ValueError(
            f"{name} should be a list of names, but got {odd!r:.60}. "
            "From a model: [name for name, _ in model.named_parameters()]."
        )
    return names


def require_examples(values: NDArray[Any]) -> None:
    """At least one example."""
    if len(values) == 0:
        raise ValueError("There are 0 examples, so there is no mean over them. Give at least one.")
