"""Try a training recipe by name, and append what it reached to recipes.json.

    python benchmarks/recipes.py NAME [NAME ...] [--seed 0]

A trial learns from a part of the train split and is judged on the validation split and the other part (2,500
sentences in all, `DEV` of them from the train split). The test split is never looked at. What was learnt from the
trials stands in recipes.md.
"""

import argparse
import json
import math
import re
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from course_utils import device, training
from course_utils.assets import checkpoints, reviews
from course_utils.reference.calibration import expected_calibration_error
from course_utils.reference.fine_tuning import linear_schedule
from course_utils.reference.softmax import softmax

RESULTS = Path(__file__).with_suffix(".json")
DEV = 1800
"""sentences of the train split that a trial is judged on, besides the 700 of the validation split"""


@dataclass(frozen=True)
class Trial:
    """One recipe to try; more settings than the course's own recipe ended up with."""

    epochs: int = 2
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
    dropout: float = 0.1
    attention_dropout: float | None = None
    label_smoothing: float = 0.0
    fresh_pooler: bool = False
    """the pooler starts from new random weights, as a new BERT's would"""
    identity_pooler: float = 0.0
    """the pooler starts as this number times the identity: it hands [CLS] on; 0 for not"""
    extra: int = 0
    """snippets of IMDb reviews to learn from as well"""
    extra_pieces: int = 32
    """how long a snippet is at most"""
    extra_kind: str = "last"
    """last: the last sentences of a review; first: its first ones; both: the last of each, then the first of each"""
    extra_when: str = "before"
    """before: one epoch of snippets before the first; mixed: shuffled into the first epoch; middle: after it"""
    extra_weight: float = 1.0
    """how much a snippet's loss counts beside a sentence's"""
    extra_sure: float = 0.0
    """middle only: keep the snippets to whose label the model gives at least this probability by then"""
    average_from: float = 0.0
    """share of the steps after which weights are averaged (every 10 steps); 0 for never"""
    max_length: int = 64
    eager: bool = False
    """attention written out in PyTorch operations instead of the fused kernel"""
    whole: bool = False
    """learn from the whole train split; judged on the validation split only"""


PLAIN = Trial()
TRIALS: dict[str, Trial] = {}


def snippets(n: int, pieces: int, kind: str) -> tuple[list[str], list[int]]:
    """Whole sentences from the end (or the start) of IMDb reviews, at most about `pieces` pieces long."""
    imdb = reviews.load("imdb", hub=False)["train"]
    both = list(zip(imdb["text"], imdb["label"], strict=True))
    texts, labels = [], []
    for i, (text, label) in enumerate(both + both if kind == "both" else both):
        if len(texts) == n:
            break
        sentences = re.split(r"(?<=[.!?])\s+", re.sub(r"<br />|\s+", " ", text).strip())
        from_end = kind == "last" or (kind == "both" and i < len(both))
        taken: list[str] = []
        for sentence in reversed(sentences) if from_end else sentences:
            if taken and sum(len(s.split()) for s in taken) + len(sentence.split()) > pieces * 0.75:
                break
            taken.append(sentence)
        if from_end:
            taken.reverse()
        snippet = " ".join(taken)
        if 3 <= len(snippet.split()) <= pieces * 1.5:
            texts.append(snippet.lower())
            labels.append(label)
    return texts, labels


def depth(name: str, n_layers: int) -> int:
    """0 for the embeddings, 1.. for the layers, n_layers + 1 for the head."""
    found = re.search(r"encoder\.layer\.(\d+)\.", name)
    if found:
        return int(found[1]) + 1
    return 0 if "embeddings" in name else n_layers + 1


def groups(model: torch.nn.Module, trial: Trial) -> list[dict]:
    n_layers = model.config.num_hidden_layers
    made: dict[tuple[int, bool], list] = {}
    for name, weight in model.named_parameters():
        level = depth(name, n_layers)
        if level <= trial.frozen_layers or (trial.words_frozen and "word_embeddings" in name):
            weight.requires_grad_(False)
        else:
            made.setdefault((level, weight.ndim > 1), []).append(weight)
    return [
        {
            "params": weights,
            "weight_decay": trial.weight_decay if decays else 0.0,
            "lr": trial.learning_rate
            * (trial.head_factor if level > n_layers else trial.layer_decay ** (n_layers - level)),
        }
        for (level, decays), weights in made.items()
    ]


