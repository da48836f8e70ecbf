"""Random inputs that several exercises of the lesson draw from."""

import numpy as np

WORDS = ("joy", "anger", "fear", "sadness", "surprise", "love", "neutral", "disgust", "pride", "relief")


def draw_id2label(generator: np.random.Generator, classes: int) -> dict[int, str]:
    """Labels for `classes` indices, inserted in an order that is never that of the indices."""
    names = generator.permutation(WORDS)[:classes].tolist()
    order = generator.permutation(classes).tolist()
    if order == sorted(order):
        order = order[::-1]
    return {index: names[index] for index in order}


def draw_probabilities(
    generator: np.random.Generator, examples: int, classes: int, spread: float = 2.0
) -> np.ndarray:
    """Rows that sum to 1, some sure and some not."""
    exponentials = np.exp(generator.normal(0, spread, size=(examples, classes)))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def draw_matrix(generator: np.random.Generator, classes: int) -> np.ndarray:
    """A confusion matrix of a skewed problem, one class of which may never occur or never be predicted."""
    matrix = generator.integers(0, 30, size=(classes, classes)) + np.diag(
        generator.integers(10, 80, size=classes)
    )
    matrix[0] *= generator.integers(1, 6)
    empty = generator.integers(0, 4)
    if empty == 1:
        matrix[-1] = 0
    if empty == 2:
        matrix[:, -1] = 0
    return matrix
