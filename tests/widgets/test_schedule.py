"""ScheduleExplorer's numbers, against the Transformers library's schedule, and the picture it leaves."""

import base64
import io
import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers import get_linear_schedule_with_warmup

from course_utils.widgets import ScheduleExplorer
from course_utils.widgets.schedule import PEAKS, in_short, schedule_view


def library_rates(peak: float, warmup: float, steps: int) -> list[float]:
    """The rate of each step, as a loop over the Transformers library's scheduler meets it."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    schedule = get_linear_schedule_with_warmup(optimizer, int(warmup * steps), steps)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


@settings(max_examples=30, deadline=None)
@given(st.floats(*PEAKS), st.floats(0, 1), st.integers(10, 200), st.data())
def test_it_agrees_with_the_library(peak: float, warmup: float, steps: int, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, steps - 1))
    view = schedule_view(peak, warmup, steps, step)
    expected = library_rates(peak, warmup, steps)
    np.testing.assert_allclose(view["rates"], expected, rtol=1e-12)
    assert view["rate"] == pytest.approx(expected[step], rel=1e-12)
    assert view["multiplier"] == pytest.approx(expected[step] / peak, rel=1e-12)
    assert view["last"] == pytest.approx(expected[-1], rel=1e-12)
    assert view["last"] > 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {},
            "80 steps, 8 of them warm-up: the learning rate rises to its peak of 0.0002 at step 8 and then falls to "
            "2.8e-6 at the last step, 79. Step 80, where it would be 0, is not taken. "
            "At step 40 it is 0.00011, 0.56 of the peak.",
        ),
        (
            {"warmup": 0},
            "none of them warm-up: the learning rate starts at its peak of 0.0002 and then falls",
        ),
        ({"warmup": 0.01}, "none of them warm-up"),
        ({"warmup": 1}, "all of them warm-up: the learning rate rises to the end and never falls."),
        ({"warmup": 1, "steps": 10}, "The last step, 9, takes 9/10 of the peak of 0.0002."),
        ({"warmup": 0.9, "steps": 10}, "rises to its peak of 0.0002 at the last step, 9, and never falls."),
        ({"warmup": 0.29, "steps": 100}, "28 of them warm-up"),
        ({"step": 0}, "At step 0 it is 0, 0.00 of the peak."),
        ({"step": 79}, "At step 79 it is 2.8e-6, 0.01 of the peak."),
    ],
)
def test_what_it_says(settings: dict[str, Any], said: str) -> None:
    assert said in ScheduleExplorer(**settings).sentence()


@pytest.mark.parametrize(
    ("rate", "text"),
    [(0, "0"), (1e-2, "0.01"), (2e-4, "0.0002"), (1.111e-4, "0.00011"), (1e-4, "0.0001"), (9.96e-5, "0.0001"),
     (1e-5, "1e-5"), (2.777e-6, "2.8e-6"), (5e-9, "5e-9")],
)  # fmt: skip
def test_rates_in_short(rate: float, text: str) -> None:
    assert in_short(rate) == text


@given(st.floats(1e-9, 1e-2))
def test_short_rates_are_the_rates(rate: float) -> None:
    assert float(in_short(rate)) == pytest.approx(rate, rel=0.05)
    assert len(in_short(rate)) <= 7
    assert re.fullmatch(r"0\.0+[1-9]\d?|\d(\.\d)?e-\d", in_short(rate))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("warmup", 8, "a share of the steps, from 0 to 1. This is 8: for 8 of 80 steps give 0.1"),
        ("warmup", -0.1, "a share of the steps"),
        ("warmup", float("nan"), "This is nan"),
        ("warmup", "", "a share of the steps"),
        ("peak", 0, "The peak of the learning rate is a number from 1e-05 to 0.01"),
        ("peak", 1, "The peak of the learning rate"),
        ("peak", "🔥" * 10_000, "The peak of the learning rate"),
        ("peak", float("inf"), "This is inf"),
        ("steps", 9, "The number of steps is a whole number from 10 to 2000"),
        ("steps", 80.5, "This is 80.5"),
        ("steps", [80], "The number of steps"),
        ("step", 80, "The step is a whole number from 0 to 79"),
        ("step", -1, "The step is a whole number from 0 to 79"),
        ("step", "last", "The step is a whole number from 0 to 79"),
    ],
)
def test_bad_settings_are_explained_and_the_old_ones_stay(name: str, value: Any, said: str) -> None:
    explorer = ScheduleExplorer()
    before = explorer.sentence()
    setattr(explorer, name, value)
    assert said in explorer.problem
    assert len(explorer.problem) < 200
    assert explorer.sentence() == before
    explorer.peak = 1e-3
    assert explorer.problem == ""
    made = ScheduleExplorer(**{name: value})
    assert said in made.problem
    assert made.sentence() == before


def test_all_that_is_wrong_is_said_at_once() -> None:
    problem = ScheduleExplorer(peak=1, warmup=8, steps=1, step=500).problem
    for said in ("The peak", "The warm-up", "The number of steps", "The step is"):
        assert said in problem


def test_a_shorter_training_keeps_the_step_within() -> None:
    explorer = ScheduleExplorer(steps=500, step=400)
    explorer.steps = 100
    assert explorer.step == 99
    assert explorer.problem == ""
    assert ScheduleExplorer(steps=20).step == 10


@pytest.mark.parametrize("warmup", [0, 0.1, 1])
def test_it_leaves_a_picture_and_a_sentence(warmup: float) -> None:
    explorer = ScheduleExplorer(warmup=warmup)
    bundle, _ = explorer._repr_mimebundle_()
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert image.format == "PNG"
    assert image.width > 500
    assert len(image.convert("L").getcolors()) > 10
    assert bundle["text/plain"] == explorer.sentence()


def test_with_a_problem_it_still_leaves_its_picture() -> None:
    assert "image/png" in ScheduleExplorer(peak=1).still()
