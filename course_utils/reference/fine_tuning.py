"""What fine-tuning is made of: a head, a loss, a schedule, what decays, what is held out, what is measured.

Nothing here trains a model. The head and the loss are only computed, without gradients: torch does those.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.reference._inputs import (
    as_class_ids,
    as_fraction,
    as_hidden,
    as_labels,
    as_linear,
    as_names,
    as_steps,
    as_table,
    require_examples,
)
from course_utils.reference.metrics import accuracy, confusion_matrix, macro_f1


def classification_head(
    cls: ArrayLike, pool_weight: ArrayLike, pool_bias: ArrayLike, weight: ArrayLike, bias: ArrayLike
) -> NDArray[Any]:
    """From the vector of [CLS] to logits: BERT's pooler (dense and tanh), then one linear layer.

    The pooler comes pretrained, the linear layer is new (Devlin et al. 2019, BERT, section 3 and appendix A.3). There
    is no softmax in the model, and dropout, which stands between the two in training, does nothing afterwards.

    cls: [b, h]; pool_weight [h, h] and weight [c, h] as torch's Linear stores them, output first; pool_bias [h];
    bias [c]. Returns [b, c]. Raises ValueError for shapes that don't fit together.
    """
    cls = as_hidden(cls, "cls")
    pool_weight, pool_bias = as_linear(pool_weight, pool_bias, "pool_", cls.shape[1])
    weight, bias = as_linear(weight, bias, "", len(pool_bias))
    pooled = np.tanh(cls @ pool_weight.T + pool_bias)
    return pooled @ weight.T + bias


def cross_entropy(logits: ArrayLike, labels: ArrayLike) -> float:
    """The mean over examples of -log(probability of the true class), straight from the logits.

    log softmax is a logit less the logarithm of a sum of exponentials. The largest logit of each example is taken
    off first: nothing overflows, and no probability is rounded to 0 before its logarithm is taken
    (Goodfellow, Bengio & Courville 2016, Deep Learning, section 6.2.2.3).

    logits: [b, c]; labels: [b], whole numbers from 0 to c - 1. Returns one number, 0 or more. Raises ValueError for
    no examples and for labels that don't fit.
    """
    logits = as_table(logits, "logits")
    labels = as_class_ids(labels, "labels", logits.shape[1], length=len(logits))
    require_examples(labels)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    of_the_true = shifted[np.arange(len(labels)), labels]
    losses = np.log(np.exp(shifted).sum(axis=-1)) - of_the_true
    return float(losses.mean())


def linear_schedule(step: int, warmup_steps: int, total_steps: int) -> float:
    """What the learning rate is multiplied by at a step: from 0 up to 1 in the warm-up, then down to 0 at the end.

    The first step is number 0. It is `get_linear_schedule_with_warmup` of the Transformers library
    (Devlin et al. 2019, BERT, appendix A.2).

    Three whole numbers, none negative. Returns a number from 0 to 1; 0 for every step after the last. Raises
    ValueError otherwise.
    """
    step, warmup_steps, total_steps = as_steps(step=step, warmup_steps=warmup_steps, total_steps=total_steps)
    if step < warmup_steps:
        return step / warmup_steps
    left = total_steps - step
    return max(0.0, left / max(1, total_steps - warmup_steps))


def decay_groups(parameter_names: Iterable[str]) -> dict[str, list[str]]:
    """Which parameters weight decay pulls towards 0: the matrices, not the biases or what belongs to LayerNorm.

    Biases and LayerNorm's weights are few. They shift and scale, and a LayerNorm weight near 0 would switch its
    unit off (Devlin et al. 2019, the optimizer of BERT's own code).

    parameter_names: as `model.named_parameters()` gives them, such as "classifier.bias". Returns a dict with the
    names in two lists, decay and no_decay, each in the order they came. Raises ValueError for anything
    else than names.
    """
    groups: dict[str, list[str]] = {"decay": [], "no_decay": []}
    for name in as_names(parameter_names, "parameter_names"):
        parts = name.split(".")
        spared = parts[-1] == "bias" or "LayerNorm" in parts
        groups["no_decay" if spared else "decay"].append(name)
    return groups


def stratified_split(
    labels: ArrayLike, fraction: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to train on and rows held out, with the same share of each class held out.

    Each class is shuffled and cut by itself. The generator is the function's own: the same seed gives the same
    split, and NumPy's global random numbers stay as they are.

    labels: [n], ids or names; fraction: the share held out, from 0 to 1. Returns two arrays of row numbers, each
    in rising order, that together are 0 to n - 1. Raises ValueError for another fraction or another shape.
    """
    labels = as_labels(labels, "labels")
    fraction = as_fraction(fraction)
    generator = np.random.default_rng(seed)
    train: list[int] = []
    held_out: list[int] = []
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label)).tolist()
        count = round(fraction * len(rows))
        held_out.extend(rows[:count])
        train.extend(rows[count:])
    return np.array(sorted(train), dtype=np.int64), np.array(sorted(held_out), dtype=np.int64)


def compute_metrics(eval_pred: Any) -> dict[str, float]:
    """Accuracy and macro F1, for `Trainer(compute_metrics=compute_metrics)`.

    eval_pred: what `Trainer` hands over, which unpacks to predictions and labels [n]. The predictions are logits
    [n, c], or a tuple that begins with them where the model gives out more. Macro F1 is the mean over all c classes;
    one that never occurs counts 0. Returns a dict with accuracy and macro_f1. Raises ValueError for no examples and
    for labels that don't fit.
    """
    predictions, labels = eval_pred
    logits = predictions[0] if isinstance(predictions, tuple) else predictions
    logits = as_table(logits, "logits")
    matrix = confusion_matrix(labels, logits.argmax(axis=-1), logits.shape[1])
    return {"accuracy": accuracy(matrix), "macro_f1": macro_f1(matrix)}
