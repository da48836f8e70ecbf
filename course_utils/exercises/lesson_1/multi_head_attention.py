"""Exercise: multi_head_attention."""

import math

import numpy as np
import torch

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Numbers
from course_utils.exercises.lesson_1.drawing import WITHIN, draw_mask, draw_weights, fixed, normal
from course_utils.reference import attention as reference


def draw(
    generator: np.random.Generator,
) -> tuple[torch.Tensor, dict[str, torch.Tensor], int, torch.Tensor | None]:
    """Up to three texts of 2 to 5 tokens, one to three heads of width 1 to 3; a mask three times in four."""
    batch, length, heads, width = generator.integers([1, 2, 1, 1], [4, 6, 4, 4]).tolist()
    hidden = normal(generator, batch, length, heads * width)
    mask = draw_mask(generator, batch, length) if generator.random() < 0.75 else None
    return hidden, draw_weights(generator, heads * width), heads, mask


def _weights(seed: int, width: int) -> dict[str, torch.Tensor]:
    """The same weights for the same seed, with two digits."""
    drawn = draw_weights(np.random.default_rng(seed), width)
    return {name: (tensor * 10).round() / 10 for name, tensor in drawn.items()}


exercise = Exercise(
    lesson=1,
    title="Multi-head attention",
    points=3,
    reference=reference.multi_head_attention,
    form=Numbers(),
    returns="a tensor [b, t, h], the shape of `hidden`",
    cases=(
        Case((fixed(61, 1, 3, 4), _weights(62, 4), 2), "one text, two heads, no mask given"),
        Case((fixed(63, 1, 3, 4), _weights(64, 4), 2, torch.tensor([[1, 1, 0]])), "a text that ends in padding"),
        Case(
            (fixed(65, 2, 3, 6), _weights(66, 6), 2, torch.tensor([[1, 1, 1], [1, 0, 0]])),
            "two texts, one of them padded, two heads",
        ),
        Case(
            (fixed(67, 3, 3, 4), _weights(68, 4), 2, torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 0]])),
            "three texts of three tokens, two heads",
        ),
        Case((fixed(69, 2, 4, 4), _weights(70, 4), 1, None), "one head"),
        Case((fixed(71, 1, 3, 3), _weights(72, 3), 3, torch.tensor([[0, 1, 1]])), "heads of width 1"),
        Case((fixed(73, 2, 1, 4), _weights(74, 4), 2, None), "one token"),
    ),
    draw=draw,
    within=WITHIN,
    hints=(
        "Five steps: project `hidden` three times, split each into heads, let every head attend, merge, project once "
        "more. You have written all but the projections.",
        "A projection is what `torch.nn.Linear` does. Its weight is stored [out, in], so it has to be turned before the "
        "product; the bias is added after it. `torch.nn.functional.linear` does both.",
        "With heads the scores are [b, n, t, t], and the mask is [b, t]. Give the mask an axis of length 1 for the heads "
        "before you hand it on.",
        "The width that the scores are scaled by is that of one head. If you scale after the split, the last axis has it.",
    ),
)  # fmt: skip

NAMES = ("query", "key", "value")


def _project(hidden, weights, name):
    return hidden @ weights[f"{name}_weight"].T + weights[f"{name}_bias"]


def _projected(hidden, weights, n_heads):
    """The right queries, keys and values, for mistakes that come later."""
    return [reference.split_heads(_project(hidden, weights, name), n_heads) for name in NAMES]


def _with_an_axis(attention_mask):
    return None if attention_mask is None else attention_mask.unsqueeze(1)


def _finish(query, key, value, weights, attention_mask):
    """The right way to end, for mistakes that come earlier."""
    output, _ = reference.attention(query, key, value, _with_an_axis(attention_mask))
    return _project(reference.merge_heads(output), weights, "output")


