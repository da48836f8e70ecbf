"""Values as a verdict shows them: rounded, short, and the two ends of what is long."""

from collections.abc import Iterator

import numpy as np
import pytest

from course_utils.exercises.show import cut, shown
from course_utils.exercises.values import plain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (np.float32(0.1), "0.1"),
        (np.float64(1e-20), "1e-20"),
        (float("nan"), "nan"),
        (3, "3"),
        (True, "True"),
        (None, "None"),
        ("a'b", '"a\'b"'),
        (["a", None, 0.5], "['a', None, 0.5]"),
        (("a",), "('a',)"),
        ((), "()"),
        ([], "[]"),
        ({1: "b", 0: "a"}, "{1: 'b', 0: 'a'}"),
        (frozenset({"b", "a"}), "{'a', 'b'}"),
        (np.array([0.5, 0.25]), "[0.5 , 0.25]"),
        (np.zeros((0, 3)), "an empty array of shape (0, 3)"),
        (b"x", "b'x'"),
        ((np.array([1]), np.array([2.5])), "[1]\n[2.5]"),
        ([np.int64(3)], "[3]"),
    ],
)
def test_a_value_as_text(value, text):
    assert shown(value) == text


def test_more_digits_on_request():
    assert shown(1 / 3) == "0.333333"
    assert shown(1 / 3, 9) == "0.333333333"
    assert shown([1 / 3], 9) == "[0.333333333]"
    assert shown(np.array([1 / 3]), 9) == "[0.333333333]"


def test_long_values_lose_their_middle():
    assert shown(list(range(1000))) == "[0, 1, 2, …, 997, 998, 999]"
    assert shown(tuple(range(1000))) == "(0, 1, 2, …, 997, 998, 999)"
    assert shown(np.arange(1000)) == "[  0,   1,   2, ..., 997, 998, 999]\n(shape (1000,))"
    assert shown({number: number for number in range(1000)}).endswith("…}")
    assert shown(frozenset(range(1000))).endswith("…}")
    assert len(shown("x" * 10**6)) <= 401
    assert len(shown([["y" * 300] * 20] * 20)) <= 401


def test_of_a_long_list_only_the_ends_are_read():
    class Counted(list):
        read = 0

        def __getitem__(self, place):
            found = list.__getitem__(self, place)
            Counted.read += len(found)
            return found

        def __iter__(self) -> Iterator[int]:
            raise AssertionError("the whole list is read")

    assert "…" in shown(Counted(range(10**5)))
    assert Counted.read == 6


def test_what_can_not_be_printed_is_escaped():
    assert cut("\x1b[31m\x00") == "\\x1b[31m\\x00"
    assert cut("\ud800") == "\\ud800"
    assert cut("two\nlines\tand “quotes” é 漢") == "two\nlines\tand “quotes” é 漢"


def test_cut_keeps_both_ends():
    text = cut("a" * 500 + "z" * 500, 100)
    assert len(text) <= 100
    assert text.startswith("a")
    assert text.endswith("z")
    assert cut("short", 100) == "short"


def test_an_object_is_shown_by_its_looks():
    assert shown(plain(range(3))) == "range(0, 3)"


def test_a_number_too_long_to_write_does_not_raise():
    assert shown(10**5000).startswith("<a int whose repr raises")
