"""Attention against PyTorch's own, against BERT's layers, and at the edges by hand."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertLayer

from course_utils.reference.attention import (
    attention,
    attention_scores,
    mask_scores,
    merge_heads,
    multi_head_attention,
    split_heads,
)

thorough = settings(derandomize=True, deadline=None, max_examples=100)
close = {"rtol": 1e-6, "atol": 1e-6}
sizes = st.integers(1, 6)
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def random(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def random_mask(seed, *shape):
    """At least one key of each row is kept."""
    mask = torch.randint(0, 2, shape, generator=torch.Generator().manual_seed(seed))
    mask[..., seed % shape[-1]] = 1
    return mask


@st.composite
def cases(draw):
    """Queries, keys and values with up to three leading axes, and a mask or none."""
    leading = draw(st.lists(sizes.filter(lambda n: n < 4), max_size=3))
    queries, keys, width, seed = draw(sizes), draw(sizes), draw(sizes), draw(st.integers(0, 10**6))
    tensors = [random(seed + i, *leading, n, width) for i, n in enumerate((queries, keys, keys))]
    return *tensors, random_mask(seed, *leading, keys) if draw(st.booleans()) else None


@thorough
@given(cases())
def test_attention_equals_pytorchs(case):
    query, key, value, mask = case
    output, weights = attention(query, key, value, mask)
    allowed = None if mask is None else mask.bool().unsqueeze(-2)
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
    torch.testing.assert_close(output, expected, **close)
    torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]), **close)
    if mask is not None:
        assert not weights.masked_select((mask == 0).unsqueeze(-2).expand_as(weights)).any()


@thorough
@given(cases())
def test_scores_are_those_of_einsum(case):
    query, key, *_ = case
    expected = torch.einsum("...qd,...kd->...qk", query.double(), key.double()) / query.shape[-1] ** 0.5
    torch.testing.assert_close(attention_scores(query, key), expected.float(), **close)


@thorough
@given(st.integers(0, 3), sizes, sizes, sizes)
def test_heads_are_slices_of_the_vectors_and_merge_back(batch, length, n_heads, width):
    hidden = random(0, batch, length, n_heads * width)
    heads = split_heads(hidden, n_heads)
    assert heads.shape == (batch, n_heads, length, width)
    for head in range(n_heads):
        torch.testing.assert_close(
            heads[:, head], hidden[..., head * width : (head + 1) * width], rtol=0, atol=0
        )
    assert torch.equal(merge_heads(heads), hidden)


def weights_of(query, key, value, output):
    named = {"query": query, "key": key, "value": value, "output": output}
    return {
        f"{name}_{kind}": getattr(linear, kind)
        for name, linear in named.items()
        for kind in ("weight", "bias")
    }


@settings(thorough, max_examples=50)
@given(st.integers(1, 3), sizes, st.integers(1, 4), st.integers(1, 4), st.integers(0, 10**6), st.booleans())
@torch.no_grad()
def test_several_heads_equal_pytorchs_module(batch, length, n_heads, width, seed, masked):
    size = n_heads * width
    module = torch.nn.MultiheadAttention(size, n_heads, batch_first=True)
    for index, parameter in enumerate(module.parameters()):
        parameter.copy_(random(seed + index, *parameter.shape) / 2)
    names, state = ("query", "key", "value"), module.state_dict()
    weights = {"output_weight": state["out_proj.weight"], "output_bias": state["out_proj.bias"]}
    for kind in ("weight", "bias"):
        parts = state[f"in_proj_{kind}"].chunk(3)
        weights |= {f"{name}_{kind}": part for name, part in zip(names, parts, strict=True)}
    hidden = random(seed, batch, length, size)
    mask = random_mask(seed, batch, length) if masked else None
    expected, _ = module(hidden, hidden, hidden, key_padding_mask=None if mask is None else mask == 0)
    torch.testing.assert_close(multi_head_attention(hidden, weights, n_heads, mask), expected, **close)


@pytest.mark.parametrize("implementation", ["eager", "sdpa"])
@torch.no_grad()
def test_several_heads_equal_berts_own(implementation):
    torch.manual_seed(0)
    config = BertConfig(hidden_size=24, num_attention_heads=4, intermediate_size=48)
    config._attn_implementation = implementation
    layer = BertLayer(config).eval()
    own, dense = layer.attention.self, layer.attention.output.dense
    hidden, mask = random(1, 3, 7, 24), random_mask(2, 3, 7)
    lowest = torch.finfo(torch.float32).min
    additive = ((1 - mask) * lowest)[:, None, None, :].expand(-1, 1, 7, -1)
    expected = dense(own(hidden, additive)[0])
    weights = weights_of(own.query, own.key, own.value, dense)
    torch.testing.assert_close(multi_head_attention(hidden, weights, 4, mask), expected, **close)


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_masked_score_is_the_lowest_finite_value_of_its_type(dtype):
    scores = torch.tensor([[1.0, 2.0, 3.0]], dtype=dtype)
    masked = mask_scores(scores, torch.tensor([1, 0, 1]))
    assert masked.dtype == dtype
    assert masked[0, 1] == torch.finfo(dtype).min
    assert torch.isfinite(masked).all()
    assert masked[0, ::2].tolist() == [1, 3]
    assert scores.tolist() == [[1, 2, 3]]


@pytest.mark.parametrize("dtype", FLOATS)
def test_attention_keeps_its_type_and_its_sense(dtype):
    query, key, value = (random(i, 2, 3, 4).to(dtype) for i in range(3))
    output, weights = attention(query, key, value, torch.tensor([[1, 0, 1], [0, 0, 1]]))
    assert output.dtype == weights.dtype == dtype
    expected = attention(query.double(), key.double(), value.double(), torch.tensor([[1, 0, 1], [0, 0, 1]]))
    tolerance = 2 * torch.finfo(dtype).eps * 4 + 1e-12
    torch.testing.assert_close(weights.double(), expected[1], rtol=tolerance, atol=tolerance)


def test_a_mask_may_hold_booleans():
    scores = random(0, 2, 3, 4)
    mask = random_mask(1, 2, 4)
    assert torch.equal(mask_scores(scores, mask), mask_scores(scores, mask.bool()))


def test_one_key_takes_all():
    output, weights = attention(random(0, 3, 4), random(1, 1, 4), random(2, 1, 4))
    assert torch.equal(weights, torch.ones(3, 1))
    torch.testing.assert_close(output, random(2, 1, 4).expand(3, 4))


def test_all_keys_but_one_masked():
    output, weights = attention(random(0, 2, 4), random(1, 3, 4), random(2, 3, 4), torch.tensor([0, 1, 0]))
    assert weights.tolist() == [[0, 1, 0]] * 2
    torch.testing.assert_close(output, random(2, 3, 4)[1].expand(2, 4))


def test_no_key_at_all_gives_even_shares_and_no_nan():
    _, weights = attention(random(0, 2, 4), random(1, 3, 4), random(2, 3, 4), torch.tensor([0, 0, 0]))
    torch.testing.assert_close(weights, torch.full((2, 3), 1 / 3))


def test_very_large_scores_do_not_overflow():
    query = torch.tensor([[1e18, 0.0]])
    output, weights = attention(query, torch.eye(2) * 1e18, torch.eye(2))
    assert weights.tolist() == [[1, 0]]
    assert output.tolist() == [[1, 0]]


def test_texts_that_are_not_there():
    assert attention_scores(torch.zeros(0, 2, 4), torch.zeros(0, 3, 4)).shape == (0, 2, 3)
    assert mask_scores(torch.zeros(0, 2, 3), torch.zeros(0, 3)).shape == (0, 2, 3)
    output, weights = attention(torch.zeros(2, 0, 4), torch.zeros(2, 3, 4), torch.zeros(2, 3, 4))
    assert (output.shape, weights.shape) == ((2, 0, 4), (2, 0, 3))
    linear = torch.nn.Linear(4, 4)
    weights = weights_of(linear, linear, linear, linear)
    assert multi_head_attention(torch.zeros(0, 3, 4), weights, 2, torch.zeros(0, 3)).shape == (0, 3, 4)


def test_heads_that_do_not_fit():
    with pytest.raises(ValueError, match="5 can't be cut into 2 equal heads"):
        split_heads(torch.zeros(1, 2, 5), 2)


def test_inputs_are_left_as_they_were():
    query, key, value, mask = random(0, 2, 3, 4), random(1, 2, 3, 4), random(2, 2, 3, 4), random_mask(3, 2, 3)
    before = [tensor.clone() for tensor in (query, key, value, mask)]
    attention(query, key, value, mask)
    assert all(torch.equal(a, b) for a, b in zip(before, (query, key, value, mask), strict=True))


def test_gradients_flow_to_all_three():
    tensors = [random(i, 3, 4).requires_grad_() for i in range(3)]
    attention(*tensors, torch.tensor([1, 1, 0]))[0].sum().backward()
    assert all(tensor.grad is not None and math.isfinite(tensor.grad.abs().sum()) for tensor in tensors)
