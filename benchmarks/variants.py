"""Train small variants of one recipe, several seeds each: the stored figures of lesson 3.

    python benchmarks/variants.py learning_rates
    python benchmarks/variants.py frozen_layers

Each run learns from the first 1,280 sentences of the train split for two epochs, on this machine, and is judged on the
validation split. Seconds are of processor time, which other work on the machine does not lengthen where PyTorch has one
thread (OMP_NUM_THREADS=1). The figures go to course_utils/measured/, where the lesson reads them.
"""

import argparse
import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from course_utils import device, measured, training
from course_utils.assets import checkpoints, reviews

SENTENCES = 1280
SEEDS = (0, 1, 2)
PLAIN = training.Recipe(
    epochs=2,
    batch_size=32,
    learning_rate=2e-4,
    layer_decay=1.0,
    frozen_layers=None,
    branches=1,
    identity_pooler=False,
    dropout=None,
)
VARIANTS: dict[str, dict[str, training.Recipe]] = {
    "learning_rates": {
        f"{rate:g}": replace(PLAIN, learning_rate=rate) for rate in (1e-5, 5e-5, 2e-4, 5e-4, 2e-3)
    },
    "frozen_layers": {
        "none": PLAIN,
        "embeddings": replace(PLAIN, frozen_layers=0),
        "and 2 layers": replace(PLAIN, frozen_layers=2),
        "and 4 layers": replace(PLAIN, frozen_layers=4),
        "and all 6": replace(PLAIN, frozen_layers=6),
    },
}


def run(recipe: training.Recipe, seed: int, splits: Any) -> dict[str, Any]:
    """One training and what it reached."""
    tokenizer = checkpoints.tokenizer(hub=False)
    model = checkpoints.classifier(seed=seed, hub=False)
    groups = training.parameter_groups(model, recipe)
    trained = sum(weight.numel() for group in groups for weight in group["params"])
    part = splits["train"].select(range(SENTENCES))
    busy_before = time.process_time()
    training.train(model, tokenizer, part, recipe, seed=seed)
    busy = time.process_time() - busy_before
    logits = training.predict_logits(model, tokenizer, splits["validation"]["text"], progress=False)
    accuracy = float((logits.argmax(1) == np.array(splits["validation"]["label"])).mean())
    return {
        "accuracy": round(accuracy, 4),
        "seconds": round(busy, 1),
        "trained_weights": trained,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=VARIANTS)
    name = parser.parse_args().name
    splits = reviews.load(hub=False)
    runs: dict[str, list[dict[str, Any]]] = {}
    for variant, recipe in VARIANTS[name].items():
        for seed in SEEDS:
            found = run(recipe, seed, splits)
            runs.setdefault(variant, []).append(found)
            print(variant, seed, found["accuracy"], found["seconds"], "s", flush=True)
    measured.keep(
        name,
        {
            "script": f"benchmarks/variants.py {name}",
            "sentences": SENTENCES,
            "validation": len(splits["validation"]),
            "threads": torch.get_num_threads(),
            "bfloat16": device.has_bfloat16(device.pick()),
            "runs": runs,
        },
    )


if __name__ == "__main__":
    main()
