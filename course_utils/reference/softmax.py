"""From logits to probabilities: softmax when one class is true, sigmoid when each may be true on its own.

Logits may be integers or floats of any size, infinite ones too. The answer has the dtype of the logits
(float64 for integers) and their shape. One +inf among the logits takes all, several share, -inf gets 0.
A row that is -inf throughout, or holds nan, gives nan, as in torch: it has no winner to speak of.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.reference._inputs import as_floats


def softmax(logits: ArrayLike, axis: int = -1) -> NDArray[Any]:
    """Probabilities along `axis`, summing to 1 there: exp(logit) / sum of exp(logits).

    A constant added to all logits of an example cancels out. So we subtract the largest: the exponents are
    then 0 or less, and nothing overflows (Goodfellow, Bengio & Courville 2016, Deep Learning, section 4.1).

    logits: any shape [...]. Returns the same shape. Raises numpy's AxisError (a ValueError) for an unknown axis.
    """
    logits = as_floats(logits)
    largest = logits.max(axis=axis, keepdims=True, initial=-np.inf)
    with np.errstate(invalid="ignore", over="ignore"):  # inf - inf is nan: a logit of +inf is put right here
        shifted = np.where(logits == np.inf, 0, logits - largest)
    exponentials = np.exp(shifted)
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def log_softmax(logits: ArrayLike, axis: int = -1) -> NDArray[Any]:
    """The logarithm of `softmax`, without the detour: finite even where the probability itself rounds to 0.

    logits: any shape [...]. Returns the same shape, nothing above 0. Errors as in `softmax`.
    """
    logits = as_floats(logits)
    largest = logits.max(axis=axis, keepdims=True, initial=-np.inf)
    with np.errstate(
        invalid="ignore", over="ignore", divide="ignore"
    ):  # as in softmax, and the log of no classes
        shifted = np.where(logits == np.inf, 0, logits - largest)
        return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def sigmoid(logits: ArrayLike) -> NDArray[Any]:
    """1 / (1 + exp(-logit)) for each logit by itself; nothing need sum to 1.

    exp(-logit) overflows for large negative logits; exp(-|logit|) never does. With it the answer is
    1 / (1 + e) for logits from 0 up, and e / (1 + e) below.

    logits: any shape [...]. Returns the same shape.
    """
    logits = as_floats(logits)
    e = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1, e) / (1 + e)
