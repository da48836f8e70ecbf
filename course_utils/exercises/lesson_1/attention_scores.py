"""Exercise: attention_scores."""

import math

import numpy as np
import torch

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Numbers
from course_utils.exercises.lesson_1.drawing import WITHIN, fixed, normal
from course_utils.reference import attention as reference


def draw(generator: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Up to two leading axes, more keys than queries or fewer, a width of 2 to 8."""
    leading = generator.integers(1, 4, size=generator.integers(0, 3)).tolist()
    queries, keys, width = generator.integers(2, [5, 6, 9]).tolist()
    return normal(generator, *leading, queries, width), normal(generator, *leading, keys, width)


exercise = Exercise(
    lesson=1,
    title="Scores",
    points=1,
    reference=reference.attention_scores,
    form=Numbers(),
    returns="the scaled dot products, in a tensor [..., q, k]: row i holds the scores of query i with every key",
    cases=(
        Case((fixed(1, 2, 4), fixed(2, 3, 4)), "two queries and three keys"),
        Case((fixed(3, 3, 4), fixed(4, 3, 4)), "as many queries as keys"),
        Case((fixed(5, 3, 3), fixed(6, 3, 3)), "as many keys as the vectors are wide"),
        Case((fixed(7, 2, 3, 5), fixed(8, 2, 4, 5)), "a batch of two texts"),
        Case((fixed(9, 2, 2, 3, 4), fixed(10, 2, 2, 4, 4)), "a batch of two texts with two heads"),
        Case((fixed(11, 1, 16), fixed(12, 1, 16)), "one query and one key"),
        Case((fixed(13, 4, 1), fixed(14, 2, 1)), "vectors of width 1"),
    ),
    draw=draw,
    within=WITHIN,
    hints=(
        "Take one query and one key. Multiply them number by number and add up: that is one score, before scaling.",
        "A matrix product makes all the dot products at once. Its rows come from the left, its columns from the right: "
        "which of the two has to be turned on its side?",
        "Only the last two axes of the keys change places; whatever stands before them is the batch and stays. Look up "
        "`transpose` with negative axes.",
        "Then divide by the square root of the width of the vectors, which is the length of the last axis of `query`.",
    ),
)


@exercise.mistake(
    "the dot products are not scaled",
    "by what should they be divided, so that wider vectors don't give larger scores?",
)
def no_scaling(query, key):
    return query @ key.transpose(-2, -1)


@exercise.mistake(
    "the scores are divided by the width itself, not by its root",
    "how does the spread of a sum of d random numbers grow with d?",
)
def divided_by_the_width(query, key):
    return query @ key.transpose(-2, -1) / query.shape[-1]


@exercise.mistake(
    "the scores are multiplied by the root of the width",
    "should wide vectors give larger scores or smaller ones?",
)
def multiplied_by_the_root(query, key):
    return query @ key.transpose(-2, -1) * math.sqrt(query.shape[-1])


@exercise.mistake(
    "the scores are divided by the root of the number of keys",
    "which axis holds the numbers that a dot product adds up?",
)
def root_of_the_number_of_keys(query, key):
    return query @ key.transpose(-2, -1) / math.sqrt(key.shape[-2])


@exercise.mistake(
    "the scores are divided by the root of the number of queries",
    "which axis holds the numbers that a dot product adds up?",
)
def root_of_the_number_of_queries(query, key):
    return query @ key.transpose(-2, -1) / math.sqrt(query.shape[-2])


@exercise.mistake(
    "keys and queries have changed places, so that the rows belong to the keys",
    "in [..., q, k], whose scores should stand side by side in one row?",
)
def transposed_product(query, key):
    return key @ query.transpose(-2, -1) / math.sqrt(query.shape[-1])


@exercise.mistake(
    "the keys are multiplied as they are, without being turned on their side",
    "write the shapes of both sides of the product beneath each other: which two lengths have to meet in the middle?",
)
def not_transposed(query, key):
    return query @ key / math.sqrt(query.shape[-1])


@exercise.mistake(
    "all axes of the keys are reversed, the batch with them",
    "print the shape of the turned keys for a batch: which axes should have stayed?",
)
def all_axes_reversed(query, key):
    return query @ key.permute(*reversed(range(key.ndim))) / math.sqrt(query.shape[-1])


@exercise.mistake(
    "the first two axes of the keys change places; in a batch these aren't the last two",
    "count the axes from the end, since a batch adds its own at the front.",
)
def first_axes_swapped(query, key):
    return query @ key.transpose(0, 1) / math.sqrt(query.shape[-1])


@exercise.mistake(
    "the vectors are multiplied number by number, each query with the one key at its own place",
    "how many scores should two queries and three keys give?",
)
def number_by_number(query, key):
    return query * key / math.sqrt(query.shape[-1])


@exercise.mistake(
    "softmax has been applied already",
    "this exercise asks for the scores themselves; the weights come later.",
)
def softmax_as_well(query, key):
    return torch.softmax(reference.attention_scores(query, key), dim=-1)


@exercise.mistake(
    "the vectors are brought to length 1 first, which gives cosines",
    "should a longer vector get a larger score?",
)
def cosines(query, key):
    normalize = torch.nn.functional.normalize
    return normalize(query, dim=-1) @ normalize(key, dim=-1).transpose(-2, -1)
