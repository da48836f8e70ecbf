"""AttentionExplorer: its plain functions against the library, what it makes of bad input, and what it leaves behind."""

import base64
import io
import threading

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread
from scipy.stats import entropy
from transformers import BertModel, PreTrainedTokenizerBase

from course_utils.assets import checkpoints
from course_utils.reference.attention import attention, split_heads
from course_utils.widgets import AttentionExplorer
from course_utils.widgets.attention import MOST_PIECES, attention_view, row_view, shared_piece

CAT = "the cat sat on the mat because it was tired ."
RIVER, MONEY = "the bank of the river was muddy .", "the bank lent us the money ."


@pytest.fixture(scope="module")
def encoder() -> BertModel:
    return checkpoints.encoder(attn_implementation="eager")


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    return checkpoints.tokenizer()


def test_the_weights_are_those_of_attention_as_the_lesson_writes_it(encoder, tokenizer):
    view = attention_view(CAT, encoder, tokenizer)
    batch = tokenizer(CAT, return_tensors="pt").to(encoder.device)
    assert view["tokens"] == tokenizer.convert_ids_to_tokens(batch["input_ids"][0])
    with torch.no_grad():
        states = checkpoints.encoder()(**batch, output_hidden_states=True).hidden_states
        for layer, hidden, ours in zip(encoder.encoder.layer, states, view["weights"], strict=False):
            own = layer.attention.self
            parts = [split_heads(linear(hidden), 12) for linear in (own.query, own.key, own.value)]
            np.testing.assert_allclose(ours, attention(*parts)[1][0].cpu(), atol=1e-5)


@pytest.mark.parametrize("text", ["שלום עולם", "a 😀 film", "film " * 2000, "x" * 10_000, "$x$ <b> \\"])
def test_any_text_is_read(text, encoder, tokenizer):
    view = attention_view(text, encoder, tokenizer)
    count = len(view["tokens"])
    assert 3 <= count <= MOST_PIECES
    assert (view["tokens"][0], view["tokens"][-1]) == ("[CLS]", "[SEP]")
    assert view["weights"].shape == (6, 12, count, count)
    assert view["weights"].dtype == np.float32
    np.testing.assert_allclose(view["weights"].sum(-1), 1, atol=1e-5)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=9).filter(lambda row: sum(row) > 1e-3))
def test_a_row_its_order_and_its_entropy(row):
    row = np.float32(row) / np.float32(row).sum()
    weights = np.broadcast_to(row, (2, 3, len(row), len(row)))
    view = row_view(weights, layer=2, head=0, token=99)
    assert view["token"] == len(row) - 1
    assert view["row"].tolist() == row.astype(float).tolist()
    assert view["order"].tolist() == sorted(range(len(row)), key=lambda place: (-row[place], place))
    assert view["entropy"] == pytest.approx(float(entropy(row.astype(float))), abs=1e-6)


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("[CLS] the bank of it [SEP]", "[CLS] the old bank [SEP]", "bank"),
        ("[CLS] the end [SEP]", "[CLS] the bank [SEP]", "the"),
        ("[CLS] a [SEP]", "[CLS] b [SEP]", None),
    ],
)
def test_the_piece_that_two_sentences_share(one, other, found):
    assert shared_piece(one.split(), other.split()) == found


def test_a_sentence_says_what_is_shown():
    explorer = AttentionExplorer(CAT, layer=6, head=11, word="it")
    assert explorer.sentence() == (
        "Layer 6, head 11 of “the cat sat on the mat because it was …”: “it” attends most to “cat” (0.71), "
        "then “mat” (0.10) and [CLS] (0.09)."
    )
    explorer.layer, explorer.head = 1, 2
    explorer.places = [2]
    assert "“cat” attends most to “the” at place 1 (1.00)" in explorer.sentence()


