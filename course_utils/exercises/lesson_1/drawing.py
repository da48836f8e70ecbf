"""Inputs that several exercises of the lesson draw from."""

import numpy as np
import torch
from torch import Tensor

WITHIN = (1e-5, 1e-6)
"""(relative, absolute). The inputs are float32, so an answer that reckons in float64 differs by that much, too."""


def normal(generator: np.random.Generator, *shape: int, spread: float = 1.0) -> Tensor:
    """A float32 tensor of normal numbers."""
    return torch.from_numpy(generator.normal(0, spread, size=shape).astype(np.float32))


def fixed(seed: int, *shape: int, spread: float = 1.0) -> Tensor:
    """The same tensor for the same seed, with two digits, so that a verdict is easy to read."""
    return (normal(np.random.default_rng(seed), *shape, spread=spread) * 10).round() / 10


def draw_mask(generator: np.random.Generator, *shape: int) -> Tensor:
    """Zeros and ones, at least one 1 in each row, and a 0 in the first row where there is room."""
    mask = generator.integers(0, 2, size=shape)
    rows = mask.reshape(-1, shape[-1])
    rows[np.arange(len(rows)), generator.integers(0, shape[-1], size=len(rows))] = 1
    if shape[-1] > 1 and rows[0].all():
        rows[0, generator.integers(0, shape[-1])] = 0
    return torch.from_numpy(mask)


def draw_weights(generator: np.random.Generator, width: int) -> dict[str, Tensor]:
    """The four projections of an attention layer, [out, in] and [out]."""
    weights = {}
    for name in ("query", "key", "value", "output"):
        weights[f"{name}_weight"] = normal(generator, width, width, spread=0.5)
        weights[f"{name}_bias"] = normal(generator, width, spread=0.5)
    return weights
