"""Which weights are trained, how fast, and how the learning rate moves."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers import PreTrainedModel

from course_utils.training.recipe import Recipe


def parameter_groups(model: PreTrainedModel, recipe: Recipe) -> list[dict[str, Any]]:
    """The weights to train, grouped for AdamW: one learning rate for each layer, weight decay on matrices only.

    Frozen weights are in no group.
    """
    top = model.config.num_hidden_layers
    lowest = 0 if recipe.frozen_layers is None else recipe.frozen_layers + 1
    groups: dict[tuple[int, bool], list[torch.nn.Parameter]] = {}
    for name, weight in model.named_parameters():
        height = layer_of(name, top)
        if height >= lowest:
            groups.setdefault((height, weight.ndim > 1), []).append(weight)
    return [
        {
            "params": weights,
            "lr": recipe.learning_rate * recipe.layer_decay ** (top - height),
            "weight_decay": recipe.weight_decay if is_matrix else 0.0,
        }
        for (height, is_matrix), weights in groups.items()
    ]


def layer_of(name: str, top: int) -> int:
    """Where a BERT's weight belongs: 0 the embeddings, 1 the lowest layer, ... `top` the highest and the head."""
    layer = re.search(r"encoder\.layer\.(\d+)\.", name)
    if layer:
        return int(layer[1]) + 1
    return 0 if ".embeddings." in name else top


@contextmanager
def only_trained(
    model: torch.nn.Module, groups: Sequence[dict[str, Any]]
) -> Iterator[list[torch.nn.Parameter]]:
    """Inside, only the groups' weights get gradients, which saves the work of the others; yields those weights."""
    trained = [weight for group in groups for weight in group["params"]]
    model.requires_grad_(False)
    for weight in trained:
        weight.requires_grad_(True)
    try:
        yield trained
    finally:
        model.requires_grad_(True)


def warmup_then_decay(step: int, warmup_steps: int, total_steps: int) -> float:
    """The learning rate's multiplier: from 0 to 1 over the warm-up, then to 0 at the last step, in straight lines."""
    if step < warmup_steps:
        return step / warmup_steps
    return max(0.0, (total_steps - step) / max(1, total_steps - warmup_steps))


@contextmanager
def dropout_of(model: torch.nn.Module, share: float | None) -> Iterator[None]:
    """Inside, every dropout of the model sets this share of its numbers to 0; None leaves them as they are."""
    layers = [layer for layer in model.modules() if isinstance(layer, torch.nn.Dropout)]
    before = [layer.p for layer in layers]
    for layer in layers:
        layer.p = layer.p if share is None else share
    try:
        yield
    finally:
        for layer, own in zip(layers, before, strict=True):
            layer.p = own