def test_two_sentences_are_seen_at_the_word_that_they_share():
    explorer = AttentionExplorer(RIVER, second=MONEY, layer=1, head=4)
    assert explorer.places == [2, 2]
    assert "“bank” attends most to “river” (0.52)" in explorer.sentence()
    assert "“bank” attends most to “us” (0.74)" in explorer.sentence()
    explorer.second = "an old bank"
    assert explorer.places == [2, 3]
    explorer.second = None
    assert len(explorer.view()["sentences"]) == 1


def test_a_new_sentence_is_read_and_keeps_the_token_that_asks():
    explorer = AttentionExplorer(CAT, word="it")
    explorer.text = "now it is warm"
    tokens = explorer.data["sentences"][0]["tokens"]
    assert tokens == ["[CLS]", "now", "it", "is", "warm", "[SEP]"]
    assert explorer.places == [2]
    weights = np.frombuffer(explorer.data["sentences"][0]["weights"], np.float32).reshape(6, 12, 6, 6)
    assert explorer.view()["sentences"][0]["row"].tolist() == weights[0, 2, 2].tolist()
    assert explorer.answered == ["now it is warm", None]


def test_the_explorer_reads_with_a_tokenizer_of_its_own(tokenizer):
    # A typed sentence is read in another thread, while a cell may be cutting and padding with the one that was given.
    explorer = AttentionExplorer(CAT, tokenizer=tokenizer)
    assert explorer._tokenizer.backend_tokenizer is not tokenizer.backend_tokenizer
    assert explorer._tokenizer.get_vocab() == tokenizer.get_vocab()
    other = threading.Thread(target=setattr, args=(explorer, "text", "now it is warm"))
    other.start()
    other.join()
    assert "now it is warm" in explorer.sentence()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"text": ""}, "The sentence is empty"),
        ({"text": " \u200b"}, "There is nothing to read"),
        ({"text": 5}, "A sentence is a text. This is 5"),
        ({"second": " "}, "The sentence is empty"),
        ({"layer": 9}, "There is no layer 9: this model has 6, from 1 to 6."),
        ({"head": 12}, "There is no head 12: a layer has 12, from 0 to 11."),
        ({"head": float("nan")}, "A head is a whole number"),
        ({"look": "cubes"}, "The look is one of 'lines', 'heat map'"),
        ({"word": "dog"}, "There is no 'dog' in"),
    ],
)
def test_bad_input_is_a_message_and_the_explorer_shows_something(settings, said):
    explorer = AttentionExplorer(**settings)
    assert said in explorer.problem
    assert "attends most to" in explorer.sentence()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", ""),
        ("text", None),
        ("second", 3),
        ("layer", 0),
        ("layer", None),
        ("head", -1),
        ("look", 1),
        ("places", [-1]),
    ],
)
def test_the_last_good_value_stays(name, value):
    explorer = AttentionExplorer(RIVER, second=MONEY)
    before = getattr(explorer, name), explorer.sentence()
    setattr(explorer, name, value)
    assert explorer.problem
    assert (getattr(explorer, name), explorer.sentence()) == before
    explorer.layer = 3
    assert explorer.problem == ""


def test_an_encoder_that_gives_no_weights_is_told_what_to_do(tokenizer):
    explorer = AttentionExplorer(CAT, encoder=checkpoints.encoder(), tokenizer=tokenizer)
    assert 'attn_implementation="eager"' in explorer.problem
    assert explorer.still() == {"text/plain": explorer.problem}
    training = checkpoints.encoder(attn_implementation="eager").train()
    assert "training mode" in AttentionExplorer(CAT, encoder=training).problem
    assert "'str'" in AttentionExplorer(CAT, encoder="bert-base-uncased").problem


@pytest.mark.parametrize("look", ["lines", "heat map"])
@pytest.mark.filterwarnings("error")
def test_it_leaves_a_picture_and_a_sentence(look):
    explorer = AttentionExplorer("$שלום$ 😀 עולם", second=MONEY, look=look)
    data, _ = explorer._repr_mimebundle_()
    pixels = imread(io.BytesIO(base64.b64decode(data["image/png"])))
    assert min(pixels.shape[:2]) > 200
    assert pixels.std() > 0.05
    assert data["text/plain"] == explorer.sentence()
