"""What counts as the same value, and what is kept of a value at all."""

import enum
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_utils.exercises.values import (
    DOUBLE,
    EXACT,
    HALF,
    SINGLE,
    Opaque,
    alike,
    copied,
    plain,
    tolerance,
    unchanged,
)

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(allow_nan=False),
    st.text(max_size=4),
    st.binary(max_size=3),
    arrays.arrays(
        st.sampled_from([np.float64, np.float32, np.int64, np.bool_]),
        arrays.array_shapes(max_dims=2, max_side=3),
    ),
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
)


@settings(max_examples=150, deadline=None)
@given(values)
def test_alike_is_reflexive(value):
    assert alike(plain(value), plain(value))
    assert alike(plain(value), plain(plain(value)))


@settings(max_examples=150, deadline=None)
@given(values, values, st.sampled_from([EXACT, DOUBLE, SINGLE, HALF]))
def test_alike_is_symmetric(one, other, within):
    one, other = plain(one), plain(other)
    assert alike(one, other, within) == alike(other, one, within)


@given(st.floats(0.1, 1e6), st.floats(-1e-2, 1e-2), st.sampled_from([DOUBLE, SINGLE, HALF]))
def test_alike_is_symmetric_at_the_edge_of_the_tolerance(number, error, within):
    other = number * (1 + error)
    assert alike(number, other, within) == alike(other, number, within)


@settings(max_examples=100, deadline=None)
@given(arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=4), elements=st.floats(-100, 100)))
def test_every_honest_way_to_hold_an_array_is_the_same(array):
    assert alike(plain(array.tolist()), plain(array))
    assert alike(plain(torch.tensor(array)), plain(array))
    assert alike(plain(torch.tensor(array, dtype=torch.float32, requires_grad=True)), plain(array), SINGLE)
    assert alike(plain(torch.tensor(array, dtype=torch.bfloat16)), plain(array), HALF)
    assert alike(plain(tuple(array)), plain(array))
    assert alike(plain(np.array(array, dtype=object)), plain(array))


def test_values_that_differ():
    assert not alike([1, 2], [1, 2, 3])
    assert not alike([1.0, 2.0], [[1.0, 2.0]])
    assert not alike(1, "1")
    assert not alike(None, 0)
    assert not alike(None, "None")
    assert not alike(["a", None], ["a", "None"])
    assert not alike({"a": 1}, {"b": 1})
    assert not alike({"a": 1}, ["a"])
    assert not alike(np.inf, 1e300, HALF)
    assert not alike(np.inf, -np.inf, HALF)
    assert not alike(np.nan, 0.0, HALF)
    assert not alike(plain(np.array("a")), plain(np.array("b")))
    assert not alike(10**400, 10**400 + 1)
    assert not alike(np.zeros((0, 2)), np.zeros((0, 3)))


def test_values_that_are_the_same():
    assert alike([np.nan, np.inf], np.array([np.nan, np.inf]))
    assert alike(True, 1)
    assert alike([[1, 2], [3]], ((1, 2), (3,)))
    assert alike(["a", None], np.array(["a", None], dtype=object))
    assert alike(plain(np.str_("a")), "a")
    assert alike(10**400, 10**400)
    assert alike({"x": np.ones(2)}, {"x": [1, 1]})


def test_plain_takes_the_library_away():
    assert type(plain(np.int64(3))) is int
    assert type(plain(np.bool_(True))) is bool
    assert type(plain(np.str_("a"))) is str
    assert plain(torch.tensor(2)) == 2
    assert plain(pd.Series(["a", "b"])) == ["a", "b"]
    assert alike(plain(pd.DataFrame({"a": [1.0], "b": [2.0]})), [[1.0, 2.0]])
    assert plain(MappingProxyType({"a": np.int64(1)})) == {"a": 1}
    assert plain(np.array("a")) == "a"
    assert plain(enum.IntEnum("Class", "one two").two) == 2
    assert type(plain(enum.StrEnum("Name", "one").one)) is str
    assert alike(plain(torch.tensor([[0.0, 1.0]]).to_sparse()), [[0.0, 1.0]])


