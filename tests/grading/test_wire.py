"""What crosses the line: inputs arrive as they were, and whatever a stranger sends is a value or is refused."""

import contextlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course_utils.exercises import LESSONS, catalogue
from course_utils.exercises.exercise import Exercise
from course_utils.exercises.running import Attempt, Raised, Result, attempt
from course_utils.exercises.values import Opaque, plain
from course_utils.grading import wire

EXERCISES = [exercise for lesson in LESSONS for exercise in catalogue(lesson).EXERCISES]


def there_and_back(value: Any) -> Any:
    return wire.decode(json.loads(json.dumps(wire.encode(value))))


def assert_the_same(one: Any, other: Any) -> None:
    """Type, dtype, shape, values to the last bit, order of keys."""
    if hasattr(one, "_fields"):
        assert one._fields == other._fields
        assert type(one).__name__ == type(other).__name__
    else:
        assert type(one) is type(other)
    if isinstance(one, np.ndarray | np.generic):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes()
    elif type(one).__module__ == "torch":
        assert (one.dtype, one.stride()) == (other.dtype, other.stride())
        assert_the_same(one.float().numpy(), other.float().numpy())
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for (key, value), (key_back, value_back) in zip(one.items(), other.items(), strict=True):
            assert_the_same(key, key_back)
            assert_the_same(value, value_back)
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for item, back in zip(one, other, strict=True):
            assert_the_same(item, back)
    elif isinstance(one, float):
        assert one.hex() == other.hex()
    else:
        assert one == other


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.key)
def test_every_argument_of_every_case_arrives_as_it_was(exercise: Exercise) -> None:
    for case in (*exercise.cases, *exercise.draw_cases(3)):
        assert_the_same(tuple(case.arguments), there_and_back(tuple(case.arguments)))


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.key)
def test_what_answers_give_arrives_as_it_was(exercise: Exercise) -> None:
    cases = (*exercise.cases, *exercise.draw_cases(3))
    made = attempt(exercise.reference, [case.arguments for case in cases], exercise.parameters)
    back = wire.decode_attempt(json.loads(json.dumps(wire.encode_attempt(made))), len(cases))
    for one, other in zip(made.results, back.results, strict=True):
        assert_the_same(one.value, other.value)
        assert (one.raised, one.printed, one.changed) == (other.raised, other.printed, other.changed)


numbers = (
    st.integers(-(2**70), 2**70)
    | st.floats()
    | st.booleans()
    | st.none()
    | st.text(max_size=20)
    | st.binary(max_size=8)
)
values = st.recursive(
    numbers,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_plain_data_arrives_as_it_was(value: Any) -> None:
    assert_the_same(value, there_and_back(value))


@pytest.mark.parametrize("kind", sorted(wire.KINDS))
@pytest.mark.parametrize("shape", [(), (0,), (2, 3), (1, 0, 2)])
def test_arrays_of_every_kind_arrive_as_they_were(kind: str, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(kind)
    assert_the_same(array, there_and_back(array))
    if array.size:
        scalar = array.reshape(-1)[-1]
        assert_the_same(scalar, there_and_back(scalar))


def test_an_array_in_columns_arrives_in_the_same_order() -> None:
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))[:, ::-1]
    assert there_and_back(array).tolist() == array.tolist()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(sorted(wire._READERS)), inner, min_size=1, max_size=1)
        | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=20,
)


@settings(max_examples=300)
@given(json_values)
@example({"array": ["float64", [10**12], ""]})
@example({"array": ["float64", [10**12, 0], ""]})
@example({"array": ["float64", [-1], "AAAAAAAAAAA="]})
@example({"array": ["float64", "scalar", ""]})
@example({"array": ["object", [1], "AAAAAAAAAAA="]})
@example({"array": ["float64", [0] * 1000, ""]})
@example({"tensor": ["uint64", [10**12], ""]})
@example({"tensor": ["complex64", "scalar", "AAAAAAAAAAA="]})
@example({"shape": ["float64", [10**12]]})
@example({"shape": ["float64", [1] * 10_000]})
@example({"permuted": [1, [0]]})
@example({"permuted": [{"tensor": ["float64", [1], "AAAAAAAAAAA="]}, [1]]})
@example({"bfloat16": ["float64", [1], "AAAAAAAAAAA="]})
@example({"int": "0x" + "f" * 10_000_000})
@example({"named": ["x", ["class"], [1]]})
@example({"named": ["x\nimport os", ["a"], [1]]})
@example({"named": ["x", ["a"] * 10_000, []]})
@example({"dict": [[{"list": []}, 1]]})
@example({"float": "0x1p99999"})
@example({"float": 1})
@example({"opaque": ["a", "b", "c"]})
@example({"bytes": 5})
def test_whatever_a_stranger_sends_is_a_value_or_is_refused(written: Any) -> None:
    with contextlib.suppress(wire.Garbled):
        wire.decode(written)


