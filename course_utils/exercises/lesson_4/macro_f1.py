"""Exercise: macro_f1."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Number
from course_utils.exercises.lesson_4.drawing import draw_matrix
from course_utils.reference import metrics as reference


def draw(generator: np.random.Generator) -> tuple[np.ndarray]:
    return (draw_matrix(generator, int(generator.integers(2, 6))),)


def between_zero_and_one(value: float, matrix: np.ndarray) -> str | None:
    return None if 0 <= value <= 1 else f"Macro F1 lies between 0 and 1; yours is {value:.4g}."


exercise = Exercise(
    lesson=4,
    title="Macro F1",
    points=1,
    reference=reference.macro_f1,
    form=Number(),
    returns="one number, the mean of the F1 of all classes",
    cases=(
        Case((np.array([[40, 10], [5, 45]]),), "a balanced matrix"),
        Case((np.array([[900, 20], [60, 20]]),), "a skewed matrix"),
        Case((np.array([[5, 2, 0], [1, 7, 3], [0, 4, 8]]),), "three classes"),
        Case((np.array([[10, 0, 0], [5, 5, 0], [0, 0, 0]]),), "a class that never occurs"),
        Case((np.array([[8, 0, 2], [1, 0, 4], [0, 0, 9]]),), "a class that is never predicted"),
        Case((np.array([[8, 1, 3], [2, 6, 1], [0, 0, 0]]),), "a class that never occurs, yet is predicted"),
        Case((np.array([[30, 0], [12, 0]]),), "a model that always says class 0"),
    ),
    draw=draw,
    laws=(between_zero_and_one,),
    hints=(
        "Every class has its own F1, and every class counts the same, however rare it is.",
        "A class that never occurs and is never predicted has F1 = 0, and it is counted.",
        "You may write it by means of an F1 for each class: work those out first, then take their mean.",
    ),
)


def _figures(matrix):
    return reference.precision_recall_f1(matrix)


@exercise.mistake(
    "this is the share of all examples that are right: accuracy, which is what micro F1 comes to",
    "a rare class hardly moves that number: how would every class count the same?",
)
def accuracy(matrix):
    return matrix.trace() / matrix.sum()


@exercise.mistake(
    "each class counts by how often it occurs, which is the weighted F1",
    "in a macro average, how much does a class with three examples weigh?",
)
def weighted(matrix):
    return float(np.average(_figures(matrix)[2], weights=matrix.sum(axis=1)))


@exercise.mistake(
    "precision and recall are averaged first, and one F1 is made of the two means",
    "which comes first here, the harmonic mean of each class or the mean over classes?",
)
def f1_of_the_means(matrix):
    precision, recall = (figure.mean() for figure in _figures(matrix)[:2])
    return float(2 * precision * recall / (precision + recall))


@exercise.mistake(
    "classes whose F1 is 0 / 0 are left out of the mean",
    "the exercise counts such a class: with which value?",
)
def undefined_left_out(matrix):
    hits, predicted, actual = matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)
    return float(np.nanmean(2 * hits / np.where(predicted + actual > 0, predicted + actual, np.nan)))


@exercise.mistake(
    "classes that never occur are left out of the mean, even where they are predicted",
    "the mean runs over all classes of the matrix: by which number do you divide?",
)
def absent_left_out(matrix):
    return float(_figures(matrix)[2][matrix.sum(axis=1) > 0].mean())


@exercise.mistake(
    "classes with an F1 of 0 are left out of the mean",
    "is a class that the model never gets right any less of a class?",
)
def zeros_left_out(matrix):
    f1 = _figures(matrix)[2]
    return float(f1[f1 > 0].mean())


@exercise.mistake(
    "one class is 0 / 0, and its nan spreads to the mean",
    "which value should F1 take for a class with nothing predicted and nothing true?",
)
def nan_spreads(matrix):
    hits, predicted, actual = matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)
    precision, recall = hits / predicted, hits / actual
    return float((2 * precision * recall / (precision + recall)).mean())


@exercise.mistake(
    "only the F1 of class 1, the positive one of two, is given",
    "over which classes does a macro average go?",
)
def class_one_only(matrix):
    return float(_figures(matrix)[2][1])


@exercise.mistake(
    "the F1 values are added up, not averaged",
    "what is the largest value an average of F1 values can have?",
)
def summed(matrix):
    return float(_figures(matrix)[2].sum())


@exercise.mistake(
    "this is the mean of the recalls, also called balanced accuracy",
    "F1 has a second ingredient: which?",
)
def mean_recall(matrix):
    return float(_figures(matrix)[1].mean())


@exercise.mistake(
    "this is the mean of the precisions",
    "F1 has a second ingredient: which?",
)
def mean_precision(matrix):
    return float(_figures(matrix)[0].mean())


@exercise.mistake(
    "the F1 of each class is the ordinary mean of its precision and recall",
    "which mean of P and R is 0 as soon as one of them is?",
)
def ordinary_means(matrix):
    precision, recall, _ = _figures(matrix)
    return float(((precision + recall) / 2).mean())


@exercise.mistake(
    "the F1 of each class is given, not their mean",
    "one number is asked for.",
)
def one_for_each_class(matrix):
    return _figures(matrix)[2]


@exercise.mistake(
    "a class that never occurs and is never predicted counts as perfect",
    "which value does the exercise give to such a class?",
)
def undefined_counts_one(matrix):
    found = matrix.sum(axis=0) + matrix.sum(axis=1) > 0
    return float(np.where(found, _figures(matrix)[2], 1).mean())


@exercise.mistake(
    "a class counts for more, the more often it is predicted",
    "which weight does a macro average give to each class?",
)
def weighted_by_predictions(matrix):
    return float(np.average(_figures(matrix)[2], weights=matrix.sum(axis=0)))


@exercise.mistake(
    "one class is neither true nor predicted anywhere, and its 0 / 0 spreads to the mean",
    "print the F1 of each class before you average: which value does the exercise give to the odd one?",
)
def nan_of_an_empty_class(matrix):
    return float((2 * matrix.diagonal() / (matrix.sum(axis=0) + matrix.sum(axis=1))).mean())
