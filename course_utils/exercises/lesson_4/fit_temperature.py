"""Exercise: fit_temperature."""

from collections.abc import Callable

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Number
from course_utils.reference import calibration as reference
from course_utils.reference.softmax import log_softmax, softmax


def _sample(
    generator: np.random.Generator, examples: int, classes: int, temperature: float
) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are `temperature` times as large as they should be, and labels drawn from what they should say."""
    logits = generator.normal(0, 1.8, size=(examples, classes))
    labels = np.array([generator.choice(classes, p=row) for row in softmax(logits)])
    return logits * temperature, labels


def draw(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return _sample(
        generator,
        int(generator.integers(80, 160)),
        int(generator.integers(2, 5)),
        float(generator.uniform(0.3, 4)),
    )


def above_zero(value: float, logits: np.ndarray, labels: np.ndarray) -> str | None:
    return None if value > 0 else f"A temperature is above 0; yours is {value:.4g}."


def no_better_neighbour(value: float, logits: np.ndarray, labels: np.ndarray) -> str | None:
    """At the minimum, a step of one per cent either way can't lower the loss."""
    here, above, below = (
        reference.negative_log_likelihood(logits / t, labels) for t in (value, value * 1.01, value / 1.01)
    )
    if min(above, below) >= here - 1e-12:
        return None
    way = "larger" if above < below else "smaller"
    return (
        f"Your T is {value:.4g}, and a slightly {way} one gives these labels a lower negative log-likelihood."
    )


exercise = Exercise(
    lesson=4,
    title="Temperature scaling",
    points=2,
    reference=reference.fit_temperature,
    form=Number(),
    returns="the T > 0 for which softmax(logits / T) gives the labels the least negative log-likelihood, within 0.5 %",
    cases=(
        Case(_sample(np.random.default_rng(1), 120, 2, 2.5), "a model that is too sure"),
        Case(_sample(np.random.default_rng(2), 120, 3, 0.4), "a model that is not sure enough"),
        Case(_sample(np.random.default_rng(3), 90, 4, 8.0), "a model that is far too sure"),
        Case((np.array([[2.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 0.0]]), np.array([0, 0, 1, 1])), "four texts, three of them right"),
        Case(_sample(np.random.default_rng(5), 120, 3, 14.0), "logits that are about fourteen times too large"),
    ),
    draw=draw,
    laws=(above_zero, no_better_neighbour),
    within=(5e-3, 0.0),
    fresh_cases=2,
    hints=(
        "First write the negative log-likelihood for a given T: divide the logits by T, take the log of softmax, pick the "
        "log-probability of each true class, and take minus their mean.",
        "T is one number, so you may simply look: try many values, on a scale that multiplies (`np.geomspace`), and keep the best.",
        "A first coarse search finds the neighbourhood; a second, fine one between the neighbours finds T to 0.5 %.",
        "`scipy.optimize.minimize_scalar` over log T does it in one call, with T = e to the power of what it finds. Make sure "
        "that the log of softmax is the stable one: a log of 0 misleads any search.",
    ),
)  # fmt: skip


def _search(losses: Callable[[np.ndarray], np.ndarray], low: float = 1e-3, high: float = 1e5) -> float:
    """The T between `low` and `high` with the least loss, by grids of growing fineness.

    `losses` is given all T of a grid at once, in an array [k, 1, 1], and returns their losses [k].
    """
    for _ in range(4):
        grid = np.geomspace(low, high, 30)
        best = int(np.argmin(losses(grid[:, None, None])))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return float(np.sqrt(low * high))


