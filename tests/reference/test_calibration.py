"""ECE against a plain double loop, likelihood against torch, temperature against SciPy and torch's gradient."""

import math

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.reference.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability_bins,
)
from course_utils.reference.softmax import softmax

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
thorough = settings(derandomize=True, deadline=None, max_examples=100)
costly = settings(derandomize=True, deadline=None, max_examples=25)

inf = np.inf
on_an_edge = st.builds(lambda k, n: k / n, st.integers(0, 10), st.sampled_from([10, 20])).filter(
    lambda p: p <= 1
)


@st.composite
def two_classes(draw):
    """Probabilities of which many lie exactly on the edge of a bin."""
    first = draw(st.lists(on_an_edge | st.floats(0, 1), min_size=1, max_size=30))
    labels = draw(st.lists(st.integers(0, 1), min_size=len(first), max_size=len(first)))
    return np.array([[p, 1 - p] for p in first]), np.array(labels)


@st.composite
def any_classes(draw):
    rows, columns = draw(st.integers(1, 30)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    logits = rng.normal(scale=draw(st.sampled_from([0.1, 3, 1e4])), size=(rows, columns))
    return scipy.special.softmax(logits, axis=1), rng.integers(columns, size=rows)


def slow_bins(probabilities, labels, n_bins):
    """For each bin the list of (confidence, right), by the definition: k / n < confidence <= (k + 1) / n."""
    bins = []
    for k in range(n_bins):
        members = []
        for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
            confidence = max(row)
            if k / n_bins < confidence <= (k + 1) / n_bins or (k == 0 and confidence == 0):
                members.append((confidence, row.index(confidence) == label))
        bins.append(members)
    return bins


def slow_ece(probabilities, labels, n_bins):
    total = 0.0
    for members in slow_bins(probabilities, labels, n_bins):
        if members:
            confidence = math.fsum(c for c, _ in members) / len(members)
            accuracy = sum(right for _, right in members) / len(members)
            total += len(members) / len(labels) * abs(accuracy - confidence)
    return total


@thorough
@given(two_classes() | any_classes(), st.sampled_from([1, 2, 3, 7, 10, 15, 20]))
def test_ece_equals_a_plain_double_loop(case, n_bins):
    ours = expected_calibration_error(*case, n_bins=n_bins)
    assert ours == pytest.approx(slow_ece(*case, n_bins), rel=1e-12, abs=1e-12)
    assert type(ours) is float


@thorough
@given(two_classes() | any_classes(), st.sampled_from([1, 2, 3, 7, 10, 15, 20]))
def test_reliability_bins_equal_a_plain_double_loop_and_make_the_ece(case, n_bins):
    bins = reliability_bins(*case, n_bins=n_bins)
    assert [len(part) for part in bins] == [n_bins] * 3
    for k, members in enumerate(slow_bins(*case, n_bins)):
        assert bins.counts[k] == len(members)
        if members:
            assert bins.confidence[k] == pytest.approx(
                math.fsum(c for c, _ in members) / len(members), rel=1e-12
            )
            assert bins.accuracy[k] == pytest.approx(sum(r for _, r in members) / len(members), rel=1e-12)
        else:
            assert np.isnan(bins.confidence[k])
            assert np.isnan(bins.accuracy[k])
    gaps = np.abs(bins.accuracy - bins.confidence)
    assert np.nansum(gaps * bins.counts) / bins.counts.sum() == pytest.approx(
        expected_calibration_error(*case, n_bins=n_bins), rel=1e-12, abs=1e-12
    )


def bin_of(confidence, n_bins=10, dtype=np.float64):
    """The bin that one example with this confidence falls in."""
    return int(reliability_bins(np.array([[confidence]], dtype=dtype), [0], n_bins).counts.argmax())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_bins", [1, 3, 7, 10, 15, 25, 100])
def test_bins_are_closed_on_the_right(dtype, n_bins):
    for k in range(1, n_bins + 1):
        edge = dtype(k) / dtype(n_bins)
        assert bin_of(edge, n_bins, dtype) == k - 1
        assert bin_of(np.nextafter(edge, dtype(0)), n_bins, dtype) == k - 1
        if k < n_bins:
            assert bin_of(np.nextafter(edge, dtype(1)), n_bins, dtype) == k


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_bins", [3, 7, 10, 15, 25, 100])
def test_the_bins_of_the_ece_are_closed_on_the_right_too(dtype, n_bins):
    """A right answer shares the bin below the edge with a wrong one, until it is one float above the edge."""
    for k in range(1, n_bins):
        edge, below = dtype(k) / dtype(n_bins), (dtype(k) - dtype(0.5)) / dtype(n_bins)
        above = np.nextafter(edge, dtype(1))
        for confidence, expected in ((edge, abs(1 - edge - below) / 2), (above, (1 - above + below) / 2)):
            probabilities = np.array([[confidence, 0], [below, 0]], dtype=dtype)
            assert expected_calibration_error(probabilities, [0, 1], n_bins) == pytest.approx(
                expected, abs=1e-6
            )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_decimal_as_written_lies_on_its_edge(dtype):
    assert [bin_of(p, 10, dtype) for p in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)] == list(
        range(10)
    )


