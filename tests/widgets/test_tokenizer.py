"""What TokenizerExplorer shows, against the course's own readable tokenizer, and what it says of odd input."""

import base64
import io
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from course_utils.assets import checkpoints, reviews
from course_utils.reference.wordpiece import encode, normalize, sliding_windows, tokenize
from course_utils.widgets.tokenizer import POSITIONS, TokenizerExplorer, tokenizer_view

TOKENIZER = checkpoints.tokenizer()
VOCABULARY = TOKENIZER.get_vocab()
TEXTS = st.lists(
    st.sampled_from(["film", "Unfilmable", "SCHÖN", "re-read", "$5", "東京", "x" * 101, "!"]), max_size=12
).map(" ".join)


def view(text: str, pair: str | None = None, **given_settings: Any) -> dict[str, Any]:
    return tokenizer_view(text, pair, TOKENIZER, **given_settings)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS | st.none(), st.integers(4, 20))
def test_pieces_ids_and_types_are_those_of_the_readable_tokenizer(
    text: str, pair: str | None, limit: int
) -> None:
    pieces = tokenize(text, VOCABULARY)
    second = tokenize(pair, VOCABULARY) if pair else None
    expected = encode(pieces, second, VOCABULARY, limit)
    shown = view(text, pair, max_length=limit, padding="max_length")
    (row,) = shown["rows"]
    length = len(expected["input_ids"])
    assert row["ids"] == expected["input_ids"] + [0] * (limit - length)
    assert row["types"][:length] == expected["token_type_ids"]
    assert row["mask"] == [1] * length + [0] * (limit - length)
    kept = [piece for piece, special in zip(row["pieces"], row["special"], strict=True) if not special]
    assert sorted(kept + shown["cut"]["pieces"]) == sorted(pieces + (second or []))


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.integers(4, 12), st.data())
def test_windows_are_those_of_the_readable_tokenizer(text: str, limit: int, data: st.DataObject) -> None:
    stride = data.draw(st.integers(0, limit - 3))
    ids = [VOCABULARY[piece] for piece in tokenize(text, VOCABULARY)]
    shown = view(text, max_length=limit, windows=True, stride=stride)
    assert [row["ids"] for row in shown["rows"]] == sliding_windows(ids, limit, stride)
    assert shown["cut"]["pieces"] == []
    assert shown["shared"] == (stride if len(shown["rows"]) > 1 else 0)


def test_offsets_lead_back_to_the_text() -> None:
    for text in reviews.load()["train"]["text"][:200]:
        shown = view(text)
        (row,) = shown["rows"]
        for piece, (start, end) in list(zip(row["pieces"], row["offsets"], strict=True))[1:-1]:
            assert normalize(text[start:end]) == [piece.removeprefix("##")]
        for word in shown["words"]:
            assert tokenize(text[word["start"] : word["end"]], VOCABULARY) == word["pieces"]


def test_an_accent_that_was_dropped_belongs_to_no_piece() -> None:
    (row,) = view("The CAFE\u0301, too")["rows"]
    assert row["pieces"][2] == "cafe"
    assert row["offsets"][2] == [4, 8]
    assert row["offsets"][3] == [9, 10]


def test_special_pieces_typed_into_the_text_stay_whole_and_others_do_not() -> None:
    (row,) = view("a [MASK] b [mask]")["rows"]
    assert row["pieces"] == ["[CLS]", "a", "[MASK]", "b", "[", "mask", "]", "[SEP]"]
    assert row["special"] == [1, 0, 0, 0, 0, 0, 0, 1]
    assert row["words"] == [None, 0, 1, 2, 3, 4, 5, None]


def test_without_a_limit_the_models_own_holds() -> None:
    shown = view("film " * 1000)
    assert len(shown["rows"][0]["pieces"]) == POSITIONS
    assert len(shown["cut"]["pieces"]) == 1000 - (POSITIONS - 2)
    assert len(view("film " * 1000, truncation=False)["rows"][0]["pieces"]) == 1002


@pytest.mark.parametrize(
    ("truncation", "kept"),
    [("only_first", ["one", "a", "b", "c"]), ("only_second", ["one", "two", "three", "a"])],
)
def test_one_text_alone_is_cut(truncation: str, kept: list[str]) -> None:
    (row,) = view("one two three", "a b c", max_length=7, truncation=truncation)["rows"]
    assert [piece for piece in row["pieces"] if not piece.startswith("[")] == kept


