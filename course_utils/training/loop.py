"""The loop that fine-tunes a BERT classifier: short, and with nothing hidden.

It does what the Transformers library's `Trainer` does, in an order that can be read from top to bottom. It does not
evaluate while it trains, and it does not resume.
"""

import copy
import math
import time
from typing import Any

import datasets
import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from course_utils import device
from course_utils.reference.fine_tuning import linear_schedule
from course_utils.training.batches import encode, length_grouped, pad
from course_utils.training.processes import Alone
from course_utils.training.progress import bar
from course_utils.training.randomness import seeded
from course_utils.training.recipe import History, Recipe
from course_utils.training.weights import dropout_of, hand_cls_on, only_trained, parameter_groups


def train(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    dataset: datasets.Dataset,
    recipe: Recipe | None = None,
    *,
    seed: int = 0,
    progress: bool = True,
    team: Alone | None = None,
) -> History:
    """Fine-tune the model in place and leave it in evaluation mode.

    Args:
        model: a sequence classifier, on the device to train on.
        tokenizer: the model's tokenizer.
        dataset: columns text (strings) and label (ints from 0), n rows.
        recipe: the settings; `Recipe()` if not given.
        seed: settles the order of the sentences and dropout; the caller's own random state is left as it was.
        progress: show a bar with the loss and the time left, on stderr.
        team: the processes that share each batch; this one alone, if not given.

    Returns:
        The history: lists of length steps = (epochs - 1 + branches) * ceil(n / batch_size).

    Raises:
        ValueError: the dataset has no rows.
        FloatingPointError: the loss became nan or infinite.

    Method: Devlin et al. 2019, "BERT", section 4 and appendix A.3; AdamW: Loshchilov and Hutter 2019; a learning
    rate for each layer: Howard and Ruder 2018, "Universal Language Model Fine-tuning", section 3.2; the mean of
    weights: Wortsman et al. 2022, "Model soups", with branches that share all epochs but the last.
    """
    if len(dataset) == 0:
        raise ValueError("There is nothing to train on: the dataset has no rows.")
    recipe, team = recipe or Recipe(), team or Alone()
    history, started = History(), time.perf_counter()
    steps = Steps(model, tokenizer, dataset, recipe, team, history)
    average = AveragedModel(model)
    if recipe.identity_pooler:
        hand_cls_on(model)
    model.train()
    with (
        seeded(seed, team.rank) as generator,
        only_trained(model, steps.groups),
        dropout_of(model, recipe.dropout),
        device.attention(model.device),
        bar("Training", steps.planned, progress and team.rank == 0) as steps.shown,
    ):
        steps.shared = team.prepare(model)
        for epoch in range(recipe.epochs - 1):
            steps.epoch(epoch, generator)
        fork = copy.deepcopy((model.state_dict(), steps.optimizer.state_dict()))
        for _ in range(recipe.branches):
            model.load_state_dict(fork[0])
            steps.optimizer.load_state_dict(copy.deepcopy(fork[1]))
            steps.epoch(recipe.epochs - 1, generator)
            average.update_parameters(model)
    model.load_state_dict(average.module.state_dict())
    model.eval()
    history.seconds = time.perf_counter() - started
    return history


class Steps:
    """The steps of one training, an epoch at a time."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        dataset: datasets.Dataset,
        recipe: Recipe,
        team: Alone,
        history: History,
    ) -> None:
        self.model, self.recipe, self.team, self.history = model, recipe, team, history
        self.shared: Any = model
        self.pad_id = tokenizer.pad_token_id
        self.examples = encode(tokenizer, dataset["text"], recipe.max_length)
        self.labels = torch.tensor(dataset["label"])
        self.groups = parameter_groups(model, recipe)
        self.optimizer = torch.optim.AdamW(self.groups, fused=True)
        self.of_an_epoch = math.ceil(len(self.examples) / recipe.batch_size)
        self.planned = (recipe.epochs - 1 + recipe.branches) * self.of_an_epoch
        self.shown = bar("Training", self.planned, progress=False)

    def epoch(self, number: int, generator: torch.Generator) -> None:
        """Each sentence once, in an order that the generator draws."""
        batches = length_grouped(self.examples, self.recipe.batch_size, generator)
        for step, rows in enumerate(batches, number * self.of_an_epoch):
            self.set_learning_rate(step)
            loss, pieces = self.gradient(rows)
            trained = [weight for group in self.groups for weight in group["params"]]
            torch.nn.utils.clip_grad_norm_(trained, self.recipe.max_norm)
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.note(loss, pieces)

    def set_learning_rate(self, step: int) -> None:
        """Each group's share of the peak, at this step of the schedule."""
        total = self.recipe.epochs * self.of_an_epoch
        share = linear_schedule(step, int(self.recipe.warmup * total), total)
        for group, settings in zip(self.optimizer.param_groups, self.groups, strict=True):
            group["lr"] = share * settings["peak"]

    def gradient(self, rows: list[int]) -> tuple[torch.Tensor, int]:
        """The gradient of the batch's mean loss, in the weights; this process's part of the loss, and its pieces."""
        mine, counts = self.team.share(rows)
        batch = device.to_device(pad([self.examples[row] for row in mine], self.pad_id), self.model)
        with device.autocast(self.model.device):
            logits = self.shared(**batch).logits
        labels = self.labels[mine].to(self.model.device)
        losses = torch.nn.functional.cross_entropy(logits.float(), labels, reduction="none")
        loss = (losses * counts.to(self.model.device)).sum() / len(rows)
        self.team.backward(loss)
        return loss, batch["input_ids"].numel()

    def note(self, loss: torch.Tensor, pieces: int) -> None:
        """Write the step into the history and onto the bar; stop where the loss is no number."""
        self.history.losses.append(self.team.sum(loss))
        self.history.tokens += int(self.team.sum(torch.tensor(pieces)))
        self.history.learning_rates.append(max(group["lr"] for group in self.optimizer.param_groups))
        if not math.isfinite(self.history.losses[-1]):
            raise FloatingPointError("The loss is no longer a number: lower the learning rate.")
        self.shown.set_postfix_str(f"loss {np.mean(self.history.losses[-50:]):.2f}", refresh=False)
        self.shown.update()
