"""Exercise: mask_scores."""

import numpy as np
import torch

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Numbers
from course_utils.exercises.lesson_1.drawing import WITHIN, draw_mask, fixed, normal
from course_utils.reference import attention as reference


def draw(generator: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    leading = generator.integers(1, 4, size=generator.integers(0, 3)).tolist()
    queries, keys = generator.integers(2, 5, size=2).tolist()
    return normal(generator, *leading, queries, keys, spread=3.0), draw_mask(generator, *leading, keys)


_MASKED_BEFORE = fixed(20, 2, 3).masked_fill(
    torch.tensor([False, False, True]), torch.finfo(torch.float32).min
)

exercise = Exercise(
    lesson=1,
    title="Mask the padding",
    points=1,
    reference=reference.mask_scores,
    form=Numbers(),
    returns="a new tensor of the same shape, with padded keys at the lowest finite value of the scores' type",
    cases=(
        Case((fixed(21, 2, 3), torch.tensor([1, 1, 0])), "one text whose last key is padding"),
        Case((fixed(22, 2, 2, 3), torch.tensor([[1, 1, 1], [1, 0, 0]])), "a batch of two texts"),
        Case(
            (fixed(23, 3, 3, 3), torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 0]])),
            "three texts of three tokens, where every axis has the same length",
        ),
        Case(
            (fixed(24, 2, 2, 3, 3), torch.tensor([[[1, 1, 0]] * 2, [[0, 1, 1]] * 2])),
            "two texts with two heads",
        ),
        Case((fixed(25, 2, 3), torch.tensor([1, 1, 1])), "nothing padded"),
        Case((fixed(26, 2, 4), torch.tensor([0, 0, 1, 0])), "all keys but one padded"),
        Case((fixed(27, 3, 1), torch.tensor([1])), "one key"),
        Case((fixed(28, 2, 3).half(), torch.tensor([1, 1, 0])), "scores in float16"),
        Case((fixed(28, 2, 3).bfloat16(), torch.tensor([1, 1, 0])), "scores in bfloat16"),
        Case((fixed(28, 2, 3).double(), torch.tensor([1, 1, 0])), "scores in float64"),
        Case((_MASKED_BEFORE, torch.tensor([1, 0, 0])), "scores that were masked once before"),
    ),
    draw=draw,
    within=WITHIN,
    hints=(
        "Where is the padding? `attention_mask == 0` says so, with one answer for each key.",
        "The scores have an axis more than the mask, that of the queries, just before the last. Give the mask an axis of "
        "length 1 at that place, and it counts for every query.",
        "`torch.finfo(some_dtype).min` is the lowest finite value of a type. It differs from type to type: ask with the "
        "type of the scores.",
        "`masked_fill` and `torch.where` both make a new tensor and leave the old one alone. `masked_fill_`, with the "
        "underscore, doesn't.",
    ),
)


def _padding(attention_mask):
    return attention_mask.unsqueeze(-2) == 0


@exercise.mistake(
    "padded scores become 0, and a score of 0 still gets its share in softmax",
    "how large is e to the power of 0?",
)
def set_to_zero(scores, attention_mask):
    return scores.masked_fill(_padding(attention_mask), 0.0)


@exercise.mistake(
    "the mask is read the wrong way round, and the real keys are hidden",
    "does 1 in an attention mask stand for a token or for padding?",
)
def inverted(scores, attention_mask):
    return scores.masked_fill(~_padding(attention_mask), torch.finfo(scores.dtype).min)


@exercise.mistake(
    "padded scores become -inf",
    "what does softmax give for a row in which every score is -inf, and which value would be safe there?",
)
def minus_infinity(scores, attention_mask):
    return scores.masked_fill(_padding(attention_mask), -torch.inf)


@exercise.mistake(
    "0 is multiplied by -inf for the keys that should stay, and that is nan",
    "choose between two values, rather than multiplying by the mask.",
)
def zero_times_infinity(scores, attention_mask):
    return scores + (1 - attention_mask.unsqueeze(-2)) * -torch.inf


