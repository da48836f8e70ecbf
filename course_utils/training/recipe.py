"""The settings of a training run, and what happened in it."""

from dataclasses import dataclass, field

VERSION = 4
"""Raised by whoever changes the loop so that the same recipe gives another model: saved models are then retrained."""


@dataclass(frozen=True)
class Recipe:
    """Every setting of a training run."""

    epochs: int = 2
    """how often each sentence is seen"""
    batch_size: int = 32
    """sentences in one step"""
    learning_rate: float = 3e-4
    """the head's and the top layer's at its peak, at the end of the warm-up"""
    layer_decay: float = 0.85
    """factor on the learning rate from each layer to the one below: the lower, the more general and worth keeping"""
    frozen_layers: int | None = 0
    """the embeddings and so many of the lowest layers stay as they are, which saves time; None trains everything"""
    warmup: float = 0.1
    """share of the steps in which the learning rate climbs from 0; after it, it falls to 0 in a straight line"""
    weight_decay: float = 0.01
    """pull towards 0, on matrices only: biases and LayerNorm are left alone"""
    max_norm: float = 1.0
    """gradients longer than this are scaled down to it"""
    branches: int = 3
    """the last epoch is done so many times from the same start, each in another order, and the model ends as the mean
    of the weights that they end with"""
    identity_pooler: bool = True
    """the pooler starts by handing [CLS] on as it is; False starts it as the checkpoint has it, which may never have
    trained it"""
    dropout: float | None = 0.0
    """share of the numbers that each dropout sets to 0 while training; None leaves it as the checkpoint has it"""
    max_length: int = 64
    """pieces of a sentence that are read; the rest is cut off"""


@dataclass
class History:
    """What happened, step by step."""

    losses: list[float] = field(default_factory=list)
    """mean loss of each batch, measured before its step"""
    accuracies: list[float] = field(default_factory=list)
    """share of each batch whose largest logit was the label's, measured before its step"""
    learning_rates: list[float] = field(default_factory=list)
    """the highest learning rate of each step, the head's"""
    tokens: int = 0
    """pieces that went through the model, padding included"""
    seconds: float = 0.0
    """wall time"""
    stopped: bool = False
    """whether it ended before all its steps, because somebody stopped it"""