@exercise.mistake(
    "the weights are used as they are stored, [out, in], without being turned",
    "how does `torch.nn.Linear` store its weight, and what does its forward pass compute?",
)
def weights_not_transposed(hidden, weights, n_heads, attention_mask=None):
    turned = {name: tensor.T if name.endswith("weight") else tensor for name, tensor in weights.items()}
    return reference.multi_head_attention(hidden, turned, n_heads, attention_mask)


@exercise.mistake(
    "the biases are left out",
    "which entries of `weights` does your function never look at?",
)
def bias_forgotten(hidden, weights, n_heads, attention_mask=None):
    without = {name: tensor if name.endswith("weight") else 0 * tensor for name, tensor in weights.items()}
    return reference.multi_head_attention(hidden, without, n_heads, attention_mask)


@exercise.mistake(
    "the queries are made with the key's weights, and the keys with the query's",
    "go through your projections one by one: which name does each use?",
)
def query_and_key_swapped(hidden, weights, n_heads, attention_mask=None):
    query, key, value = _projected(hidden, weights, n_heads)
    return _finish(key, query, value, weights, attention_mask)


@exercise.mistake(
    "the values are made with the key's weights",
    "go through your projections one by one: which name does each use?",
)
def value_from_the_key(hidden, weights, n_heads, attention_mask=None):
    query, key, _ = _projected(hidden, weights, n_heads)
    return _finish(query, key, key, weights, attention_mask)


@exercise.mistake(
    "the last projection, with `output_weight` and `output_bias`, is missing",
    "which entries of `weights` does your function never look at?",
)
def output_projection_forgotten(hidden, weights, n_heads, attention_mask=None):
    output, _ = reference.attention(*_projected(hidden, weights, n_heads), _with_an_axis(attention_mask))
    return reference.merge_heads(output)


@exercise.mistake(
    "the scores are scaled by the width of the whole vector, not of one head",
    "how many numbers does a dot product add up inside one head?",
)
def scaled_by_the_whole_width(hidden, weights, n_heads, attention_mask=None):
    query, key, value = _projected(hidden, weights, n_heads)
    return _finish(query / math.sqrt(n_heads), key, value, weights, attention_mask)


@exercise.mistake(
    "the scores are not scaled",
    "compare the scores of one head with those of `attention_scores`.",
)
def no_scaling(hidden, weights, n_heads, attention_mask=None):
    query, key, value = _projected(hidden, weights, n_heads)
    return _finish(query * math.sqrt(query.shape[-1]), key, value, weights, attention_mask)


