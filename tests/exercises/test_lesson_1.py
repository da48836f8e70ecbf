"""What is special about lesson 1: its inputs are tensors."""

import numpy as np
import pytest
import torch

from course_utils.exercises import lesson_1 as ex
from course_utils.exercises.values import copied, plain, unchanged


def test_a_score_masked_in_place_is_right_and_changes_its_input():
    def answer(scores, attention_mask):
        return scores.masked_fill_(attention_mask.unsqueeze(-2) == 0, torch.finfo(scores.dtype).min)

    verdict = ex.mask_scores.judge(answer, 0)
    assert (verdict.outcome, verdict.step) == ("wrong", "changed")
    assert "`scores`" in verdict.finding


def test_weights_changed_in_place_are_noticed():
    def answer(hidden, weights, n_heads, attention_mask=None):
        value = ex.multi_head_attention.reference(hidden, weights, n_heads, attention_mask)
        weights["query_bias"] += 1
        return value

    verdict = ex.multi_head_attention.judge(answer, 0)
    assert (verdict.outcome, verdict.step) == ("wrong", "changed")
    assert "`weights`" in verdict.finding


def test_a_verdict_on_tensors_can_be_read():
    verdict = ex.attention_scores.judge(lambda query, key: query @ key.transpose(-2, -1), 0)
    assert verdict.mistake == "no_scaling"
    assert "tensor(" not in verdict.text
    assert len(verdict.text) < 2000


def test_an_answer_with_gradients_passes():
    def answer(query, key, value, attention_mask=None):
        return ex.attention.reference(query.requires_grad_(), key, value, attention_mask)

    assert ex.attention.judge(answer, 0).passed


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool])
def test_tensors_are_copied_and_compared(dtype):
    tensor = torch.tensor([[1, 0], [0, 1]]).to(dtype)
    (own,) = copied((tensor,))
    assert unchanged(tensor, own)
    own[0, 0] = 0
    assert not unchanged(tensor, own)
    assert isinstance(plain(tensor), np.ndarray)
    assert plain(tensor).tolist() == [[1, 0], [0, 1]]
