"""The form of an answer: what is taken, and in which words the rest is refused."""

import numpy as np
import pytest
import torch

from course_utils.exercises import lesson_2, lesson_4
from course_utils.exercises.forms import (
    Arrays,
    Fields,
    LabelLists,
    Labels,
    Misfit,
    Number,
    Numbers,
    Rows,
    Words,
)
from course_utils.exercises.values import plain


def refusal(form, value, expected):
    with pytest.raises(Misfit) as caught:
        form.read(plain(value), expected)
    return caught.value.step, str(caught.value)


PAIR = np.array([0.25, 0.75])


@pytest.mark.parametrize(
    "value",
    [
        [0.25, 0.75],
        (0.25, 0.75),
        np.array([0.25, 0.75], dtype=np.float32),
        torch.tensor([0.25, 0.75]),
        torch.tensor([0.25, 0.75], requires_grad=True),
        [np.float32(0.25), np.float64(0.75)],
        [torch.tensor(0.25), torch.tensor(0.75)],
        np.array([0.25, 0.75], dtype=object),
        [*(number for number in (0.25, 0.75))],
    ],
)
def test_numbers_are_taken_in_every_honest_form(value):
    assert Numbers().read(plain(value), PAIR).tolist() == [0.25, 0.75]


@pytest.mark.parametrize(
    ("value", "step", "words"),
    [
        ((n for n in (1, 2)), "type", ("a generator", "`list()` makes a list of them")),
        (map(float, [1, 2]), "type", ("a map", "`list()`")),
        (range(2), "type", ("a range", "`list()`")),
        ({"a": 1}, "type", ("a dict",)),
        ({1, 2}, "type", ("a set",)),
        ("0.25 0.75", "type", ("a str",)),
        (["0.25", "0.75"], "type", ("holds a str, `'0.25'`",)),
        ([0.25, None], "type", ("holds None",)),
        ([0.25, {}], "type", ("a dict",)),
        (np.array(["a", "b"]), "type", ("NumPy array of text",)),
        (PAIR + 0j, "type", ("complex",)),
        (object(), "type", ("an object",)),
        (print, "type", ("builtin_function",)),
        ([[0.25], [0.5, 0.25]], "shape", ("rows that differ in length",)),
        (0.25, "shape", ("shape ()", "(2,) was expected")),
        ([[0.25, 0.75]], "shape", ("shape (1, 2)",)),
        ([], "shape", ("shape (0,)",)),
        ([0.25, np.nan], "non-finite", ("`nan`",)),
        ([0.25, np.inf], "non-finite", ("`inf`",)),
        (np.ma.masked_array([0.25, 0.75], mask=[False, True]), "non-finite", ("`nan`",)),
        ([0.25, 10**400], "type", ("holds an int",)),
    ],
)
def test_numbers_refuse_in_plain_words(value, step, words):
    said_step, message = refusal(Numbers(), value, PAIR)
    assert said_step == step
    for word in words:
        assert word in message


def test_infinity_is_fine_where_it_is_expected():
    assert Numbers().read([np.inf, 1.0], np.array([np.inf, 1.0]))[0] == np.inf


def test_booleans_are_numbers():
    assert Numbers().read([True, False], np.array([1, 0])).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    "value", [0.5, np.float32(0.5), np.array(0.5), np.array([[0.5]]), torch.tensor([0.5]), [0.5], "array"]
)
def test_one_number_in_every_honest_form(value):
    value = np.array([0.5]) if isinstance(value, str) else value
    number = Number().read(plain(value), 0.5)
    assert type(number) is float
    assert number == 0.5


def test_one_number_refuses():
    assert refusal(Number(), [0.1, 0.2], 0.5)[0] == "shape"
    assert refusal(Number(), [], 0.5)[0] == "shape"
    assert refusal(Number(), float("nan"), 0.5)[0] == "non-finite"
    assert refusal(Number(), "0.5", 0.5)[0] == "type"
    assert refusal(Number(), 0.5 + 1j, 0.5)[0] == "type"


