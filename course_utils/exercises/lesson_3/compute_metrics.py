"""Exercise: compute_metrics."""

from typing import Any, NamedTuple

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Fields, Number
from course_utils.reference import metrics
from course_utils.reference.fine_tuning import compute_metrics as reference
from course_utils.reference.softmax import softmax


class EvalPrediction(NamedTuple):
    """What `Trainer` hands over, as data: it unpacks, and its two parts have the names they have in transformers."""

    predictions: Any
    label_ids: np.ndarray


def handed_over(logits: list[list[float]], labels: list[int]) -> tuple[EvalPrediction]:
    return (EvalPrediction(np.array(logits, dtype=np.float32), np.array(labels)),)


def of(labels: list[int], predicted: list[int], classes: int, seed: int) -> tuple[EvalPrediction]:
    """Logits that have these winners, all different and none near another."""
    generator = np.random.default_rng(seed)
    logits = generator.uniform(-2, 1, size=(len(labels), classes)).round(1)
    rows = np.arange(len(labels))
    logits[rows, predicted] = logits.max(axis=1) + generator.uniform(0.2, 2, size=len(labels)).round(1)
    return (EvalPrediction(logits.astype(np.float32), np.array(labels)),)


def draw(generator: np.random.Generator) -> tuple[EvalPrediction]:
    """Every class occurs, and some are rarer than others."""
    classes = int(generator.integers(2, 5))
    counts = generator.permutation([20, 6, 9, 4][:classes])
    labels = generator.permutation(np.repeat(np.arange(classes), counts))
    logits = generator.normal(0, 1, size=(len(labels), classes)).astype(np.float32)
    logits[np.arange(len(labels)), labels] += np.float32(generator.uniform(0.5, 1.5))
    if generator.random() < 0.3:
        return (EvalPrediction((logits, generator.normal(size=(len(labels), 3))), labels),)
    return (EvalPrediction(logits, labels),)


def between_zero_and_one(value: dict[str, float], eval_pred: EvalPrediction) -> str | None:
    for name, number in value.items():
        if not 0 <= number <= 1:
            return f"`{name}` is a share, from 0 to 1; yours is {number:.4g}."
    return None


SKEWED = [0, 0, 0, 0, 0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 0, 0, 1, 0, 0]
THREE = [0, 0, 0, 0, 1, 1, 1, 2, 2, 0, 1], [0, 0, 1, 0, 1, 2, 1, 2, 0, 0, 1]

exercise = Exercise(
    lesson=3,
    title="What Trainer should report",
    points=1,
    reference=reference,
    form=Fields(("accuracy", "macro_f1"), Number()),
    returns="a dict with `accuracy` and `macro_f1`. `eval_pred` unpacks to `predictions, labels`; the predictions are "
    "logits, or, where a model gives out more than logits, a tuple that begins with them",
    cases=(
        Case(handed_over([[2.0, -1.0], [0.3, 0.9], [-0.5, 0.1], [1.2, 0.4]], [0, 1, 0, 0]), "four texts"),
        Case(of(*SKEWED, 2, 1), "a rare class"),
        Case(of(*THREE, 3, 2), "three classes"),
        Case(handed_over([[0.2, 1.4, -3.0], [5.0, 2.0, 3.1], [0.1, 0.0, 0.3]], [1, 0, 1]), "as many texts as classes"),
        Case(of([0, 0, 0, 1, 1, 2], [0, 0, 0, 0, 0, 2], 3, 3), "a class that is never predicted"),
        Case(handed_over([[-2.0, -1.0], [-0.5, -3.0], [-0.2, -0.1], [-4.0, -5.0], [-1.0, -2.0]], [1, 0, 0, 0, 1]), "logits that are all below 0"),
        Case((EvalPrediction((of(*THREE, 3, 4)[0].predictions, np.zeros((11, 2))), np.array(THREE[0])),), "a model that gives out more than logits"),
        Case(of([1, 1, 0, 1, 1, 0, 1], [1, 0, 0, 1, 1, 1, 1], 2, 5), "seven texts"),
    ),
    draw=draw,
    laws=(between_zero_and_one,),
    hints=(
        "Unpack `eval_pred`, and print the shape of both parts: what has to happen to a row of logits before it can be "
        "compared with a label?",
        "Accuracy is the share of texts whose class is right. Macro F1 is the mean of the F1 of every class.",
        "You may use scikit-learn: `f1_score` has an argument for the kind of average, and its default is another one.",
        "`isinstance(predictions, tuple)` says whether there is more than logits.",
    ),
)  # fmt: skip


