"""decode, decode_or_abstain and decode_multilabel against torch, SciPy and plain loops."""

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_utils.reference.decode import decode, decode_multilabel, decode_or_abstain

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
thorough = settings(derandomize=True, deadline=None, max_examples=100)

inf = np.inf
SENTIMENT = {1: "positive", 0: "negative"}
few_values = st.sampled_from([-inf, -1e4, -1.0, 0.0, 1.0, 1e4, inf])  # ties are frequent


def shuffled_names(draw, n_classes):
    return {i: f"class {i}" for i in draw(st.permutations(range(n_classes)))}


@st.composite
def logits_and_names(draw):
    rows, columns = draw(st.integers(0, 6)), draw(st.integers(1, 5))
    logits = draw(arrays(np.float64, (rows, columns), elements=st.floats(-1e4, 1e4) | few_values))
    return logits, shuffled_names(draw, columns)


@st.composite
def probabilities_and_names(draw):
    rows, columns = draw(st.integers(0, 6)), draw(st.integers(1, 5))
    counts = draw(arrays(np.int64, (rows, columns), elements=st.integers(0, 4)))
    counts[:, 0] += counts.sum(axis=1) == 0
    return counts / counts.sum(axis=1, keepdims=True), shuffled_names(draw, columns)


def first_of_the_largest(row):
    best = 0
    for i, value in enumerate(row):
        if value > row[best]:
            best = i
    return best


@thorough
@given(logits_and_names())
def test_decode_takes_the_first_of_the_largest(case):
    logits, id2label = case
    assert decode(logits, id2label) == [f"class {first_of_the_largest(row)}" for row in logits.tolist()]
    if len(logits):
        winners = torch.tensor(logits).max(dim=-1).values
        for label, row, largest in zip(decode(logits, id2label), logits, winners, strict=True):
            assert row[int(label.removeprefix("class "))] == largest


@thorough
@given(probabilities_and_names(), st.floats(0, 1) | st.sampled_from([0.25, 1 / 3, 0.5, 2 / 3, 0.75]))
def test_decode_or_abstain_answers_where_the_threshold_is_reached(case, threshold):
    probabilities, id2label = case
    expected = [
        f"class {first_of_the_largest(row)}" if max(row) >= threshold else None
        for row in probabilities.tolist()
    ]
    assert decode_or_abstain(probabilities, id2label, threshold) == expected


@thorough
@given(logits_and_names(), st.sampled_from([0.5, 0.1, 0.731, 0.99]))
def test_decode_multilabel_equals_scipys_expit(case, threshold):
    logits, id2label = case
    probabilities = scipy.special.expit(logits)
    assume(not (np.abs(probabilities - threshold)[logits != 0] < 1e-12).any())
    expected = [[f"class {i}" for i, p in enumerate(row) if p >= threshold] for row in probabilities.tolist()]
    assert decode_multilabel(logits, id2label, threshold) == expected


def test_ties_go_to_the_first_class():
    assert decode([[2.0, 2.0], [-inf, -inf], [inf, inf]], SENTIMENT) == ["negative"] * 3
    assert decode_or_abstain([[0.5, 0.5]], SENTIMENT, 0.5) == ["negative"]


def test_infinite_logits_win_and_lose():
    assert decode([[1e4, inf], [-inf, -1e4]], SENTIMENT) == ["positive", "positive"]
    assert decode_multilabel([[inf, -inf], [1e4, -1e4]], SENTIMENT) == [["negative"], ["negative"]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [float, np.float64, np.float32])
@pytest.mark.parametrize("threshold", [0.6, 0.7, 0.8, 0.9])
def test_thresholds_are_inclusive_in_the_dtype_of_the_probabilities(dtype, kind, threshold):
    probabilities = np.array([[1 - threshold, threshold]], dtype=dtype)
    if kind is np.float32 and dtype is np.float64:
        threshold = float(np.float32(threshold))  # another number: 0.6 is 0.6000000238 in float32
        expected = ["positive" if probabilities[0, 1] >= threshold else None]
    else:
        expected = ["positive"]
    assert decode_or_abstain(probabilities, SENTIMENT, kind(threshold)) == expected


def test_the_ends_of_the_threshold():
    certain = [[0.0, 1.0], [0.3, 0.7]]
    assert decode_or_abstain(certain, SENTIMENT, 0) == ["positive", "positive"]
    assert decode_or_abstain(certain, SENTIMENT, 1) == ["positive", None]
    assert decode_or_abstain(certain, SENTIMENT, 1.01) == [None, None]
    assert decode_multilabel([[0.0, -1e-3]], SENTIMENT) == [["negative"]]
    assert decode_multilabel([[0.0, -1e4]], SENTIMENT, threshold=0) == [["negative", "positive"]]
    assert decode_multilabel([[0.0, -9.0]], SENTIMENT, threshold=0.9) == [[]]


def test_one_class():
    assert decode([[-3.0], [2.0]], {0: "spam"}) == ["spam", "spam"]
    assert decode_or_abstain([[1.0]], {0: "spam"}, 1.0) == ["spam"]
    assert decode_multilabel([[-3.0], [2.0]], {0: "spam"}) == [[], ["spam"]]


@pytest.mark.parametrize("batch", [[], np.zeros((0, 2)), np.zeros((0, 2), dtype=np.float32)])
def test_an_empty_batch_gives_an_empty_list(batch):
    assert decode(batch, SENTIMENT) == []
    assert decode_or_abstain(batch, SENTIMENT, 0.5) == []
    assert decode_multilabel(batch, SENTIMENT) == []


def test_keys_may_be_numpy_integers_and_logits_whole_numbers_lists_or_tensors():
    id2label = {np.int64(1): "positive", np.int64(0): "negative"}
    for logits in ([[1, 2]], ((1, 2),), np.array([[1, 2]]), torch.tensor([[1.0, 2.0]])):
        assert decode(logits, id2label) == ["positive"]
        assert decode_multilabel(logits, id2label, 0.8) == [["positive"]]


DECODERS = [
    pytest.param(decode, id="decode"),
    pytest.param(lambda table, names: decode_or_abstain(table, names, 0.5), id="decode_or_abstain"),
    pytest.param(decode_multilabel, id="decode_multilabel"),
]


@pytest.mark.parametrize("function", DECODERS)
@pytest.mark.parametrize(
    ("table", "id2label", "message"),
    [
        ([0.2, 0.8], SENTIMENT, r"shape \[examples, classes\].*got \(2,\).*\[None, :\]"),
        ([[[0.2, 0.8]]], SENTIMENT, r"got \(1, 1, 2\)"),
        (np.zeros((2, 0)), {}, "at least one class"),
        ([[0.2, 0.8], [0.1, np.nan]], SENTIMENT, "nan, first in row 1"),
        ([[0.2, 0.5, 0.3]], SENTIMENT, r"ids 0 to 2.*keys are \[1, 0\]"),
        ([[0.2, 0.8]], {0: "a", 1: "b", 2: "c"}, "ids 0 to 1"),
        ([[0.2, 0.8]], {"0": "a", "1": "b"}, "int, not str"),
    ],
)
def test_what_does_not_fit_is_said(function, table, id2label, message):
    with pytest.raises(ValueError, match=message):
        function(table, id2label)


@pytest.mark.parametrize("logits", [[[2.1, -0.3]], [[0.2, 1.1]], [[-0.1, 0.5]], [[inf, 0]]])
def test_logits_are_no_probabilities(logits):
    with pytest.raises(ValueError, match=r"between 0 and 1.*softmax first"):
        decode_or_abstain(logits, SENTIMENT, 0.8)
