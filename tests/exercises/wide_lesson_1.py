"""Inputs of lesson 1 on which a mutant's change may show: wider than the catalogue's own, within what is promised."""

import torch


def _normal(generator, *shape, spread=1.0):
    return torch.tensor(generator.normal(0, spread, size=shape), dtype=torch.float32)


def _mask(generator, *shape):
    """At least one key of each row is kept."""
    mask = torch.tensor(generator.integers(0, 2, size=shape))
    return torch.where(torch.arange(shape[-1]) == int(generator.integers(shape[-1])), 1, mask)


def _leading(generator):
    return generator.integers(1, 4, size=generator.integers(0, 4)).tolist()


def wide_attention_scores(generator):
    leading, (queries, keys, width) = _leading(generator), generator.integers(1, 7, size=3).tolist()
    return _normal(generator, *leading, queries, width), _normal(generator, *leading, keys, width)


def wide_mask_scores(generator):
    leading, (queries, keys) = _leading(generator), generator.integers(1, 7, size=2).tolist()
    scores = _normal(generator, *leading, queries, keys, spread=5.0)
    dtype = (torch.float32, torch.float64, torch.float16, torch.bfloat16)[generator.integers(4)]
    return scores.to(dtype), _mask(generator, *leading, keys)


def wide_attention(generator):
    leading, (queries, keys, width) = _leading(generator), generator.integers(1, 7, size=3).tolist()
    tensors = [_normal(generator, *leading, length, width) for length in (queries, keys, keys)]
    chance = generator.random()
    if chance < 0.2:
        return tuple(tensors)
    return (*tensors, None if chance < 0.4 else _mask(generator, *leading, keys))


def wide_split_heads(generator):
    batch, length, heads, width = generator.integers(1, 6, size=4).tolist()
    return _normal(generator, batch, length, heads * width), heads


def wide_merge_heads(generator):
    return (_normal(generator, *generator.integers(1, 6, size=4).tolist()),)


def wide_multi_head_attention(generator):
    batch, length, heads, width = generator.integers(1, 5, size=4).tolist()
    size = heads * width
    names = ("query", "key", "value", "output")
    weights = {f"{name}_weight": _normal(generator, size, size, spread=0.5) for name in names}
    weights |= {f"{name}_bias": _normal(generator, size) for name in names}
    hidden, chance = _normal(generator, batch, length, size), generator.random()
    if chance < 0.2:
        return hidden, weights, heads
    return hidden, weights, heads, None if chance < 0.4 else _mask(generator, batch, length)


WIDE = {
    "attention_scores": wide_attention_scores,
    "mask_scores": wide_mask_scores,
    "attention": wide_attention,
    "split_heads": wide_split_heads,
    "merge_heads": wide_merge_heads,
    "multi_head_attention": wide_multi_head_attention,
}

LEAST = {
    "attention_scores": 10,
    "mask_scores": 4,
    "attention": 20,
    "split_heads": 8,
    "merge_heads": 4,
    "multi_head_attention": 30,
}