@pytest.mark.parametrize(
    ("given_settings", "said"),
    [
        ({"max_length": 1}, "no room for the 2 special pieces"),
        ({"pair": "b", "max_length": 2}, "no room for the 3 special pieces"),
        ({"windows": True, "truncation": False}, "switch truncation on"),
        ({"windows": True, "pair": "b"}, "Windows are of one text here"),
        (
            {"windows": True, "max_length": 6, "stride": 4},
            "room for 4 pieces of text, and neighbours are to share 4",
        ),
        ({"max_length": 4, "truncation": "only_second"}, "There is no second text to cut"),
        ({"pair": "a b c", "max_length": 6, "truncation": "only_first"}, "the first text has only 3"),
        ({"pair": "a b c", "max_length": 6, "truncation": "only_second"}, "the second text has only 3"),
        ({"pair": "x" * 100_000}, "up to 100,000 characters. These are 100,013"),
    ],
)
def test_what_does_not_go_together_is_said(given_settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        view("one two three", **given_settings)
    explorer = TokenizerExplorer("one two three", **given_settings)
    assert said in explorer.problem
    assert explorer.text == "one two three"
    assert "3 words" in explorer.sentence()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("text", None, "The text is a string. This is None"),
        ("text", 7, "The text is a string. This is 7"),
        ("text", "a\ud800", "half a character"),
        ("text", "x" * 100_001, "up to 100,000 characters"),
        ("pair", 7, "The second text is a string"),
        ("max_length", 0, "max_length is a whole number from 1 to 512"),
        ("max_length", float("nan"), "This is nan"),
        ("max_length", 1, "no room for the 2 special pieces"),
        ("padding", True, "padding is one of False, 'max_length'"),
        ("truncation", "first", "truncation is one of True, False"),
        ("windows", "yes", "windows is one of False, True"),
        ("stride", -1, "stride is a whole number from 0"),
    ],
)
def test_a_bad_value_gets_a_message_and_the_last_good_one_stays(name: str, value: Any, said: str) -> None:
    explorer = TokenizerExplorer("A good film", max_length=8)
    before = explorer.sentence()
    setattr(explorer, name, value)
    assert said in explorer.problem
    assert explorer.sentence() == before
    explorer.text = "A film"
    assert explorer.problem == ""
    assert said in TokenizerExplorer(**{name: value}).problem


@pytest.mark.parametrize(
    "tokenizer", [5, PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), unk_token="[UNK]")]
)
def test_a_tokenizer_of_another_kind_gets_a_message(tokenizer: Any) -> None:
    explorer = TokenizerExplorer("A film", tokenizer=tokenizer)
    assert "The tokenizer is an uncased BERT tokenizer" in explorer.problem
    assert "2 words" in explorer.sentence()


@pytest.mark.parametrize(
    ("given_settings", "said"),
    [
        (
            {},
            "6 words, marks counted, become 10 pieces, [CLS] and [SEP] included. "
            "'unfilmable' is cut into un ##film ##able. Nothing was cut off.",
        ),
        (
            {"text": ""},
            "0 words, marks counted, become 2 pieces, [CLS] and [SEP] included. There is nothing to cut",
        ),
        (
            {"text": "good😀"},
            "Each word is one piece. 'good😀' is [UNK]: the vocabulary has no pieces for it.",
        ),
        ({"text": "a b c", "max_length": 4}, "Cut off: 1 piece."),
        (
            {"text": "a b c d e", "pair": "f g h", "max_length": 7},
            "[CLS] and two [SEP] included. Each word is one piece. Cut off: 4 pieces (3 of the first text, 1 of the second).",
        ),
        (
            {"text": "a b", "max_length": 6, "padding": "max_length"},
            "4 pieces, [CLS] and [SEP] included; 2 [PAD] fill up to 6.",
        ),
        (
            {"text": "a b c", "max_length": 3, "truncation": False},
            "Truncation is off: more than 3 pieces stay.",
        ),
        (
            {"text": "a b c d", "max_length": 5, "windows": True, "stride": 1},
            "4 words, marks counted, become 2 windows of at most 5 pieces, [CLS] and [SEP] included; neighbours share 1.",
        ),
        ({"text": "שלום"}, "'\u2068שלום\u2069' is cut into \u2066ש\u2069 \u2066##ל\u2069"),
    ],
)
def test_it_says_what_it_shows(given_settings: dict[str, Any], said: str) -> None:
    assert said in TokenizerExplorer(**given_settings).sentence()


@pytest.mark.parametrize(
    "given_settings",
    [
        {},
        {"text": ""},
        {"text": "A $5 film 東京 שלום 😀 $", "pair": "Good", "max_length": 9, "padding": "max_length"},
        {"text": "film " * 2000, "windows": True, "stride": 128},
    ],
)
def test_it_leaves_a_picture_and_its_words(given_settings: dict[str, Any]) -> None:
    explorer = TokenizerExplorer(**given_settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of each character that its font lacks
        bundle, _ = explorer._repr_mimebundle_()
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert picture.format == "PNG"
    assert picture.convert("L").getextrema()[0] < 128  # something is drawn
    assert bundle["text/plain"] == explorer.sentence()
