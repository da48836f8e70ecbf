"""Exercise: decode_or_abstain."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Labels
from course_utils.exercises.lesson_4.drawing import draw_id2label, draw_probabilities
from course_utils.reference import decode as reference
from course_utils.reference.softmax import softmax


def draw(generator: np.random.Generator) -> tuple[np.ndarray, dict[int, str], float]:
    classes = int(generator.integers(3, 6))
    probabilities = draw_probabilities(generator, int(generator.integers(6, 12)), classes)
    return probabilities, draw_id2label(generator, classes), float(generator.uniform(0.45, 0.7))


SENTIMENT = {0: "negative", 1: "positive"}
STARS = {1: "two stars", 0: "one star", 2: "three stars"}

exercise = Exercise(
    lesson=4,
    title="Decode or abstain",
    points=2,
    reference=reference.decode_or_abstain,
    form=Labels(optional=True),
    returns="a list with a label for each text, or None where the largest probability is below `threshold`",
    cases=(
        Case((np.array([[0.1, 0.9], [0.45, 0.55], [0.95, 0.05]]), SENTIMENT, 0.8), "three texts, one of them unsure"),
        Case((np.array([[0.25, 0.75], [0.5, 0.5], [0.875, 0.125]]), {1: "positive", 0: "negative"}, 0.75), "a probability of exactly the threshold"),
        Case((np.array([[0.35, 0.25, 0.4], [0.0, 0.1, 0.9], [0.3, 0.65, 0.05]]), STARS, 0.3), "a threshold that more than one class reaches"),
        Case((np.array([[0.4, 0.35, 0.25], [0.1, 0.2, 0.7], [0.34, 0.33, 0.33]]), STARS, 0.6), "three classes"),
        Case((np.array([[0.6, 0.4], [0.3, 0.7]]), SENTIMENT, 0.99), "no text sure enough"),
        Case((np.array([[0.6, 0.4], [0.3, 0.7]]), SENTIMENT, 0.0), "a threshold of 0"),
        Case((np.array([[0.97, 0.02, 0.01]]), STARS, 0.9), "one text"),
    ),
    draw=draw,
    hints=(
        "Two questions for each text: which class is the likeliest, and is its probability high enough?",
        "The list stays as long as the batch: None keeps the place of a text without an answer.",
        "The threshold is inclusive: a probability of exactly `threshold` is kept.",
        "The largest probability of each text and the index of it are two arrays of one length; walk through them together.",
    ),
)  # fmt: skip


@exercise.mistake(
    "a probability of exactly the threshold is turned away",
    "the exercise calls the threshold inclusive: which comparison says so?",
)
def strictly_above(probabilities, id2label, threshold):
    return [id2label[int(row.argmax())] if row.max() > threshold else None for row in probabilities]


@exercise.mistake(
    "the probability of class 1 alone is held against the threshold",
    "a text can be surely negative: whose probability says how sure the model is?",
)
def class_one_only(probabilities, id2label, threshold):
    return [id2label[int(row.argmax())] if row[1] >= threshold else None for row in probabilities]


@exercise.mistake(
    "texts without an answer are left out of the list",
    "how would a caller know which text each label belongs to?",
)
def abstentions_left_out(probabilities, id2label, threshold):
    return [id2label[int(row.argmax())] for row in probabilities if row.max() >= threshold]


@exercise.mistake(
    "an abstention is the text 'None', which looks like one more label",
    "what is the difference between `None` and `'None'`?",
)
def none_as_text(probabilities, id2label, threshold):
    return [id2label[int(row.argmax())] if row.max() >= threshold else "None" for row in probabilities]


@exercise.mistake(
    "an abstention is an empty text",
    "which value does the exercise ask for where there is no answer?",
)
def empty_text(probabilities, id2label, threshold):
    return [id2label[int(row.argmax())] if row.max() >= threshold else "" for row in probabilities]


@exercise.mistake(
    "softmax is applied to what already are probabilities, which flattens them",
    "what do the rows sum to before you touch them?",
)
def softmax_twice(probabilities, id2label, threshold):
    return reference.decode_or_abstain(softmax(probabilities), id2label, threshold)


@exercise.mistake(
    "the lead of the likeliest class over the second is held against the threshold",
    "which single number of each text does the exercise compare?",
)
def margin(probabilities, id2label, threshold):
    ordered = np.sort(probabilities, axis=-1)
    return [
        id2label[int(row.argmax())] if lead >= threshold else None
        for row, lead in zip(probabilities, ordered[:, -1] - ordered[:, -2], strict=True)
    ]


@exercise.mistake(
    "the first class that reaches the threshold wins, not the likeliest",
    "what if two classes reach a low threshold?",
)
def first_class_that_reaches_it(probabilities, id2label, threshold):
    reached = probabilities >= threshold
    return [id2label[int(row.argmax())] if row.any() else None for row in reached]


@exercise.mistake(
    "where no class reaches the threshold, class 0 is given",
    "what does argmax give for a row in which nothing is left?",
)
def never_abstains(probabilities, id2label, threshold):
    kept = np.where(probabilities >= threshold, probabilities, 0)
    return [id2label[int(winner)] for winner in kept.argmax(axis=-1)]


@exercise.mistake(
    "the threshold is not used",
    "what should happen to a text whose largest probability is below it?",
)
def threshold_ignored(probabilities, id2label, threshold):
    return reference.decode(probabilities, id2label)


@exercise.mistake(
    "the surest text of the batch decides for all of them",
    "each text has a largest probability of its own: along which axis is it found?",
)
def one_decision_for_all(probabilities, id2label, threshold):
    sure = probabilities.max() >= threshold
    return [id2label[int(row.argmax())] if sure else None for row in probabilities]


@exercise.mistake(
    "the labels are taken in the order in which the dict was written, not by their index",
    "a dict's keys say which index each label belongs to: how do you ask for one key?",
)
def order_of_the_dict(probabilities, id2label, threshold):
    labels = list(id2label.values())
    return [labels[row.argmax()] if row.max() >= threshold else None for row in probabilities]


@exercise.mistake(
    "the threshold is always 0.5",
    "what is the third argument for?",
)
def always_a_half(probabilities, id2label, threshold):
    return reference.decode_or_abstain(probabilities, id2label, 0.5)


@exercise.mistake(
    "a whole array is put into an `if`, and Python can't tell whether an array of several answers is true",
    "the question is asked once for each text: how do you go through them?",
)
def array_in_an_if(probabilities, id2label, threshold):
    return id2label[int(probabilities.argmax())] if probabilities.max(axis=-1) >= threshold else None


@exercise.mistake(
    "the threshold is always 0.8",
    "what is the third argument for?",
)
def always_four_fifths(probabilities, id2label, threshold):
    return reference.decode_or_abstain(probabilities, id2label, 0.8)


@exercise.mistake(
    "the sure texts get None and the doubtful ones a label",
    "read your comparison aloud: which way round is it?",
)
def keeps_the_doubtful(probabilities, id2label, threshold):
    return [None if row.max() >= threshold else id2label[int(row.argmax())] for row in probabilities]
