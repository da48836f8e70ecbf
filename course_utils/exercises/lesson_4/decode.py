"""Exercise: decode."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Labels
from course_utils.exercises.lesson_4.drawing import draw_id2label
from course_utils.reference import decode as reference


def draw(generator: np.random.Generator) -> tuple[np.ndarray, dict[int, str]]:
    texts, classes = generator.integers(3, 7), generator.integers(3, 6)
    return generator.normal(0, 3, size=(texts, classes)), draw_id2label(generator, int(classes))


SENTIMENT = {0: "negative", 1: "positive"}
STARS = {1: "two stars", 0: "one star", 2: "three stars"}

exercise = Exercise(
    lesson=4,
    title="From logits to labels",
    points=1,
    reference=reference.decode,
    form=Labels(),
    returns="a list with the label of the largest logit of each text",
    cases=(
        Case((np.array([[-1.2, 3.5], [2.1, -0.3], [0.4, 0.6]]), SENTIMENT), "three texts, two classes"),
        Case((np.array([[-3.0, -1.0], [2.0, 5.0], [0.9, 0.7]]), SENTIMENT), "logits that are all below 0, or all above"),
        Case((np.array([[0.2, 1.5, -0.3], [2.0, 0.1, 0.4], [0.0, 0.5, 4.0], [3.0, 1.0, 2.0]]), STARS), "three classes"),
        Case((np.array([[2.0, -1.0], [0.3, 0.9], [1.0, 0.0]]), {0: "positive", 1: "negative"}), "a model that calls class 0 positive"),
        Case((np.array([[0.1, 0.7, 0.2]]), STARS), "one text"),
        Case((np.zeros((0, 2)), SENTIMENT), "no text at all"),
    ),
    draw=draw,
    hints=(
        "For one text by hand: which column holds the largest logit, and what does `id2label` call that column?",
        "`argmax` has an `axis`, too. Without one it looks through the whole batch and gives one number.",
        "`id2label` is a dict that knows one index at a time: go through the indices one after the other.",
    ),
)  # fmt: skip


@exercise.mistake(
    "a whole array of indices is looked up at once, which neither a list nor a dict can do",
    "what would the lookup be for one index, and how do you do it for each?",
)
def whole_array_looked_up(logits, id2label):
    return id2label[logits.argmax(axis=-1)]


@exercise.mistake(
    "`argmax` has no axis, so that it numbers the cells of the whole batch",
    "how many winners should a batch of three texts have?",
)
def argmax_of_the_whole_batch(logits, id2label):
    return id2label[int(np.argmax(logits))]


@exercise.mistake(
    "`argmax` has no axis, so that its number is past the end of the list of labels",
    "print `logits.argmax()` for three texts and two classes: what does that number count?",
)
def argmax_past_the_end_of_a_list(logits, id2label):
    return list(id2label.values())[np.argmax(logits)]


@exercise.mistake(
    "`argmax` runs down the columns, over the texts",
    "which axis should disappear when each text keeps one winner?",
)
def argmax_over_the_texts(logits, id2label):
    return [id2label[int(winner)] for winner in np.argmax(logits, axis=0)]


@exercise.mistake(
    "the labels are taken in the order in which the dict was written, not by their index",
    "a dict's keys say which index each label belongs to: how do you ask for one key?",
)
def order_of_the_dict(logits, id2label):
    labels = list(id2label.values())
    return [labels[winner] for winner in logits.argmax(axis=-1)]


@exercise.mistake(
    "the labels are sorted by name",
    "the model numbered its classes when it was trained: where is that numbering kept?",
)
def sorted_labels(logits, id2label):
    labels = sorted(id2label.values())
    return [labels[winner] for winner in logits.argmax(axis=-1)]


@exercise.mistake(
    "the names of the labels are written into the function",
    "which argument knows what this model calls its classes?",
)
def labels_by_hand(logits, id2label):
    return [["negative", "positive"][winner] for winner in logits.argmax(axis=-1)]


@exercise.mistake(
    "the names of the labels are written into the function, in capitals",
    "read them from the argument that came with the model.",
)
def capital_labels_by_hand(logits, id2label):
    return [["NEGATIVE", "POSITIVE"][winner] for winner in logits.argmax(axis=-1)]


@exercise.mistake(
    "the smallest logit wins",
    "does a higher logit speak for a class or against it?",
)
def smallest_logit(logits, id2label):
    return [id2label[int(winner)] for winner in logits.argmin(axis=-1)]


@exercise.mistake(
    "these are the indices of the classes",
    "one step is left: what does the model call each index?",
)
def indices(logits, id2label):
    return logits.argmax(axis=-1).tolist()


@exercise.mistake(
    "the last logit is compared with 0 as if it were a score by itself",
    "a logit means nothing alone: what should it be compared with?",
)
def sign_of_the_last_logit(logits, id2label):
    return [id2label[int(row[-1] > 0)] for row in logits]


@exercise.mistake(
    "the last logit is compared with 0.5 as if it were a probability",
    "can a probability be 3.5? What should a logit be compared with?",
)
def last_logit_above_a_half(logits, id2label):
    return [id2label[int(row[-1] > 0.5)] for row in logits]


@exercise.mistake(
    "the dict is asked for text, such as '1', where its keys are whole numbers",
    "print `id2label` and look at the keys. (In a config.json they are text; transformers turns them into int.)",
)
def keys_as_text(logits, id2label):
    return [id2label[str(winner)] for winner in logits.argmax(axis=-1)]


@exercise.mistake(
    "only the first text of the batch gets an answer",
    "there is an index 0 somewhere that picks one text: how many labels does the batch need?",
)
def first_text_only(logits, id2label):
    return [id2label[int(logits.argmax(axis=-1)[0])]]


@exercise.mistake(
    "these are the names that a config has before anyone names the classes",
    "which argument holds the real names?",
)
def placeholder_names(logits, id2label):
    return [f"LABEL_{winner}" for winner in logits.argmax(axis=-1)]


@exercise.mistake(
    "the classes are counted from 1",
    "from which number does argmax count, and which keys has `id2label`?",
)
def counting_from_one(logits, id2label):
    return [id2label[int(winner) + 1] for winner in logits.argmax(axis=-1)]


@exercise.mistake(
    "a list is asked for a whole array of indices at once",
    "a list takes one index at a time: how do you go through the winners one by one?",
)
def whole_array_looked_up_in_a_list(logits, id2label):
    return list(id2label.values())[logits.argmax(axis=-1)]
