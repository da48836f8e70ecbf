"""Exercise: decode_multilabel."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import LabelLists
from course_utils.exercises.lesson_4.drawing import draw_id2label
from course_utils.reference import decode as reference
from course_utils.reference.softmax import sigmoid, softmax


def draw(generator: np.random.Generator) -> tuple[np.ndarray, dict[int, str], float]:
    texts, classes = int(generator.integers(4, 8)), int(generator.integers(3, 6))
    threshold = float(generator.choice([0.2, 0.35, 0.65, 0.8]) + generator.uniform(-0.05, 0.05))
    return generator.normal(0, 2, size=(texts, classes)), draw_id2label(generator, classes), threshold


TOPICS = {2: "music", 0: "acting", 1: "story"}

exercise = Exercise(
    lesson=4,
    title="Several labels at once",
    points=1,
    reference=reference.decode_multilabel,
    form=LabelLists(),
    returns="a list with, for each text, the list of all labels whose own probability (sigmoid) is at least `threshold`",
    cases=(
        Case((np.array([[2.0, 1.0, -3.0], [-1.0, -2.0, 0.3]]), TOPICS, 0.5), "a text with two labels"),
        Case((np.array([[-4.0, -3.0, -2.0], [3.0, 2.0, 4.0]]), TOPICS, 0.5), "a text without any label"),
        Case((np.array([[0.0, -1.0, 1.0], [0.0, 0.0, 0.0]]), TOPICS, 0.5), "a probability of exactly the threshold"),
        Case((np.array([[-1.0, 0.2, 3.0], [0.6, -2.0, -0.5]]), TOPICS, 0.25), "a threshold of 0.25"),
        Case((np.array([[1.0, 0.2, 3.0], [2.5, -2.0, 0.7]]), TOPICS, 0.9), "a threshold of 0.9"),
        Case((np.array([[0.2, -0.4, 0.3], [0.4, 0.1, -0.2]]), TOPICS, 0.5), "logits near 0"),
        Case((np.array([[-1000.0, 1000.0, 0.5]]), TOPICS, 0.5), "a logit of -1000"),
        Case((np.zeros((0, 3)), TOPICS, 0.5), "no text at all"),
        Case((np.array([[0.9, -0.1, 0.1], [-0.6, 0.6, -0.3]]), TOPICS), "`threshold` left out"),
    ),
    draw=draw,
    hints=(
        "Each label is a yes-or-no question of its own, and the answers to one text need not sum to 1.",
        "The sigmoid, 1 / (1 + e to the power of minus the logit), gives each label its own probability.",
        "For each text, go through its probabilities together with their indices and keep the names of those that reach "
        "the threshold, including one that is exactly there.",
    ),
)  # fmt: skip


@exercise.mistake(
    "the labels share one probability out among them, which is softmax",
    "if a review praises acting, story and music, how large can three shares of 1 be?",
)
def softmax_for_sigmoid(logits, id2label, threshold=0.5):
    probabilities = softmax(logits)
    return [[id2label[int(i)] for i in np.flatnonzero(row >= threshold)] for row in probabilities]


@exercise.mistake(
    "the logits themselves are held against the threshold",
    "the threshold is a probability: what turns one logit into one?",
)
def threshold_on_logits(logits, id2label, threshold=0.5):
    return [[id2label[int(i)] for i in np.flatnonzero(row >= threshold)] for row in logits]


@exercise.mistake(
    "each text gets exactly one label, the largest",
    "how many labels may a text have here, and how few?",
)
def one_label_each(logits, id2label, threshold=0.5):
    return [[id2label[int(row.argmax())]] for row in logits]


@exercise.mistake(
    "a probability of exactly the threshold is turned away",
    "the threshold is inclusive: which comparison says so?",
)
def strictly_above(logits, id2label, threshold=0.5):
    return [[id2label[int(i)] for i in np.flatnonzero(row > threshold)] for row in sigmoid(logits)]


@exercise.mistake(
    "the threshold is not used: every logit from 0 up is kept, whatever it is",
    "which probability does a logit of 0 stand for, and is that always your threshold?",
)
def always_a_half(logits, id2label, threshold=0.5):
    return reference.decode_multilabel(logits, id2label)


@exercise.mistake(
    "probabilities are rounded, which knows no threshold but one half (and rounds that one down)",
    "compare with the argument `threshold` instead.",
)
def rounded(logits, id2label, threshold=0.5):
    return [[id2label[int(i)] for i in np.flatnonzero(np.round(row))] for row in sigmoid(logits)]


@exercise.mistake(
    "a text that reaches no threshold is given its best label all the same",
    "what should the list of a text be to which no label applies?",
)
def at_least_one(logits, id2label, threshold=0.5):
    found = reference.decode_multilabel(logits, id2label, threshold)
    return [labels or [id2label[int(row.argmax())]] for labels, row in zip(found, logits, strict=True)]


@exercise.mistake(
    "these are the indices of the classes",
    "one step is left: what does the model call each index?",
)
def indices(logits, id2label, threshold=0.5):
    return [np.flatnonzero(row >= threshold).tolist() for row in sigmoid(logits)]


@exercise.mistake(
    "each text has a yes or no for every class",
    "keep only the names of the classes that got a yes.",
)
def yes_or_no(logits, id2label, threshold=0.5):
    return (sigmoid(logits) >= threshold).astype(int).tolist()


@exercise.mistake(
    "the labels of all texts are in one list",
    "how would a caller know which text a label belongs to?",
)
def one_list_for_all(logits, id2label, threshold=0.5):
    return [id2label[int(column)] for _, column in np.argwhere(sigmoid(logits) >= threshold)]


@exercise.mistake(
    "the labels are taken in the order in which the dict was written, not by their index",
    "a dict's keys say which index each label belongs to: how do you ask for one key?",
)
def order_of_the_dict(logits, id2label, threshold=0.5):
    labels = list(id2label.values())
    return [[labels[i] for i in np.flatnonzero(row >= threshold)] for row in sigmoid(logits)]


@exercise.mistake(
    "a text without labels has vanished, and the texts after it have moved up",
    "how many lists does the batch need, and what does the list of such a text hold?",
)
def empty_left_out(logits, id2label, threshold=0.5):
    return [found for found in reference.decode_multilabel(logits, id2label, threshold) if found]


@exercise.mistake(
    "high logits leave and low ones stay: the sign in the exponent is lost",
    "what is your sigmoid at 10 and at -10, and what should it be?",
)
def sign_lost(logits, id2label, threshold=0.5):
    return reference.decode_multilabel(-logits, id2label, threshold)


@exercise.mistake(
    "the sigmoid is applied twice, which lifts everything above 0.5",
    "how often does a logit pass through it in your code?",
)
def sigmoid_twice(logits, id2label, threshold=0.5):
    return reference.decode_multilabel(sigmoid(logits), id2label, threshold)


@exercise.mistake(
    "a whole row is put into an `if`, and Python can't tell whether an array of several answers is true",
    "each label is a question of its own: how do you go through them?",
)
def array_in_an_if(logits, id2label, threshold=0.5):
    return [[id2label[i] for i in id2label if row >= threshold] for row in sigmoid(logits)]
