"""Exercise: cross_entropy."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Number
from course_utils.reference.fine_tuning import cross_entropy as reference
from course_utils.reference.softmax import log_softmax, sigmoid, softmax


def draw(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    examples, classes = int(generator.integers(2, 7)), int(generator.integers(2, 5))
    logits = generator.normal(0, float(generator.choice([1, 3])), size=(examples, classes))
    logits = (64 * logits).round() / 64  # so that float32 holds them exactly, near 10,000 as well
    if generator.random() < 0.3:  # a text that is far from the others
        logits[generator.integers(examples)] += generator.choice([-1e4, 1e4])
    return logits, generator.integers(0, classes, size=examples)


def not_below_what_the_winner_costs(value: float, logits: np.ndarray, labels: np.ndarray) -> str | None:
    least = float(np.mean(logits.max(axis=-1) - logits[np.arange(len(labels)), labels]))
    if value < least - 1e-6 * (1 + least):
        return (
            "The loss of a text is at least its largest logit less that of the true class. "
            f"For these logits the mean of that is {least:.6g}; your loss is {value:.6g}."
        )
    return None


exercise = Exercise(
    lesson=3,
    title="The loss",
    points=2,
    reference=reference,
    form=Number(),
    returns="one number, the mean loss of the texts, right for logits of 10,000 as well",
    cases=(
        Case((np.array([[2.0, -1.0], [0.5, 1.5], [-0.2, 0.1]]), np.array([0, 1, 0])), "three texts"),
        Case((np.array([[1.0, 0.2, -0.7], [0.3, 2.0, 0.1]]), np.array([2, 1])), "three classes"),
        Case((np.zeros((4, 2)), np.array([0, 1, 1, 0])), "logits of a head that knows nothing"),
        Case((np.array([[3.0, -2.0, 0.5]]), np.array([1])), "one text, and the model is wrong"),
        Case((np.array([[2, 0], [1, 4], [3, 1]]), np.array([0, 1, 1])), "logits that are whole numbers"),
        Case((np.array([[0.4, -0.3, 1.0], [2.0, 0.5, 0.1], [-1.0, 0.0, 0.7]]), np.array([2, 0, 1])), "as many texts as classes"),
        Case((np.array([[10000.0, 9999.0], [1.0, 2.0]]), np.array([0, 1])), "a logit of 10,000"),
        Case((np.array([[10000.0, -10000.0], [0.5, 0.1]]), np.array([1, 0])), "a model that is sure and wrong"),
        Case((np.array([[-10000.0, -10001.0, -9999.0], [0.0, 1.0, 2.0]]), np.array([1, 2])), "a text whose logits are all near -10,000"),
        Case((np.array([[50.0, 0.0], [0.0, 60.0], [1.0, 0.0]]), np.array([1, 0, 0])), "wrong by fifty and more"),
    ),
    draw=draw,
    laws=(not_below_what_the_winner_costs,),
    hints=(
        "For one text: the probability that the model gives to the true class, its logarithm, a minus in front. Then the "
        "mean over the texts.",
        "`table[np.arange(n), labels]` takes one number from each row: the one of the true class.",
        "The logarithm of a softmax can be had without the softmax: log(e^a / (e^a + e^b)) is a - log(e^a + e^b).",
        "A number taken from all logits of a text changes no probability. Which one leaves no exponent above 0?",
    ),
)  # fmt: skip


def of_the_true(table, labels):
    return table[np.arange(len(labels)), labels]


@exercise.mistake(
    "softmax is applied twice: the probabilities are treated as logits",
    "count the exponentials between a logit and your loss: how many should there be?",
)
def softmax_twice(logits, labels):
    return reference(softmax(logits), labels)


@exercise.mistake(
    "the probability itself is used, without its logarithm",
    "how large is your loss for a text that the model has quite wrong, and how large should it be able to get?",
)
def no_logarithm(logits, labels):
    return -of_the_true(softmax(logits), labels).mean()


@exercise.mistake(
    "the loss is 1 less the probability of the true class",
    "that stops at 1, however sure the model is of something wrong: which function of a probability has no such end?",
)
def one_less_the_probability(logits, labels):
    return (1 - of_the_true(softmax(logits), labels)).mean()


@exercise.mistake(
    "the exponential of a large logit overflows",
    "print `np.exp` of each logit: which number may be taken off all logits of a text before?",
)
def overflow(logits, labels):
    exponentials = np.exp(logits)
    return -np.log(of_the_true(exponentials / exponentials.sum(axis=1, keepdims=True), labels)).mean()


@exercise.mistake(
    "a probability is rounded to 0, and its logarithm is taken after that",
    "softmax is right here, but the detour over it is not: can the logarithm of a quotient be written without the quotient?",
)
def logarithm_of_zero(logits, labels):
    return -np.log(of_the_true(softmax(logits), labels)).mean()


@exercise.mistake(
    "1e-9 is added before the logarithm, so that no text can cost more than 20.7",
    "the model is sure and wrong by 20,000: can your loss see the difference to one that is wrong by 30?",
)
def small_number_added(logits, labels):
    return -np.log(of_the_true(softmax(logits), labels) + 1e-9).mean()


@exercise.mistake(
    "1e-12 is added before the logarithm, so that no text can cost more than 27.6",
    "that hides the 0 and keeps it: how do you come to the logarithm without passing a 0?",
)
def smaller_number_added(logits, labels):
    return -np.log(of_the_true(softmax(logits), labels) + 1e-12).mean()


@exercise.mistake(
    "the probabilities are cut off at 1e-7, so that no text can cost more than 16.1",
    "a text that is more wrong should cost more: at which step does yours lose that?",
)
def probabilities_clipped(logits, labels):
    return -np.log(np.clip(of_the_true(softmax(logits), labels), 1e-7, 1 - 1e-7)).mean()


@exercise.mistake(
    "the losses of the texts are added up, not averaged",
    "should the loss of a batch twice as large be twice as large?",
)
def summed(logits, labels):
    return reference(logits, labels) * len(labels)


@exercise.mistake(
    "the minus is missing",
    "the logarithm of a probability is 0 or less: what should a loss be for a text that is quite wrong?",
)
def no_minus(logits, labels):
    return -reference(logits, labels)


@exercise.mistake(
    "the mean runs over texts and classes, so the zeros of the other classes count as well",
    "how many numbers is the mean of, and how many texts are there?",
)
def mean_over_classes_too(logits, labels):
    return reference(logits, labels) / logits.shape[1]


@exercise.mistake(
    "one number, the largest of the whole array, is taken off every text, and a text far below it vanishes",
    "which number would leave the largest exponent of each text at 0?",
)
def one_shift_for_all(logits, labels):
    shifted = logits - logits.max()
    return (np.log(np.exp(shifted).sum(axis=1)) - of_the_true(shifted, labels)).mean()


@exercise.mistake(
    "the shift is taken off inside the exponentials only, and never put back",
    "your two terms, the logarithm and the logit of the true class: do both see the same logits?",
)
def shift_not_put_back(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return (np.log(np.exp(shifted).sum(axis=1)) - of_the_true(logits, labels)).mean()


@exercise.mistake(
    "the logarithm is that to base 2",
    "the loss of a head that knows nothing should be 0.69 for two classes: what is yours?",
)
def base_two(logits, labels):
    return reference(logits, labels) / np.log(2)


@exercise.mistake(
    "the logarithm is that to base 10",
    "look at the names of NumPy's logarithms: which undoes `np.exp`?",
)
def base_ten(logits, labels):
    return reference(logits, labels) / np.log(10)


@exercise.mistake(
    "the class that the model prefers is taken, not the true one",
    "your loss is low even where the model is wrong: where do the labels come in?",
)
def predicted_class(logits, labels):
    return -log_softmax(logits).max(axis=1).mean()


@exercise.mistake(
    "each class is judged by itself with a sigmoid, which is binary cross-entropy",
    "here one class of several is true: which function makes them share the probability?",
)
def binary_cross_entropy(logits, labels):
    targets = np.eye(logits.shape[1])[labels]
    return (np.logaddexp(0, logits) - targets * logits).mean()


@exercise.mistake(
    "the sigmoid of the true class's logit is taken for its probability",
    "does your loss change when another class's logit grows? It should.",
)
def sigmoid_of_the_true(logits, labels):
    return np.logaddexp(0, -of_the_true(logits, labels)).mean()


@exercise.mistake(
    "there is one loss for each text, not their mean",
    "one number is asked for.",
)
def one_for_each_text(logits, labels):
    return of_the_true(-log_softmax(logits), labels)


@exercise.mistake(
    "the logit itself is used, as if it were the logarithm of a probability already",
    "what would it take for the exponentials of a text's logits to sum to 1?",
)
def bare_logits(logits, labels):
    return -of_the_true(logits, labels).mean()


@exercise.mistake(
    "`[:, labels]` takes the columns of all labels from every text",
    "print the shape of what you pick: one number for each text is wanted. What picks row by row?",
)
def columns_of_all_labels(logits, labels):
    return -log_softmax(logits)[:, labels].mean()


@exercise.mistake(
    "the softmax runs down the texts, not across the classes",
    "which numbers should sum to 1, those of a text or those of a class?",
)
def softmax_over_texts(logits, labels):
    return -of_the_true(log_softmax(logits, axis=0), labels).mean()


@exercise.mistake(
    "the sum under the softmax runs over the whole batch",
    "how many sums should there be for three texts?",
)
def softmax_over_everything(logits, labels):
    everything = log_softmax(logits.ravel()).reshape(logits.shape)
    return -of_the_true(everything, labels).mean()


@exercise.mistake(
    "the mean is taken of the probabilities, and the logarithm of the mean",
    "in which order do the logarithm and the mean come?",
)
def logarithm_of_the_mean(logits, labels):
    probabilities = of_the_true(softmax(logits), labels)
    return -np.log(probabilities.mean())


@exercise.mistake(
    "this is the mean squared difference to the one-hot labels",
    "that is another loss, the Brier score: where is your logarithm?",
)
def squared_error(logits, labels):
    return ((softmax(logits) - np.eye(logits.shape[1])[labels]) ** 2).mean()


@exercise.mistake(
    "the logarithms of all classes are used, each with the weight of its own probability: that is entropy",
    "it is lowest where the model is sure, right or wrong: where do the labels come in?",
)
def entropy(logits, labels):
    return -(softmax(logits) * log_softmax(logits)).sum(axis=1).mean()


@exercise.mistake(
    "the sigmoid and the logarithm are taken of class 1 alone",
    "which class is the true one, and does the number of classes matter in your code?",
)
def class_one_alone(logits, labels):
    one = sigmoid(logits[:, 1])
    return -np.where(labels == 1, np.log(one), np.log(1 - one)).mean()
