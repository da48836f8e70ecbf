"""Which weights are trained, and how fast each."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers import PreTrainedModel

from course_utils.training.recipe import Recipe


def parameter_groups(model: PreTrainedModel, recipe: Recipe) -> list[dict[str, Any]]:
    """The weights to train, grouped for AdamW: weight decay on matrices only, and in `peak` each layer's learning rate.

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
            "peak": recipe.learning_rate * recipe.layer_decay ** max(0, top - height),
            "weight_decay": recipe.weight_decay if is_matrix else 0.0,
        }
        for (height, is_matrix), weights in groups.items()
    ]


def layer_of(name: str, top: int) -> int:
    """Where a BERT's weight belongs: 0 the embeddings, 1 the lowest layer, ... `top` the highest, `top` + 1 the head."""
    layer = re.search(r"encoder\.layer\.(\d+)\.", name)
    if layer:
        return int(layer[1]) + 1
    return 0 if ".embeddings." in name else top + 1


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


def hand_cls_on(model: PreTrainedModel) -> None:
    """Make the pooler's layer the identity, so that the classifier begins with the vector of [CLS] itself, after tanh.

    A checkpoint of sentence vectors, such as the course's, comes with a pooler that nobody has trained.
    """
    with torch.no_grad():
        dense = model.bert.pooler.dense
        dense.weight.copy_(torch.eye(*dense.weight.shape))
        dense.bias.zero_()


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
