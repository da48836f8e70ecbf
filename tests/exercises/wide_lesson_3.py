"""Inputs on which a change to a reference of lesson 3 may show: wider than the cases, and within what is promised."""

import numpy as np

from course_utils.exercises.lesson_3.compute_metrics import EvalPrediction


def wide_classification_head(generator):
    batch, width, classes = generator.integers(1, 7, size=3).tolist()
    shapes = ((batch, width), (width, width), (width,), (classes, width), (classes,))
    return tuple(generator.normal(0, 1, size=shape) for shape in shapes)


def wide_cross_entropy(generator):
    examples, classes = generator.integers(1, 9, size=2).tolist()
    scale = float(generator.choice([0.1, 1, 30, 1e3, 1e4]))
    logits = generator.normal(float(generator.choice([-1, 0, 1])) * scale, scale, size=(examples, classes))
    if generator.random() < 0.2:
        logits = logits.round().astype(int)
    return logits, generator.integers(0, classes, size=examples)


def wide_linear_schedule(generator):
    total = int(generator.integers(1, 50))
    warmup = int(generator.integers(0, total + 1))
    return int(generator.integers(0, total + 10)), warmup, total


def wide_decay_groups(generator):
    owners = ["dense", "LayerNorm", "classifier", "embeddings", "query", "word_embeddings", "output"]
    names = [
        ".".join([*generator.choice(owners, size=int(generator.integers(1, 4))), kind])
        for kind in generator.choice(["weight", "bias"], size=int(generator.integers(0, 12)))
    ]
    # Something that only lies inside a LayerNorm occurs in no BERT.
    return ([name for name in names if "LayerNorm" not in name.split(".")[:-2]],)


def wide_stratified_split(generator):
    counts = generator.integers(1, 40, size=int(generator.integers(1, 7)))
    labels = generator.permutation(np.repeat(generator.permutation(12)[: len(counts)], counts))
    return labels, float(generator.uniform(0, 1)), int(generator.integers(10_000))


def wide_compute_metrics(generator):
    """Every class occurs."""
    classes = int(generator.integers(1, 6))
    labels = generator.permutation(
        np.concatenate(
            [np.arange(classes), generator.integers(0, classes, size=int(generator.integers(0, 30)))]
        )
    )
    logits = generator.normal(generator.normal(0, 2), 1, size=(len(labels), classes))
    predictions = (logits, generator.normal(size=(4, 2))) if generator.random() < 0.3 else logits
    return (EvalPrediction(predictions, labels),)


WIDE_LESSON_3 = {
    "classification_head": wide_classification_head,
    "cross_entropy": wide_cross_entropy,
    "linear_schedule": wide_linear_schedule,
    "decay_groups": wide_decay_groups,
    "stratified_split": wide_stratified_split,
    "compute_metrics": wide_compute_metrics,
}

LEAST_LESSON_3 = {
    "classification_head": 10,
    "cross_entropy": 15,
    "linear_schedule": 15,
    "decay_groups": 8,
    "stratified_split": 10,
    "compute_metrics": 30,
}
