"""Exercise: expected_calibration_error."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Number
from course_utils.exercises.lesson_4.drawing import draw_probabilities
from course_utils.reference import calibration as reference


def draw(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
    """Predictions that are over-confident or under-confident, by some power of their own probabilities."""
    examples, classes = int(generator.integers(40, 90)), int(generator.integers(2, 5))
    probabilities = draw_probabilities(generator, examples, classes)
    truth = probabilities ** generator.uniform(0.2, 2)
    truth /= truth.sum(axis=-1, keepdims=True)
    labels = np.array([generator.choice(classes, p=row) for row in truth])
    return probabilities, labels, int(generator.choice([5, 7, 12, 15]))


def between_zero_and_one(value: float, *_: object) -> str | None:
    return (
        None if 0 <= value <= 1 else f"A mean gap between shares lies between 0 and 1; yours is {value:.4g}."
    )


def _two_classes(*positive: float) -> np.ndarray:
    return np.array([[1 - p, p] for p in positive])


exercise = Exercise(
    lesson=4,
    title="Expected calibration error",
    points=3,
    reference=reference.expected_calibration_error,
    form=Number(),
    returns="one number, the mean gap between confidence and accuracy over the bins, each weighted by its examples",
    cases=(
        Case((_two_classes(0.95, 0.785, 0.83, 0.55, 0.68), np.array([1, 1, 0, 0, 1]), 10), "five texts, two classes"),
        Case((_two_classes(0.05, 0.15, 0.08, 0.35, 0.97, 0.93), np.array([0, 0, 1, 0, 1, 0]), 10), "texts that are surely negative"),
        Case((_two_classes(0.75, 0.75, 0.875, 0.625, 0.875), np.array([1, 0, 1, 1, 0]), 4), "a confidence on the edge of a bin"),
        Case((_two_classes(1.0, 1.0, 0.0, 0.82, 0.73), np.array([1, 0, 0, 0, 1]), 10), "a confidence of exactly 1"),
        Case((np.array([[0.35, 0.33, 0.32], [0.1, 0.2, 0.7], [0.62, 0.2, 0.18], [0.3, 0.66, 0.04]]), np.array([1, 2, 1, 0]), 5), "three classes, five bins"),
        Case((_two_classes(0.9, 0.6, 0.7), np.array([1, 0, 0]), 1), "one bin"),
        Case((_two_classes(0.82, 0.84, 0.86, 0.88, 0.57), np.array([0, 0, 1, 0, 1]), 10), "over-confident in one bin, under-confident in another"),
        Case((_two_classes(0.62, 0.64, 0.37, 0.71, 0.56), np.array([1, 1, 0, 1, 1]), 10), "a model that is not sure enough"),
        Case((_two_classes(0.63, 0.83, 0.93, 0.52, 0.65, 0.89), np.array([0, 0, 1, 0, 1, 1])), "`n_bins` left out"),
        Case((np.array([[0.25, 0.125, 0.625]]), np.array([2]), 5), "one text"),
        Case((np.array([[0.4, 0.35, 0.25], [0.3, 0.1, 0.6], [0.2, 0.45, 0.35], [0.7, 0.2, 0.1]]), np.array([0, 1, 1, 0]), 2), "two bins"),
    ),
    draw=draw,
    laws=(between_zero_and_one,),
    hints=(
        "For each text you need two things: how sure the model was (its largest probability), and whether it was right.",
        "Put the texts into bins by how sure the model was. In a bin, the gap is the distance between the mean confidence "
        "and the share that was right.",
        "A bin with 40 texts should count forty times as much as a bin with one; an empty bin counts nothing.",
        "The bins are closed on the right: a confidence on an edge belongs to the bin below. `np.digitize` with `right=True`, "
        "or `low < confidence <= high`, says so.",
    ),
)  # fmt: skip


def _parts(probabilities, labels):
    return probabilities.max(axis=-1), probabilities.argmax(axis=-1) == labels


def _bins(confidence, n_bins):
    """The index of the bin, closed on the right."""
    return np.clip(np.ceil(np.round(confidence * n_bins, 9)).astype(int) - 1, 0, n_bins - 1)


def _summary(confidence, right, bin_of):
    """Gap and share of each bin that holds anything."""
    found = [bin_of == index for index in np.unique(bin_of)]
    gaps = np.array([right[inside].mean() - confidence[inside].mean() for inside in found])
    return gaps, np.array([inside.mean() for inside in found])


@exercise.mistake(
    "every bin that holds anything counts the same, however few texts are in it",
    "should one odd text in a bin of its own weigh as much as forty texts in another?",
)
def bins_not_weighted(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    gaps, _ = _summary(confidence, right, _bins(confidence, n_bins))
    return float(np.abs(gaps).mean())


@exercise.mistake(
    "the gaps are added up and divided by the number of bins, empty ones included",
    "by what should the gap of a bin be weighted?",
)
def mean_over_all_bins(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    gaps, _ = _summary(confidence, right, _bins(confidence, n_bins))
    return float(np.abs(gaps).sum() / n_bins)


@exercise.mistake(
    "a confidence on the edge of a bin goes into the bin above",
    "the bins are closed on the right: which bin of ten does a confidence of exactly 0.7 belong to?",
)
def closed_on_the_left(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    bin_of = np.minimum(np.floor(np.round(confidence * n_bins, 9)).astype(int), n_bins - 1)
    gaps, shares = _summary(confidence, right, bin_of)
    return float(np.abs(gaps) @ shares)


@exercise.mistake(
    "a confidence of exactly 1 falls out of the last bin, and edges go to the bin above",
    "the bins are closed on the right: which side of each bin should hold its edge?",
)
def last_edge_lost(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    scaled = np.floor(np.round(confidence * n_bins, 9)).astype(int)
    total = 0.0
    for index in range(n_bins):
        inside = scaled == index
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


@exercise.mistake(
    "the probability of class 1 is taken for the confidence, and its share for the accuracy",
    "how sure is the model of a text to which it gives that class a probability of 0.05?",
)
def class_one_as_confidence(probabilities, labels, n_bins=10):
    confidence = probabilities[:, 1]
    gaps, shares = _summary(confidence, labels == 1, _bins(confidence, n_bins))
    return float(np.abs(gaps) @ shares)


@exercise.mistake(
    "the probability of class 1 is taken for the confidence and compared with whether the model was right",
    "what is the probability of the class that the model chose?",
)
def class_one_against_right(probabilities, labels, n_bins=10):
    confidence, right = probabilities[:, 1], _parts(probabilities, labels)[1]
    gaps, shares = _summary(confidence, right, _bins(confidence, n_bins))
    return float(np.abs(gaps) @ shares)


@exercise.mistake(
    "the probability of the true class is taken for the confidence",
    "the model doesn't know the true class: which of its numbers says how sure it was?",
)
def true_class_as_confidence(probabilities, labels, n_bins=10):
    confidence = probabilities[np.arange(len(labels)), labels]
    gaps, shares = _summary(confidence, _parts(probabilities, labels)[1], _bins(confidence, n_bins))
    return float(np.abs(gaps) @ shares)


@exercise.mistake(
    "confidence is compared with the labels themselves",
    "accuracy asks whether the prediction was right: how do you find that out?",
)
def label_for_correctness(probabilities, labels, n_bins=10):
    confidence = probabilities.max(axis=-1)
    gaps, shares = _summary(confidence, labels, _bins(confidence, n_bins))
    return float(np.abs(gaps) @ shares)


@exercise.mistake(
    "the gaps are squared",
    "which function takes the sign away and leaves the size as it is?",
)
def squared_gaps(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    gaps, shares = _summary(confidence, right, _bins(confidence, n_bins))
    return float(gaps**2 @ shares)


@exercise.mistake(
    "gaps upwards and downwards cancel each other",
    "a bin that is too sure and a bin that is not sure enough are both wrong: how do you keep that?",
)
def signed_gaps(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    gaps, shares = _summary(confidence, right, _bins(confidence, n_bins))
    return float(abs(gaps @ shares)) if n_bins > 1 else float(abs(gaps[0]))


@exercise.mistake(
    "gaps upwards and downwards cancel, and the sign is left on the result",
    "an error of calibration has a size but no sign: where should the sign go?",
)
def signed_result(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    return float(confidence.mean() - right.mean())


@exercise.mistake(
    "accuracy and mean confidence differ the other way round, with the sign left on and gaps cancelling",
    "a bin that is too sure and a bin that is not sure enough are both wrong: how do you keep that?",
)
def signed_the_other_way(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    return float(right.mean() - confidence.mean())


@exercise.mistake(
    "the largest gap is given, which is the maximum calibration error",
    "the *expected* error is a mean: over what?",
)
def largest_gap(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    return float(np.abs(_summary(confidence, right, _bins(confidence, n_bins))[0]).max())


@exercise.mistake(
    "the mean of an empty bin is nan, and it spreads",
    "how much should a bin without texts count?",
)
def empty_bins_are_nan(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    bin_of, total = _bins(confidence, n_bins), 0.0
    for index in range(n_bins):
        inside = bin_of == index
        total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


@exercise.mistake(
    "the middle of each bin stands in for its mean confidence",
    "the texts of a bin need not lie around its middle: what is their own mean?",
)
def middle_of_the_bin(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    bin_of = _bins(confidence, n_bins)
    gaps, shares = _summary((bin_of + 0.5) / n_bins, right, bin_of)
    return float(np.abs(gaps) @ shares)


@exercise.mistake(
    "there is one bin too few, since `linspace(0, 1, n_bins)` gives n_bins edges",
    "how many edges do ten bins side by side have?",
)
def one_bin_too_few(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    bin_of = np.digitize(confidence, np.linspace(0, 1, n_bins), right=True)
    gaps, shares = _summary(confidence, right, bin_of)
    return float(np.abs(gaps) @ shares)


@exercise.mistake(
    "there are always ten bins",
    "what is the third argument for?",
)
def always_ten_bins(probabilities, labels, n_bins=10):
    return reference.expected_calibration_error(probabilities, labels, 10)


@exercise.mistake(
    "every text is a bin of its own: this is the mean gap between confidence and being right",
    "a single text is right or wrong; only over several does a share of right answers mean something.",
)
def no_bins(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    return float(np.abs(confidence - right).mean())


@exercise.mistake(
    "every bin holds the same number of texts",
    "the exercise wants bins of the same width: where are their edges?",
)
def bins_of_equal_size(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    order = np.argsort(confidence, kind="stable")
    bin_of = np.empty(len(order), dtype=int)
    for index, part in enumerate(np.array_split(order, n_bins)):
        bin_of[part] = index
    gaps, shares = _summary(confidence, right, bin_of)
    return float(np.abs(gaps) @ shares)


@exercise.mistake(
    "the last bin, that of the surest texts, is never visited",
    "for ten bins, which index does your loop end with?",
)
def last_bin_skipped(probabilities, labels, n_bins=10):
    confidence, right = _parts(probabilities, labels)
    bin_of, total = _bins(confidence, n_bins), 0.0
    for index in range(n_bins - 1):
        inside = bin_of == index
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total
