"""Exercise: attention."""

import math

import numpy as np
import torch

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Arrays
from course_utils.exercises.lesson_1.drawing import WITHIN, draw_mask, fixed, normal
from course_utils.exercises.show import shown
from course_utils.reference import attention as reference


def draw(
    generator: np.random.Generator,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """With a mask three times in four, and mostly with as many queries as keys, as when a text reads itself."""
    leading = generator.integers(1, 4, size=generator.integers(0, 3)).tolist()
    queries, keys, width = generator.integers(2, [5, 6, 7]).tolist()
    if generator.random() < 0.6:
        queries = keys
    mask = draw_mask(generator, *leading, keys) if generator.random() < 0.75 else None
    query, key, value = (normal(generator, *leading, length, width) for length in (queries, keys, keys))
    return query, key, value, mask


def weights_sum_to_one(answer: tuple[np.ndarray, np.ndarray], *arguments: object) -> str | None:
    sums = np.asarray(answer[1], dtype=np.float64).sum(axis=-1)
    if np.allclose(sums, 1, atol=1e-2):
        return None
    odd = shown(float(sums.flat[np.abs(sums - 1).argmax()]), 3)
    return f"The weights of one query must sum to 1 over its keys; in yours, one row sums to {odd}."


exercise = Exercise(
    lesson=1,
    title="Attention",
    points=3,
    reference=reference.attention,
    form=Arrays(("output", "weights")),
    returns="two tensors: the output [..., q, d] and the weights [..., q, k], which sum to 1 for each query",
    cases=(
        Case((fixed(31, 2, 4), fixed(32, 3, 4), fixed(33, 3, 4)), "two queries and three keys, no mask given"),
        Case((fixed(34, 3, 3), fixed(35, 3, 3), fixed(36, 3, 3), None), "a text of three tokens that reads itself"),
        Case(
            (fixed(37, 3, 4), fixed(38, 3, 4), fixed(39, 3, 4), torch.tensor([1, 1, 0])), "a text that ends in padding"
        ),
        Case(
            (fixed(40, 2, 2, 4), fixed(41, 2, 3, 4), fixed(42, 2, 3, 4), torch.tensor([[1, 1, 1], [1, 0, 0]])),
            "a batch of two texts, one of them padded",
        ),
        Case(
            (
                fixed(43, 3, 3, 4), fixed(44, 3, 3, 4), fixed(45, 3, 3, 4),
                torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 0]]),
            ),
            "three texts of three tokens",
        ),
        Case(
            (
                fixed(46, 2, 2, 3, 4), fixed(47, 2, 2, 3, 4), fixed(48, 2, 2, 3, 4),
                torch.tensor([[[1, 1, 0]] * 2, [[0, 1, 1]] * 2]),
            ),
            "two texts with two heads",
        ),
        Case((fixed(49, 2, 4), fixed(50, 1, 4), fixed(51, 1, 4), None), "one key"),
        Case(
            (fixed(52, 4, 4), fixed(53, 4, 4), fixed(54, 4, 4), torch.tensor([0, 0, 1, 0])), "all keys but one padded"
        ),
        Case(
            (
                torch.tensor([[20.0, 0, 0, 0], [0, 20, 0, 0]]),
                torch.tensor([[20.0, 0, 1, 0], [19, 20, 0, 0]]),
                torch.tensor([[1.0, 2, 3, 4], [5, 6, 7, 8]]),
                None,
            ),
            "scores of 200",
        ),
    ),
    draw=draw,
    laws=(weights_sum_to_one,),
    within=WITHIN,
    hints=(
        "Four steps: scores, mask, softmax, weighted mean. You have written the first two; call them, or write them again.",
        "Each *query* shares out one 1 among its keys. In [..., q, k], which axis should softmax run along?",
        "The weights [..., q, k] times the values [..., k, d] is one matrix product. No axis needs turning.",
        "Mask before softmax, so that the remaining weights still sum to 1. With `attention_mask=None` leave that step "
        "out. Return the output first and the weights second.",
    ),
)  # fmt: skip


def _finish(scores, value, attention_mask):
    """The right way to end, for mistakes that are in the scores."""
    if attention_mask is not None:
        scores = reference.mask_scores(scores, attention_mask)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value, weights


def _scores(query, key, attention_mask):
    """The right scores, for mistakes that come later."""
    scores = reference.attention_scores(query, key)
    return scores if attention_mask is None else reference.mask_scores(scores, attention_mask)


@exercise.mistake(
    "the scores are not scaled by the root of the width",
    "compare your scores for this input with those of `attention_scores`.",
)
def no_scaling(query, key, value, attention_mask=None):
    return _finish(query @ key.transpose(-2, -1), value, attention_mask)


@exercise.mistake(
    "the scores are divided by the width, not by its root",
    "compare your scores for this input with those of `attention_scores`.",
)
def divided_by_the_width(query, key, value, attention_mask=None):
    return _finish(query @ key.transpose(-2, -1) / query.shape[-1], value, attention_mask)


@exercise.mistake(
    "softmax runs along the queries, so that each key shares itself out",
    "in [..., q, k], along which axis do the scores of one query lie?",
)
def softmax_over_the_queries(query, key, value, attention_mask=None):
    weights = torch.softmax(_scores(query, key, attention_mask), dim=-2)
    return weights @ value, weights


@exercise.mistake(
    "softmax runs along axis 1, which holds the keys only where there is no batch",
    "count the axis from the end, since a batch and heads add theirs at the front.",
)
def softmax_over_axis_one(query, key, value, attention_mask=None):
    weights = torch.softmax(_scores(query, key, attention_mask), dim=1)
    return weights @ value, weights


