"""A model's answers to many texts, as two explorers take them: checked, with a ValueError that gives advice."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.reference._inputs import as_class_ids
from course_utils.widgets.base import shown

MOST_CLASSES = 10
LONGEST_TEXT = 400


def as_numbers(values: Any, name: str) -> NDArray[Any]:
    """[n, c] with at least two rows and two classes, finite; float32 stays float32, all else becomes float64."""
    wanted = f"{name} are a table of numbers: a row for each text, a column for each class."
    try:
        array = np.asarray(values)
        table = array if array.dtype == np.float32 else array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{wanted} This is {shown(values)}: give an array of shape [texts, classes]."
        ) from error
    if table.ndim != 2:
        raise ValueError(f"{wanted} Yours have shape {table.shape}: for one text alone there is no picture.")
    if not 2 <= table.shape[1] <= MOST_CLASSES:
        raise ValueError(
            f"{wanted} Yours have {table.shape[1]} columns: this explorer shows 2 to {MOST_CLASSES} classes."
        )
    if len(table) < 2:
        raise ValueError(f"{wanted} Yours have {len(table)} rows: shares need more texts, at least two.")
    if not np.isfinite(table).all():
        row, column = (int(place) for place in np.argwhere(~np.isfinite(table))[0])
        raise ValueError(
            f"{name} are finite numbers. In row {row}, column {column} yours hold {table[row, column]}: "
            "find out where it came from."
        )
    return table


def as_shares(values: Any) -> NDArray[Any]:
    """Probabilities [n, c] whose rows sum to 1."""
    table = as_numbers(values, "Probabilities")
    if table.min() < 0 or table.max() > 1 + 1e-6:  # a mean over several models may round up
        raise ValueError(
            f"Probabilities lie between 0 and 1. Yours go from {table.min():.3g} to {table.max():.3g}: "
            "if these are logits, apply softmax first."
        )
    sums = table.sum(axis=1)
    odd = np.flatnonzero(np.abs(sums - 1) > 1e-3)
    if len(odd):
        raise ValueError(
            f"The probabilities of one text sum to 1. Row {odd[0]} of yours sums to {sums[odd[0]]:.3f}: apply softmax "
            "along the classes. Where several labels may be true at once, show one label at a time, as [1 - p, p]."
        )
    return table


def as_true_classes(values: Any, table: NDArray[Any]) -> NDArray[np.int64]:
    """Labels [n], a class id for each row of the table."""
    try:
        ids = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"labels are a list of class ids, one for each text. This is {shown(values)}: give whole numbers."
        ) from error
    return as_class_ids(ids, "labels", table.shape[1], length=len(table))


def as_texts(values: Any, length: int) -> list[str]:
    """One text for each example, cut to what a list of texts shows."""
    texts = [values] if isinstance(values, str) or not isinstance(values, Iterable) else list(values)
    if len(texts) != length:
        raise ValueError(
            f"There are {length} rows of probabilities and {len(texts)} texts: give the text of each row, "
            "in the same order."
        )
    odd = next((text for text in texts if not isinstance(text, str)), None)
    if odd is not None:
        raise ValueError(f"Texts are strings. One of yours is {shown(odd)}: give the reviews, not their ids.")
    return [text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…" for text in texts]


def class_names(names: Sequence[str] | None, classes: int) -> tuple[list[str], str]:
    """A name for each class, and what is wrong with those that were given."""
    default = ["negative", "positive"] if classes == 2 else [f"class {place}" for place in range(classes)]
    if names is None:
        return default, ""
    given = [names] if isinstance(names, str) else [str(name) for name in names]
    if len(given) == classes:
        return given, ""
    return default, f"There are {classes} classes and {len(given)} names: give a name for each class."
