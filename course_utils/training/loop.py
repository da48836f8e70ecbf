"""The loop that fine-tunes a BERT classifier: short, and with nothing hidden.

It does what the Transformers library's `Trainer` does, in an order that can be read from top to bottom. It does not
evaluate while it trains, and it does not resume.
"""

import math
import time
from collections.abc import Iterator, Sequence

import datasets
import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from course_utils import device
from course_utils.reference.fine_tuning import linear_schedule
from course_utils.training.batches import encode, length_grouped, pad
from course_utils.training.processes import Alone
from course_utils.training.progress import bar
from course_utils.training.randomness import seeded
from course_utils.training.recipe import History, Recipe
from course_utils.training.weights import dropout_of, only_trained, parameter_groups


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
    recipe, team = recipe or Recipe(), team or Alone()
    examples = encode(tokenizer, dataset["text"], recipe.max_length)
    labels = torch.tensor(dataset["label"])
    total = recipe.epochs * math.ceil(len(examples) / recipe.batch_size)
    groups = parameter_groups(model, recipe)
    optimizer = torch.optim.AdamW(groups, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: linear_schedule(step, int(recipe.warmup * total), total)
    )
    average = AveragedModel(model)
    history = History()
    started = time.perf_counter()
    model.train()
    with (
        seeded(seed, team.rank) as generator,
        only_trained(model, groups) as trained,
        dropout_of(model, recipe.dropout),
        device.attention(model.device),
        bar("Training", total, progress and team.rank == 0) as shown,
    ):
        shared = team.prepare(model)
        for step, rows in enumerate(batches_of_all_epochs(examples, recipe, generator)):
            mine, counts = team.share(rows)
            batch = device.to_device(pad([examples[row] for row in mine], tokenizer.pad_token_id), model)
            with device.autocast(model.device):
                logits = shared(**batch).logits
            losses = torch.nn.functional.cross_entropy(
                logits.float(), labels[mine].to(model.device), reduction="none"
            )
            loss = (losses * counts.to(model.device)).sum() / len(rows)
            team.backward(loss)
            torch.nn.utils.clip_grad_norm_(trained, recipe.max_norm)
            history.learning_rates.append(float(max(schedule.get_last_lr())))
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()

            if step >= recipe.average_from * total and step % 10 == 0:
                average.update_parameters(model)
            history.losses.append(team.sum(loss))
            history.tokens += int(team.sum(torch.tensor(batch["input_ids"].numel())))
            if not math.isfinite(history.losses[-1]):
                raise FloatingPointError("The loss is no longer a number: lower the learning rate.")
            shown.set_postfix_str(f"loss {np.mean(history.losses[-50:]):.2f}", refresh=False)
            shown.update()
    if average.n_averaged > 0:
        model.load_state_dict(average.module.state_dict())
    model.eval()
    history.seconds = time.perf_counter() - started
    return history


def batches_of_all_epochs(
    examples: Sequence[Tensor], recipe: Recipe, generator: torch.Generator
) -> Iterator[list[int]]:
    """The row numbers of each step, one epoch after another, each in an order of its own."""
    for _ in range(recipe.epochs):
        yield from length_grouped(examples, recipe.batch_size, generator)
