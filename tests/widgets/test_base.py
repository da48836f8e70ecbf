"""What all explorers share: checks of settings, numbers as text, and the picture that is left behind."""

import base64
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import widgets
from course_utils.widgets.base import (
    Explorer,
    a_choice,
    a_number,
    a_whole_number,
    as_number,
    checked,
    fixed,
    hear_while_busy,
    new_figure,
    script,
    setting,
    shown,
)


class Line(Explorer):
    """The smallest explorer: a line of a length."""

    _esm = "export default { render() {} }"
    length = setting(1.0)
    colour = setting("black")
    _checked = checked("length", "colour")
    CHECKS: ClassVar = {
        "length": a_number("The length", 0, 10),
        "colour": a_choice("The colour", "black", "grey"),
    }

    def sentence(self) -> str:
        return f"A line of {self.length}."

    def picture(self) -> Any:
        figure, axes = new_figure(2, 1)
        axes.plot([0, self.length], [0, 0], color=self.colour)
        return figure


def test_a_bad_value_leaves_the_last_good_one_and_a_problem_until_a_good_one_comes() -> None:
    line = Line(length=2)
    line.length = 11
    assert (line.length, line.problem) == (
        2,
        "The length is a number from 0 to 10. This is 11: choose another.",
    )
    line.colour = "grey"
    assert line.problem == ""


def test_bad_values_at_the_start_leave_the_defaults_and_all_problems() -> None:
    line = Line(length="long", colour="red", problem="No data.")
    assert (line.length, line.colour) == (1.0, "black")
    for said in ("No data.", "This is 'long'", "This is 'red'"):
        assert said in line.problem


def test_what_is_left_where_nothing_runs() -> None:
    line = Line(length=3)
    bundle, _ = line._repr_mimebundle_()
    assert set(bundle) >= {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert bundle["text/plain"] == "A line of 3.0."
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert Line(problem="No data.").still() == {"text/plain": "No data."}
    assert "image/png" in Line(data={"some": 1}, problem="The length is odd.").still()


@pytest.mark.parametrize(
    "value", [3, 3.0, np.float32(3), np.int64(3), "3", True + 2, Decimal(3), np.array(3)]
)
def test_what_is_a_number(value: Any) -> None:
    assert as_number(value) == 3
    assert a_number("It", 3, 3)(value) == 3
    assert a_whole_number("It", 3, 3)(value) == 3


@pytest.mark.parametrize(
    "value", [None, "three", [], [1, 2], float("nan"), float("inf"), 10**400, object(), {}, b""]
)
def test_what_is_none(value: Any) -> None:
    assert as_number(value) is None
    for check in (a_number("It", -10, 10), a_whole_number("It", -10, 10)):
        with pytest.raises(ValueError, match=r"It is a .*number from -10 to 10\. This is "):
            check(value)


def test_bounds_are_included_and_a_half_is_not_whole() -> None:
    check = a_whole_number("It", 1, 3)
    assert [check(1), check(3.0)] == [1, 3]
    for value in (0, 4, 1.5):
        with pytest.raises(ValueError, match="a whole number from 1 to 3"):
            check(value)


def test_a_choice_knows_true_from_one() -> None:
    check = a_choice("It", 1, "one", None)
    assert [check(1), check("one"), check(None)] == [1, "one", None]
    for value in (True, 1.0, "two", np.array([1, 2]), []):
        with pytest.raises(ValueError, match="It is one of 1, 'one', None"):
            check(value)


def test_a_value_is_quoted_short() -> None:
    assert shown("film") == "'film'"
    assert len(shown("x" * 10_000)) == 40


@given(st.floats(-1e15, 1e15), st.integers(0, 6))
def test_fixed_rounds_the_number_that_the_float_is(number: float, digits: int) -> None:
    text = fixed(number, digits)
    assert abs(Decimal(text) - Decimal(number)) <= Decimal("0.5").scaleb(-digits)
    assert len(text.partition(".")[2]) == digits
    assert not (text.startswith("-") and Decimal(text) == 0)


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [
        (0.5, 0, "1"),
        (2.5, 0, "3"),
        (-2.5, 0, "-3"),
        (0.125, 2, "0.13"),
        (1.005, 2, "1.00"),
        (-0.001, 2, "0.00"),
        (float("nan"), 2, "nan"),
        (float("inf"), 2, "inf"),
        (float("-inf"), 0, "-inf"),
        (np.float32(0.25), 1, "0.3"),
    ],
)
def test_fixed_goes_away_from_zero_at_a_half(number: float, digits: int, text: str) -> None:
    assert fixed(number, digits) == text


def test_every_explorer_is_there_under_its_name_and_asks_no_other_host() -> None:
    for name in widgets.__all__:
        explorer = getattr(widgets, name)
        assert issubclass(explorer, Explorer)
        assert explorer.__doc__
        text = script(widgets._HOMES[name])
        assert "export default { render }" in text
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    with pytest.raises(AttributeError, match=r"There is no explorer Softmax\. There are: .*SoftmaxExplorer"):
        _ = widgets.Softmax


def test_a_bad_value_from_the_browser_leaves_the_last_good_one() -> None:
    """ipywidgets puts what the browser sends into the trait first and has it checked afterwards."""
    line = Line(length=2)
    line.set_state({"length": 11})
    assert (line.length, "This is 11" in line.problem) == (2, True)
    line.set_state({"length": 3})
    line.length = None
    assert (line.length, "This is None" in line.problem) == (3, True)
    line = Line()
    line.set_state({"length": "wide"})
    assert line.length == 1.0


def test_its_comm_lets_the_browser_choose_where_it_is_heard() -> None:
    """ipykernel 7.4 would have the main shell hear of the button, which is busy with the training."""

    class Routed:
        def _reply_subshell_for(self, data: Any, default: Any) -> Any:
            return None

    comm = Routed()
    hear_while_busy(comm)
    assert comm._reply_subshell_for is None
    hear_while_busy(object())
