"""A real pretrained BERT: its tokenizer, its encoder, a classifier on top, and that classifier fine-tuned."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import transformers
from transformers import BertForSequenceClassification, BertModel, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from .. import device, training
from ..training import Recipe
from . import cache, packages, reviews
from . import hub as the_hub
from .errors import CacheError

HISTORY = "history.json"
"""Beside a fine-tuned model's weights: how its training went."""


def tokenizer(*, hub: bool | None = None) -> PreTrainedTokenizerBase:
    """The checkpoint's WordPiece tokenizer, with the bert-base-uncased vocabulary of 30,522 pieces.

    Args:
        hub: True takes the Hub's checkpoint, False the installed package, None what COURSE_HUB says.

    Raises:
        AbsentPackageError, CorruptedFileError: a file of the package is missing or not the expected one.
        NoNetworkError: the Hub was asked for and cannot be reached.
    """
    loaded = _load(transformers.AutoTokenizer, hub)
    # The package's file cuts and pads everything to 128 pieces; a tokenizer should do so only when it is told to.
    loaded.backend_tokenizer.no_truncation()
    loaded.backend_tokenizer.no_padding()
    return loaded


def encoder(
    *, hub: bool | None = None, attn_implementation: str | None = None, verbose: bool = False
) -> BertModel:
    """The pretrained `BertModel` without a head, in evaluation mode, on the device that `device.pick` picks.

    Args:
        hub: as in `tokenizer`.
        attn_implementation: "eager" for a model that gives its attention weights.
        verbose: let the library print its loading report and bars.

    Raises:
        As `tokenizer`.
    """
    options = {"attn_implementation": attn_implementation} if attn_implementation else {}
    return _ready(_load(BertModel, hub, verbose=verbose, **options))


def classifier(
    *,
    num_labels: int = 2,
    labels: Sequence[str] | None = None,
    seed: int = 0,
    hub: bool | None = None,
    verbose: bool = False,
) -> BertForSequenceClassification:
    """The pretrained encoder under a classification head that knows nothing yet.

    Args:
        num_labels: how many classes the head tells apart.
        labels: their names, for `id2label` and `label2id`; ("negative", "positive") for two classes and LABEL_0,
            LABEL_1, … for more, if not given.
        seed: settles the head's random weights; the caller's own random state is left as it was.
        hub, verbose: as in `encoder`.

    Returns:
        The model in evaluation mode, on the device that `device.pick` picks; its logits are [b, num_labels].

    Raises:
        ValueError: the number of names is not `num_labels`, or a name comes twice.
        And as `tokenizer`.
    """
    names = _label_names(num_labels, labels)
    with training.seeded(seed):
        model = _load(
            BertForSequenceClassification,
            hub,
            verbose=verbose,
            id2label=dict(enumerate(names)),
            label2id={name: index for index, name in enumerate(names)},
        )
    return _ready(model)


def fine_tuned(
    *, hub: bool | None = None, seed: int = 0, recipe: Recipe | None = None, progress: bool = True
) -> BertForSequenceClassification:
    """A classifier trained on the Rotten Tomatoes train split.

    It comes from the user's cache if it is there. Otherwise it is trained now, with a bar that shows the loss and
    the time left, and saved for the next time. An interrupted training saves nothing.

    Args:
        hub: True trains the Hub's checkpoint on the Hub's reviews, False the installed ones, None as COURSE_HUB says.
        seed: settles the head, the order of the sentences and dropout.
        recipe: the settings of the training; `Recipe()` if not given.
        progress: show the bar.

    Returns:
        The model in evaluation mode, on the device that `device.pick` picks; its logits are [b, 2].

    Raises:
        As `tokenizer` and `reviews.load`.
    """
    recipe = recipe or Recipe()
    with cache.entry("fine_tuned", _identity(recipe, seed, hub)) as entry:
        if not entry.is_whole():
            model, history = _train(recipe, seed, hub, progress)
            with entry.writing() as folder:
                model.save_pretrained(folder)
                (folder / HISTORY).write_text(json.dumps(asdict(history)))
            return model
        with _quiet():
            return _ready(BertForSequenceClassification.from_pretrained(entry.folder))


def is_fine_tuned(*, hub: bool | None = None, seed: int = 0, recipe: Recipe | None = None) -> bool:
    """Whether `fine_tuned` with the same arguments finds its model in the cache, whole, and need not train it."""
    return cache.place("fine_tuned", _identity(recipe or Recipe(), seed, hub)).is_whole()


def training_history(
    *, hub: bool | None = None, seed: int = 0, recipe: Recipe | None = None
) -> training.History:
    """How the training went of the model that `fine_tuned` gives for the same arguments.

    Raises:
        CacheError: it has not been trained yet.
    """
    kept = cache.place("fine_tuned", _identity(recipe or Recipe(), seed, hub))
    if not kept.is_whole():
        raise CacheError(
            f"There is no fine-tuned model in {kept.folder} yet. Call checkpoints.fine_tuned() first."
        )
    return training.History(**json.loads((kept.folder / HISTORY).read_text()))


def _identity(recipe: Recipe, seed: int, hub: bool | None) -> dict[str, Any]:
    """Everything that makes one fine-tuned model differ from another."""
    weights = the_hub.ENCODER if the_hub.wanted(hub) else packages.WEIGHTS.checksums["model.safetensors"]
    return {
        "recipe": asdict(recipe),
        "seed": seed,
        "weights": weights,
        "data": reviews.data_id(hub=hub),
        "version": training.VERSION,
    }


def _train(
    recipe: Recipe, seed: int, hub: bool | None, progress: bool
) -> tuple[BertForSequenceClassification, training.History]:
    model = classifier(seed=seed, hub=hub)
    train_split = reviews.load(hub=hub)["train"]
    history = training.train(model, tokenizer(hub=hub), train_split, recipe, seed=seed, progress=progress)
    return model, history


def _label_names(num_labels: int, labels: Sequence[str] | None) -> list[str]:
    if labels is None:
        labels = (
            reviews.LABELS if num_labels == len(reviews.LABELS) else [f"LABEL_{i}" for i in range(num_labels)]
        )
    if len(labels) != num_labels or len(set(labels)) != num_labels:
        raise ValueError(
            f"Expected {num_labels} different label names, one for each class, and got {list(labels)}."
        )
    return list(labels)


def _load(kind: Any, hub: bool | None, *, verbose: bool = False, **options: Any) -> Any:
    """`kind.from_pretrained` of the checkpoint that is asked for."""
    with _quiet(not verbose):
        if not the_hub.wanted(hub):
            return kind.from_pretrained(packages.WEIGHTS.folder(), local_files_only=True, **options)
        with the_hub.asking_for(the_hub.ENCODER):
            return kind.from_pretrained(the_hub.ENCODER, **options)


def _ready(model: PreTrainedModel) -> Any:
    return model.to(device.pick()).eval()


@contextmanager
def _quiet(silent: bool = True) -> Iterator[None]:
    """Hold back the library's loading report and bars inside, and leave its settings as they were."""
    if not silent:
        yield
        return
    level, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()
