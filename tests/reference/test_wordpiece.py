"""The plain tokenizer against Hugging Face's: the same pieces, ids, types, masks and windows, without exception."""

import doctest
import functools
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import decoders

from course_utils.assets import checkpoints, reviews
from course_utils.reference import wordpiece as module
from course_utils.reference.wordpiece import (
    LONGEST_WORD,
    SPECIAL_PIECES,
    decode_pieces,
    encode,
    normalize,
    pad_batch,
    sliding_windows,
    tokenize,
    wordpiece,
)

thorough = settings(derandomize=True, deadline=None, max_examples=100)

HF = checkpoints.tokenizer()
VOCAB = HF.get_vocab()

RECLASSED = {0x166D, 0x1734, 0x180E, 0x1885, 0x1886}
"""Characters whose class has changed since Unicode 8: Python has the new one, the Rust tokenizer the old."""


def hf_words(text):
    backend = HF.backend_tokenizer
    return [
        word for word, _ in backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(text))
    ]


def is_classed_alike(char):
    """Whether both sides know the character and class it alike."""
    return char in OLD and ord(char) not in RECLASSED


def _known_for_long():
    """The characters of Unicode 3.2, a table that Python carries beside its newest."""
    return frozenset(
        chr(code) for code in range(sys.maxunicode + 1)
        if not 0xD800 <= code < 0xE000 and unicodedata.ucd_3_2_0.category(chr(code)) != "Cn"
    )  # fmt: skip


OLD = _known_for_long()


@pytest.fixture(scope="module")
def sentences():
    return [text for split in reviews.load().values() for text in split["text"]]


@pytest.fixture(scope="module")
def long_reviews():
    return reviews.load("imdb")["train"]["text"][:2000]


@functools.cache
def pieces_of_word(word):
    return wordpiece(word, VOCAB)


def pieces_of(texts):
    """`tokenize` of each text, no word of them cut twice."""
    return [[piece for word in normalize(text) for piece in pieces_of_word(word)] for text in texts]


@pytest.fixture(scope="module")
def pieces_of_sentences(sentences):
    return pieces_of(sentences)


@pytest.fixture(scope="module")
def pieces_of_long_reviews(long_reviews):
    return pieces_of(long_reviews)


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(module).failed == 0


def test_every_character_both_sides_know():
    """One after another, between two letters: dropped, split off, stripped of its accent, or left alone."""
    alike = filter(is_classed_alike, sorted(OLD))
    chars = [char for char in alike if unicodedata.category(char) not in ("Lo", "Co") or ord(char) % 16 == 0]
    assert len(chars) > 10_000
    texts = ["a" + char + "B" for char in chars]
    assert [text for text in texts if normalize(text) != hf_words(text)] == []


def test_all_reviews_give_the_same_ids_types_and_masks(sentences, pieces_of_sentences):
    assert len(sentences) > 8500
    assert pieces_of_sentences[:20] == [tokenize(text, VOCAB) for text in sentences[:20]]
    ours = [encode(pieces, None, VOCAB, 512) for pieces in pieces_of_sentences]
    theirs = HF(sentences)
    assert [one["input_ids"] for one in ours] == theirs["input_ids"]
    assert [one["token_type_ids"] for one in ours] == theirs["token_type_ids"]
    for start in range(0, len(ours), 32):
        padded = pad_batch([one["input_ids"] for one in ours[start : start + 32]])
        wanted = HF(sentences[start : start + 32], padding=True)
        assert padded["input_ids"] == wanted["input_ids"]
        assert padded["attention_mask"] == wanted["attention_mask"]


def test_pairs_of_reviews_are_cut_alike(sentences, pieces_of_sentences):
    pairs = list(zip(sentences[:500], sentences[500:1000], strict=True))
    pieces = list(zip(pieces_of_sentences[:500], pieces_of_sentences[500:1000], strict=True))
    for length in (3, 4, 17, 32, 51):
        theirs = HF(*zip(*pairs, strict=True), truncation=True, max_length=length)
        ours = [encode(*pair, VOCAB, length) for pair in pieces]
        assert [one["input_ids"] for one in ours] == theirs["input_ids"]
        assert [one["token_type_ids"] for one in ours] == theirs["token_type_ids"]


def test_long_reviews_are_cut_alike_and_give_the_same_windows(long_reviews, pieces_of_long_reviews):
    theirs = HF(long_reviews, truncation=True, max_length=512, stride=128, return_overflowing_tokens=True)
    windows, firsts = [], []
    for pieces in pieces_of_long_reviews:
        of_text = sliding_windows([VOCAB[piece] for piece in pieces], 512, 128)
        firsts.append(of_text[0])
        windows += of_text
    assert windows == theirs["input_ids"]
    assert firsts == [encode(pieces, None, VOCAB, 512)["input_ids"] for pieces in pieces_of_long_reviews]