@exercise.mistake(
    "one 1 is shared out among all scores at once",
    "how many queries are there, and how much should each have to share out?",
)
def softmax_over_everything(query, key, value, attention_mask=None):
    scores = _scores(query, key, attention_mask)
    weights = torch.softmax(scores.flatten(), dim=0).reshape(scores.shape)
    return weights @ value, weights


@exercise.mistake(
    "softmax is written without taking the largest score away first, and e to the power of 200 is inf",
    "use `torch.softmax`, or subtract the largest score of each query.",
)
def softmax_that_overflows(query, key, value, attention_mask=None):
    powers = torch.exp(_scores(query, key, attention_mask))
    weights = powers / powers.sum(dim=-1, keepdim=True)
    return weights @ value, weights


@exercise.mistake(
    "the mask is not used",
    "follow `attention_mask` through your function: where do padded keys lose their weight?",
)
def mask_ignored(query, key, value, attention_mask=None):
    return _finish(reference.attention_scores(query, key), value, None)


@exercise.mistake(
    "the weights of padded keys are set to 0 after softmax, so that the others no longer sum to 1",
    "mask before softmax: then the shares are made among the keys that count.",
)
def mask_after_softmax(query, key, value, attention_mask=None):
    weights = torch.softmax(reference.attention_scores(query, key), dim=-1)
    if attention_mask is not None:
        weights = weights * attention_mask.unsqueeze(-2)
    return weights @ value, weights


@exercise.mistake(
    "padded scores are multiplied by 0, and a score of 0 still gets its share in softmax",
    "how large is e to the power of 0, and which score would make it vanish?",
)
def mask_multiplied(query, key, value, attention_mask=None):
    scores = reference.attention_scores(query, key)
    if attention_mask is not None:
        scores = scores * attention_mask.unsqueeze(-2)
    return _finish(scores, value, None)


@exercise.mistake(
    "the mask is read the wrong way round, and only padding gets any weight",
    "does 1 in an attention mask stand for a token or for padding?",
)
def mask_inverted(query, key, value, attention_mask=None):
    return reference.attention(query, key, value, None if attention_mask is None else 1 - attention_mask)


@exercise.mistake(
    "the mask is laid over the queries' axis",
    "in the scores [..., q, k], which axis has to be hidden where a *key* is padding?",
)
def mask_over_the_queries(query, key, value, attention_mask=None):
    scores = reference.attention_scores(query, key)
    if attention_mask is not None:
        scores = scores.masked_fill(attention_mask.unsqueeze(-1) == 0, torch.finfo(scores.dtype).min)
    return _finish(scores, value, None)


@exercise.mistake(
    "the mask meets the scores without an axis for the queries, so the texts of the batch are taken for queries",
    "line up the shapes of scores and mask from the right: which axis of length 1 is missing?",
)
def mask_without_an_axis_for_the_queries(query, key, value, attention_mask=None):
    scores = reference.attention_scores(query, key)
    if attention_mask is not None:
        scores = scores.masked_fill(attention_mask == 0, torch.finfo(scores.dtype).min)
    return _finish(scores, value, None)


@exercise.mistake(
    "the values of padded keys are set to 0, but their weights are still there",
    "look at the weights that you return: how much goes to padding?",
)
def values_masked(query, key, value, attention_mask=None):
    if attention_mask is not None:
        value = value * attention_mask.unsqueeze(-1)
    return _finish(reference.attention_scores(query, key), value, None)


@exercise.mistake(
    "the output comes without the weights",
    "the exercise asks for two tensors: `return output, weights`.",
)
def output_only(query, key, value, attention_mask=None):
    return reference.attention(query, key, value, attention_mask)[0]


@exercise.mistake(
    "weights and output come in the wrong order",
    "which of the two does the exercise name first?",
)
def order_swapped(query, key, value, attention_mask=None):
    output, weights = reference.attention(query, key, value, attention_mask)
    return weights, output


@exercise.mistake(
    "the scores are returned where the weights were asked for",
    "which of your tensors sums to 1 for each query?",
)
def scores_for_weights(query, key, value, attention_mask=None):
    output, _ = reference.attention(query, key, value, attention_mask)
    return output, _scores(query, key, attention_mask)


@exercise.mistake(
    "query and key have changed places",
    "who asks, and who is asked? Each row of the weights should belong to one that asks.",
)
def query_and_key_swapped(query, key, value, attention_mask=None):
    return reference.attention(key, query, value, attention_mask)


@exercise.mistake(
    "the weighted mean is taken of the keys, not of the values",
    "what are keys for, and what do values carry?",
)
def mean_of_the_keys(query, key, value, attention_mask=None):
    return reference.attention(query, key, key, attention_mask)


@exercise.mistake(
    "the weights are turned on their side before they meet the values",
    "the columns of the weights are the keys, and so are the rows of the values: what has to be turned?",
)
def weights_transposed(query, key, value, attention_mask=None):
    weights = torch.softmax(_scores(query, key, attention_mask), dim=-1)
    return weights.transpose(-2, -1) @ value, weights


@exercise.mistake(
    "there is no softmax: the scores themselves are the weights",
    "which function makes positive shares of any scores?",
)
def no_softmax(query, key, value, attention_mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if attention_mask is not None:
        scores = scores * attention_mask.unsqueeze(-2)
    return scores @ value, scores
