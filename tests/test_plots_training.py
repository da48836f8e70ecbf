"""What the pictures of lesson 3 say in words is what they show."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import plots_training


@pytest.fixture(autouse=True)
def _no_window(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.integers(1, 60))
def test_the_running_mean_is_that_of_pandas(values, width):
    expected = pd.Series(values).rolling(width, min_periods=1).mean()
    np.testing.assert_allclose(plots_training.running_mean(values, width), expected, rtol=1e-6, atol=1e-6)


def test_losses_are_drawn_and_said(capsys):
    plots_training.losses({"slow": [0.7, 0.6, 0.5], "fast": [0.7, 0.3, 0.1]}, smooth=2)
    said = capsys.readouterr().out.splitlines()
    assert said == ["slow: 0.70 at the start, 0.55 at the end.", "fast: 0.70 at the start, 0.20 at the end."]
    lines = {line.get_label(): line for line in plt.gca().get_lines()}
    np.testing.assert_allclose(lines["fast"].get_ydata(), [0.7, 0.5, 0.2])
    assert lines["slow"].get_linestyle() != lines["fast"].get_linestyle()


def test_runs_are_drawn_one_by_one_and_said(capsys):
    plots_training.spread(["low", "high"], {"low": [0.5, 0.7], "high": [0.8, 0.8]}, "rate", "accuracy")
    assert capsys.readouterr().out.splitlines() == [
        "low: 0.600 on average (0.500, 0.700).",
        "high: 0.800 on average (0.800, 0.800).",
    ]
    mean = plt.gca().get_lines()[0]
    np.testing.assert_allclose(mean.get_ydata(), [0.6, 0.8])