THREE = Arrays(("precision", "recall", "F1"))
EXPECTED = (PAIR, PAIR, PAIR)


def test_several_arrays_in_every_honest_form():
    for value in (
        EXPECTED,
        list(EXPECTED),
        np.stack(EXPECTED),
        torch.tensor(np.stack(EXPECTED)),
        [[0.25, 0.75]] * 3,
    ):
        assert [part.tolist() for part in THREE.read(plain(value), EXPECTED)] == [[0.25, 0.75]] * 3


@pytest.mark.parametrize(
    ("value", "step", "words"),
    [
        (0.5, "type", "a float where 3 arrays were expected: precision, recall, F1"),
        ({"precision": PAIR}, "type", "a dict"),
        (zip(EXPECTED, EXPECTED, strict=True), "type", "`list()`"),
        ((PAIR, PAIR), "shape", "2 parts where 3 were expected"),
        (PAIR, "shape", "1 part where"),
        ((PAIR, None, PAIR), "type", "Your recall is None"),
        ((PAIR, PAIR, 0.5), "shape", "Your F1 has shape ()"),
        ((PAIR, [np.nan, 1], PAIR), "non-finite", "Your recall holds `nan`"),
    ],
)
def test_several_arrays_name_the_one_that_is_wrong(value, step, words):
    said_step, message = refusal(THREE, value, EXPECTED)
    assert said_step == step
    assert words in message


def test_labels_in_every_honest_form():
    wanted = ["a", "b"]
    for value in (
        ["a", "b"],
        ("a", "b"),
        np.array(["a", "b"]),
        np.array(["a", "b"], dtype=object),
        [np.str_("a"), "b"],
    ):
        assert Labels().read(plain(value), wanted) == wanted
    assert Labels().read(plain(np.array([])), []) == []


@pytest.mark.parametrize(
    ("value", "step", "words"),
    [
        ("ab", "type", "a str where a list of labels"),
        ({0: "a"}, "type", "a dict"),
        ({"a", "b"}, "type", "a set"),
        ((label for label in "ab"), "type", "`list()`"),
        (["a", 1], "type", "holds an int, `1`"),
        (["a", None], "type", "holds None"),
        ([["a"], ["b"]], "type", "a list of str"),
        (["a"], "shape", "has 1 label where 2 were expected"),
        (["a", "b", "a"], "shape", "3 labels where 2 were expected"),
        (np.array("a"), "type", "a str"),
    ],
)
def test_labels_refuse_in_plain_words(value, step, words):
    said_step, message = refusal(Labels(), value, ["a", "b"])
    assert said_step == step
    assert words in message


def test_an_abstention_is_taken_only_where_there_may_be_one():
    assert Labels(optional=True).read(["a", None], ["a", None]) == ["a", None]
    assert refusal(Labels(), ["a", None], ["a", "b"])[0] == "type"
    assert "a label or None" in refusal(Labels(optional=True), ["a", 0], ["a", "b"])[1]


def test_lists_of_labels_are_read_as_sets():
    wanted = [["a", "b"], []]
    for value in (wanted, (("b", "a"), ()), [np.array(["b", "a"]), np.array([])], [{"a", "b"}, set()]):
        assert LabelLists().read(plain(value), wanted) == [["a", "b"], []]
    assert LabelLists().read([["a", "a"], []], wanted) != wanted


@pytest.mark.parametrize(
    ("value", "step", "words"),
    [
        (["a", "b"], "type", "holds a str, `'a'`"),
        ([["a", "b"], None], "type", "holds None"),
        ([["a", 1], []], "type", "holds an int"),
        ([["a"]], "shape", "1 list where 2 were expected"),
        ([map(str, "a"), []], "type", "`list()`"),
    ],
)
def test_lists_of_labels_refuse_in_plain_words(value, step, words):
    said_step, message = refusal(LabelLists(), value, [["a"], []])
    assert said_step == step
    assert words in message


