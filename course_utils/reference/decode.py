"""From numbers to labels, through the model's own `id2label` (int keys, in any order of insertion).

All three return plain lists, one entry per example; an empty batch gives []. Ties go to the class with the
lowest id. They raise ValueError for an array that isn't [examples, classes], for nan, and for an `id2label`
that doesn't name each column once.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from course_utils.reference._inputs import as_probabilities, as_table
from course_utils.reference.softmax import sigmoid


def decode(logits: ArrayLike, id2label: Mapping[int, str]) -> list[str]:
    """The label of the largest logit of each example.

    Softmax keeps the order of the logits, so the winner needs no probabilities.

    logits: [b, c]. Returns b labels.
    """
    logits = as_table(logits, "logits", id2label)
    winners = logits.argmax(axis=-1)
    return [id2label[int(winner)] for winner in winners]


def decode_or_abstain(
    probabilities: ArrayLike, id2label: Mapping[int, str], threshold: float
) -> list[str | None]:
    """The label of the largest probability where that reaches `threshold`, and None where it doesn't.

    A higher threshold answers fewer examples: `metrics.risk_coverage` shows what is gained and lost.
    (Chow 1970, On optimum recognition error and reject tradeoff.)

    probabilities: [b, c], from 0 to 1; numbers outside raise ValueError, as logits would be. Returns b entries.
    """
    probabilities = as_probabilities(probabilities, id2label=id2label)
    winners = probabilities.argmax(axis=-1)
    sure = probabilities.max(axis=-1) >= float(threshold)
    return [id2label[int(winner)] if keep else None for winner, keep in zip(winners, sure, strict=True)]


def decode_multilabel(
    logits: ArrayLike, id2label: Mapping[int, str], threshold: float = 0.5
) -> list[list[str]]:
    """Every label whose own probability (sigmoid, not softmax) reaches `threshold`, in the order of their ids.

    logits: [b, c]. Returns b lists, each with none to c labels.
    """
    logits = as_table(logits, "logits", id2label)
    chosen = sigmoid(logits) >= float(threshold)
    return [[id2label[int(i)] for i in np.flatnonzero(row)] for row in chosen]
