"""Other right ways to do the exercises of lesson 3. None uses `course_utils`."""

import collections
import math
import random

import numpy as np
import torch
from scipy.special import logsumexp
from sklearn import metrics
from sklearn.model_selection import StratifiedShuffleSplit, train_test_split
from torch import nn
from transformers import get_linear_schedule_with_warmup


def head_in_torch(cls, pool_weight, pool_bias, weight, bias):
    cls, pool_weight, pool_bias, weight, bias = map(torch.tensor, (cls, pool_weight, pool_bias, weight, bias))
    return nn.functional.linear(torch.tanh(nn.functional.linear(cls, pool_weight, pool_bias)), weight, bias)


def head_of_modules_in_float32(cls, pool_weight, pool_bias, weight, bias):
    pool, last = nn.Linear(*pool_weight.shape[::-1]), nn.Linear(*weight.shape[::-1])
    for layer, values in ((pool, (pool_weight, pool_bias)), (last, (weight, bias))):
        layer.weight.data, layer.bias.data = (torch.tensor(value, dtype=torch.float32) for value in values)
    return nn.Sequential(pool, nn.Tanh(), nn.Dropout(), last).eval()(torch.tensor(cls, dtype=torch.float32))


def head_by_loops(cls, pool_weight, pool_bias, weight, bias):
    def layer(vector, rows, offsets):
        return [
            sum(x * w for x, w in zip(vector, row, strict=True)) + offset
            for row, offset in zip(rows, offsets, strict=True)
        ]

    return [
        layer([math.tanh(x) for x in layer(vector, pool_weight, pool_bias)], weight, bias) for vector in cls
    ]


def head_by_einsum(cls, pool_weight, pool_bias, weight, bias):
    double = 2 * (np.einsum("bi,oi->bo", cls, pool_weight) + pool_bias)
    pooled = 1 - 2 / (np.exp(double) + 1)
    return np.einsum("bi,oi->bo", pooled, weight) + bias


def loss_in_torch(logits, labels):
    return nn.functional.cross_entropy(torch.tensor(logits, dtype=torch.float64), torch.tensor(labels))


def loss_in_torch_float32(logits, labels):
    log_probabilities = torch.log_softmax(torch.tensor(logits, dtype=torch.float32), dim=1)
    return nn.NLLLoss()(log_probabilities, torch.tensor(labels))


def loss_in_scipy(logits, labels):
    return np.mean(logsumexp(logits, axis=1) - np.take_along_axis(logits, labels[:, None], axis=1)[:, 0])


def loss_by_loops(logits, labels):
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        total += max(row) - row[label] + math.log(math.fsum(math.exp(x - max(row)) for x in row))
    return total / len(labels)


def loss_by_one_hot(logits, labels):
    top = logits.max(axis=1, keepdims=True)
    log_probabilities = logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
    return -(np.eye(logits.shape[1])[labels] * log_probabilities).sum(axis=1).mean()


def loss_by_differences(logits, labels):
    own = logits[np.arange(len(labels)), labels][:, None]
    return np.array([np.logaddexp.reduce(logits - own, axis=1).mean()])


def schedule_of_the_library(step, warmup_steps, total_steps):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    return get_linear_schedule_with_warmup(optimizer, warmup_steps, total_steps).lr_lambdas[0](step)


def schedule_by_interpolation(step, warmup_steps, total_steps):
    if warmup_steps in (0, total_steps):
        if step >= total_steps:
            return 0.0
        return step / warmup_steps if warmup_steps else 1 - step / total_steps
    return np.interp(step, [0, warmup_steps, total_steps], [0, 1, 0])


def schedule_by_cases(step, warmup_steps, total_steps):
    if step >= total_steps:
        return 0
    if step >= warmup_steps:
        return torch.tensor((total_steps - step) / (total_steps - warmup_steps), dtype=torch.float64)
    return np.float32(step / warmup_steps)


def schedule_by_the_smaller(step, warmup_steps, total_steps):
    up = step / warmup_steps if warmup_steps else 1
    down = (total_steps - step) / max(1, total_steps - warmup_steps)
    return max(0, min(up, down)) if step < total_steps else 0


def groups_by_any(parameter_names):
    words = ["bias", "LayerNorm.weight"]
    return {
        "no_decay": [name for name in parameter_names if any(word in name for word in words)],
        "decay": tuple(name for name in parameter_names if not any(word in name for word in words)),
    }


def groups_by_parts(parameter_names):
    groups = collections.defaultdict(list, decay=[], no_decay=[])
    for name in parameter_names:
        *_, owner, kind = name.split(".")
        groups["decay" if kind == "weight" and owner != "LayerNorm" else "no_decay"].append(name)
    return groups


def groups_in_lower_case_as_arrays(parameter_names):
    names = np.array(parameter_names)
    spared = np.array(["norm" in name.lower() or name.endswith(".bias") for name in parameter_names])
    return {"decay": names[~spared], "no_decay": names[spared]}