def test_a_float32_scalar_keeps_its_precision():
    assert plain(torch.tensor(0.1)).dtype == np.float32
    assert tolerance(plain(torch.tensor(0.1))) == SINGLE
    assert tolerance(plain(np.float64(0.1))) == DOUBLE
    assert tolerance(plain(np.longdouble(0.1))) == DOUBLE
    assert tolerance([np.zeros(2), np.zeros(2, dtype=np.float16)]) == HALF


def test_bfloat16_beyond_the_range_of_float16_stays_finite():
    lowest = torch.finfo(torch.bfloat16).min
    assert plain(torch.tensor([lowest, 1.0], dtype=torch.bfloat16))[0] == lowest


def test_plain_copies():
    array = np.zeros(3)
    kept = plain(array)
    array += 1
    assert kept.sum() == 0
    listed = [[1]]
    kept = plain(listed)
    listed[0].append(2)
    assert kept == [[1]]


def test_a_masked_number_is_nan():
    masked = np.ma.masked_array([1, 2], mask=[False, True])
    assert alike(plain(masked), [1.0, np.nan])
    assert alike(plain(np.ma.masked_array([1, 2])), [1, 2])


class Awkward:
    __hash__ = None

    def __eq__(self, other):
        raise RuntimeError("never ask")

    def __repr__(self):
        raise RuntimeError("never print")


def test_of_an_object_only_its_looks_are_kept():
    kept = plain(Awkward())
    assert kept == Opaque("Awkward", "<Awkward, whose repr raises RuntimeError>")
    assert alike(kept, kept)
    assert plain([Awkward()])[0].kind == "Awkward"
    assert plain(number for number in [1]).kind == "generator"
    assert len(plain(range(10)).text) < 50


class Agreeable(int):
    """Says yes to every comparison."""

    __hash__ = int.__hash__

    def __eq__(self, other):
        return True

    def __float__(self):
        return 7.0


class AgreeableText(str):
    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other):
        return True

    def __str__(self):
        return "flattery"


class AgreeableList(list):
    def __iter__(self):
        return iter([1, 2, 3])


def test_a_lying_subclass_is_read_for_what_it_holds():
    assert plain(Agreeable(3)) == 3
    assert plain(Agreeable(3)) != 7
    assert plain(AgreeableText("a")) == "a"
    assert plain(AgreeableText("a")) != "b"
    assert plain(AgreeableList([9])) == [9]


@pytest.mark.parametrize("kind", [dict, tuple, list, set])
def test_plain_walks_through_containers(kind):
    value = {np.int64(1): np.int64(2)} if kind is dict else kind([np.int64(1)])
    assert plain(value) == ({1: 2} if kind is dict else kind([1]))


def test_unchanged_sees_what_equality_does_not():
    assert unchanged(np.array([1.0]), np.array([1.0]))
    assert unchanged(np.array([np.nan]), np.array([np.nan]))
    assert not unchanged(np.array([0.0]), np.array([-0.0]))
    assert not unchanged(np.array([1.0]), np.array([1.0], dtype=np.float32))
    assert not unchanged(np.array([1.0]), [1.0])
    assert unchanged({1: "a", 0: "b"}, {1: "a", 0: "b"})
    assert not unchanged({1: "a", 0: "b"}, {0: "b", 1: "a"})
    assert not unchanged({0: "a"}, {0: "a", 1: "b"})
    assert not unchanged({0: "a"}, {0: np.array([1, 2])})
    assert not unchanged({0: "a"}, {0: Awkward()})
    assert unchanged({"a", "b"}, {"b", "a"})
    assert not unchanged({"a"}, {"a", "b"})
    assert not unchanged([1], (1,))


def test_copied_shares_nothing():
    arguments = (np.zeros(2), {0: ["a"]})
    own = copied(arguments)
    own[0][0] = 1
    own[1][0].append("b")
    assert arguments[0][0] == 0
    assert arguments[1] == {0: ["a"]}
