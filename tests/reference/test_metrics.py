"""Counts, precision, recall, F1 and accuracy against scikit-learn; Wilson against SciPy; risk–coverage by a loop."""

import warnings

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_utils.reference.decode import decode_or_abstain
from course_utils.reference.metrics import (
    accuracy,
    confusion_matrix,
    macro_f1,
    micro_f1,
    precision_recall_f1,
    risk_coverage,
    wilson_interval,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
thorough = settings(derandomize=True, deadline=None, max_examples=100)


@st.composite
def answers(draw, min_size=0):
    """Labels, predictions, number of classes; often with classes that never occur."""
    n_classes = draw(st.integers(1, 6))
    used = st.integers(0, draw(st.integers(0, n_classes - 1)))
    pairs = draw(st.lists(st.tuples(used, st.integers(0, n_classes - 1)), min_size=min_size, max_size=40))
    labels, predictions = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return labels, predictions, n_classes


@pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")
@thorough
@given(answers())
def test_confusion_matrix_equals_scikit_learns(case):
    labels, predictions, n_classes = case
    ours = confusion_matrix(labels, predictions, n_classes)
    assert ours.dtype == np.int64
    assert ours.shape == (n_classes, n_classes)
    if len(labels):
        theirs = sklearn.metrics.confusion_matrix(labels, predictions, labels=range(n_classes))
        np.testing.assert_array_equal(ours, theirs)
    else:
        assert not ours.any()


@thorough
@given(answers(min_size=1))
def test_precision_recall_f1_equal_scikit_learns(case):
    labels, predictions, n_classes = case
    ours = precision_recall_f1(confusion_matrix(labels, predictions, n_classes))
    theirs = sklearn.metrics.precision_recall_fscore_support(
        labels, predictions, labels=range(n_classes), zero_division=0
    )
    for a, b in zip(ours, theirs[:3], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@thorough
@given(answers(min_size=1))
def test_averages_equal_scikit_learns(case):
    labels, predictions, n_classes = case
    matrix = confusion_matrix(labels, predictions, n_classes)
    for ours, average in ((macro_f1(matrix), "macro"), (micro_f1(matrix), "micro")):
        theirs = sklearn.metrics.f1_score(
            labels, predictions, labels=range(n_classes), average=average, zero_division=0
        )
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12)
        assert type(ours) is float
    assert accuracy(matrix) == pytest.approx(sklearn.metrics.accuracy_score(labels, predictions), rel=1e-12)
    assert type(accuracy(matrix)) is float


def test_rows_are_true_classes():
    np.testing.assert_array_equal(
        confusion_matrix([0, 0, 1], [1, 1, 1], 3), [[0, 2, 0], [0, 1, 0], [0, 0, 0]]
    )


def test_an_example_by_hand():
    precision, recall, f1 = precision_recall_f1([[8, 2, 0], [4, 6, 0], [1, 0, 0]])
    np.testing.assert_allclose(precision, [8 / 13, 6 / 8, 0])
    np.testing.assert_allclose(recall, [0.8, 0.6, 0])
    np.testing.assert_allclose(f1, [16 / 23, 2 / 3, 0])
    assert macro_f1([[8, 2, 0], [4, 6, 0], [1, 0, 0]]) == pytest.approx((16 / 23 + 2 / 3) / 3)


def test_shares_instead_of_counts_give_the_same_figures():
    matrix = np.array([[8.0, 2.0], [4.0, 6.0]])
    np.testing.assert_allclose(precision_recall_f1(matrix / 20), precision_recall_f1(matrix), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.float32])
def test_small_types_do_not_overflow(dtype):
    matrix = np.array([[100, 100], [100, 100]], dtype=dtype)
    np.testing.assert_array_equal(precision_recall_f1(matrix), np.full((3, 2), 0.5))
    labels = np.full(10, 99, dtype=dtype if dtype != np.float32 else np.int16)
    assert confusion_matrix(labels, labels, 100)[99, 99] == 10


