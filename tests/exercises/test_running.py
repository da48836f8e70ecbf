"""Calling answers of every kind: whatever they do, what came of it is written down as data."""

import functools
import linecache
import random
import sys
import tracemalloc
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils.exercises.running import KEPT, _Printed, attempt, call, signature_problem
from course_utils.exercises.show import cut
from course_utils.exercises.values import alike

NAMES = ("x", "y")


def run(answer, *arguments):
    return call(answer, arguments or (np.array([1.0, 2.0]),), NAMES)


def in_a_cell(source, filename="/tmp/ipykernel_123/456.py"):
    """The names that a notebook cell defines, with its source where IPython keeps it."""
    linecache.cache[filename] = len(source), None, source.splitlines(True), filename
    space = {"np": np}
    exec(compile(source, filename, "exec"), space)
    return space


def test_leaving_the_program_is_caught():
    def answer(x):
        sys.exit("bye")

    assert run(answer).raised.kind == "SystemExit"
    assert run(answer).raised.message == "bye"


def test_the_learners_interrupt_passes_through():
    def answer(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(answer)


def test_what_is_printed_is_kept():
    def answer(x):
        print("one")
        print("two")
        return x

    assert run(answer).printed == "one\ntwo"


def test_much_printing_is_cut():
    def answer(x):
        for number in range(20_000):
            print(number)

    assert len(run(answer).printed) < 500


def test_control_characters_are_made_visible():
    assert "\x1b" not in run(lambda x: print("\x1b[31mred")).printed
    assert "\\x1b" in run(lambda x: print("\x1b[31mred")).printed
    assert run(lambda x: print("\ud800")).printed == "\\ud800"


@pytest.mark.parametrize(
    "meddle", ["sys.stdout.close()", "sys.stdout = None", "sys.stdout = open(__import__('os').devnull, 'w')"]
)
def test_an_answer_may_meddle_with_the_output(meddle):
    before = sys.stdout
    space = {"sys": sys}
    exec(f"def answer(x):\n    print('seen')\n    {meddle}\n    return 1", space)
    result = run(space["answer"])
    assert sys.stdout is before
    assert (result.value, result.printed) == (1, "seen")


def test_the_first_warning_is_kept_and_none_leaks():
    def answer(x):
        warnings.warn("first", stacklevel=1)
        warnings.warn("second", stacklevel=1)
        return np.exp(x * 1000)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = run(answer)
    assert result.warned == "UserWarning: first"


def test_numpy_warns_whatever_the_notebook_has_set_and_keeps_its_setting():
    def answer(x):
        np.seterr(all="raise")
        return np.exp(x * 1000)

    with np.errstate(all="ignore"):
        result = run(lambda x: np.exp(x * 1000))
        assert "overflow" in result.warned
        assert run(answer).raised.kind == "FloatingPointError"
        assert np.geterr()["over"] == "ignore"


def test_deep_recursion_is_caught():
    def answer(x):
        return answer(x)

    result = run(answer)
    assert result.raised.kind == "RecursionError"
    assert result.raised.line == "return answer(x)"


def test_a_value_nested_too_deeply_is_no_data():
    def answer(x):
        value = []
        for _ in range(100_000):
            value = [value]
        return value

    assert run(answer).value.kind == "list that can't be read (RecursionError)"


def test_a_value_that_holds_itself_is_no_data():
    def answer(x):
        value = []
        value.append(value)
        return value

    assert run(answer).value.kind == "list that can't be read (RecursionError)"


@pytest.mark.parametrize(
    "filename", ["/tmp/ipykernel_123/456.py", "<ipython-input-3-abc>", "/tmp/ipython-input-3-9.py"]
)
def test_an_answer_of_a_cell_shows_its_own_line(filename):
    cell = in_a_cell("def answer(x):\n    y = x + 1\n    return y.nowhere\n", filename)
    raised = run(cell["answer"]).raised
    assert (raised.kind, raised.line_number, raised.line) == ("AttributeError", 3, "return y.nowhere")


def test_a_helper_in_another_cell_shows_its_own_line():
    helper = in_a_cell("def helper(x):\n    return x.nowhere\n", "/tmp/ipykernel_123/1.py")
    cell = in_a_cell("def answer(x):\n    return helper(x)\n", "/tmp/ipykernel_123/2.py")
    cell["helper"] = helper["helper"]
    assert run(cell["answer"]).raised.line == "return x.nowhere"


def test_an_error_inside_a_library_shows_the_line_that_called_it():
    cell = in_a_cell("def answer(x):\n    return np.concatenate([x, np.zeros((2, 2))])\n")
    assert run(cell["answer"]).raised.line.startswith("return np.concatenate")


class Answer:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return x * self.factor.nowhere

    def method(self, x):
        return x * self.factor


class Bare:
    def __call__(self, x):
        return x.nowhere


def test_an_object_that_can_be_called_shows_its_own_line():
    assert run(Bare()).raised.line == "return x.nowhere"
    raised = run(Answer(2)).raised
    assert raised.line == "return x * self.factor.nowhere"
    assert alike(run(Answer(2).method).value, [2.0, 4.0])


def test_a_partial_function_shows_its_own_line():
    def answer(factor, x):
        return x * factor.nowhere

    assert run(functools.partial(answer, 2)).raised.line == "return x * factor.nowhere"
    assert alike(run(functools.partial(np.multiply, 2)).value, [2.0, 4.0])


def test_a_decorated_function_shows_its_own_line():
    def twice(function):
        @functools.wraps(function)
        def wrapper(*arguments):
            return function(*arguments) * 2

        return wrapper

    cell = in_a_cell("def answer(x):\n    return x.nowhere\n", "somewhere.py")
    assert run(twice(cell["answer"])).raised.line == "return x.nowhere"


def test_built_ins_and_lambdas_are_answers_like_others():
    assert run(np.argmax).value == 1
    assert run(len).value == 2
    assert run(lambda x: x.tolist()).value == [1.0, 2.0]
    raised = run(np.linalg.inv).raised
    assert raised.kind == "LinAlgError"
    assert raised.line == ""


def test_an_exception_that_can_not_be_read_is_still_an_exception():
    class Mute(Exception):
        def __str__(self):
            raise ValueError

    def answer(x):
        raise Mute

    assert run(answer).raised.kind == "Mute"
    assert "ValueError" in run(answer).raised.message


def test_an_object_that_lies_about_itself_is_caught():
    class Liar:
        def __call__(self, x):
            raise ValueError("no")

        def __getattr__(self, name):
            raise RuntimeError("don't look at me")

    assert run(Liar()).raised.kind == "ValueError"


def test_a_value_that_can_not_be_read_is_no_data():
    class Torn:
        def __array__(self, *_):
            raise RuntimeError("torn")

    assert run(lambda x: Torn()).value.kind == "Torn that can't be read (RuntimeError)"


def test_arguments_are_copies_and_changes_are_named():
    def answer(x, y):
        y["new"] = 1
        return x

    x, y = np.zeros(2), {}
    result = run(answer, x, y)
    assert result.changed == ("y",)
    assert y == {}


@pytest.mark.parametrize(
    "how", ["y.clear()", "y.pop(0)", "y[0] = 'other'", "y.update({5: x})", "y[0] = Odd()", "x[0] = -x[0]"]
)
def test_changes_of_many_kinds_are_seen(how):
    class Odd:
        __hash__ = None

        def __eq__(self, other):
            raise RuntimeError

    space = {"Odd": Odd}
    exec(f"def answer(x, y):\n    {how}\n    return 1", space)
    assert run(space["answer"], np.array([0.0]), {0: "a", 1: "b"}).changed == (
        "x" if how.startswith("x") else "y",
    )


def test_an_answer_may_return_its_input_itself():
    result = run(lambda x: x)
    assert alike(result.value, [1.0, 2.0])
    assert result.changed == ()


def test_what_an_answer_gave_stays_as_it_was():
    shared = np.zeros(2)

    def answer(x):
        shared[:] = x
        return shared

    first = run(answer, np.array([1.0, 1.0]))
    run(answer, np.array([2.0, 2.0]))
    assert alike(first.value, [1.0, 1.0])


def problem(answer, count=2):
    return signature_problem(answer, (1, 2)[:count], NAMES)


def test_a_signature_that_fits():
    assert problem(lambda x, y: 0) is None
    assert problem(lambda *arguments: 0) is None
    assert problem(lambda a, b=1: 0) is None
    assert problem(Answer(1).method, 1) is None
    assert problem(functools.partial(lambda x, y, z: 0, 1)) is None
    assert problem(np.argmax) is None
    assert problem(max) is None


def test_a_signature_that_does_not_fit_is_told_in_words():
    def answer(x):
        return x

    def by_name(x, *, y):
        return x

    assert "`answer(x)`, and the check gives it 2 arguments in this order: x, y" in problem(answer)
    assert "too many positional arguments" in problem(by_name)
    assert "missing a required argument: 'y'" in problem(lambda x, y: 0, 1)
    assert "1 argument in this order: x." in problem(lambda x, y: 0, 1)


def test_a_signature_that_lies_is_left_to_the_call():
    class Liar:
        __signature__ = "nonsense"

        def __call__(self, x):
            return x

    assert problem(Liar()) is None


@pytest.mark.parametrize(
    ("answer", "sources"),
    [
        (lambda x: np.random.rand(), ("np.random",)),  # noqa: NPY002
        (lambda x: np.random.seed(3), ("np.random",)),  # noqa: NPY002
        (lambda x: np.random.normal(), ("np.random",)),  # noqa: NPY002
        (lambda x: random.random(), ("random",)),
        (lambda x: torch.rand(1), ("torch",)),
        (lambda x: (random.random(), np.random.rand()), ("np.random", "random")),  # noqa: NPY002
        (lambda x: np.random.default_rng(0).random(), ()),
        (lambda x: np.random.RandomState(0).rand(), ()),
        (lambda x: random.Random(0).random(), ()),
        (lambda x: torch.rand(1, generator=torch.Generator().manual_seed(0)), ()),
    ],
)
def test_the_random_numbers_that_all_code_shares_are_watched(answer, sources):
    assert call(answer, (np.array([1.0, 2.0]),), NAMES, watch=True).disturbed == sources
    assert run(answer).disturbed == ()


def test_random_numbers_are_watched_whatever_numpy_draws_them_from():
    own = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(np.random.PCG64(1))
        with pytest.warns(RuntimeWarning):
            assert call(lambda x: 1, (np.array([1.0]),), NAMES, watch=True).value == 1
    finally:
        np.random.set_bit_generator(own)


@given(st.lists(st.text("ab\n") | st.integers(0, 3 * KEPT).map(lambda count: "x" * count), max_size=8))
def test_what_is_kept_of_what_was_printed_looks_like_all_of_it(parts: list[str]) -> None:
    printed = _Printed()
    for part in parts:
        assert printed.write(part) == len(part)
    assert cut(printed.getvalue()) == cut("".join(parts))
    assert len(printed.getvalue()) <= 2 * KEPT


def test_endless_printing_takes_no_memory() -> None:
    def prints(x: int) -> int:
        for _ in range(300):
            print("x" * (1 << 20))
        return x

    tracemalloc.start()
    attempt(prints, [(1,)], ("x",))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20
