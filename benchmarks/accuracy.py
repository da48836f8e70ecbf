"""Train the course's recipe with three seeds, judge each model on the test split, and write accuracy.json.

    python benchmarks/accuracy.py [--seeds 0 1 2]

Nothing is taken from the cache or put there. The figures in the README come from here.
"""

import argparse
import json
import math
import os
import platform
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from course_utils import device, training
from course_utils.assets import checkpoints, reviews

RESULTS = Path(__file__).with_suffix(".json")


def wilson(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    share = right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return round(middle - half, 4), round(middle + half, 4)


def bootstrap(right: np.ndarray, draws: int = 10_000) -> tuple[float, float]:
    """The 95 % interval of the seeds' mean accuracy, sentences drawn anew: right [seeds, sentences] of 0 and 1."""
    share = right.mean(0)
    random = np.random.default_rng(0)
    means = [share[random.integers(0, len(share), len(share))].mean() for _ in range(draws)]
    low, high = np.quantile(means, [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


def calibration_error(logits: np.ndarray, labels: np.ndarray, n_bins: int = 10) -> float:
    probabilities = torch.from_numpy(logits).softmax(1).numpy()
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    bins = np.clip(np.ceil(confidence * n_bins).astype(int) - 1, 0, n_bins - 1)
    gaps = np.bincount(bins, weights=right.astype(float) - confidence, minlength=n_bins)
    return round(float(np.abs(gaps).sum() / len(labels)), 4)


def trained(seed: int, splits: dict) -> tuple[dict, np.ndarray]:
    """One training: its figures, and which test sentences it gets right."""
    tokenizer = checkpoints.tokenizer(hub=False)
    model = checkpoints.classifier(seed=seed, hub=False)
    busy_before = time.process_time()
    history = training.train(model, tokenizer, splits["train"], seed=seed)
    figures: dict = {
        "seed": seed,
        "training_seconds": round(history.seconds, 1),
        "training_cpu_seconds": round(time.process_time() - busy_before, 1),
        "steps": len(history.losses),
        "tokens": history.tokens,
    }
    for name in ("validation", "test"):
        logits = training.predict_logits(model, tokenizer, splits[name]["text"], progress=False)
        labels = np.array(splits[name]["label"])
        right = logits.argmax(1) == labels
        figures[name] = {
            "accuracy": round(float(right.mean()), 4),
            "wilson_95": wilson(int(right.sum()), len(right)),
            "calibration_error": calibration_error(logits, labels),
        }
    return figures, right


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    seeds = parser.parse_args().seeds
    splits = reviews.load(hub=False)
    runs, right = [], []
    load_before = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    for seed in seeds:
        figures, seed_right = trained(seed, splits)
        print(json.dumps(figures), flush=True)
        runs.append(figures)
        right.append(seed_right)
    accuracies = [run["test"]["accuracy"] for run in runs]
    summary = {
        "test_accuracy_mean": round(float(np.mean(accuracies)), 4),
        "bootstrap_95": bootstrap(np.array(right)),
        "test_accuracy_lowest": min(accuracies),
        "test_accuracy_highest": max(accuracies),
        "training_seconds": [run["training_seconds"] for run in runs],
        "test_sentences": len(right[0]),
        "recipe": asdict(training.Recipe()),
        "machine": {
            "device": device.describe(),
            "bfloat16": device.has_bfloat16(device.pick()),
            "cores": os.cpu_count(),
            "processor": torch.backends.cpu.get_cpu_capability(),
            "torch": torch.__version__,
            "python": platform.python_version(),
            "load_before": load_before,
        },
        "runs": runs,
    }
    RESULTS.write_text(json.dumps(summary, indent=2) + "\n")
    print(json.dumps({k: v for k, v in summary.items() if k != "runs"}, indent=2))


if __name__ == "__main__":
    main()
