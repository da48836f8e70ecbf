"""How good are the predictions? Counts first, then the figures made from them.

Labels and predictions are class ids, whole numbers from 0 to n_classes - 1; anything else is a ValueError.
"""

from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.reference._inputs import as_class_ids, as_counts, as_probabilities


def confusion_matrix(labels: ArrayLike, predictions: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """How often class i (row) was predicted as class j (column).

    Each pair (i, j) becomes the one number i * n_classes + j, the place of its cell when the rows of the
    matrix are laid end to end. So one pass of counting fills all cells.

    labels, predictions: [n], of the same length. Returns whole numbers [n_classes, n_classes] that sum to n.
    """
    labels = as_class_ids(labels, "labels", n_classes)
    predictions = as_class_ids(predictions, "predictions", n_classes, length=len(labels))
    cells = labels * n_classes + predictions
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def precision_recall_f1(
    matrix: ArrayLike,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Three figures for each class, from a confusion matrix with true classes in rows.

    Precision: of those predicted as the class, the share that is. Recall: of those that are, the share found.
    F1: their harmonic mean, 2PR / (P + R), which comes to 2 * hits / (predicted + actual)
    (van Rijsbergen 1979, Information Retrieval, chapter 7). A figure that would be 0/0 is 0.

    matrix: [c, c]. Returns three arrays [c]. Raises ValueError unless square and nowhere negative.
    """
    matrix = as_counts(matrix)
    hits = matrix.diagonal()
    predicted = matrix.sum(axis=0)
    actual = matrix.sum(axis=1)
    precision = hits / np.where(predicted > 0, predicted, 1)  # where predicted is 0, so is hits: 0 / 1
    recall = hits / np.where(actual > 0, actual, 1)
    f1 = 2 * hits / np.where(predicted + actual > 0, predicted + actual, 1)
    return precision, recall, f1


def macro_f1(matrix: ArrayLike) -> float:
    """The mean F1 of all classes, each counting the same however rare; one that never occurs counts 0.

    matrix: [c, c], true classes in rows. Errors as in `precision_recall_f1`.
    """
    _, _, f1 = precision_recall_f1(matrix)
    return float(f1.mean())


def micro_f1(matrix: ArrayLike) -> float:
    """F1 of all classes' counts pooled, so that each example counts the same.

    With one label and one prediction per example, both sums below are the number of examples, and micro F1
    is the accuracy by another name.

    matrix: [c, c], true classes in rows. Raises ValueError for a matrix without examples.
    """
    matrix = as_counts(matrix)
    _require_examples(matrix.sum())
    hits = matrix.trace()
    predicted = matrix.sum(axis=0).sum()
    actual = matrix.sum(axis=1).sum()
    return float(2 * hits / (predicted + actual))


def accuracy(matrix: ArrayLike) -> float:
    """The share of examples on the diagonal of a confusion matrix: predicted as what they are.

    matrix: [c, c]. Raises ValueError for a matrix without examples.
    """
    matrix = as_counts(matrix)
    _require_examples(matrix.sum())
    return float(matrix.trace() / matrix.sum())


def wilson_interval(correct: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Where the true accuracy may lie, after `correct` of `total` independent examples were right.

    Wilson's score interval (1927): all p for which the share we saw is at most z standard errors of p away.
    Unlike share ± z * error it stays within 0 and 1, and has a width even when all were right.

    Returns (low, high). Raises ValueError unless 0 <= correct <= total, total > 0 and 0 < confidence < 1.
    """
    _require_examples(total)
    if not (0 <= correct <= total and 0 < confidence < 1):
        raise ValueError(
            f"Expected 0 <= correct <= total and 0 < confidence < 1, but got correct={correct}, total={total}, "
            f"confidence={confidence}. Counts, not shares, come first; 95 % is written 0.95."
        )
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = correct + z**2 / 2
    reach = z * (correct * (total - correct) / total + z**2 / 4) ** 0.5
    return max(0.0, (centre - reach) / (total + z**2)), min(1.0, (centre + reach) / (total + z**2))


class RiskCoverage(NamedTuple):
    """One entry per threshold, from the strictest (few examples answered) to the loosest (all)."""

    threshold: NDArray[Any]
    coverage: NDArray[np.float64]
    """The share of examples whose confidence reaches the threshold."""
    risk: NDArray[np.float64]
    """The share of wrong answers among those; accuracy is 1 - risk."""


def risk_coverage(probabilities: ArrayLike, labels: ArrayLike) -> RiskCoverage:
    """What each threshold for `decode_or_abstain` costs in answers given, and gains in answers right.

    The thresholds are the confidences that occur (the largest probability of each example). Examples that are
    equally sure come in together: no threshold could part them. (Geifman & El-Yaniv 2017, Selective
    Classification for Deep Neural Networks.)

    probabilities: [n, c]; labels: [n]. Returns three arrays, one entry per different confidence; all empty
    when there are no examples. Raises ValueError for numbers outside 0 to 1 and labels that don't fit.
    """
    probabilities = as_probabilities(probabilities)
    labels = as_class_ids(labels, "labels", probabilities.shape[1], length=len(probabilities))
    confidence = probabilities.max(axis=-1)
    wrong = probabilities.argmax(axis=-1) != labels
    threshold, group = np.unique(confidence, return_inverse=True)
    answered = np.bincount(group)[::-1].cumsum()
    mistaken = np.bincount(group, weights=wrong)[::-1].cumsum()
    return RiskCoverage(threshold[::-1], answered / len(labels), mistaken / answered)


def _require_examples(total: float) -> None:
    if not total > 0:
        raise ValueError(f"There are {total:g} examples, so there is no share of them. Give at least one.")