def _of_true_class(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean over the texts of the true class's value, for each T."""
    return values[:, np.arange(len(labels)), labels].mean(axis=-1)


def _likelihood(logits, labels):
    return lambda t: -_of_true_class(log_softmax(logits / t), labels)


@exercise.mistake(
    "this is 1 / T, the factor that multiplies the logits",
    "does a model that is too sure need a T above 1 or below 1?",
)
def one_over_t(logits, labels):
    return 1 / reference.fit_temperature(logits, labels)


@exercise.mistake(
    "this is the logarithm of T",
    "if you search over log T, which step leads back to T?",
)
def logarithm(logits, labels):
    return float(np.log(reference.fit_temperature(logits, labels)))


@exercise.mistake(
    "the temperature stays at 1",
    "for the first input, compare the negative log-likelihood at T = 1 and at T = 2: which is lower?",
)
def always_one(logits, labels):
    return 1.0


@exercise.mistake(
    "the search stays between 1 and 5",
    "what of a model that is not sure enough, or of one that is far too sure?",
)
def between_one_and_five(logits, labels):
    return float(np.clip(reference.fit_temperature(logits, labels), 1, 5))


@exercise.mistake(
    "the search stops at 10",
    "how large must T be for logits that are twenty times too large?",
)
def up_to_ten(logits, labels):
    return float(min(reference.fit_temperature(logits, labels), 10))


@exercise.mistake(
    "probabilities, not logits, are divided by T: softmax is applied before",
    "temperature scaling divides the raw scores: in which order do the two steps go?",
)
def probabilities_divided(logits, labels):
    return _search(_likelihood(softmax(logits), labels))


@exercise.mistake(
    "the model's own predictions stand in for the labels, and of those it can't be sure enough",
    "which argument has not been used yet?",
)
def predictions_for_labels(logits, labels):
    return _search(_likelihood(logits, logits.argmax(axis=-1)))


@exercise.mistake(
    "the temperature makes the expected calibration error least, not the negative log-likelihood",
    "the exercise names the loss: write it for a given T, and minimise that.",
)
def least_calibration_error(logits, labels):
    return _search(
        lambda t: np.array(
            [reference.expected_calibration_error(each, labels) for each in softmax(logits / t)]
        )
    )


@exercise.mistake(
    "the squared error of the probabilities (the Brier score) is made least",
    "the exercise names another loss: which number of each text does it look at?",
)
def least_squared_error(logits, labels):
    truth = np.eye(logits.shape[1])[labels]
    return _search(lambda t: ((softmax(logits / t) - truth) ** 2).mean(axis=(-2, -1)))


@exercise.mistake(
    "the probabilities of the true classes are averaged without their logarithm",
    "what does the 'log' in negative log-likelihood stand for?",
)
def logarithm_forgotten(logits, labels):
    return _search(lambda t: -_of_true_class(softmax(logits / t), labels))


@exercise.mistake(
    "the classes are taken along axis 0, over the texts",
    "along which axis do the probabilities of one text sum to 1?",
)
def softmax_over_the_texts(logits, labels):
    return _search(lambda t: -_of_true_class(log_softmax(logits / t, axis=-2), labels))


@exercise.mistake(
    "this is how widely the logits spread, whatever the labels say",
    "which argument has not been used yet?",
)
def spread_of_the_logits(logits, labels):
    return float(np.std(logits))


@exercise.mistake(
    "the mean confidence is made equal to the accuracy, a fair aim but another one",
    "which quantity should be least at your T?",
)
def confidence_matched_to_accuracy(logits, labels):
    accuracy = (logits.argmax(axis=-1) == labels).mean()
    return _search(lambda t: np.abs(softmax(logits / t).max(axis=-1).mean(axis=-1) - accuracy))


@exercise.mistake(
    "the log-probabilities of all labels are taken for every text, a square where a column is meant",
    "print the shape of what you average: how do you pick one entry from each row?",
)
def every_label_for_every_text(logits, labels):
    return _search(lambda t: -log_softmax(logits / t)[:, :, labels].mean(axis=(-2, -1)))


@exercise.mistake(
    "this is how low the loss gets, not the T at which it does",
    "which part of what your search gives holds the place of the minimum?",
)
def the_loss_itself(logits, labels):
    return reference.negative_log_likelihood(logits / reference.fit_temperature(logits, labels), labels)
