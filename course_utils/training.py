"""The loop that fine-tunes a BERT classifier: short, and with nothing hidden.

It does what the Transformers library's `Trainer` does for one device, in an order that can be read from top to
bottom. It does not evaluate while it trains, resume, or use more than one device.
"""

import math
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import datasets
import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from . import device

VERSION = 3
"""Raised by whoever changes this file so that the same recipe gives another model: saved models are then retrained."""


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
    average_from: float = 0.5
    """share of the steps after which every tenth step's weights count; the model ends as their mean. 1 for none"""
    max_length: int = 64
    """pieces of a sentence that are read; the rest is cut off"""


@dataclass
class History:
    """What happened, step by step."""

    losses: list[float] = field(default_factory=list)
    """mean loss of each batch, measured before its step"""
    learning_rates: list[float] = field(default_factory=list)
    """the highest learning rate of each step, the head's"""
    tokens: int = 0
    """pieces that went through the model, padding included"""
    seconds: float = 0.0
    """wall time"""


def train(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    dataset: datasets.Dataset,
    recipe: Recipe | None = None,
    *,
    seed: int = 0,
    progress: bool = True,
) -> History:
    """Fine-tune the model in place and leave it in evaluation mode.

    Args:
        model: a sequence classifier, on the device to train on.
        tokenizer: the model's tokenizer.
        dataset: columns text (strings) and label (ints from 0), n rows.
        recipe: the settings; `Recipe()` if not given.
        seed: settles the order of the sentences and dropout; the caller's own random state is left as it was.
        progress: show a bar with the loss and the time left, on stderr.

    Returns:
        The history: lists of length steps = epochs * ceil(n / batch_size).

    Raises:
        ValueError: the dataset has no rows.
        FloatingPointError: the loss became nan or infinite.

    Method: Devlin et al. 2019, "BERT", section 4 and appendix A.3; AdamW: Loshchilov and Hutter 2019; a learning
    rate for each layer: Howard and Ruder 2018, "Universal Language Model Fine-tuning", section 3.2; the mean of
    late weights: Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization".
    """
    if len(dataset) == 0:
        raise ValueError("There is nothing to train on: the dataset has no rows.")
    recipe = recipe or Recipe()
    examples = encode(tokenizer, dataset["text"], recipe.max_length)
    labels = torch.tensor(dataset["label"])
    total = recipe.epochs * math.ceil(len(examples) / recipe.batch_size)
    groups = parameter_groups(model, recipe)
    optimizer = torch.optim.AdamW(groups, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: warmup_then_decay(step, int(recipe.warmup * total), total)
    )
    average = AveragedModel(model)
    history = History()
    started = time.perf_counter()
    model.train()
    with (
        seeded(seed) as generator,
        only_trained(model, groups) as trained,
        bar("Training", total, progress) as shown,
    ):
        for _ in range(recipe.epochs):
            for rows in length_grouped(examples, recipe.batch_size, generator):
                batch = device.to_device(pad([examples[row] for row in rows], tokenizer.pad_token_id), model)
                with device.autocast(model.device):
                    logits = model(**batch).logits
                loss = torch.nn.functional.cross_entropy(logits.float(), labels[rows].to(model.device))
                loss.backward()
                torch.nn.utils.clip_grad_norm_(trained, recipe.max_norm)
                history.learning_rates.append(float(max(schedule.get_last_lr())))
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()

                step = len(history.losses)
                if step >= recipe.average_from * total and step % 10 == 0:
                    average.update_parameters(model)
                history.losses.append(loss.item())
                history.tokens += batch["input_ids"].numel()
                if not math.isfinite(history.losses[-1]):
                    raise FloatingPointError("The loss is no longer a number: lower the learning rate.")
                shown.set_postfix_str(f"loss {np.mean(history.losses[-50:]):.2f}", refresh=False)
                shown.update()
    if average.n_averaged > 0:
        model.load_state_dict(average.module.state_dict())
    model.eval()
    history.seconds = time.perf_counter() - started
    return history