def split_scikit_learn(labels, fraction, seed):
    return train_test_split(np.arange(len(labels)), test_size=fraction, stratify=labels, random_state=seed)


def split_by_scikit_learns_splitter(labels, fraction, seed):
    splitter = StratifiedShuffleSplit(n_splits=1, test_size=fraction, random_state=seed)
    return next(splitter.split(labels, labels))


def split_by_a_source_of_its_own(labels, fraction, seed):
    source, train, held_out = random.Random(seed), [], []
    for label in sorted(set(labels.tolist())):
        rows = [row for row, other in enumerate(labels) if other == label]
        held = source.sample(rows, int(len(rows) * fraction))
        held_out += held
        train += [row for row in rows if row not in held]
    source.shuffle(train)
    return [train, held_out]


def split_one_shuffle_then_a_quota(labels, fraction, seed):
    """All rows in one random order; a row is held out while its class still wants some."""
    wanted = {
        label: math.ceil(fraction * count) for label, count in collections.Counter(labels.tolist()).items()
    }
    train, held_out = set(), set()
    for row in np.random.RandomState(seed).permutation(len(labels)).tolist():
        label = int(labels[row])
        (held_out if wanted[label] > 0 else train).add(row)
        wanted[label] -= 1
    return np.array(list(train)), np.array(list(held_out))


def split_in_torch(labels, fraction, seed):
    generator = torch.Generator().manual_seed(seed)
    classes, train, held_out = torch.tensor(labels), [], []
    for label in classes.unique():
        rows = (classes == label).nonzero().flatten()
        rows = rows[torch.randperm(len(rows), generator=generator)]
        count = int(fraction * len(rows) + 0.5)
        held_out.append(rows[:count])
        train.append(rows[count:])
    return torch.cat(train), torch.cat(held_out)


def split_by_sorting_random_numbers(labels, fraction, seed):
    """Rows sorted by class and, within a class, by a random number; then every place has its share."""
    order = np.lexsort((np.random.default_rng(seed).random(len(labels)), labels))
    places = np.floor(np.arange(1, len(labels) + 1) * fraction + 1e-9)
    held = np.diff(places, prepend=0) > 0
    return order[~held].tolist(), order[held].tolist()


def metrics_scikit_learn(eval_pred):
    predictions, labels = eval_pred
    if isinstance(predictions, tuple):
        predictions = predictions[0]
    chosen = np.argmax(predictions, axis=-1)
    return {
        "accuracy": metrics.accuracy_score(labels, chosen),
        "macro_f1": metrics.f1_score(labels, chosen, average="macro"),
    }


def metrics_by_names(eval_pred):
    logits = eval_pred.predictions
    logits = torch.as_tensor(logits[0] if type(logits) in (tuple, list) else logits)
    chosen, labels = logits.argmax(-1), torch.as_tensor(eval_pred.label_ids)
    found = []
    for label in range(logits.shape[1]):
        hits = ((chosen == label) & (labels == label)).sum()
        found.append(2 * hits / max(1, int((chosen == label).sum() + (labels == label).sum())))
    return {
        "macro_f1": torch.stack(found).mean(),
        "accuracy": (chosen == labels).float().mean(),
        "n": len(labels),
    }


def metrics_by_loops(eval_pred):
    logits, labels = eval_pred[0], eval_pred[1].tolist()
    if not hasattr(logits, "shape"):
        logits, *_ = logits
    chosen = [max(range(len(row)), key=row.__getitem__) for row in logits.tolist()]
    pairs = collections.Counter(zip(labels, chosen, strict=True))
    scores = []
    for label in set(labels) | set(chosen):
        wrong = sum(count for pair, count in pairs.items() if (pair[0] == label) != (pair[1] == label))
        scores.append(2 * pairs[label, label] / (2 * pairs[label, label] + wrong))
    right = sum(count for (one, other), count in pairs.items() if one == other)
    return collections.OrderedDict(accuracy=right / len(labels), macro_f1=sum(scores) / len(scores))


HONEST_LESSON_3 = {
    "classification_head": [
        head_in_torch,
        head_of_modules_in_float32,
        head_by_loops,
        head_by_einsum,
    ],
    "cross_entropy": [
        loss_in_torch,
        loss_in_torch_float32,
        loss_in_scipy,
        loss_by_loops,
        loss_by_one_hot,
        loss_by_differences,
    ],
    "linear_schedule": [
        schedule_of_the_library,
        schedule_by_interpolation,
        schedule_by_cases,
        schedule_by_the_smaller,
    ],
    "decay_groups": [groups_by_any, groups_by_parts, groups_in_lower_case_as_arrays],
    "stratified_split": [
        split_scikit_learn,
        split_by_scikit_learns_splitter,
        split_by_a_source_of_its_own,
        split_one_shuffle_then_a_quota,
        split_in_torch,
        split_by_sorting_random_numbers,
    ],
    "compute_metrics": [metrics_scikit_learn, metrics_by_names, metrics_by_loops],
}
