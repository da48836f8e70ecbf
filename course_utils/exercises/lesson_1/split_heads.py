"""Exercise: split_heads."""

import math

import numpy as np
import torch

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Numbers
from course_utils.exercises.lesson_1.drawing import WITHIN, normal
from course_utils.reference import attention as reference


def draw(generator: np.random.Generator) -> tuple[torch.Tensor, int]:
    batch, length, heads, width = generator.integers(1, [4, 6, 5, 5]).tolist()
    return normal(generator, batch, length, heads * width), heads


def counted(*shape: int) -> torch.Tensor:
    """1, 2, 3, ... in a tensor of this shape, so that each number shows where it went."""
    return torch.arange(1.0, 1 + math.prod(shape)).reshape(shape)


exercise = Exercise(
    lesson=1,
    title="Split into heads",
    points=1,
    reference=reference.split_heads,
    form=Numbers(),
    returns="a tensor [b, n_heads, t, h / n_heads]: head 0 holds the first piece of every token's vector, and so on",
    cases=(
        Case((counted(1, 2, 6), 2), "two tokens, two heads of width 3"),
        Case((counted(2, 3, 6), 3), "a batch of two texts, three heads of width 2"),
        Case((counted(1, 2, 4), 2), "two tokens, two heads, width 2, so that no shape gives a mistake away"),
        Case((counted(2, 4, 8), 4), "four tokens, four heads"),
        Case((counted(1, 3, 4), 1), "one head"),
        Case((counted(2, 3, 4), 4), "heads of width 1"),
        Case((counted(2, 1, 6), 2), "one token"),
    ),
    draw=draw,
    within=WITHIN,
    hints=(
        "Write two tokens of width 4 on paper, 1 2 3 4 and 5 6 7 8, and cut each in two. Head 0 should hold 1 2 and 5 6.",
        "Two steps. First cut the last axis in two, without moving any number: which of the two new axes comes first?",
        "After the cut the axes are batch, tokens, heads, width. Which two have to change places?",
        "Changing places is `transpose`. Asking `view` or `reshape` for the final shape at once gives the right shape "
        "with the numbers in the wrong places.",
    ),
)


@exercise.mistake(
    "the numbers are poured into the final shape in the order they come, so that a head gets whole tokens",
    "cut the last axis first, and only then let two axes change places.",
)
def straight_to_the_shape(hidden, n_heads):
    batch, length, width = hidden.shape
    return hidden.reshape(batch, n_heads, length, width // n_heads)


@exercise.mistake(
    "the vectors are cut, but tokens still come before heads",
    "which two axes have to change places now?",
)
def not_transposed(hidden, n_heads):
    batch, length, width = hidden.shape
    return hidden.reshape(batch, length, n_heads, width // n_heads)


@exercise.mistake(
    "each head takes every n-th number of a vector, not a piece of neighbours",
    "when you cut the last axis in two, which of the new axes comes first, the head or the place in it?",
)
def every_nth_number(hidden, n_heads):
    batch, length, width = hidden.shape
    return hidden.reshape(batch, length, width // n_heads, n_heads).permute(0, 3, 1, 2)


@exercise.mistake(
    "the number of heads and the width of one have changed places",
    "how many heads should there be, and how wide is each?",
)
def heads_for_width(hidden, n_heads):
    batch, length, width = hidden.shape
    return hidden.reshape(batch, length, width // n_heads, n_heads).transpose(1, 2)


@exercise.mistake(
    "the heads have been laid into the batch axis",
    "four axes are asked for: keep batch and heads apart.",
)
def heads_in_the_batch(hidden, n_heads):
    return reference.split_heads(hidden, n_heads).flatten(0, 1)


@exercise.mistake(
    "the heads come before the batch, as they do when a list of pieces is stacked",
    "along which axis should the pieces be stacked, so that the batch stays in front?",
)
def heads_first(hidden, n_heads):
    return torch.stack(hidden.chunk(n_heads, dim=-1))


@exercise.mistake(
    "the width of a head comes before the tokens, as the keys need it for their product, but later",
    "which axis should be the last?",
)
def width_before_tokens(hidden, n_heads):
    return reference.split_heads(hidden, n_heads).transpose(-2, -1)


@exercise.mistake(
    "the tokens come before the batch",
    "which axes change places, counting from 0?",
)
def tokens_first(hidden, n_heads):
    return reference.split_heads(hidden, n_heads).permute(2, 1, 0, 3)


@exercise.mistake(
    "every head gets the whole vector of each token",
    "how wide is a head, if all of them together are as wide as the vector?",
)
def whole_vectors(hidden, n_heads):
    return torch.stack([hidden] * n_heads, dim=1)


@exercise.mistake(
    "the pieces are stacked behind the tokens, so that tokens still come before heads",
    "at which place should `stack` put the new axis?",
)
def stacked_at_the_end(hidden, n_heads):
    return torch.stack(hidden.chunk(n_heads, dim=-1), dim=-1)