def test_no_examples():
    nothing = confusion_matrix([], [], 2)
    np.testing.assert_array_equal(nothing, [[0, 0], [0, 0]])
    np.testing.assert_array_equal(precision_recall_f1(nothing), np.zeros((3, 2)))
    assert macro_f1(nothing) == 0
    for function in (accuracy, micro_f1):
        with pytest.raises(ValueError, match="Give at least one"):
            function(nothing)


def test_one_class():
    np.testing.assert_array_equal(confusion_matrix([0, 0], [0, 0], 1), [[2]])
    assert macro_f1([[2]]) == micro_f1([[2]]) == accuracy([[2]]) == 1


@pytest.mark.parametrize(
    "as_given", [list, tuple, torch.tensor, np.uint64, lambda x: np.array(x, dtype=bool)]
)
def test_labels_in_other_forms(as_given):
    np.testing.assert_array_equal(confusion_matrix(as_given([0, 1]), as_given([1, 1]), 2), [[0, 1], [0, 1]])


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [
        ([0, 1, 2], [0, 1, 1], "labels should lie between 0 and 1, but got 0 to 2"),
        ([0, 1, 1], [0, -1, 1], "predictions should lie between 0 and 1, but got -1 to 1"),
        ([0, -100, 1], [0, 1, 1], "without a label"),
        ([0, 1], [0, 1, 1], r"predictions should have shape \(2,\).*got shape \(3,\)"),
        ([[0], [1]], [0, 1], r"labels should have one class id per example, but got shape \(2, 1\)"),
        (3, [0, 1], r"got shape \(\)"),
        ([0.0, 1.0], [0, 1], r"labels should be whole numbers, but got float64.*astype\(int\)"),
        (["negative"], [0], "label2id"),
        ([0, 1], [[0.2, 0.8], [0.4, 0.6]], r"predictions should have .*\(2, 2\)"),
    ],
)
def test_labels_that_do_not_fit(labels, predictions, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(labels, predictions, 2)


@pytest.mark.parametrize("function", [precision_recall_f1, macro_f1, micro_f1, accuracy])
@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([1, 2], r"shape \[classes, classes\], but got \(2,\)"),
        ([[1, 2, 3], [4, 5, 6]], r"got \(2, 3\)"),
        (np.zeros((0, 0)), r"got \(0, 0\)"),
        ([[1, -1], [0, 2]], "negative"),
        ([[1, np.nan], [0, 2]], "nan"),
    ],
)
def test_what_is_no_confusion_matrix(function, matrix, message):
    with pytest.raises(ValueError, match=message):
        function(matrix)


@thorough
@given(st.data(), st.integers(1, 2000), st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]))
def test_wilson_interval_equals_scipys(data, total, confidence):
    correct = data.draw(st.integers(0, total) | st.sampled_from([0, total]))
    low, high = wilson_interval(correct, total, confidence)
    theirs = scipy.stats.binomtest(correct, total).proportion_ci(confidence, method="wilson")
    assert (low, high) == pytest.approx((theirs.low, theirs.high), rel=1e-12, abs=1e-12)
    assert 0 <= low <= correct / total <= high + 1e-15
    assert high <= 1


def test_wilson_interval_of_all_and_nothing():
    assert wilson_interval(0, 10)[0] == 0
    assert wilson_interval(10, 10) == pytest.approx((0.7224672, 1))
    assert wilson_interval(8, 10) == pytest.approx((0.490, 0.943), abs=5e-4)


@pytest.mark.parametrize(
    ("correct", "total", "confidence"), [(-1, 5, 0.95), (6, 5, 0.95), (3, 5, 95), (3, 5, 0)]
)
def test_wilson_interval_of_what_cannot_be(correct, total, confidence):
    with pytest.raises(ValueError, match="Expected 0 <= correct <= total"):
        wilson_interval(correct, total, confidence)


def test_wilson_interval_of_no_examples():
    with pytest.raises(ValueError, match="Give at least one"):
        wilson_interval(0, 0)


