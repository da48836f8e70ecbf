"""The loop that fine-tunes a BERT classifier: short, and with nothing hidden.

It does what the Transformers library's `Trainer` does, in an order that can be read from top to bottom. It does not
evaluate while it trains, and it does not resume. It can be watched, and stopped between two steps.
"""

import copy
import math
import time
from collections.abc import Callable
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
from course_utils.training.watching import Watcher, held_interrupt
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
    monitor: Watcher | None = None,
) -> History:
    """Fine-tune the model in place and leave it in evaluation mode.

    A monitor, or an interrupt while there is one, ends the training after the step at hand. The model is then the
    mean of the branches that were finished; if there is none yet, it is what its steps have made of it.

    Args:
        model: a sequence classifier, on the device to train on.
        tokenizer: the model's tokenizer.
        dataset: columns text (strings) and label (ints from 0), n rows.
        recipe: the settings; `Recipe()` if not given.
        seed: settles the order of the sentences and dropout; the caller's own random state is left as it was.
        progress: show a bar with the loss and the time left, on stderr.
        team: the processes that share each batch; this one alone, if not given.
        monitor: who looks on, in place of the bar, and may stop the training: for instance a `TrainingMonitor`.

    Returns:
        The history: lists of length steps = (epochs - 1 + branches) * ceil(n / batch_size), shorter if stopped.

    Raises:
        ValueError: the dataset has no rows, or several processes have a monitor.
        FloatingPointError: the loss became nan or infinite.

    Method: Devlin et al. 2019, "BERT", section 4 and appendix A.3; AdamW: Loshchilov and Hutter 2019; a learning
    rate for each layer: Howard and Ruder 2018, "Universal Language Model Fine-tuning", section 3.2; the mean of
    weights: Wortsman et al. 2022, "Model soups", with branches that share all epochs but the last.
    """
    if len(dataset) == 0:
        raise ValueError("There is nothing to train on: the dataset has no rows.")
    recipe, team = recipe or Recipe(), team or Alone()
    if monitor is not None and team.size > 1:
        raise ValueError(
            f"A monitor can stop one process, and here are {team.size}, which would wait for it: leave it out."
        )
    history, started = History(), time.perf_counter()
    steps = Steps(model, tokenizer, dataset, recipe, team, history)
    average = AveragedModel(model)
    if recipe.identity_pooler:
        hand_cls_on(model)
    with held_interrupt(monitor is not None) as steps.interrupted:
        if monitor is not None:
            steps.monitor = monitor
            monitor.begin(steps.planned)
        try:
            model.train()
            with (
                seeded(seed, team.rank) as generator,
                only_trained(model, steps.groups),
                dropout_of(model, recipe.dropout),
                device.attention(model.device),
                bar(
                    "Training", steps.planned, progress and team.rank == 0 and monitor is None
                ) as steps.shown,
            ):
                steps.shared = team.prepare(model)
                for epoch in range(recipe.epochs - 1):
                    steps.epoch(epoch, generator)
                fork = copy.deepcopy((model.state_dict(), steps.optimizer.state_dict()))
                for _ in range(recipe.branches):
                    model.load_state_dict(fork[0])
                    steps.optimizer.load_state_dict(copy.deepcopy(fork[1]))
                    steps.epoch(recipe.epochs - 1, generator)
                    if history.stopped:
                        break
                    average.update_parameters(model)
            if average.n_averaged > 0:
                model.load_state_dict(average.module.state_dict())
        finally:
            model.eval()
            history.seconds = time.perf_counter() - started
            if monitor is not None:
                monitor.end(history)
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
        self.monitor: Watcher | None = None
        self.interrupted: Callable[[], bool] = lambda: False

    def epoch(self, number: int, generator: torch.Generator) -> None:
        """Each sentence once, in an order that the generator draws, unless somebody stops it."""
        batches = length_grouped(self.examples, self.recipe.batch_size, generator)
        for step, rows in enumerate(batches, number * self.of_an_epoch):
            if self.is_stopped():
                return
            self.set_learning_rate(step)
            found = self.gradient(rows)
            trained = [weight for group in self.groups for weight in group["params"]]
            torch.nn.utils.clip_grad_norm_(trained, self.recipe.max_norm)
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.note(found, len(rows))

    def is_stopped(self) -> bool:
        """Whether the training is to end here. Asked before a step, so that one that was the last is a whole training."""
        if self.monitor is not None and (self.monitor.stopped or self.interrupted()):
            self.history.stopped = True
        return self.history.stopped

    def set_learning_rate(self, step: int) -> None:
        """Each group's share of the peak, at this step of the schedule."""
        total = self.recipe.epochs * self.of_an_epoch
        share = linear_schedule(step, int(self.recipe.warmup * total), total)
        for group, settings in zip(self.optimizer.param_groups, self.groups, strict=True):
            group["lr"] = share * settings["peak"]

    def gradient(self, rows: list[int]) -> torch.Tensor:
        """The gradient of the batch's mean loss, in the weights.

        Returns:
            [3], this process's part: of the batch's mean loss, of its sentences that were right, of its pieces.
        """
        mine, counts = self.team.share(rows)
        batch = device.to_device(pad([self.examples[row] for row in mine], self.pad_id), self.model)
        with device.autocast(self.model.device):
            logits = self.shared(**batch).logits.float()
        labels, counts = self.labels[mine].to(self.model.device), counts.to(self.model.device)
        losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
        loss = (losses * counts).sum() / len(rows)
        self.team.backward(loss)
        right = ((logits.argmax(dim=-1) == labels) * counts).sum()
        return torch.stack([loss.detach(), right, loss.new_tensor(batch["input_ids"].numel())])

    def note(self, found: torch.Tensor, sentences: int) -> None:
        """Write the step into the history, and show it; raise where the loss is no number."""
        # Together, since each sum waits for the device and for the other processes.
        loss, right, pieces = self.team.sum(found)
        self.history.losses.append(loss)
        self.history.accuracies.append(right / sentences)
        self.history.tokens += int(pieces)
        self.history.learning_rates.append(max(group["lr"] for group in self.optimizer.param_groups))
        if not math.isfinite(loss):
            step = len(self.history.losses)
            raise FloatingPointError(
                f"The loss is no longer a number at step {step}: lower the learning rate."
            )
        if self.monitor is not None:
            self.monitor.step(self.history)
        self.shown.set_postfix_str(f"loss {np.mean(self.history.losses[-50:]):.2f}", refresh=False)
        self.shown.update()
