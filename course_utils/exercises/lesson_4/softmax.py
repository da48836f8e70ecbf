"""Exercise: softmax."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Numbers
from course_utils.exercises.show import shown
from course_utils.reference import softmax as reference


def draw(generator: np.random.Generator) -> tuple[np.ndarray, int]:
    """An array of one to three axes, with logits near 0 or far from it, and any of its axes."""
    shape = tuple(generator.integers(2, 5, size=generator.integers(1, 4)))
    logits = generator.normal(generator.normal(0, 20), generator.choice([1, 10, 3000]), size=shape)
    return logits, int(generator.integers(-len(shape), len(shape)))


def sums_to_one(probabilities: np.ndarray, logits: np.ndarray, axis: int = -1) -> str | None:
    sums = np.asarray(probabilities, dtype=np.float64).sum(axis=axis)
    if np.allclose(sums, 1, atol=1e-2):
        return None
    odd = shown(float(sums.flat[np.abs(sums - 1).argmax()]))
    if sums.size > 1 and np.isclose(probabilities.sum(), 1, atol=1e-2):
        return f"Your rows don't sum to 1: the whole array does. Along `axis={axis}`, one row sums to {odd}."
    return (
        f"The probabilities of one text must sum to 1; in yours, one row along `axis={axis}` sums to {odd}."
    )


def none_below_zero(probabilities: np.ndarray, logits: np.ndarray, axis: int = -1) -> str | None:
    return f"A probability is never below 0; yours go down to {shown(float(probabilities.min()))}." * bool(
        probabilities.min() < 0
    )


exercise = Exercise(
    lesson=4,
    title="Softmax",
    points=2,
    reference=reference.softmax,
    form=Numbers(),
    returns="the probabilities, in an array of the shape of `logits`, summing to 1 along `axis`",
    cases=(
        Case((np.array([-1.2, 3.5]), -1), "two logits"),
        Case((np.array([[2.0, 1.0, 0.5], [0.0, -1.0, 3.0]]), -1), "a batch of two texts"),
        Case((np.array([[2.0, 1.0, 0.5], [0.0, -1.0, 3.0]]), 0), "classes along axis 0"),
        Case((np.array([1000.0, 0.0]), -1), "a logit of 1000"),
        Case((np.array([1000.0, 1001.5, 999.0]), -1), "logits around 1000"),
        Case(
            (np.array([[0.0, 1.0], [-2000.0, -2001.0]]), -1), "a text whose logits are far below the others'"
        ),
        Case((np.array([-2000.0, -2001.0]), -1), "logits that are all far below 0"),
        Case((np.array([-10000.0, 0.0, 10000.0]), -1), "logits from -10000 to 10000"),
        Case((np.array([[3.0], [-7.0]]), -1), "one class"),
        Case((np.array([2, 0, 1]), -1), "whole numbers"),
        Case((np.arange(12.0).reshape(2, 2, 3) % 5, 1), "three axes, classes along the middle one"),
        Case((np.array([[[1.0, 4.0, 2.0], [0.5, 0.0, -1.5]]]),), "three axes, with `axis` left out"),
    ),
    draw=draw,
    laws=(none_below_zero, sums_to_one),
    hints=(
        "Work through `[1.0, 0.0]` by hand: e to the power of each logit, then each divided by their sum.",
        "`axis` says along which axis the classes of one text lie; `keepdims=True` keeps a sum in a shape that "
        "divides the array it came from.",
        "Adding the same number to all logits of one text changes nothing. Choose the number so that the largest "
        "exponent of every text is 0.",
        "Three steps: take from each text its own largest logit, exponentiate, divide by the text's own sum. "
        "Both the largest and the sum run along `axis` and keep their dimensions.",
    ),
)


@exercise.mistake(
    "a large logit is exponentiated as it is, which gives inf, and inf / inf is nan",
    "which number may you subtract from all logits of a text without changing its probabilities?",
)
def no_shift(logits, axis=-1):
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


@exercise.mistake(
    "the sum runs over every text at once",
    "how many texts are in the array, and along which axis do the classes of one text lie?",
)
def sum_over_everything(logits, axis=-1):
    exponentials = np.exp(logits - np.max(logits))
    return exponentials / np.sum(exponentials)


@exercise.mistake(
    "the sum runs over every text at once, and large logits overflow as well",
    "print the sum for a batch of two texts, and count how many sums there should be.",
)
def sum_over_everything_without_shift(logits, axis=-1):
    return np.exp(logits) / np.sum(np.exp(logits))


@exercise.mistake(
    "one number, the largest of the whole array, is taken from every text, and a text far below it becomes 0 / 0",
    "which number would make the largest exponent of each text 0?",
)
def one_shift_for_all(logits, axis=-1):
    exponentials = np.exp(logits - np.max(logits))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


@exercise.mistake(
    "`axis` is not used, and the last axis is always taken",
    "follow the argument `axis` through your code: which calls should be given it?",
)
def always_the_last_axis(logits, axis=-1):
    return reference.softmax(logits, axis=-1)


@exercise.mistake(
    "the classes are always taken along axis 0, which in a batch holds the texts",
    "for shape (2, 3), two texts and three classes, which axis has length 3?",
)
def always_the_first_axis(logits, axis=-1):
    return reference.softmax(logits, axis=0)


@exercise.mistake(
    "the sum (or the maximum) loses its axis, so that NumPy lines it up with the wrong one",
    "compare the shape of the sum with and without `keepdims=True`.",
)
def keepdims_forgotten(logits, axis=-1):
    exponentials = np.exp(logits - np.max(logits, axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis)


@exercise.mistake(
    "the sum (or the maximum) loses its axis, and large logits overflow as well",
    "print the shape of the sum for a batch of two texts: can it divide the array row by row?",
)
def keepdims_and_shift_forgotten(logits, axis=-1):
    return np.exp(logits) / np.exp(logits).sum(axis=axis)


@exercise.mistake(
    "each logit is squashed by itself, which is the sigmoid",
    "how does the probability of one class learn of the logits of the others?",
)
def sigmoid(logits, axis=-1):
    return reference.sigmoid(logits)


@exercise.mistake(
    "each logit is divided by the sum of the logits, without the exponential",
    "what does that give for a negative logit, and what keeps every term above 0?",
)
def share_of_the_logits(logits, axis=-1):
    return logits / np.sum(logits, axis=axis, keepdims=True)


@exercise.mistake(
    "these are the logarithms of the probabilities",
    "what undoes a logarithm, or where does yours come in?",
)
def logarithms(logits, axis=-1):
    return reference.log_softmax(logits, axis)


@exercise.mistake(
    "the smallest logit of each text is subtracted, so that the others become larger still",
    "which exponents overflow, very positive or very negative ones?",
)
def shift_by_the_smallest(logits, axis=-1):
    exponentials = np.exp(logits - np.min(logits, axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


@exercise.mistake(
    "the mean of each text is subtracted, which still leaves large exponents when logits lie far apart",
    "which number of a text, taken away, leaves no exponent above 0?",
)
def shift_by_the_mean(logits, axis=-1):
    exponentials = np.exp(logits - np.mean(logits, axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


@exercise.mistake(
    "large logits are cut off at some limit, so that two different large logits become equal",
    "find a change that keeps the differences between the logits of a text, since only these count.",
)
def clipped(logits, axis=-1):
    exponentials = np.exp(np.clip(logits, -500, 500))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


@exercise.mistake(
    "the nan of an overflow is replaced by 0 afterwards",
    "by then the answer is lost: change the logits before they are exponentiated.",
)
def nan_replaced(logits, axis=-1):
    exponentials = np.exp(logits)
    return np.nan_to_num(exponentials / exponentials.sum(axis=axis, keepdims=True))


@exercise.mistake(
    "only the winner gets anything, as argmax would have it",
    "softmax shares the 1 out: how much is left for a logit just below the largest?",
)
def winner_takes_all(logits, axis=-1):
    return (logits == np.max(logits, axis=axis, keepdims=True)).astype(float)


@exercise.mistake(
    "the probabilities are rounded",
    "return them as they are, and round only where you print.",
)
def rounded(logits, axis=-1):
    return np.round(reference.softmax(logits, axis), 4)


@exercise.mistake(
    "the powers are those of 2, not of e",
    "look at the formula again: which NumPy function raises e?",
)
def powers_of_two(logits, axis=-1):
    powers = 2.0 ** (logits - np.max(logits, axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


@exercise.mistake(
    "the shift is never below 0, so that a text whose logits are all far below 0 still becomes 0 / 0",
    "which number should be taken from a text whose largest logit is -2000?",
)
def shift_never_below_zero(logits, axis=-1):
    exponentials = np.exp(logits - np.maximum(0, np.max(logits, axis=axis, keepdims=True)))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


@exercise.mistake(
    "the result takes over the whole-number type of the logits, which cuts each probability to 0 or 1",
    "which type does a probability need, and where is the array for the result made?",
)
def whole_number_result(logits, axis=-1):
    result = np.zeros_like(logits)
    result[...] = reference.softmax(logits, axis)
    return result


@exercise.mistake(
    "the exponential is taken of the quotient, not of the logits alone",
    "follow the brackets: what is raised to a power, and what is divided?",
)
def quotient_exponentiated(logits, axis=-1):
    return np.exp(logits / np.sum(np.exp(logits), axis=axis, keepdims=True))


@exercise.mistake(
    "axis 1 is written into the function, and one text by itself has no axis 1",
    "which argument says where the classes are?",
)
def always_axis_one(logits, axis=-1):
    exponentials = np.exp(logits - np.max(logits, axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


@exercise.mistake(
    "the shift is taken off above the line but not below it, so it doesn't cancel",
    "which two places must see the same numbers?",
)
def shifted_above_only(logits, axis=-1):
    shifted = np.exp(logits - np.max(logits, axis=axis, keepdims=True))
    return shifted / np.sum(np.exp(logits), axis=axis, keepdims=True)