def predict_logits(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    *,
    batch_size: int = 64,
    max_length: int | None = None,
    progress: bool | None = None,
) -> np.ndarray:
    """The model's logits for each text, in the order of the texts.

    Texts of like length share a batch, so that little is spent on padding. Dropout is off meanwhile, and the model
    is left in the mode it was in.

    Args:
        texts: n strings; a longer one than the model can read is cut.
        batch_size: texts that go through the model together.
        max_length: pieces read of each text; as many as the model can, if not given.
        progress: True shows a bar, False none, None one if it takes over two seconds.

    Returns:
        float32 [n, classes]; (0, classes) for no texts.

    Raises:
        TypeError: one string instead of a list of strings.
    """
    if isinstance(texts, str):
        raise TypeError("predict_logits takes a list of texts; put the one text in a list: [text].")
    examples = encode(tokenizer, texts, max_length or model.config.max_position_embeddings)
    order = sorted(range(len(examples)), key=lambda row: len(examples[row]), reverse=True)
    logits = np.zeros((len(examples), model.config.num_labels), dtype=np.float32)
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode(), bar("Predicting", len(examples), progress) as shown:
            for start in range(0, len(order), batch_size):
                rows = order[start : start + batch_size]
                batch = device.to_device(pad([examples[row] for row in rows], tokenizer.pad_token_id), model)
                logits[rows] = model(**batch).logits.float().cpu().numpy()
                shown.update(len(rows))
    finally:
        model.train(was_training)
    return logits


def encode(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int) -> list[torch.Tensor]:
    """Each text as a tensor of piece ids [length], length at most `max_length`, not padded."""
    texts = list(texts)
    if not texts:
        return []
    ids = tokenizer(texts, truncation=True, max_length=max_length)["input_ids"]
    return [torch.tensor(row) for row in ids]


def pad(examples: Sequence[torch.Tensor], pad_id: int) -> dict[str, torch.Tensor]:
    """Dynamic padding: input_ids and attention_mask [b, t], t being the longest of these examples, not of all."""
    lengths = torch.tensor([len(example) for example in examples])
    input_ids = pad_sequence(list(examples), batch_first=True, padding_value=pad_id)
    attention_mask = (torch.arange(input_ids.shape[1]) < lengths[:, None]).long()
    return {"input_ids": input_ids, "attention_mask": attention_mask}


def length_grouped(
    examples: Sequence[torch.Tensor], batch_size: int, generator: torch.Generator, pool: int = 50
) -> Iterator[list[int]]:
    """One epoch's batches of row numbers, in random order, each of sentences of like length.

    Rows are shuffled, then sorted by length within pools of `pool` batches: less padding, still random. Every row
    comes once; one batch may be smaller than the others.
    """
    shuffled = torch.randperm(len(examples), generator=generator).tolist()
    step = pool * batch_size
    pools = [shuffled[start : start + step] for start in range(0, len(shuffled), step)]
    rows = [row for part in pools for row in sorted(part, key=lambda row: len(examples[row]))]
    batches = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    for index in torch.randperm(len(batches), generator=generator).tolist():
        yield batches[index]


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
def seeded(seed: int) -> Iterator[torch.Generator]:
    """Seed PyTorch's randomness (dropout) inside, give back the caller's after; yields a generator for orders."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield torch.Generator().manual_seed(seed)


def bar(title: str, total: int, progress: bool | None) -> tqdm:
    """A progress bar in plain text on stderr: no widget, so notebooks store no widget state.

    `progress=None` shows it only once two seconds have gone by.
    """
    return tqdm(
        total=total,
        desc=title,
        disable=progress is False,
        delay=2 if progress is None else 0,
        mininterval=1.0,
        file=sys.stderr,
        bar_format="{desc}: {percentage:3.0f}%|{bar:30}| {elapsed} gone, {remaining} left {postfix}",
    )