def test_a_long_type_or_value_is_cut():
    record = np.zeros(1, dtype=[(f"column_{number}", float) for number in range(50)])
    assert len(refusal(Numbers(), record, PAIR)[1]) < 300
    assert len(refusal(Labels(), [["x" * 10_000]], ["a"])[1]) < 300


SPLIT = Rows(("train", "held-out"))
RIGHT = np.array([0, 2]), np.array([1])


@pytest.mark.parametrize(
    "value",
    [
        ([2, 0], [1]),
        [(0, 2), (1,)],
        (np.array([0.0, 2.0]), np.array([1], dtype=np.uint8)),
        (torch.tensor([2, 0]), torch.tensor([1])),
        [[np.int64(0), 2], np.array([1])],
    ],
)
def test_row_numbers_are_taken_in_every_honest_form_and_order(value):
    assert SPLIT.read(plain(value), RIGHT) == ([0, 2], [1])


def test_row_numbers_may_be_more_or_fewer_than_those_of_the_reference():
    assert SPLIT.read(([], [2, 1, 1, 0]), RIGHT) == ([], [0, 1, 1, 2])


@pytest.mark.parametrize(
    ("value", "step", "words"),
    [
        ([0, 2, 1], "shape", "3 parts where 2 were expected: train, held-out"),
        (np.array([0, 2]), "shape", "1 part where 2"),
        (3, "type", "an int where 2 lists of row numbers were expected: train, held-out"),
        ([5, [1]], "type", "Your train is an int where a list of row numbers was expected"),
        (([0, 2], range(1, 2)), "type", "Your held-out is a range"),
        (([0, 2], ["good"]), "type", "Your held-out holds a str, `'good'`"),
        (([0.5], [1]), "type", "Your train holds a float"),
        (([True, False, True], [False, True, False]), "type", "Your train holds True and False"),
        ((np.array([True, False]), np.array([False, True])), "type", "Your train holds True and False"),
        ({"train": [0, 2], "held-out": [1]}, "type", "a dict where 2 lists"),
    ],
)
def test_row_numbers_are_refused_in_plain_words(value, step, words):
    said_step, message = refusal(SPLIT, value, RIGHT)
    assert said_step == step
    assert words in message


def test_the_fields_of_a_dict_may_hold_words_or_numbers():
    groups = Fields(("one", "two"), Words("name"))
    wanted = {"one": ["a", "b"], "two": []}
    assert groups.read(plain({"two": (), "one": np.array(["a", "b"]), "more": 1}), wanted) == wanted
    assert refusal(groups, {"one": ["a"], "two": []}, wanted) == (
        "length",
        "Your `one` has 1 name where 2 were expected.",
    )
    assert refusal(groups, {"one": ["a", 2], "two": []}, wanted)[1].startswith("Your `one` holds an int")
    figures = Fields(("f1",), Number())
    assert figures.read(plain({"f1": torch.tensor([0.5])}), {"f1": 0.5}) == {"f1": 0.5}
    assert refusal(figures, {"f1": np.nan}, {"f1": 0.5})[1].startswith("Your `f1` is `nan`")
    assert refusal(figures, {"f1": [0.5, 0.5]}, {"f1": 0.5})[1].startswith("Your `f1` has shape (2,)")


@pytest.mark.parametrize(
    "exercise", [lesson_2.normalize, lesson_2.wordpiece, lesson_4.decode], ids=lambda one: one.name
)
def test_a_list_of_millions_is_refused_without_a_walk_through_it(exercise):
    """A large array crosses from a sandbox as its shape alone, and costs nothing until somebody looks at each entry."""
    many = np.broadcast_to(np.int8(0), (3_000_000,))
    expected = exercise.reference(*exercise.cases[0].arguments)
    with pytest.raises(Misfit) as misfit:
        exercise.form.read(many, expected)
    assert misfit.value.step == "shape"
    assert "an array of shape (3000000,)" in str(misfit.value)