def test_what_is_nested_too_deeply_is_refused() -> None:
    written: Any = 1
    for _ in range(500):
        written = {"list": [written]}
    with pytest.raises(wire.Garbled):
        wire.decode(written)


@given(json_values, st.integers(0, 3))
def test_whatever_is_sent_as_an_attempt_is_one_or_is_refused(written: Any, inputs: int) -> None:
    with contextlib.suppress(wire.Garbled):
        assert isinstance(wire.decode_attempt(written, inputs), Attempt)


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(["value", "raised", "printed", "warned", "changed", "disturbed"]), json_values
    )
)
def test_whatever_is_sent_as_a_result_is_one_or_is_refused(result: dict[str, Any]) -> None:
    filled = {
        "value": 1,
        "raised": None,
        "printed": "",
        "warned": "",
        "changed": [],
        "disturbed": [],
    } | result
    written = {"results": [filled, filled], "missing": False, "instead": "", "signature": ""}
    with contextlib.suppress(wire.Garbled):
        wire.decode_attempt(written, 1)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_or_too_many_results_are_refused(count: int) -> None:
    written = wire.encode_attempt(Attempt((Result(1),) * count))
    with pytest.raises(wire.Garbled, match="results"):
        wire.decode_attempt(written, 1)


def test_an_exception_arrives_as_data() -> None:
    made = Attempt((Result(raised=Raised("TypeError", "no", 3, "x = 1")),) * 2)
    assert wire.decode_attempt(wire.encode_attempt(made), 1) == made


def test_text_that_is_too_long_is_cut() -> None:
    written = wire.encode_attempt(Attempt((Result(1, printed="x" * 10_000),) * 2))
    assert len(wire.decode_attempt(written, 1).results[0].printed) == 4000


def test_an_object_arrives_as_its_name_and_text() -> None:
    back = there_and_back(plain(object()))
    assert isinstance(back, Opaque)
    assert back.kind == "object"


def test_a_number_too_long_to_print_arrives_as_a_word_about_it() -> None:
    assert isinstance(there_and_back(1 << 1_000_000), Opaque)


@pytest.mark.parametrize("value", [object(), np.array([object()], dtype=object), lambda: 0])
def test_what_is_not_data_is_not_sent(value: Any) -> None:
    with pytest.raises(wire.Garbled):
        wire.encode(value)


def test_an_array_larger_than_any_answer_arrives_as_its_shape() -> None:
    back = there_and_back(np.ones((1000, 1000)))
    assert (back.shape, back.dtype) == ((1000, 1000), np.dtype("float64"))
    assert len(json.dumps(wire.encode(np.ones((1000, 1000))))) < 100
    assert isinstance(there_and_back(np.broadcast_to(np.ones(()), (10**12,))), Opaque)


def test_a_value_nested_too_deeply_arrives_as_a_word_about_it() -> None:
    value: list[Any] = []
    for _ in range(300):
        value = [value]
    assert_the_same(there_and_back(value), there_and_back(value))


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(2, dtype=[("a", float)]),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.zeros(2, dtype=np.clongdouble),
        [np.array(["2020-01-01"], dtype="M8[D]")],
    ],
    ids=str,
)
def test_a_value_that_is_no_data_is_told_as_in_a_notebook(value: object) -> None:
    exercise = catalogue(4).EXERCISES[0]
    cases = (*exercise.cases, *exercise.draw_cases(1))
    made = attempt(lambda logits, axis=-1: value, [case.arguments for case in cases], exercise.parameters)
    there = wire.decode_attempt(json.loads(json.dumps(wire.encode_attempt(made))), len(cases))
    here, after = exercise.verdict(cases, made), exercise.verdict(cases, there)
    assert (after.outcome, after.step) == (here.outcome, here.step)
    if isinstance(value, np.ndarray):
        assert after.finding == here.finding