@pytest.mark.parametrize(("max_length", "stride"), [(128, 0), (64, 61), (10, 3)])
def test_other_windows_over_long_reviews_are_the_same(
    long_reviews, pieces_of_long_reviews, max_length, stride
):
    texts = long_reviews[:30]
    theirs = HF(texts, truncation=True, max_length=max_length, stride=stride, return_overflowing_tokens=True)
    of_text = [
        sliding_windows([VOCAB[piece] for piece in pieces], max_length, stride)
        for pieces in pieces_of_long_reviews[:30]
    ]
    assert [window for windows in of_text for window in windows] == theirs["input_ids"]
    counts = [theirs["overflow_to_sample_mapping"].count(index) for index in range(3)]
    assert counts == [len(windows) for windows in of_text[:3]]


texts = st.text(st.characters(exclude_categories=["Cs"]).filter(is_classed_alike), max_size=60) | st.text(
    st.sampled_from("aAzé\u0301İßſﬁΣ東あ한ि\u0902 \t\u00a0\u200b\x00\ufffd!$…’—_#[]😀9½\ue000"), max_size=40
)


def without_specials(text):
    return not any(piece in text for piece in SPECIAL_PIECES)


@thorough
@given(texts.filter(without_specials))
def test_any_text_gives_the_same_words_and_ids(text):
    assert normalize(text) == hf_words(text)
    ours = encode(tokenize(text, VOCAB), None, VOCAB, 512)
    theirs = HF(text)
    assert (ours["input_ids"], ours["token_type_ids"]) == (theirs["input_ids"], theirs["token_type_ids"])


@thorough
@given(st.integers(0, 12), st.integers(1, 12), st.integers(3, 20))
def test_any_two_lengths_are_cut_alike(length_a, length_b, max_length):
    """An empty second text is left out: the library takes it for none."""
    ours = encode(["one"] * length_a, ["two"] * length_b, VOCAB, max_length)
    theirs = HF(
        " ".join(["one"] * length_a), " ".join(["two"] * length_b), truncation=True, max_length=max_length
    )
    assert (ours["input_ids"], ours["token_type_ids"]) == (theirs["input_ids"], theirs["token_type_ids"])


@thorough
@given(st.integers(0, 40), st.integers(3, 15), st.data())
def test_any_windows_are_the_same(length, max_length, data):
    stride = data.draw(st.integers(0, max_length - 3))
    words = [f"{number % 10}" for number in range(length)]
    ids = [VOCAB[word] for word in words]
    theirs = HF(
        " ".join(words), truncation=True, max_length=max_length, stride=stride, return_overflowing_tokens=True
    )
    assert sliding_windows(ids, max_length, stride) == theirs["input_ids"]


@thorough
@given(
    st.text("ab", min_size=1, max_size=12),
    st.sets(st.tuples(st.booleans(), st.text("ab", min_size=1, max_size=4)), max_size=14),
)
def test_any_vocabulary_gives_the_same_pieces(word, pieces):
    from tokenizers import Tokenizer, models

    vocab = {"[UNK]", *("##" * inside + piece for inside, piece in pieces)}
    numbered = {piece: index for index, piece in enumerate(sorted(vocab))}
    theirs = Tokenizer(models.WordPiece(numbered, unk_token="[UNK]"))
    assert wordpiece(word, vocab) == theirs.encode(word).tokens


@thorough
@given(
    st.lists(st.sampled_from(sorted(VOCAB)) | st.sampled_from([*SPECIAL_PIECES, "##s", "##ing", "#", "###"]))
)
def test_any_pieces_are_joined_alike(pieces):
    kept = [piece for piece in pieces if piece not in SPECIAL_PIECES]
    assert decode_pieces(pieces) == decoders.WordPiece(cleanup=False).decode(kept)


def test_a_review_goes_there_and_back(sentences):
    for text in sentences[:500]:
        pieces = tokenize(text, VOCAB)
        if "[UNK]" not in pieces:
            assert decode_pieces(pieces).split() == normalize(text)


@pytest.mark.parametrize("char", ["a", "ж"])
def test_a_word_may_have_a_hundred_characters(char):
    for length in (LONGEST_WORD, LONGEST_WORD + 1):
        assert wordpiece(char * length, VOCAB) == HF.tokenize(char * length)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (encode, (["a"], None, VOCAB, 1)),
        (encode, (["a"], ["a"], VOCAB, 2)),
        (sliding_windows, ([1, 2, 3], 6, 4)),
        (sliding_windows, ([1, 2, 3], 6, -1)),
        (sliding_windows, ([1, 2, 3], 2, 0)),
    ],
)
def test_what_has_no_answer_is_said(function, arguments):
    with pytest.raises(ValueError, match="max_length"):
        function(*arguments)


def test_nothing_is_changed():
    first, second = ["a", "b", "c"], [[1, 2], [3]]
    encode(first, ["d"], VOCAB, 5)
    pad_batch(second)
    assert (first, second) == (["a", "b", "c"], [[1, 2], [3]])
