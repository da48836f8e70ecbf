"""Try a training recipe by name, and append what it reached to recipes.json.

    python benchmarks/recipes.py                     the names
    python benchmarks/recipes.py NAME [NAME ...] [--seed 0]

A trial learns from a part of the train split and is judged on the validation split and the other part (2,500
sentences in all, `DEV` of them from the train split). The test split is never looked at. What was learnt from the
trials stands in recipes.md.
"""

import argparse
import copy
import json
import math
import os
import re
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from course_utils import device, training
from course_utils.assets import checkpoints, reviews
from course_utils.reference.calibration import expected_calibration_error
from course_utils.reference.fine_tuning import linear_schedule
from course_utils.reference.softmax import softmax
from course_utils.training.weights import dropout_of

RESULTS = Path(__file__).with_suffix(".json")
DEV = 1800
"""sentences of the train split that a trial is judged on, besides the 700 of the validation split"""


@dataclass(frozen=True)
class Trial:
    """One recipe to try; more settings than the course's own recipe ended up with."""

    epochs: int = 2
    branches: int = 1
    """the last epoch is done so many times from the same start; the model ends as the mean of what comes of it"""
    batch_size: int = 16
    learning_rate: float = 1e-4
    warmup: float = 0.1
    weight_decay: float = 0.01
    layer_decay: float = 1.0
    """factor on the learning rate from each layer to the one below it"""
    head_factor: float = 1.0
    """factor on the head's learning rate (pooler and classifier)"""
    frozen_layers: int = -1
    """-1 none, 0 the embeddings, n the embeddings and the n lowest layers"""
    words_frozen: bool = False
    """only the word embeddings are frozen"""
    dropout: float | None = None
    """None leaves it at the checkpoint's 0.1"""
    identity_pooler: bool = False
    """the pooler starts as the identity, and hands [CLS] on"""
    extra: int = 0
    """snippets of IMDb reviews to learn from as well"""
    extra_pieces: int = 32
    """how long a snippet is at most"""
    extra_when: str = "before"
    """before: one epoch of snippets before the first; mixed: shuffled into the first epoch"""
    extra_weight: float = 1.0
    """how much a snippet's loss counts beside a sentence's"""
    average_from: float = 0.0
    """share of the steps after which weights are averaged (every 10 steps); 0 for never"""
    max_length: int = 64


PLAIN = Trial()
EARLIER = replace(
    PLAIN, batch_size=32, learning_rate=2e-4, layer_decay=0.85, words_frozen=True, average_from=0.5
)
QUICK = replace(EARLIER, learning_rate=3e-4, words_frozen=False, frozen_layers=0, dropout=0.0)
BRANCHES = replace(QUICK, average_from=0.0, branches=3)
TRIALS: dict[str, Trial] = {
    "plain": PLAIN,
    "frozen": replace(EARLIER, epochs=3),
    "imdb": replace(EARLIER, average_from=0.6, extra=4000),
    "shallow": replace(EARLIER, epochs=3, words_frozen=False, frozen_layers=2),
    "two_epochs": replace(EARLIER, learning_rate=3e-4),
    "quick": QUICK,
    "quick_head": replace(QUICK, head_factor=5.0),
    "quick_identity": replace(QUICK, head_factor=3.0, identity_pooler=True),
    "snippets_before": replace(QUICK, extra=20_000),
    "snippets_mixed": replace(QUICK, extra=20_000, extra_when="mixed", extra_weight=0.3),
    "branches": BRANCHES,
    "branches_identity": replace(BRANCHES, identity_pooler=True),
    "branches_3_epochs": replace(BRANCHES, epochs=3, identity_pooler=True),
}


def snippets(n: int, pieces: int) -> tuple[list[str], list[int]]:
    """Whole sentences from the end of IMDb reviews, at most about `pieces` pieces long."""
    imdb = reviews.load("imdb", hub=False)["train"]
    texts, labels = [], []
    for text, label in zip(imdb["text"], imdb["label"], strict=True):
        if len(texts) == n:
            break
        sentences = re.split(r"(?<=[.!?])\s+", re.sub(r"<br />|\s+", " ", text).strip())
        taken: list[str] = []
        for sentence in reversed(sentences):
            if taken and sum(len(s.split()) for s in taken) + len(sentence.split()) > pieces * 0.75:
                break
            taken.insert(0, sentence)
        snippet = " ".join(taken)
        if 3 <= len(snippet.split()) <= pieces * 1.5:
            texts.append(snippet.lower())
            labels.append(label)
    return texts, labels


