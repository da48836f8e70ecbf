"""Exercise: merge_heads."""

import numpy as np
import torch

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Numbers
from course_utils.exercises.lesson_1.drawing import WITHIN, normal
from course_utils.exercises.lesson_1.split_heads import counted
from course_utils.reference import attention as reference


def draw(generator: np.random.Generator) -> tuple[torch.Tensor]:
    return (normal(generator, *generator.integers(1, [4, 5, 6, 5]).tolist()),)


exercise = Exercise(
    lesson=1,
    title="Merge the heads",
    points=1,
    reference=reference.merge_heads,
    form=Numbers(),
    returns="a tensor [b, t, n * d]: for each token the pieces of all heads side by side, head 0 first",
    cases=(
        Case((counted(1, 2, 3, 2),), "two heads, three tokens"),
        Case((counted(2, 3, 4, 2),), "a batch of two texts with three heads"),
        Case((counted(1, 2, 2, 2),), "two heads, two tokens, width 2, so that no shape gives a mistake away"),
        Case((counted(2, 2, 3, 6),), "heads of width 6"),
        Case((counted(1, 1, 3, 4),), "one head"),
        Case((counted(2, 4, 3, 1),), "heads of width 1"),
        Case((counted(2, 2, 1, 3),), "one token"),
        Case((reference.split_heads(counted(2, 3, 8), 2),), "heads as a split left them"),
    ),
    draw=draw,
    within=WITHIN,
    hints=(
        "It undoes the split. Which two axes changed places there?",
        "After they have changed back, the axes are batch, tokens, heads, width. The last two become one.",
        "`transpose` only changes how the numbers are read, not where they lie. `view` may then refuse; `reshape` and "
        "`flatten` don't.",
    ),
)


@exercise.mistake(
    "the numbers are poured into the final shape in the order they come, so that a token gets pieces of other tokens",
    "which two axes have to change places first?",
)
def straight_to_the_shape(heads):
    batch, n_heads, length, width = heads.shape
    return heads.reshape(batch, length, n_heads * width)


@exercise.mistake(
    "`view` is asked for a shape that the transposed numbers don't lie in",
    "read the second half of the message again: which other function does it name?",
)
def view_after_transpose(heads):
    batch, n_heads, length, width = heads.shape
    return heads.transpose(1, 2).view(batch, length, n_heads * width)


@exercise.mistake(
    "the heads are averaged, which throws away what makes them differ",
    "each token should keep the pieces of *all* heads: how wide is that?",
)
def averaged(heads):
    return heads.mean(dim=1)


@exercise.mistake(
    "the heads are added up",
    "each token should keep the pieces of *all* heads: how wide is that?",
)
def added_up(heads):
    return heads.sum(dim=1)


@exercise.mistake(
    "only the first head is kept",
    "where do the pieces of the other heads go?",
)
def first_head_only(heads):
    return heads[:, 0]


@exercise.mistake(
    "the numbers of the heads alternate: the first of each head, then the second of each",
    "which of the last two axes should run faster, the heads or the width?",
)
def heads_alternate(heads):
    return heads.permute(0, 2, 3, 1).flatten(start_dim=2)


@exercise.mistake(
    "the heads are put one after the other along the tokens",
    "which axis should grow longer, that of the tokens or that of the vectors?",
)
def one_after_the_other(heads):
    return heads.flatten(1, 2)


@exercise.mistake(
    "tokens and heads have changed places, but heads and width are still two axes",
    "three axes are asked for: which two of yours become one?",
)
def transposed_only(heads):
    return heads.transpose(1, 2)


@exercise.mistake(
    "the tokens have become the last axis",
    "which axis holds the tokens in [b, t, n * d]?",
)
def tokens_last(heads):
    return reference.merge_heads(heads).transpose(1, 2)


@exercise.mistake(
    "axes of length 1 are dropped, so that one text by itself loses its batch axis",
    "which of your calls removes axes, and does the exercise ask for that?",
)
def short_axes_dropped(heads):
    return reference.merge_heads(heads).squeeze()


@exercise.mistake(
    "the last head comes first",
    "in which order do you put the pieces together?",
)
def last_head_first(heads):
    return reference.merge_heads(heads.flip(1))
