"""What the cost lesson measures with."""

import torch
import torch.nn.functional as F

from course_utils import cost
from course_utils.reference.attention import attention


def test_the_largest_tensor_is_the_table_of_weights_and_pytorchs_kernel_makes_none():
    query = torch.randn(2, 3, 100, 8)
    assert cost.largest_tensor(attention, query, query, query) == 2 * 3 * 100 * 100 * 4
    fast = cost.largest_tensor(F.scaled_dot_product_attention, query, query, query)
    assert fast < 2 * 3 * 100 * 100 * 4


def test_seconds_makes_so_many_calls():
    calls = []
    assert cost.seconds(lambda: calls.append(1), repeats=3) >= 0
    assert len(calls) == 3