@exercise.mistake(
    "padded scores become -10000, which is low but not the lowest",
    "a type knows its own lowest value: which function tells you?",
)
def minus_ten_thousand(scores, attention_mask):
    return scores.masked_fill(_padding(attention_mask), -1e4)


@exercise.mistake(
    "padded scores become -1e9, which float16 can't hold and other types don't end at",
    "a type knows its own lowest value: which function tells you?",
)
def minus_one_billion(scores, attention_mask):
    return scores.masked_fill(_padding(attention_mask), -1e9)


@exercise.mistake(
    "the lowest value of float32 is used for every type",
    "which type do the scores have in this input, and where could your code ask them?",
)
def lowest_of_float32(scores, attention_mask):
    return scores.masked_fill(_padding(attention_mask), torch.finfo(torch.float32).min)


@exercise.mistake(
    "the lowest value of float64, Python's own floats, is used for every type",
    "which type do the scores have in this input, and where could your code ask them?",
)
def lowest_of_float64(scores, attention_mask):
    return scores.masked_fill(_padding(attention_mask), torch.finfo(torch.float64).min)


@exercise.mistake(
    "padded scores become the smallest number above 0, which is what `tiny` means, not the lowest",
    "which end of the number line should padding be sent to?",
)
def smallest_positive(scores, attention_mask):
    return scores.masked_fill(_padding(attention_mask), torch.finfo(scores.dtype).tiny)


@exercise.mistake(
    "padded scores become the highest value, so that padding takes everything",
    "which end of the number line should padding be sent to?",
)
def highest(scores, attention_mask):
    return scores.masked_fill(_padding(attention_mask), torch.finfo(scores.dtype).max)


@exercise.mistake(
    "the lowest value is added to the score, not put in its place, and two of them together are -inf",
    "what should become of the score that padding had before?",
)
def added(scores, attention_mask):
    lowest = torch.zeros_like(scores).masked_fill(_padding(attention_mask), torch.finfo(scores.dtype).min)
    return scores + lowest


@exercise.mistake(
    "the zeros and ones of the mask are added to the scores as they are",
    "by how much does that lower the score of a padded key?",
)
def mask_added(scores, attention_mask):
    return scores + attention_mask.unsqueeze(-2)


@exercise.mistake(
    "the rows of padded queries are hidden, not the columns of padded keys",
    "in [..., q, k], along which axis does the mask of the keys run?",
)
def rows_masked(scores, attention_mask):
    return scores.masked_fill(attention_mask.unsqueeze(-1) == 0, torch.finfo(scores.dtype).min)


@exercise.mistake(
    "the rows of padded queries are hidden as well as the columns of padded keys",
    "only keys are masked: what a padded token itself attends to is never looked at.",
)
def rows_and_columns_masked(scores, attention_mask):
    padding = (attention_mask.unsqueeze(-1) == 0) | _padding(attention_mask)
    return scores.masked_fill(padding, torch.finfo(scores.dtype).min)


@exercise.mistake(
    "the mask meets the scores without an axis for the queries, so the texts of the batch are taken for queries",
    "line up the two shapes from the right: with which axis of the scores does the mask's first axis meet?",
)
def no_axis_for_the_queries(scores, attention_mask):
    return scores.masked_fill(attention_mask == 0, torch.finfo(scores.dtype).min)


@exercise.mistake(
    "the mask picks places of `scores` although it has one axis less",
    "`scores[...]` lays the mask over the first axes: over which should it lie, and what widens it without copying by hand?",
)
def mask_as_an_index(scores, attention_mask):
    masked = scores.clone()
    masked[attention_mask == 0] = torch.finfo(scores.dtype).min
    return masked


@exercise.mistake(
    "padded keys are cut out, so that the scores lose their shape",
    "keep every column: in a batch, each text would lose others.",
)
def columns_cut_out(scores, attention_mask):
    return scores[..., attention_mask == 1]


@exercise.mistake(
    "softmax has been applied already",
    "this exercise asks for the scores; the weights come in the next one.",
)
def softmax_as_well(scores, attention_mask):
    return torch.softmax(reference.mask_scores(scores, attention_mask), dim=-1)