def logits_of(eval_pred):
    return eval_pred[0][0] if isinstance(eval_pred[0], tuple) else eval_pred[0]


def figures(eval_pred, *, chosen=None, labels=None, f1=metrics.macro_f1):
    """The reference, with other predictions, other labels or another F1."""
    logits = logits_of(eval_pred)
    chosen = logits.argmax(axis=1) if chosen is None else chosen
    labels = eval_pred[1] if labels is None else labels
    matrix = metrics.confusion_matrix(labels, chosen, logits.shape[1])
    return {"accuracy": metrics.accuracy(matrix), "macro_f1": float(f1(matrix))}


def f1_of_classes(matrix):
    return metrics.precision_recall_f1(matrix)[2]


@exercise.mistake(
    "`macro_f1` is micro F1, which is the accuracy once more",
    "look at the argument `average`: which of its values lets every class count the same?",
)
def micro(eval_pred):
    return figures(eval_pred, f1=metrics.micro_f1)


@exercise.mistake(
    "`macro_f1` is the weighted F1: each class counts by how often it occurs",
    "how much should a rare class weigh in a macro average?",
)
def weighted(eval_pred):
    return figures(eval_pred, f1=lambda matrix: np.average(f1_of_classes(matrix), weights=matrix.sum(axis=1)))


@exercise.mistake(
    "`macro_f1` is the F1 of class 1 alone",
    "over which classes does a macro average go?",
)
def class_one_alone(eval_pred):
    return figures(eval_pred, f1=lambda matrix: f1_of_classes(matrix)[1])


@exercise.mistake(
    "`macro_f1` is the F1 of class 1 alone, and scikit-learn refuses that for three classes",
    "what does `f1_score` average over if you don't tell it? The message lists what you can tell it.",
)
def binary_default(eval_pred):
    from sklearn.metrics import accuracy_score, f1_score

    chosen, labels = logits_of(eval_pred).argmax(axis=1), eval_pred[1]
    return {"accuracy": accuracy_score(labels, chosen), "macro_f1": f1_score(labels, chosen)}


@exercise.mistake(
    "`macro_f1` is the mean of the recalls",
    "F1 has a second ingredient: which?",
)
def mean_recall(eval_pred):
    return figures(eval_pred, f1=lambda matrix: metrics.precision_recall_f1(matrix)[1].mean())


@exercise.mistake(
    "`macro_f1` is the mean of the precisions",
    "F1 has a second ingredient: which?",
)
def mean_precision(eval_pred):
    return figures(eval_pred, f1=lambda matrix: metrics.precision_recall_f1(matrix)[0].mean())


@exercise.mistake(
    "`macro_f1` is one F1, made from the mean precision and the mean recall",
    "which comes first, the harmonic mean of each class or the mean over classes?",
)
def f1_of_the_means(eval_pred):
    def f1(matrix):
        precision, recall = (figure.mean() for figure in metrics.precision_recall_f1(matrix)[:2])
        return 2 * precision * recall / (precision + recall)

    return figures(eval_pred, f1=f1)


@exercise.mistake(
    "both figures are percentages",
    "a share is asked for, from 0 to 1: where is your 100?",
)
def per_cent(eval_pred):
    return {name: 100 * value for name, value in reference(eval_pred).items()}


@exercise.mistake(
    "the accuracy is a percentage",
    "a share is asked for, from 0 to 1, as macro F1 is one.",
)
def accuracy_per_cent(eval_pred):
    value = reference(eval_pred)
    return value | {"accuracy": 100 * value["accuracy"]}


@exercise.mistake(
    "`accuracy` counts the texts that are right",
    "a share is asked for: of how many texts?",
)
def accuracy_as_a_count(eval_pred):
    value = reference(eval_pred)
    return value | {"accuracy": value["accuracy"] * len(eval_pred[1])}