@st.composite
def probabilities_and_labels(draw):
    rows, columns = draw(st.integers(0, 12)), draw(st.integers(1, 4))
    counts = draw(arrays(np.int64, (rows, columns), elements=st.integers(0, 3)))  # ties are frequent
    counts[:, 0] += counts.sum(axis=1) == 0
    labels = draw(arrays(np.int64, rows, elements=st.integers(0, columns - 1)))
    return counts / counts.sum(axis=1, keepdims=True), labels


@thorough
@given(probabilities_and_labels())
def test_risk_coverage_equals_a_plain_loop(case):
    probabilities, labels = case
    n, n_classes = probabilities.shape
    rows = probabilities.tolist()
    thresholds = sorted({max(row) for row in rows}, reverse=True)
    coverage, risk = [], []
    for threshold in thresholds:
        kept = [i for i in range(n) if max(rows[i]) >= threshold]
        wrong = [i for i in kept if rows[i].index(max(rows[i])) != labels[i]]
        coverage.append(len(kept) / n)
        risk.append(len(wrong) / len(kept))
    ours = risk_coverage(probabilities, labels)
    assert ours.threshold.tolist() == thresholds
    np.testing.assert_allclose(ours.coverage, coverage, rtol=1e-12)
    np.testing.assert_allclose(ours.risk, risk, rtol=1e-12, atol=1e-15)

    # The same thresholds, given to decode_or_abstain, answer that share of the examples.
    id2label = {i: str(i) for i in range(n_classes)}
    for threshold, share in zip(ours.threshold, ours.coverage, strict=True):
        answers = decode_or_abstain(probabilities, id2label, threshold)
        assert sum(answer is not None for answer in answers) == round(share * n)


@thorough
@given(probabilities_and_labels(), st.randoms(use_true_random=False))
def test_risk_coverage_does_not_depend_on_the_order_of_the_examples(case, random):
    probabilities, labels = case
    order = list(range(len(labels)))
    random.shuffle(order)
    shuffled = risk_coverage(probabilities[order], labels[order])
    for ours, theirs in zip(risk_coverage(probabilities, labels), shuffled, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_equally_sure_examples_come_in_together():
    curve = risk_coverage([[0.9, 0.1], [0.2, 0.8], [0.8, 0.2], [0.8, 0.2], [0.5, 0.5]], [0, 1, 1, 0, 0])
    np.testing.assert_array_equal(curve.threshold, [0.9, 0.8, 0.5])
    np.testing.assert_allclose(curve.coverage, [0.2, 0.8, 1])
    np.testing.assert_allclose(curve.risk, [0, 0.25, 0.2])


def test_risk_coverage_with_certainty_without_examples_and_with_what_does_not_fit():
    assert [list(part) for part in risk_coverage([[0.0, 1.0], [1.0, 0.0]], [1, 1])] == [[1], [1], [0.5]]
    assert [list(part) for part in risk_coverage(np.zeros((0, 2)), [])] == [[], [], []]
    with pytest.raises(ValueError, match="softmax first"):
        risk_coverage([[2.0, -1.0]], [0])
    with pytest.raises(ValueError, match=r"labels should have shape \(1,\)"):
        risk_coverage([[0.5, 0.5]], [0, 1])


def test_nothing_warns_about_classes_that_never_occur():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        precision_recall_f1(confusion_matrix([0, 0], [1, 1], 4))


def test_arguments_are_left_as_they_were():
    labels, predictions = np.array([0, 1, 1]), np.array([1, 1, 0])
    matrix = confusion_matrix(labels, predictions, 2)
    probabilities = np.array([[0.4, 0.6], [0.2, 0.8], [0.7, 0.3]])
    copies = [x.copy() for x in (labels, predictions, matrix, probabilities)]
    precision_recall_f1(matrix)
    macro_f1(matrix)
    risk_coverage(probabilities, labels)
    for now, before in zip((labels, predictions, matrix, probabilities), copies, strict=True):
        np.testing.assert_array_equal(now, before)
