"""What a piece of code costs: seconds, and the size of what it makes."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from course_utils import device


def seconds(function: Callable[..., Any], *arguments: Any, repeats: int = 5) -> float:
    """The fastest of some calls: the others were held up by something. Waits for a GPU to finish."""
    times = []
    for _ in range(repeats):
        device.wait()
        start = time.perf_counter()
        function(*arguments)
        device.wait()
        times.append(time.perf_counter() - start)
    return min(times)


def largest_tensor(function: Callable[..., Any], *arguments: Any) -> int:
    """Bytes of the largest tensor that PyTorch makes on the way, the result included.

    Buffers inside one operation don't count: a kernel that never writes a table down is seen not to.
    """
    with _Sizes() as sizes:
        function(*arguments)
    return sizes.largest


class _Sizes(TorchDispatchMode):
    """Sees every operation, and remembers the size of the largest result."""

    largest = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        made = [leaf.nbytes for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        self.largest = max([self.largest, *made])
        return result