@exercise.mistake(
    "the argmax runs down the texts, not across the classes",
    "how many predictions do you have, and how many texts?",
)
def argmax_over_texts(eval_pred):
    from sklearn.metrics import accuracy_score, f1_score

    chosen, labels = logits_of(eval_pred).argmax(axis=0), eval_pred[1]
    return {
        "accuracy": accuracy_score(labels, chosen),
        "macro_f1": f1_score(labels, chosen, average="macro"),
    }


@exercise.mistake(
    "the logits are compared with the labels as they are",
    "a label is one number and a row of logits has one for each class: which of them does the model choose?",
)
def no_argmax(eval_pred):
    from sklearn.metrics import accuracy_score

    return {"accuracy": accuracy_score(eval_pred[1], logits_of(eval_pred)), "macro_f1": 0.0}


@exercise.mistake(
    "all logits of a text are compared with its label, and the shapes don't go together",
    "which of its logits wins, and which number has that class?",
)
def logits_equal_labels(eval_pred):
    return {"accuracy": np.mean(logits_of(eval_pred) == eval_pred[1]), "macro_f1": 0.0}


@exercise.mistake(
    "a class is chosen where its logit is above 0",
    "what does that give for a text whose logits are all below 0? Which logit wins?",
)
def logit_above_zero(eval_pred):
    return figures(eval_pred, chosen=(logits_of(eval_pred) > 0).argmax(axis=1))


@exercise.mistake(
    "class 1 is chosen where its probability reaches a half",
    "with three classes none may reach it, and class 2 is never chosen: which class wins?",
)
def half_of_the_probability(eval_pred):
    return figures(eval_pred, chosen=(softmax(logits_of(eval_pred))[:, 1] >= 0.5).astype(int))


@exercise.mistake(
    "the smallest logit wins",
    "which of two classes does the model prefer, the one with the higher or with the lower logit?",
)
def smallest_logit(eval_pred):
    return figures(eval_pred, chosen=logits_of(eval_pred).argmin(axis=1))


@exercise.mistake(
    "the tuple of a model that gives out more than logits is taken for logits",
    "the exercise says what the predictions may be besides an array: how do you find out which it is?",
)
def tuple_not_opened(eval_pred):
    return figures(eval_pred, chosen=np.argmax(eval_pred[0], axis=-1))


@exercise.mistake(
    "a method of arrays is called on the predictions where they are a tuple, of a model that gives out more than logits",
    "which part of the tuple has that method, and how do you find out whether there is a tuple?",
)
def method_of_a_tuple(eval_pred):
    return figures(eval_pred, chosen=eval_pred[0].argmax(axis=-1))


@exercise.mistake(
    "the first row of logits is taken for all of them: `predictions[0]` is not always the first part of a tuple",
    "which type have the predictions here, and what does `[0]` give for it?",
)
def always_the_first_part(eval_pred):
    return figures(eval_pred, chosen=np.argmax(eval_pred[0][0], axis=1))


@exercise.mistake(
    "labels and predictions are unpacked the wrong way round",
    "print the shape of both: which of them has a number for each class?",
)
def unpacked_the_wrong_way_round(eval_pred):
    labels, predictions = eval_pred
    return {"accuracy": np.mean(predictions.argmax(axis=1) == labels), "macro_f1": 0.0}


@exercise.mistake(
    "one key is `f1`, where `macro_f1` is asked for",
    "`Trainer` puts `eval_` before each key: how should the figure be called that you look for later?",
)
def key_f1(eval_pred):
    value = reference(eval_pred)
    return {"accuracy": value["accuracy"], "f1": value["macro_f1"]}


@exercise.mistake(
    "the two figures come as a tuple",
    "`Trainer` needs a name for each: which of Python's collections has names?",
)
def as_a_tuple(eval_pred):
    return tuple(reference(eval_pred).values())


@exercise.mistake(
    "only the accuracy is given back, without a name",
    "`Trainer` needs a dict, and a second figure is asked for.",
)
def accuracy_alone(eval_pred):
    return reference(eval_pred)["accuracy"]


@exercise.mistake(
    "classes with an F1 of 0 are left out of the mean",
    "is a class that the model never finds any less of a class?",
)
def zeros_left_out(eval_pred):
    return figures(eval_pred, f1=lambda matrix: f1_of_classes(matrix)[f1_of_classes(matrix) > 0].mean())
