"""Every tensor that reaches a model is where the model is.

Shown on PyTorch's `meta` device, which no machine lacks: it computes shapes and no values, and what works on it
together with the model must be there too, as on a GPU.
"""

import functools

import pytest
import torch

from course_utils import training
from course_utils.assets import checkpoints
from course_utils.training.processes import Alone
from tests.training.test_loop import DATA, QUICK, TEXTS, tiny


class Elsewhere(Alone):
    """There are no values to add up."""

    def sum(self, numbers: torch.Tensor) -> list[float]:
        return [0.5] * len(numbers)


@pytest.fixture
def elsewhere(monkeypatch):
    """A tiny model on `meta`. The library looks into the mask for a chance to go without, and `meta` has no values."""
    monkeypatch.setattr("transformers.masking_utils._ignore_bidirectional_mask_sdpa", lambda *_, **__: False)
    model = tiny().to("meta")
    model.register_forward_pre_hook(refuse_what_was_left_behind, with_kwargs=True)
    return model


def refuse_what_was_left_behind(model, arguments, named):
    """A GPU refuses by itself. On `meta` the table of embeddings takes row numbers from anywhere."""
    places = {name: tensor.device for name, tensor in named.items()}
    assert not arguments
    assert set(places.values()) == {model.device}, f"the model is on {model.device}, its inputs: {places}"


@pytest.fixture(scope="module")
def tokenizer():
    return checkpoints.tokenizer(hub=False)


def test_training_leaves_nothing_behind(tokenizer, elsewhere, monkeypatch):
    plain = functools.partial(torch.optim.AdamW, foreach=False)  # the fused one knows no `meta`
    monkeypatch.setattr(torch.optim, "AdamW", lambda groups, fused: plain(groups))
    history = training.train(elsewhere, tokenizer, DATA, QUICK, progress=False, team=Elsewhere())
    assert len(history.losses) == 12
    assert {weight.grad is None for weight in elsewhere.parameters()} == {True}


def test_prediction_leaves_nothing_behind(tokenizer, elsewhere):
    """It gets as far as fetching the logits, which `meta` has none of."""
    with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
        training.predict_logits(elsewhere, tokenizer, TEXTS, progress=False)


def test_what_was_left_behind_is_noticed(tokenizer, elsewhere):
    batch = tokenizer(TEXTS[:2], padding=True, return_tensors="pt")
    with pytest.raises(AssertionError, match="the model is on meta"):
        elsewhere(**batch)
