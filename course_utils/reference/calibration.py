"""Do the probabilities mean what they say? Of the answers given with 0.8, four in five should be right."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.reference._inputs import as_class_ids, as_probabilities, as_table
from course_utils.reference.softmax import log_softmax, softmax


class ReliabilityBins(NamedTuple):
    """What a reliability diagram draws: one entry per bin, from confidence 0 to 1; nan in a bin with no example."""

    confidence: NDArray[np.float64]
    """How sure the model was: the mean confidence of the bin's examples."""
    accuracy: NDArray[np.float64]
    """How often it was right."""
    counts: NDArray[np.int64]
    """How many examples the bin holds."""


def reliability_bins(probabilities: ArrayLike, labels: ArrayLike, n_bins: int = 10) -> ReliabilityBins:
    """Confidence against accuracy, in `n_bins` bins of equal width (Niculescu-Mizil & Caruana 2005).

    probabilities: [n, c]; labels: [n]. Returns three arrays [n_bins]. Bins and errors as in
    `expected_calibration_error`, but no examples make bins with a count of 0.
    """
    confidence, right = _confidence_and_right(probabilities, labels, n_bins)
    edges = np.arange(1, n_bins, dtype=confidence.dtype) / n_bins
    bin_of = np.searchsorted(edges, confidence, side="left")
    counts = np.bincount(bin_of, minlength=n_bins)
    sums = [np.bincount(bin_of, weights=values, minlength=n_bins) for values in (confidence, right)]
    means = [np.divide(s, counts, out=np.full(n_bins, np.nan), where=counts > 0) for s in sums]
    return ReliabilityBins(means[0], means[1], counts)


def expected_calibration_error(probabilities: ArrayLike, labels: ArrayLike, n_bins: int = 10) -> float:
    """The mean gap between confidence and accuracy over the bins, weighted by their counts (Naeini et al. 2015).

    Confidence is the largest probability. The bins are equally wide and closed on the right: 0.1 is in the
    first of ten, and so is 0. Their edges are the floats k / n_bins in the dtype of the probabilities, so 0.3,
    written so, lies on its edge; 0.1 + 0.2 is the next float up and belongs to the bin above.

    probabilities: [n, c], from 0 to 1; labels: [n]. Raises ValueError for numbers outside, labels that don't
    fit, fewer than one bin, and no examples.
    """
    confidence, right = _confidence_and_right(probabilities, labels, n_bins)
    if len(right) == 0:
        raise ValueError("There are no examples, so there is no calibration error. Give at least one.")
    edges = np.arange(1, n_bins, dtype=confidence.dtype) / n_bins
    bin_of = np.searchsorted(edges, confidence, side="left")
    # Summed over a bin, right - confidence is its count times (accuracy - mean confidence).
    gaps = np.bincount(bin_of, weights=right - confidence)
    return float(np.abs(gaps).sum() / len(right))


def negative_log_likelihood(logits: ArrayLike, labels: ArrayLike) -> float:
    """The mean of -log(probability of the true class): cross-entropy, as torch means it.

    logits: [n, c]; labels: [n]. Raises ValueError for shapes and labels that don't fit, and for no examples.
    """
    logits, labels = _logits_and_labels(logits, labels)
    true_class = log_softmax(logits)[np.arange(len(labels)), labels]
    return float(-true_class.mean())


def fit_temperature(logits: ArrayLike, labels: ArrayLike) -> float:
    """The T > 0 for which softmax(logits / T) gives the true classes the least negative log-likelihood.

    Temperature scaling (Guo et al. 2017, On Calibration of Modern Neural Networks): T > 1 softens a model that
    is too sure, and no prediction changes. In b = 1 / T the loss is convex, so its slope crosses zero once;
    bisection finds where, to ten digits.

    logits: [n, c], finite; labels: [n]. Raises ValueError where no T is best: when every true class has its
    row's largest logit (ever smaller T is better), or when the logits know no more than chance (ever larger).
    """
    logits, labels = _logits_and_labels(logits, labels, finite=True)
    lead = (logits - logits[np.arange(len(labels)), labels][:, None]).astype(np.float64)
    _require_minimum(lead)

    def slope(b: float) -> float:
        """Of mean(log(sum(exp(b * lead)))), the negative log-likelihood at T = 1 / b."""
        return float((softmax(b * lead) * lead).sum(axis=-1).mean())

    low, high = 0.0, 1.0
    while slope(high) < 0:
        low, high = high, 2 * high
    while high - low > 1e-10 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / high


def _confidence_and_right(
    probabilities: ArrayLike, labels: ArrayLike, n_bins: int
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Each example's largest probability, and whether its class is the label."""
    if n_bins < 1:
        raise ValueError(f"n_bins should be at least 1, but got {n_bins}.")
    probabilities = as_probabilities(probabilities)
    labels = as_class_ids(labels, "labels", probabilities.shape[1], length=len(probabilities))
    return probabilities.max(axis=-1), probabilities.argmax(axis=-1) == labels


def _logits_and_labels(
    logits: ArrayLike, labels: ArrayLike, finite: bool = False
) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    table = as_table(logits, "logits")
    if len(table) == 0:
        raise ValueError("There are no examples, so there is no likelihood of them. Give at least one.")
    if finite and not np.isfinite(table).all():
        raise ValueError(
            "logits should be finite: no T changes an infinite one. Leave out its example or its class."
        )
    return table, as_class_ids(labels, "labels", table.shape[1], length=len(table))


def _require_minimum(lead: NDArray[np.float64]) -> None:
    """The slope must be negative at b = 0 and positive for very large b, or no finite T > 0 is best."""
    if lead.mean() >= -1e-12 * np.abs(lead).mean():
        raise ValueError(
            "No temperature is best: on the whole the true classes' logits are no higher than the others, so the "
            "larger T the better. Check that labels and logits belong together, and that the model is trained."
        )
    if lead.max(axis=-1).mean() <= 0:
        raise ValueError(
            "No temperature is best: every true class has the largest logit, so the smaller T the better. "
            "Fit on held-out examples, and on enough of them that some are predicted wrongly."
        )