def run(trial: Trial, seed: int) -> dict:
    tokenizer = checkpoints.tokenizer(hub=False)
    model = checkpoints.classifier(seed=seed, hub=False)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = trial.dropout
        if hasattr(module, "dropout_prob"):
            module.dropout_prob = trial.dropout
    if trial.eager:
        model.set_attn_implementation("eager")
    for layer in model.bert.encoder.layer:
        attention = layer.attention.self
        attention.dropout.p = trial.dropout if trial.attention_dropout is None else trial.attention_dropout
    if trial.fresh_pooler:
        with training.seeded(seed):
            torch.nn.init.normal_(model.bert.pooler.dense.weight, std=0.02)
            torch.nn.init.zeros_(model.bert.pooler.dense.bias)

    if trial.identity_pooler:
        with torch.no_grad():
            model.bert.pooler.dense.weight.copy_(torch.eye(model.config.hidden_size) * trial.identity_pooler)

    splits = reviews.load(hub=False)
    texts, labels = list(splits["train"]["text"]), list(splits["train"]["label"])
    dev_texts, dev_labels = list(splits["validation"]["text"]), list(splits["validation"]["label"])
    if not trial.whole:
        dev_texts, dev_labels = dev_texts + texts[:DEV], dev_labels + labels[:DEV]
        texts, labels = texts[DEV:], labels[DEV:]
    n_own = len(texts)
    if trial.extra:
        more_texts, more_labels = snippets(trial.extra, trial.extra_pieces, trial.extra_kind)
        texts, labels = texts + more_texts, labels + more_labels
    examples = training.encode(tokenizer, texts, trial.max_length)
    targets = torch.tensor(labels)
    weights = torch.tensor([1.0] * n_own + [trial.extra_weight] * (len(labels) - n_own))

    def plan(generator: torch.Generator) -> list[list[int]]:
        """The batches of all epochs."""
        own, more = examples[:n_own], examples[n_own:]
        planned: list[list[int]] = []
        for epoch in range(trial.epochs):
            if more and epoch == 0 and trial.extra_when == "mixed":
                planned += training.length_grouped(examples, trial.batch_size, generator)
                continue
            if more and epoch == 0:
                for rows in training.length_grouped(more, trial.batch_size, generator):
                    planned.append([n_own + row for row in rows])
            planned += training.length_grouped(own, trial.batch_size, generator)
            if more and epoch == 0 and trial.extra_when == "middle":
                for rows in training.length_grouped(more, trial.batch_size, generator):
                    planned.append([n_own + row for row in rows])
        return planned

    def sure_enough(rows: list[int]) -> list[int]:
        """The rows to whose label the model gives the probability asked for."""
        batch = training.pad([examples[row] for row in rows], tokenizer.pad_token_id)
        with torch.no_grad(), device.autocast(model.device):
            shares = model(**batch).logits.float().softmax(-1)
        kept = shares[torch.arange(len(rows)), targets[rows]] >= trial.extra_sure
        return [row for row, keep in zip(rows, kept.tolist(), strict=True) if keep]

    tokens, losses, average, n_averaged = 0, [], None, 0
    wall, cpu = time.perf_counter(), time.process_time()
    model.train()
    with training.seeded(seed) as generator:
        batches = plan(generator)
        total = len(batches)
        optimizer = torch.optim.AdamW(groups(model, trial), fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: linear_schedule(step, int(trial.warmup * total), total)
        )
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        with training.bar("Trial", total, True) as shown:
            for step, rows in enumerate(batches):
                if trial.extra_sure and rows[0] >= n_own:
                    rows = sure_enough(rows)
                    if not rows:
                        schedule.step()
                        shown.update()
                        continue
                batch = training.pad([examples[row] for row in rows], tokenizer.pad_token_id)
                with device.autocast(model.device):
                    logits = model(**batch).logits
                each = torch.nn.functional.cross_entropy(
                    logits.float(), targets[rows], label_smoothing=trial.label_smoothing, reduction="none"
                )
                loss = (each * weights[rows]).mean()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(trained, 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
                losses.append(loss.item())
                tokens += batch["input_ids"].numel()
                if trial.average_from and step >= trial.average_from * total and step % 10 == 0:
                    n_averaged += 1
                    if average is None:
                        average = [weight.detach().clone() for weight in trained]
                    else:
                        torch._foreach_lerp_(average, [weight.detach() for weight in trained], 1 / n_averaged)
                shown.set_postfix_str(f"loss {np.mean(losses[-50:]):.3f}", refresh=False)
                shown.update()
    model.eval()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    answers = np.array(dev_labels)

    def judged() -> dict:
        logits = training.predict_logits(model, tokenizer, dev_texts, progress=False)
        right = logits.argmax(1) == answers
        half = 1.96 * math.sqrt(right.mean() * (1 - right.mean()) / len(right))
        return {
            "accuracy": round(float(right.mean()), 4),
            "half_ci": round(half, 4),
            "validation": round(float(right[:700].mean()), 4),
            "ece": round(expected_calibration_error(softmax(logits), answers), 4),
        }

    result = {"n_dev": len(answers), "n_train": len(texts), "steps": total, "tokens": tokens}
    result |= {"wall_seconds": round(wall, 1), "cpu_seconds": round(cpu, 1), "last": judged()}
    result["train_loss"] = round(float(np.mean(losses[-50:])), 4)
    if average is not None:
        with torch.no_grad():
            for weight, mean in zip(trained, average, strict=True):
                weight.copy_(mean)
        result["averaged"] = judged()
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
            print(name, {k: v for k, v in asdict(trial).items() if v != getattr(PLAIN, k)})
    for name in arguments.names:
        result = run(TRIALS[name], arguments.seed)
        settings = {k: v for k, v in asdict(TRIALS[name]).items() if v != getattr(PLAIN, k)}
        line = {"name": name, "seed": arguments.seed, "settings": settings} | result
        print(json.dumps(line), flush=True)
        earlier = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
        RESULTS.write_text("[\n" + ",\n".join(json.dumps(row) for row in [*earlier, line]) + "\n]\n")


TRIALS |= {
    "plain": PLAIN,
    "frozen": replace(
        PLAIN,
        epochs=3,
        batch_size=32,
        learning_rate=2e-4,
        layer_decay=0.85,
        words_frozen=True,
        average_from=0.5,
    ),
    "imdb": replace(
        PLAIN,
        epochs=2,
        batch_size=32,
        learning_rate=2e-4,
        layer_decay=0.85,
        words_frozen=True,
        average_from=0.6,
        extra=4000,
    ),
    "half": replace(PLAIN, epochs=4, batch_size=32, learning_rate=2e-4, frozen_layers=3, average_from=0.5),
}
TRIALS |= {
    "shallow": replace(
        PLAIN,
        epochs=3,
        batch_size=32,
        learning_rate=2e-4,
        layer_decay=0.85,
        frozen_layers=2,
        average_from=0.5,
    ),
    "shallow_smooth": replace(
        PLAIN,
        epochs=3,
        batch_size=32,
        learning_rate=3e-4,
        layer_decay=0.85,
        frozen_layers=2,
        average_from=0.5,
        label_smoothing=0.1,
    ),
    "two_epochs": replace(
        PLAIN,
        epochs=2,
        batch_size=32,
        learning_rate=3e-4,
        layer_decay=0.85,
        words_frozen=True,
        average_from=0.5,
    ),
}

QUICK = replace(
    PLAIN,
    batch_size=32,
    learning_rate=3e-4,
    layer_decay=0.85,
    frozen_layers=0,
    average_from=0.5,
    dropout=0.0,
    eager=True,
)
TRIALS |= {
    "quick": QUICK,
    "quick_dropout": replace(QUICK, dropout=0.1, attention_dropout=0.0),
    "snippets_before": replace(QUICK, extra=20_000),
    "snippets_mixed": replace(QUICK, extra=20_000, extra_when="mixed", extra_weight=0.3),
    "snippets_sure": replace(QUICK, extra=20_000, extra_when="middle", extra_sure=0.5),
    "plain_quick": replace(PLAIN, eager=True, dropout=0.0),
    "quick_head": replace(QUICK, head_factor=5.0),
    "quick_identity": replace(QUICK, identity_pooler=1.0, head_factor=3.0),
    "quick_fresh": replace(QUICK, fresh_pooler=True, head_factor=3.0),
    "longer_before": replace(QUICK, extra=12_000, extra_pieces=64, average_from=0.8),
    "longer_sure": replace(QUICK, extra=12_000, extra_pieces=64, extra_when="middle", extra_sure=0.5),
    "snippets_sure_3": replace(
        QUICK, epochs=3, learning_rate=2e-4, extra=20_000, extra_when="middle", extra_sure=0.5
    ),
}


if __name__ == "__main__":
    main()