def test_the_float_above_a_decimal_lies_in_the_bin_above():
    assert 0.1 + 0.2 > 0.3
    assert bin_of(0.1 + 0.2) == 3


def test_confidence_of_zero_and_one():
    assert bin_of(0.0) == 0
    assert bin_of(1.0) == 9
    assert expected_calibration_error([[0.0, 1.0], [1.0, 0.0]], [1, 0]) == 0
    assert expected_calibration_error([[0.0, 1.0], [1.0, 0.0]], [0, 1]) == 1


def test_ece_by_hand():
    probabilities = [[0.95, 0.05], [0.91, 0.09], [0.35, 0.65], [0.5, 0.5]]
    expected = (abs(1 - 1.86) + abs(0 - 0.65) + abs(1 - 0.5)) / 4  # bins (0.9, 1], (0.6, 0.7], (0.4, 0.5]
    assert expected_calibration_error(probabilities, [0, 1, 0, 0]) == pytest.approx(expected)


def test_ties_go_to_the_first_class():
    assert expected_calibration_error([[0.5, 0.5]], [0]) == 0.5
    assert reliability_bins([[0.5, 0.5], [0.5, 0.5]], [0, 1]).accuracy[4] == 0.5


def test_one_class():
    assert expected_calibration_error([[1.0], [1.0]], [0, 0]) == 0
    assert negative_log_likelihood([[3.0], [-1e4]], [0, 0]) == 0


def test_float32_probabilities_give_nearly_the_same():
    rng = np.random.default_rng(0)
    probabilities, labels = softmax(rng.normal(size=(500, 3))), rng.integers(3, size=500)
    assert expected_calibration_error(probabilities.astype(np.float32), labels) == pytest.approx(
        expected_calibration_error(probabilities, labels), abs=1e-6
    )


def test_no_examples():
    with pytest.raises(ValueError, match=r"no calibration error\. Give at least one"):
        expected_calibration_error(np.zeros((0, 2)), [])
    for function in (negative_log_likelihood, fit_temperature):
        with pytest.raises(ValueError, match="Give at least one"):
            function(np.zeros((0, 2)), [])
    bins = reliability_bins(np.zeros((0, 2)), [], n_bins=4)
    assert bins.counts.tolist() == [0, 0, 0, 0]
    assert np.isnan(bins.confidence).all()
    assert np.isnan(bins.accuracy).all()


@pytest.mark.parametrize("function", [expected_calibration_error, reliability_bins])
@pytest.mark.parametrize(
    ("probabilities", "labels", "n_bins", "message"),
    [
        ([[2.1, -0.3]], [0], 10, "softmax first"),
        ([[0.5, np.nan]], [0], 10, "nan"),
        ([0.5, 0.5], [0], 10, r"shape \[examples, classes\]"),
        ([[0.5, 0.5]], [2], 10, "labels should lie between 0 and 1"),
        ([[0.5, 0.5]], [0, 1], 10, r"labels should have shape \(1,\)"),
        ([[0.5, 0.5]], [0.0], 10, "whole numbers"),
        ([[0.5, 0.5]], [0], 0, "n_bins should be at least 1"),
    ],
)
def test_what_does_not_fit_is_said(function, probabilities, labels, n_bins, message):
    with pytest.raises(ValueError, match=message):
        function(probabilities, labels, n_bins)


@st.composite
def logits_and_labels(draw):
    rows, columns = draw(st.integers(1, 30)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([0.1, 3, 100, 1e4]))
    return rng.normal(scale=scale, size=(rows, columns)), rng.integers(columns, size=rows)


@thorough
@given(logits_and_labels())
def test_likelihood_equals_torchs_cross_entropy(case):
    logits, labels = case
    theirs = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(labels)).item()
    ours = negative_log_likelihood(logits, labels)
    assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12)
    assert type(ours) is float


def test_likelihood_at_the_edges():
    assert negative_log_likelihood([[1e4, -1e4]], [1]) == 2e4
    assert negative_log_likelihood([[0, -inf]], [1]) == inf
    assert negative_log_likelihood([[inf, 0]], [0]) == 0
    with pytest.raises(ValueError, match="labels should lie"):
        negative_log_likelihood([[0.0, 1.0]], [2])