class Attempt:
    """One trial with one seed."""

    def __init__(self, trial: Trial, seed: int) -> None:
        self.trial, self.seed = trial, seed
        self.tokenizer = checkpoints.tokenizer(hub=False)
        self.model = checkpoints.classifier(seed=seed, hub=False)
        if trial.identity_pooler:
            with torch.no_grad():
                self.model.bert.pooler.dense.weight.copy_(torch.eye(self.model.config.hidden_size))
        splits = reviews.load(hub=False)
        train = [list(splits["train"][column]) for column in ("text", "label")]
        held_out = [list(splits["validation"][column]) for column in ("text", "label")]
        self.dev_texts, self.dev_labels = (
            own + more[:DEV] for own, more in zip(held_out, train, strict=True)
        )
        texts, labels = (column[DEV:] for column in train)
        self.own = len(texts)
        more_texts, more_labels = snippets(trial.extra, trial.extra_pieces) if trial.extra else ([], [])
        self.examples = training.encode(self.tokenizer, texts + more_texts, trial.max_length)
        self.labels = torch.tensor(labels + more_labels)
        self.counts = torch.tensor([1.0] * self.own + [trial.extra_weight] * len(more_texts))
        self.optimizer = torch.optim.AdamW(self.groups(), fused=True)
        self.peaks = [group["lr"] for group in self.optimizer.param_groups]
        self.late, self.losses, self.tokens = AveragedModel(self.model), [], 0

    def groups(self) -> list[dict[str, Any]]:
        """What is trained, and how fast."""
        trial, top = self.trial, self.model.config.num_hidden_layers
        made: dict[tuple[int, bool], list[torch.nn.Parameter]] = {}
        for name, weight in self.model.named_parameters():
            height = training.layer_of(name, top)
            if height <= trial.frozen_layers or (trial.words_frozen and "word_embeddings" in name):
                weight.requires_grad_(False)
            else:
                made.setdefault((height, weight.ndim > 1), []).append(weight)
        return [
            {
                "params": weights,
                "weight_decay": trial.weight_decay if is_matrix else 0.0,
                "lr": trial.learning_rate
                * (trial.head_factor if height > top else trial.layer_decay ** (top - height)),
            }
            for (height, is_matrix), weights in made.items()
        ]

    def epoch(self, number: int, generator: torch.Generator) -> Iterator[list[int]]:
        """The batches of an epoch."""
        own, size = self.examples[: self.own], self.trial.batch_size
        snippets_now = number == 0 and self.trial.extra > 0
        if snippets_now and self.trial.extra_when == "mixed":
            yield from training.length_grouped(self.examples, size, generator)
            return
        if snippets_now:
            for rows in training.length_grouped(self.examples[self.own :], size, generator):
                yield [self.own + row for row in rows]
        yield from training.length_grouped(own, size, generator)

    def steps(self, batches: list[list[int]], first: int, total: int) -> None:
        trained = [weight for group in self.optimizer.param_groups for weight in group["params"]]
        for step, rows in enumerate(tqdm(batches, mininterval=5), first):
            share = linear_schedule(step, int(self.trial.warmup * total), total)
            for group, peak in zip(self.optimizer.param_groups, self.peaks, strict=True):
                group["lr"] = share * peak
            batch = training.pad([self.examples[row] for row in rows], self.tokenizer.pad_token_id)
            with device.autocast(self.model.device):
                logits = self.model(**device.to_device(batch, self.model)).logits
            each = torch.nn.functional.cross_entropy(logits.float(), self.labels[rows], reduction="none")
            loss = (each * self.counts[rows]).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.losses.append(loss.item())
            self.tokens += batch["input_ids"].numel()
            if self.trial.average_from and step >= self.trial.average_from * total and step % 10 == 0:
                self.late.update_parameters(self.model)

    def train(self) -> None:
        trial = self.trial
        attention = device.attention(self.model.device) if trial.dropout == 0 else nullcontext()
        self.model.train()
        with training.seeded(self.seed) as generator, dropout_of(self.model, trial.dropout), attention:
            trunk = [rows for number in range(trial.epochs - 1) for rows in self.epoch(number, generator)]
            last = list(self.epoch(trial.epochs - 1, generator))
            total = len(trunk) + len(last)
            self.steps(trunk, 0, total)
            fork = copy.deepcopy((self.model.state_dict(), self.optimizer.state_dict()))
            for branch in range(trial.branches):
                self.model.load_state_dict(fork[0])
                self.optimizer.load_state_dict(copy.deepcopy(fork[1]))
                self.steps(last, len(trunk), total)
                last = list(self.epoch(trial.epochs - 1, generator))
                if trial.branches > 1:
                    self.late.update_parameters(self.model)
                    print(f"branch {branch}: {self.judged()['accuracy']}", flush=True)
        self.model.eval()

    def judged(self) -> dict[str, float]:
        logits = training.predict_logits(self.model, self.tokenizer, self.dev_texts, progress=False)
        answers = np.array(self.dev_labels)
        right = logits.argmax(1) == answers
        half = 1.96 * math.sqrt(right.mean() * (1 - right.mean()) / len(right))
        return {
            "accuracy": round(float(right.mean()), 4),
            "half_ci": round(half, 4),
            "validation": round(float(right[:700].mean()), 4),
            "ece": round(expected_calibration_error(softmax(logits), answers), 4),
        }


def run(trial: Trial, seed: int) -> dict[str, Any]:
    attempt = Attempt(trial, seed)
    wall, cpu = time.perf_counter(), time.process_time()
    attempt.train()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    result: dict[str, Any] = {"n_dev": len(attempt.dev_labels), "n_train": len(attempt.examples)}
    result |= {"steps": len(attempt.losses), "tokens": attempt.tokens}
    result |= {
        "wall_seconds": round(wall, 1),
        "cpu_seconds": round(cpu, 1),
        "threads": torch.get_num_threads(),
    }
    result |= {"bfloat16": device.has_bfloat16(attempt.model.device), "load": round(os.getloadavg()[0], 1)}
    result |= {"train_loss": round(float(np.mean(attempt.losses[-50:])), 4), "last": attempt.judged()}
    if attempt.late.n_averaged > 0:
        attempt.model.load_state_dict(attempt.late.module.state_dict())
        result["averaged"] = attempt.judged()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="trials to run; none lists them")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if not arguments.names:
        for name, trial in TRIALS.items():
            print(name, settings(trial))
    for name in arguments.names:
        result = run(TRIALS[name], arguments.seed)
        line = {"name": name, "seed": arguments.seed, "settings": settings(TRIALS[name])} | result
        print(json.dumps(line), flush=True)
        earlier = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
        RESULTS.write_text("[\n" + ",\n".join(json.dumps(row) for row in [*earlier, line]) + "\n]\n")


def settings(trial: Trial) -> dict[str, Any]:
    """What differs from the plain trial."""
    return {name: value for name, value in asdict(trial).items() if value != getattr(PLAIN, name)}


if __name__ == "__main__":
    main()
