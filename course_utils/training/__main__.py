"""Fine-tune the course's classifier from the command line, in one process or in several.

    python -m course_utils.training MODEL_FOLDER
    accelerate launch --num_processes 2 -m course_utils.training MODEL_FOLDER

The second form shares each batch among two processes, one for each GPU; `accelerate config` asks about several
machines. Without GPUs, put `--multi_gpu` after `launch` all the same: only then does it start more than one process,
and on processors they run as well.
"""

import argparse
import json
import shutil
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from course_utils import device, training
from course_utils.reference.metrics import wilson_interval


def main() -> None:
    options = _options()
    from accelerate import Accelerator

    from course_utils.assets import checkpoints, reviews
    from course_utils.training.processes import Several

    accelerator = Accelerator(cpu=device.pick().type == "cpu")
    team = Several(accelerator)
    splits = reviews.load(hub=options.hub)
    train_split = splits["train"]
    if options.sentences:
        train_split = train_split.select(range(min(options.sentences, len(train_split))))
    tokenizer = checkpoints.tokenizer(hub=options.hub)
    model = checkpoints.classifier(seed=options.seed, hub=options.hub).to(accelerator.device)
    accelerator.print(f"{len(train_split)} sentences, {team.size} process{'es' * (team.size > 1)}")
    history = training.train(model, tokenizer, train_split, _recipe(options), seed=options.seed, team=team)
    if team.rank == 0:
        _save(model, tokenizer, history, options.folder)
        print(f"trained in {history.seconds:.0f} s, last loss {np.mean(history.losses[-50:]):.2f}")
        print(_judged(model, tokenizer, splits["validation"]))
        print(f"saved in {options.folder}")
    accelerator.wait_for_everyone()
    accelerator.end_training()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="where to save the model; must not exist yet")
    parser.add_argument("--epochs", type=int, help="how often each sentence is seen")
    parser.add_argument(
        "--branches", type=int, help="how often the last epoch is done, to average what comes of it"
    )
    parser.add_argument("--learning-rate", type=float, help="at its peak")
    parser.add_argument("--batch-size", type=int, help="sentences in one step, all processes together")
    parser.add_argument("--dropout", type=float, help="share of the numbers that are set to 0 while training")
    parser.add_argument("--sentences", type=int, help="learn from so many only")
    parser.add_argument("--seed", type=int, default=0, help="settles head, order and dropout")
    parser.add_argument(
        "--hub", action="store_true", default=None, help="bert-base-uncased and the reviews from the Hub"
    )
    options = parser.parse_args()
    if options.folder.exists():
        parser.error(f"{options.folder} is there already. Name a folder that isn't, or move that one away.")
    for name in ("epochs", "branches", "learning_rate", "batch_size", "sentences"):
        if getattr(options, name) is not None and getattr(options, name) <= 0:
            parser.error(f"--{name.replace('_', '-')} must be above 0; it is {getattr(options, name)}.")
    return options


def _recipe(options: argparse.Namespace) -> training.Recipe:
    """The course's recipe with the settings that were given."""
    names = ("epochs", "branches", "learning_rate", "batch_size", "dropout")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return replace(training.Recipe(), **given)


def _judged(model: Any, tokenizer: Any, part: Any) -> str:
    logits = training.predict_logits(model, tokenizer, part["text"])
    right = int((logits.argmax(1) == np.array(part["label"])).sum())
    low, high = wilson_interval(right, len(part))
    return f"validation accuracy {right / len(part):.3f} (95 % interval {low:.3f} to {high:.3f})"


def _save(model: Any, tokenizer: Any, history: training.History, folder: Path) -> None:
    """Write the model beside its place, then rename: the folder is there whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".unfinished-{folder.name}-", dir=folder.parent))
    try:
        model.save_pretrained(unfinished)
        tokenizer.save_pretrained(unfinished)
        (unfinished / "history.json").write_text(json.dumps(asdict(history)))
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


if __name__ == "__main__":
    main()
