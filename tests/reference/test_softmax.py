"""softmax, log_softmax and sigmoid against torch and SciPy, and at the edges by hand."""

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from course_utils.reference.softmax import log_softmax, sigmoid, softmax

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
thorough = settings(derandomize=True, deadline=None, max_examples=100)

inf, nan = np.inf, np.nan
finite = st.floats(-1e4, 1e4) | st.floats(-5, 5) | st.sampled_from([-1e4, 0.0, 1e4])


@st.composite
def logits_and_axis(draw, elements=finite):
    array = draw(arrays(np.float64, array_shapes(min_dims=1, max_dims=4, max_side=5), elements=elements))
    return array, draw(st.integers(-array.ndim, array.ndim - 1))


@thorough
@given(logits_and_axis())
def test_softmax_equals_torch_and_scipy(case):
    logits, axis = case
    ours = softmax(logits, axis=axis)
    np.testing.assert_allclose(ours, torch.softmax(torch.tensor(logits), axis), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(ours, scipy.special.softmax(logits, axis=axis), rtol=1e-12, atol=1e-300)


@thorough
@given(logits_and_axis())
def test_log_softmax_equals_torch_and_scipy(case):
    logits, axis = case
    ours = log_softmax(logits, axis=axis)
    np.testing.assert_allclose(ours, torch.log_softmax(torch.tensor(logits), axis), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours, scipy.special.log_softmax(logits, axis=axis), rtol=1e-12, atol=1e-12)


@thorough
@given(logits_and_axis())
def test_sigmoid_equals_torch_and_scipy(case):
    logits, _ = case
    ours = sigmoid(logits)
    np.testing.assert_allclose(ours, torch.sigmoid(torch.tensor(logits)), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(ours, scipy.special.expit(logits), rtol=1e-12, atol=1e-300)


@thorough
@given(logits_and_axis(elements=finite | st.just(-inf)))
def test_minus_infinity_is_treated_as_torch_treats_it(case):
    logits, axis = case
    np.testing.assert_allclose(
        softmax(logits, axis), torch.softmax(torch.tensor(logits), axis), rtol=1e-12, atol=1e-300
    )
    np.testing.assert_allclose(
        log_softmax(logits, axis), torch.log_softmax(torch.tensor(logits), axis), rtol=1e-12, atol=1e-12
    )


@thorough
@given(logits_and_axis(elements=finite | st.sampled_from([inf, inf, -inf])))
def test_several_plus_infinities_share_what_there_is(case):
    logits, axis = case
    logits, winners = np.moveaxis(logits, axis, -1), np.moveaxis(logits == inf, axis, -1)
    rows = winners.any(axis=-1)
    expected = winners[rows] / winners[rows].sum(axis=-1, keepdims=True)
    np.testing.assert_array_equal(softmax(logits)[rows], expected)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(log_softmax(logits)[rows], np.log(expected), rtol=1e-12)


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        ([1, 3, 0.5], [0.11116562, 0.82140902, 0.06742536]),
        ([1e4, 0, -1e4], [1, 0, 0]),
        ([1e4, 1e4], [0.5, 0.5]),
        ([-1e4, -1e4], [0.5, 0.5]),
        ([1e308, -1e308], [1, 0]),
        ([inf, 1e4, -inf], [1, 0, 0]),
        ([inf, 0, inf], [0.5, 0, 0.5]),
        ([-inf, 2, 2], [0, 0.5, 0.5]),
        ([-inf, -inf], [nan, nan]),
        ([nan, 1], [nan, nan]),
        ([7], [1]),
        ([-inf, -inf, inf], [0, 0, 1]),
        ([], []),
    ],
)
def test_softmax_at_the_edges(logits, expected):
    np.testing.assert_allclose(softmax(logits), expected, atol=1e-8)


def test_softmax_of_a_batch_takes_each_row_by_itself():
    np.testing.assert_array_equal(
        softmax([[0, 0], [1000, -1000], [inf, inf]]), [[0.5, 0.5], [1, 0], [0.5, 0.5]]
    )


def test_log_softmax_stays_finite_where_the_probability_is_zero():
    np.testing.assert_array_equal(log_softmax([1e4, -1e4]), [0, -2e4])
    np.testing.assert_array_equal(log_softmax([inf, 0]), [0, -inf])
    assert np.isnan(log_softmax([-inf, -inf])).all()


def test_sigmoid_at_the_edges():
    np.testing.assert_array_equal(sigmoid([-inf, -1e4, 0, 1e4, inf, nan]), [0, 0, 0.5, 1, 1, nan])
    assert sigmoid(-700) > 0
    assert sigmoid(0) == 0.5


@pytest.mark.parametrize("function", [softmax, log_softmax, sigmoid])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3)])
def test_nothing_in_nothing_out(function, shape):
    assert function(np.zeros(shape)).shape == shape


@pytest.mark.parametrize("function", [softmax, log_softmax, sigmoid])
@pytest.mark.parametrize(
    ("given_", "returned"),
    [
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.int64, np.float64),
        (np.int8, np.float64),
        (bool, float),
    ],
)
def test_dtype(function, given_, returned):
    assert function(np.ones((2, 3), dtype=given_)).dtype == returned


@pytest.mark.parametrize("function", [softmax, log_softmax, sigmoid])
def test_float32_is_as_good_as_float32_can_be(function):
    logits = np.random.default_rng(0).normal(scale=10, size=(50, 4))
    np.testing.assert_allclose(function(logits.astype(np.float32)), function(logits), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function", [softmax, log_softmax, sigmoid])
@pytest.mark.parametrize("as_given", [list, tuple, np.array, torch.DoubleTensor])
def test_lists_tuples_and_tensors_will_do(function, as_given):
    np.testing.assert_array_equal(function(as_given([1.0, 2.0])), function(np.array([1.0, 2.0])))


@pytest.mark.parametrize("function", [softmax, log_softmax, sigmoid])
def test_the_logits_are_left_as_they_were(function):
    logits = np.array([[1.0, inf], [-2.0, 5.0]])
    before = logits.copy()
    function(logits)
    np.testing.assert_array_equal(logits, before)


@pytest.mark.parametrize("function", [softmax, log_softmax])
def test_an_axis_that_is_not_there(function):
    with pytest.raises(ValueError, match="axis 2 is out of bounds"):
        function([[1.0, 2.0]], axis=2)


def test_words_are_no_logits():
    with pytest.raises(ValueError, match="could not convert"):
        softmax(["positive"])
