"""Exercise: confusion_matrix."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Numbers
from course_utils.exercises.show import shown
from course_utils.reference import metrics as reference


def draw(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
    """Predictions that are right more often than not, on classes that are not equally common."""
    classes, examples = int(generator.integers(3, 6)), int(generator.integers(20, 60))
    labels = np.minimum(generator.geometric(0.45, size=examples) - 1, classes - 1)
    guesses = generator.integers(0, classes, size=examples)
    return labels, np.where(generator.random(examples) < 0.6, labels, guesses), classes


def counts_every_example(
    matrix: np.ndarray, labels: np.ndarray, predictions: np.ndarray, n_classes: int
) -> str | None:
    total = matrix.sum()
    if np.isclose(total, len(labels)):
        return None
    return f"The cells must sum to the number of examples, {len(labels)}; yours sum to {shown(float(total))}."


exercise = Exercise(
    lesson=4,
    title="Confusion matrix",
    points=2,
    reference=reference.confusion_matrix,
    form=Numbers(),
    returns="an array [n_classes, n_classes] of counts: true classes in rows, predicted classes in columns",
    cases=(
        Case((np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 0]), 2), "five examples of two classes"),
        Case(
            (np.array([0, 1, 1, 1, 1, 0]), np.array([1, 0, 0, 1, 0, 1]), 2), "more false alarms than misses"
        ),
        Case((np.array([2, 0, 1, 2, 2, 0, 1]), np.array([2, 1, 1, 0, 2, 0, 2]), 3), "three classes"),
        Case((np.array([0, 1, 1, 0]), np.array([1, 1, 0, 0]), 4), "classes that never occur"),
        Case((np.array([1, 1, 1]), np.array([1, 1, 1]), 3), "one class, always right"),
        Case((np.array([2]), np.array([0]), 3), "one example"),
    ),
    draw=draw,
    laws=(counts_every_example,),
    hints=(
        "Start from a square of zeros. Each example adds 1 to one cell: which row, which column?",
        "A plain loop over pairs of (label, prediction) is a good answer.",
        "`matrix[labels, predictions] += 1` writes each cell once, however often it is named; `np.add.at` doesn't.",
    ),
)


@exercise.mistake(
    "rows and columns have changed places",
    "take one example of class 0 that was predicted as 1: which cell should it be counted in?",
)
def transposed(labels, predictions, n_classes):
    return reference.confusion_matrix(labels, predictions, n_classes).T


@exercise.mistake(
    "each row is divided by its sum, so that it holds shares",
    "the exercise asks for counts; divide later, where you show them.",
)
def shares_of_each_row(labels, predictions, n_classes):
    matrix = reference.confusion_matrix(labels, predictions, n_classes)
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


@exercise.mistake(
    "each cell is divided by the number of examples",
    "the exercise asks for counts; divide later, where you show them.",
)
def shares_of_all(labels, predictions, n_classes):
    return reference.confusion_matrix(labels, predictions, n_classes) / max(len(labels), 1)


@exercise.mistake(
    "the size comes from the classes that occur in these examples",
    "which argument knows of classes that no example belongs to?",
)
def size_from_the_examples(labels, predictions, n_classes):
    present = np.union1d(labels, predictions)
    places = np.searchsorted(present, labels), np.searchsorted(present, predictions)
    return reference.confusion_matrix(*places, len(present))


@exercise.mistake(
    "a cell that occurs twice is counted once, because `matrix[labels, predictions] += 1` writes it only once",
    "what does NumPy do with an index that is named twice, and which function adds up instead?",
)
def counted_once(labels, predictions, n_classes):
    matrix = np.zeros((n_classes, n_classes), dtype=int)
    matrix[labels, predictions] += 1
    return matrix


@exercise.mistake(
    "only the examples that are predicted right are counted",
    "where do the others go?",
)
def hits_only(labels, predictions, n_classes):
    return np.diag(np.bincount(labels[labels == predictions], minlength=n_classes))


@exercise.mistake(
    "only the examples that are predicted wrongly are counted",
    "what belongs on the diagonal?",
)
def misses_only(labels, predictions, n_classes):
    matrix = reference.confusion_matrix(labels, predictions, n_classes)
    return matrix - np.diag(matrix.diagonal())


@exercise.mistake(
    "the last class comes first in rows and columns",
    "which class should the cell in the upper left count?",
)
def last_class_first(labels, predictions, n_classes):
    return reference.confusion_matrix(labels, predictions, n_classes)[::-1, ::-1]


@exercise.mistake(
    "counting stops at the last cell that occurs, which leaves too few numbers for the square",
    "`np.bincount` has an argument for how many counts you want at least.",
)
def minlength_forgotten(labels, predictions, n_classes):
    return np.bincount(labels * n_classes + predictions).reshape(n_classes, n_classes)


@exercise.mistake(
    "the square is laid out in one row, as `ravel` does",
    "keep the square: which shape does the exercise ask for?",
)
def flattened(labels, predictions, n_classes):
    return reference.confusion_matrix(labels, predictions, n_classes).ravel()


@exercise.mistake(
    "every class is treated as a yes-or-no question, with four counts for each",
    "one square for all classes is asked for, in which each example is counted once.",
)
def one_square_a_class(labels, predictions, n_classes):
    return np.stack(
        [reference.confusion_matrix(labels == k, predictions == k, 2) for k in range(n_classes)]
    )  # fmt: skip


@exercise.mistake(
    "the size is the number of different classes among the true labels",
    "a prediction may name a class that no true label has: which argument gives the size?",
)
def size_from_the_labels(labels, predictions, n_classes):
    return reference.confusion_matrix(labels, predictions, len(np.unique(labels)))


@exercise.mistake(
    "the bins of a histogram stretch from the smallest class that occurs to the largest",
    "where should the first bin begin and the last one end, whatever occurs?",
)
def histogram_without_range(labels, predictions, n_classes):
    return np.histogram2d(labels, predictions, bins=n_classes)[0]


@exercise.mistake(
    "each label is paired with the predictions of all examples, by one loop inside another",
    "which prediction belongs to a label?",
)
def every_label_with_every_prediction(labels, predictions, n_classes):
    of_labels, of_predictions = (np.bincount(ids, minlength=n_classes) for ids in (labels, predictions))
    return np.outer(of_labels, of_predictions)


@exercise.mistake(
    "everything sits one row and one column off, and class 0 has gone to the end",
    "from which number do the classes count?",
)
def counting_from_one(labels, predictions, n_classes):
    return np.roll(reference.confusion_matrix(labels, predictions, n_classes), (-1, -1), axis=(0, 1))


@exercise.mistake(
    "all classes but 0 are thrown together",
    "how many rows do `n_classes` classes need?",
)
def two_by_two(labels, predictions, n_classes):
    return reference.confusion_matrix(labels > 0, predictions > 0, 2)


@exercise.mistake(
    "every row of the matrix is one and the same list, so that a count in one row shows in all",
    "does `[[0] * n] * n` make n rows, or one row n times?",
)
def one_row_many_times(labels, predictions, n_classes):
    matrix = [[0] * n_classes] * n_classes
    for label, prediction in zip(labels, predictions, strict=True):
        matrix[label][prediction] += 1
    return matrix
