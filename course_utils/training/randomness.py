"""Randomness that repeats itself and leaves the caller's as it was."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from course_utils import device


@contextmanager
def seeded(seed: int, rank: int = 0) -> Iterator[torch.Generator]:
    """Seed PyTorch's randomness (dropout) inside, give back the caller's after; yields a generator for orders.

    Processes of different `rank` get the same orders and another dropout.
    """
    with torch.random.fork_rng(devices=device.with_own_randomness()):
        torch.manual_seed(seed + 1_000_003 * rank)
        yield torch.Generator().manual_seed(seed)