@st.composite
def fittable(draw):
    """Logits of a model that is sometimes right and sometimes wrong, more or less sure of itself."""
    rows, columns = draw(st.integers(20, 300)), draw(st.integers(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    logits = rng.normal(size=(rows, columns))
    labels = np.array([rng.choice(columns, p=p) for p in scipy.special.softmax(3 * logits, axis=1)])
    labels[0], labels[1] = logits[0].argmin(), logits[1].argmax()  # at least one wrong, one right
    return logits * draw(st.sampled_from([1e-3, 0.3, 1, 7, 1e4])), labels


@costly
@given(fittable())
def test_temperature_equals_scipys_minimum(case):
    logits, labels = case
    size = np.abs(logits).max()

    def loss(log_t):
        log_p = scipy.special.log_softmax(logits / (size * np.exp(log_t)), axis=1)
        return -log_p[np.arange(len(labels)), labels].mean()

    found = scipy.optimize.minimize_scalar(loss, bracket=(-3, 0), method="brent", options={"xtol": 1e-9})
    ours = fit_temperature(logits, labels)
    assert ours == pytest.approx(size * np.exp(found.x), rel=2e-6)  # a minimum is no sharper than sqrt(1e-16)
    assert type(ours) is float


@costly
@given(fittable())
def test_torchs_gradient_changes_sign_at_the_temperature(case):
    logits, labels = torch.tensor(case[0]), torch.tensor(case[1])
    temperature = fit_temperature(*case)
    slopes = []
    for t in (temperature * (1 - 1e-8), temperature * (1 + 1e-8)):
        t = torch.tensor(t, dtype=torch.float64, requires_grad=True)
        torch.nn.functional.cross_entropy(logits / t, labels).backward()
        slopes.append(t.grad.item())
    assert slopes[0] < 0 < slopes[1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_temperature_by_hand(dtype):
    # Right three times of four with logits 4 apart: the best probability is 3/4, so 4 / T = log(3).
    logits = np.array([[4, 0]] * 4, dtype=dtype)
    assert fit_temperature(logits, [0, 0, 0, 1]) == pytest.approx(4 / np.log(3), rel=1e-9)


@pytest.mark.parametrize("true_temperature", [0.2, 1.0, 5.0])
def test_the_temperature_that_made_the_labels_is_found(true_temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2 * true_temperature, size=(20_000, 3))
    right = scipy.special.softmax(logits / true_temperature, axis=1).cumsum(axis=1)
    labels = (rng.random((20_000, 1)) > right[:, :2]).sum(axis=1)
    assert fit_temperature(logits, labels) == pytest.approx(true_temperature, rel=0.05)


@costly
@given(fittable(), st.sampled_from([1e-6, 0.5, 1e6]), st.floats(-100, 100))
def test_temperature_scales_with_the_logits_and_knows_no_shift(case, factor, shift):
    logits, labels = case
    assert fit_temperature(logits * factor, labels) == pytest.approx(
        factor * fit_temperature(logits, labels), rel=1e-8
    )
    moved = logits + shift * np.abs(logits).max()
    assert fit_temperature(moved, labels) == pytest.approx(fit_temperature(logits, labels), rel=1e-6)


def test_very_sure_and_sometimes_wrong():
    logits = np.array([[1e4, -1e4]] * 9 + [[-1e4, 1e4]])
    assert fit_temperature(logits, [0] * 10) == pytest.approx(2e4 / np.log(9), rel=1e-9)


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        ([[2.0, 0.0], [-1.0, 3.0]], [0, 1], "smaller T the better"),
        (
            [[2.0, 2.0], [-1.0, 3.0]],
            [0, 1],
            "smaller T the better",
        ),  # a tie is no mistake that T could soften
        ([[2.0, 0.0], [-1.0, 3.0]], [1, 0], "larger T the better"),
        ([[2.0, 0.0], [2.0, 0.0]], [0, 1], "larger T the better"),  # exactly chance
        (
            [[0.1, 0.1], [0.1, 0.2], [0.1 + 0.2, 0.2]],
            [0, 0, 0],
            "larger T the better",
        ),  # but for rounding
        ([[1.0, 1.0]], [0], "larger T the better"),
        ([[1.0]], [0], "larger T the better"),
        ([[inf, 1.0], [0.0, 1.0]], [0, 0], "finite"),
        ([[np.nan, 1.0]], [0], "nan"),
        ([[1.0, 2.0]], [2], "labels should lie"),
        ([[1.0, 2.0]], [0.0], "whole numbers"),
        ([1.0, 2.0], [0], r"shape \[examples, classes\]"),
    ],
)
def test_where_no_temperature_is_best(logits, labels, message):
    with pytest.raises(ValueError, match=message):
        fit_temperature(logits, labels)


def test_arguments_are_left_as_they_were():
    logits, labels = np.array([[4.0, 0], [4, 0], [0, 4]]), np.array([0, 0, 0])
    probabilities = softmax(logits)
    copies = [x.copy() for x in (logits, labels, probabilities)]
    fit_temperature(logits, labels)
    negative_log_likelihood(logits, labels)
    expected_calibration_error(probabilities, labels)
    for now, before in zip((logits, labels, probabilities), copies, strict=True):
        np.testing.assert_array_equal(now, before)
