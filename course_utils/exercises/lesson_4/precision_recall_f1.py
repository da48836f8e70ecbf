"""Exercise: precision_recall_f1."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Arrays
from course_utils.exercises.lesson_4.drawing import draw_matrix
from course_utils.reference import metrics as reference


def draw(generator: np.random.Generator) -> tuple[np.ndarray]:
    return (draw_matrix(generator, int(generator.integers(2, 6))),)


exercise = Exercise(
    lesson=4,
    title="Precision, recall and F1",
    points=2,
    reference=reference.precision_recall_f1,
    form=Arrays(("precision", "recall", "F1")),
    returns="three arrays [c], precision, recall and F1 of each class, with 0 where a figure would be 0 / 0",
    cases=(
        Case((np.array([[40, 10], [5, 45]]),), "a balanced matrix"),
        Case((np.array([[90, 0], [8, 2]]),), "a rare class, mostly missed"),
        Case((np.array([[5, 2, 0], [1, 7, 3], [0, 4, 8]]),), "three classes"),
        Case(
            (np.array([[10, 0, 0], [5, 5, 0], [0, 0, 0]]),),
            "a class that never occurs and is never predicted",
        ),
        Case((np.array([[8, 0, 2], [1, 0, 4], [0, 0, 9]]),), "a class that is never predicted"),
        Case((np.array([[8, 1], [0, 0]]),), "a class that never occurs, yet is predicted"),
        Case((np.array([[0, 3], [4, 0]]),), "nothing right"),
    ),
    draw=draw,
    hints=(
        "The diagonal holds the hits. What does the sum of a row count, and what that of a column?",
        "Precision asks about what was predicted as the class; recall about what truly is the class.",
        "A denominator of 0 comes with 0 hits. Replace that denominator by 1, and 0 / 1 is what you want.",
        "F1 is the harmonic mean, 2 · P · R / (P + R), and that denominator can be 0 too.",
    ),
)


def _safe(hits: np.ndarray, totals: np.ndarray) -> np.ndarray:
    return hits / np.where(totals > 0, totals, 1)


@exercise.mistake(
    "precision and recall have changed places",
    "rows are true classes here: which of the two divides by the sum of a row?",
)
def swapped(matrix):
    precision, recall, f1 = reference.precision_recall_f1(matrix)
    return recall, precision, f1


@exercise.mistake(
    "a class without predictions or without examples is divided by 0",
    "what should the figure of such a class be, and how do you keep its 0 / 0 from happening?",
)
def undefined_left_nan(matrix):
    hits, predicted, actual = matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)
    precision, recall = hits / predicted, hits / actual
    return precision, recall, 2 * precision * recall / (precision + recall)


@exercise.mistake(
    "precision and recall are guarded against 0 / 0, but F1 is not",
    "when is P + R itself 0?",
)
def f1_left_nan(matrix):
    precision, recall, _ = reference.precision_recall_f1(matrix)
    return precision, recall, 2 * precision * recall / (precision + recall)


@exercise.mistake(
    "a figure that would be 0 / 0 counts as 1",
    "has a class that was never found earned full marks? The exercise says which number to use.",
)
def undefined_counts_one(matrix):
    precision, recall, f1 = reference.precision_recall_f1(matrix)
    predicted, actual = matrix.sum(axis=0), matrix.sum(axis=1)
    f1 = np.where(predicted + actual > 0, f1, 1.0)
    return np.where(predicted > 0, precision, 1.0), np.where(actual > 0, recall, 1.0), f1


@exercise.mistake(
    "F1 is the ordinary mean of precision and recall",
    "with P = 1 and R = 0 the ordinary mean says 0.5: which mean says 0?",
)
def f1_as_ordinary_mean(matrix):
    precision, recall, _ = reference.precision_recall_f1(matrix)
    return precision, recall, (precision + recall) / 2


@exercise.mistake(
    "F1 is the geometric mean of precision and recall",
    "the harmonic mean has a sum below the line: what is it?",
)
def f1_as_geometric_mean(matrix):
    precision, recall, _ = reference.precision_recall_f1(matrix)
    return precision, recall, np.sqrt(precision * recall)


@exercise.mistake(
    "F1 lacks its factor of 2",
    "what should F1 be where precision and recall are both 1?",
)
def f1_without_two(matrix):
    precision, recall, f1 = reference.precision_recall_f1(matrix)
    return precision, recall, f1 / 2


@exercise.mistake(
    "each figure is averaged over the classes",
    "one number for each class is asked for; the averaging comes in the next exercise.",
)
def averaged(matrix):
    return tuple(float(figure.mean()) for figure in reference.precision_recall_f1(matrix))


@exercise.mistake(
    "only class 1, the positive one of two, is looked at",
    "each class has its own precision and recall: how many numbers does each array need?",
)
def class_one_only(matrix):
    return tuple(float(figure[1]) for figure in reference.precision_recall_f1(matrix))


@exercise.mistake(
    "the counts of all classes are pooled before dividing, which is the micro average",
    "keep the sums of the rows and of the columns apart, one for each class.",
)
def pooled(matrix):
    share = np.full(len(matrix), matrix.trace() / matrix.sum())
    return share, share, share


@exercise.mistake(
    "every hit is divided by the number of all examples",
    "precision divides by those predicted as the class; how many are these?",
)
def shares_of_all(matrix):
    share = matrix.diagonal() / matrix.sum()
    return share, share, share


@exercise.mistake(
    "the cells off the diagonal are taken for hits",
    "which cells count the examples that were predicted as what they are?",
)
def misses_for_hits(matrix):
    misses = matrix.sum(axis=0) - matrix.diagonal(), matrix.sum(axis=1) - matrix.diagonal()
    precision, recall = _safe(misses[0], matrix.sum(axis=0)), _safe(misses[1], matrix.sum(axis=1))
    return precision, recall, _safe(2 * precision * recall, precision + recall)


@exercise.mistake(
    "the three are columns of one table, with a row for each class",
    "return three arrays one after the other, so that a caller can unpack them.",
)
def one_table(matrix):
    return np.stack(reference.precision_recall_f1(matrix), axis=1)


@exercise.mistake(
    "both precision and recall divide by the sum of a column",
    "recall asks about all that truly are the class: where are these in the matrix?",
)
def columns_twice(matrix):
    precision = reference.precision_recall_f1(matrix)[0]
    return precision, precision, precision


@exercise.mistake(
    "both precision and recall divide by the sum of a row",
    "precision asks about all that were predicted as the class: where are these in the matrix?",
)
def rows_twice(matrix):
    recall = reference.precision_recall_f1(matrix)[1]
    return recall, recall, recall


@exercise.mistake(
    "the hits are added to the sum of a row or column that holds them already",
    "a class without any error should get 1: what does yours give, and why?",
)
def hits_counted_twice(matrix):
    hits = matrix.diagonal()
    precision, recall = _safe(hits, hits + matrix.sum(axis=0)), _safe(hits, hits + matrix.sum(axis=1))
    return precision, recall, _safe(2 * precision * recall, precision + recall)


@exercise.mistake(
    "the array made ready for the result takes over the whole-number type of the counts",
    "a fraction has no room in it: which type should it have?",
)
def whole_number_result(matrix):
    hits, predicted, actual = matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)
    precision = np.divide(hits, predicted, out=np.zeros_like(hits), where=predicted > 0)
    recall = np.divide(hits, actual, out=np.zeros_like(hits), where=actual > 0)
    return precision, recall, _safe(2 * precision * recall, precision + recall)


@exercise.mistake(
    "examples that rightly were not predicted as the class count as found, which makes recall an accuracy",
    "recall asks about the examples of the class alone: which row is that?",
)
def accuracy_for_recall(matrix):
    precision, total = reference.precision_recall_f1(matrix)[0], matrix.sum()
    refused = total - matrix.sum(axis=0) - matrix.sum(axis=1) + matrix.diagonal()
    recall = (matrix.diagonal() + refused) / total
    return precision, recall, _safe(2 * precision * recall, precision + recall)


@exercise.mistake(
    "a whole array is put into an `if`, and Python can't tell whether an array of several answers is true",
    "each class needs a guard of its own: which NumPy function chooses element by element?",
)
def array_in_an_if(matrix):
    predicted = matrix.sum(axis=0)
    return matrix.diagonal() / predicted if predicted > 0 else 0


@exercise.mistake(
    "the matrix is taken apart into four numbers, which only two classes have",
    "which sums over the matrix give such counts for any number of classes?",
)
def four_numbers(matrix):
    _, false_alarms, misses, hits = matrix.ravel()
    precision, recall = hits / (hits + false_alarms), hits / (hits + misses)
    return precision, recall, 2 * precision * recall / (precision + recall)


@exercise.mistake(
    "one cell each is taken for the hits, the false alarms and the misses of class 1, and 0 / 0 is left as it is",
    "each class has its own precision and recall: which cells belong to class 0, and to a third class?",
)
def cells_of_class_one(matrix):
    hits, false_alarms, misses = matrix[1, 1], matrix[0, 1], matrix[1, 0]
    return hits / (hits + false_alarms), hits / (hits + misses), 2 * hits / (2 * hits + false_alarms + misses)