@exercise.mistake(
    "the numbers are poured into the shape of the heads in the order they come, so that heads get whole tokens",
    "try your way of splitting on `ex.split_heads`.",
)
def split_without_transpose(hidden, weights, n_heads, attention_mask=None):
    batch, length, width = hidden.shape
    pieces = (
        _project(hidden, weights, name).reshape(batch, n_heads, length, width // n_heads) for name in NAMES
    )
    return _finish(*pieces, weights, attention_mask)


@exercise.mistake(
    "each head takes every n-th number of a vector, not a piece of neighbours",
    "try your way of splitting on `ex.split_heads`.",
)
def every_nth_number(hidden, weights, n_heads, attention_mask=None):
    pieces = (
        _project(hidden, weights, name).unflatten(-1, (-1, n_heads)).permute(0, 3, 1, 2) for name in NAMES
    )
    return _finish(*pieces, weights, attention_mask)


@exercise.mistake(
    "the heads are poured back into [b, t, h] in the order they come, so that tokens get pieces of other tokens",
    "try your way of merging on `ex.merge_heads`.",
)
def merged_without_transpose(hidden, weights, n_heads, attention_mask=None):
    output, _ = reference.attention(*_projected(hidden, weights, n_heads), _with_an_axis(attention_mask))
    return _project(output.reshape(hidden.shape), weights, "output")


@exercise.mistake(
    "the heads are split and never change places with the tokens, so that the heads of one token attend to each other",
    "over which axis do the scores of one head run: over tokens, or over heads?",
)
def heads_attend_to_heads(hidden, weights, n_heads, attention_mask=None):
    query, key, value = (_project(hidden, weights, name).unflatten(-1, (n_heads, -1)) for name in NAMES)
    output, _ = reference.attention(query, key, value)
    return _project(output.flatten(start_dim=2), weights, "output")


@exercise.mistake(
    "there is only one head, as wide as the whole vector",
    "where does `n_heads` come in?",
)
def one_wide_head(hidden, weights, n_heads, attention_mask=None):
    return reference.multi_head_attention(hidden, weights, 1, attention_mask)


@exercise.mistake(
    "the heads' outputs are averaged, and every head's place gets the average",
    "what should stand where head 0 was: its own output, or that of all?",
)
def heads_averaged(hidden, weights, n_heads, attention_mask=None):
    output, _ = reference.attention(*_projected(hidden, weights, n_heads), _with_an_axis(attention_mask))
    mean = output.mean(dim=1, keepdim=True).expand_as(output)
    return _project(reference.merge_heads(mean), weights, "output")


@exercise.mistake(
    "the mask is not used",
    "follow `attention_mask` through your function: where do padded tokens lose their weight?",
)
def mask_ignored(hidden, weights, n_heads, attention_mask=None):
    return reference.multi_head_attention(hidden, weights, n_heads)


@exercise.mistake(
    "the mask is read the wrong way round, and only padding gets any weight",
    "does 1 in an attention mask stand for a token or for padding?",
)
def mask_inverted(hidden, weights, n_heads, attention_mask=None):
    turned = None if attention_mask is None else 1 - attention_mask
    return reference.multi_head_attention(hidden, weights, n_heads, turned)


@exercise.mistake(
    "the mask has no axis for the heads, so the texts of the batch are taken for heads",
    "line up [b, t] with the scores [b, n, t, t]: which axes of length 1 are missing?",
)
def mask_without_an_axis_for_the_heads(hidden, weights, n_heads, attention_mask=None):
    output, _ = reference.attention(*_projected(hidden, weights, n_heads), attention_mask)
    return _project(reference.merge_heads(output), weights, "output")


@exercise.mistake(
    "padded tokens are set to 0 before the projections, which doesn't take their weight away",
    "what score does a key get that is made of the bias alone?",
)
def padded_tokens_set_to_zero(hidden, weights, n_heads, attention_mask=None):
    if attention_mask is not None:
        hidden = hidden * attention_mask.unsqueeze(-1)
    return reference.multi_head_attention(hidden, weights, n_heads)


@exercise.mistake(
    "softmax runs along the queries, so that each key shares itself out",
    "in [b, n, t, t], which axis belongs to the keys?",
)
def softmax_over_the_queries(hidden, weights, n_heads, attention_mask=None):
    query, key, value = _projected(hidden, weights, n_heads)
    scores = reference.attention_scores(query, key)
    if attention_mask is not None:
        scores = reference.mask_scores(scores, attention_mask.unsqueeze(1))
    return _project(reference.merge_heads(torch.softmax(scores, dim=-2) @ value), weights, "output")


@exercise.mistake(
    "the input is added to the output, which the layer does, too, but only afterwards",
    "this exercise ends with the last projection: what have you added to it?",
)
def residual_added(hidden, weights, n_heads, attention_mask=None):
    return hidden + reference.multi_head_attention(hidden, weights, n_heads, attention_mask)


@exercise.mistake(
    "the weights of the heads are returned together with the output",
    "`attention` gives two tensors; which of them does this exercise ask for?",
)
def weights_returned_too(hidden, weights, n_heads, attention_mask=None):
    _, shares = reference.attention(*_projected(hidden, weights, n_heads), _with_an_axis(attention_mask))
    return reference.multi_head_attention(hidden, weights, n_heads, attention_mask), shares
