"""TrainingMonitor without a browser: its numbers, its words, what it leaves behind, and how often it speaks."""

import base64
import math
import struct
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.training import History, Watcher
from course_utils.widgets import TrainingMonitor, monitor
from course_utils.widgets.monitor import duration, in_short, monitor_view

finite = st.floats(0, 10)
steps = st.lists(st.tuples(finite, st.floats(0, 1), st.floats(0, 1e-2)), max_size=1500)


def a_history(*, n: int, **also: Any) -> History:
    return History(
        losses=[1 / (1 + step) for step in range(n)],
        accuracies=[step / n for step in range(n)],
        learning_rates=[1e-4 * step for step in range(n)],
        **also,
    )


@settings(deadline=None, max_examples=60)
@given(steps, st.integers(0, 20))
def test_the_numbers_are_those_of_pandas(rows: list[tuple[float, float, float]], more: int) -> None:
    losses, accuracies, rates = ([row[place] for row in rows] for place in range(3))
    elapsed = np.cumsum(np.linspace(0.1, 0.4, len(rows))).tolist()
    view = monitor_view(History(losses, accuracies, rates), len(rows) + more, elapsed)
    assert view["step"] == len(rows)
    assert len(view["lines"]["steps"]) <= 400
    assert len(view["table"]) <= 12
    if not rows:
        assert {view[name] for name in ("loss", "accuracy", "rate", "pace", "left", "broken")} == {None}
        return
    for name, values in (("loss", losses), ("accuracy", accuracies)):
        expected = pd.Series(values).rolling(50, min_periods=1).mean()
        assert view[name] == pytest.approx(expected.iloc[-1], abs=1e-9)
        places = view["lines"]["steps"].astype(int) - 1
        mean, each = ("mean_losses", "losses") if name == "loss" else ("mean_accuracies", "accuracies")
        np.testing.assert_allclose(view["lines"][mean], expected.iloc[places], atol=1e-9)
        np.testing.assert_array_equal(view["lines"][each], np.array(values)[places])
    assert view["lines"]["steps"][[0, -1]].tolist() == [1, len(rows)]
    gaps = np.diff([0.0, *elapsed])[-50:]
    assert view["pace"] == pytest.approx(gaps.mean())
    assert view["left"] == pytest.approx(gaps.mean() * more)
    assert view["table"][0][0] == 1
    assert view["table"][-1] == [len(rows), view["loss"], view["accuracy"], view["rate"]]


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_named_and_left_out(loss: float) -> None:
    history = History([0.7, 0.6, loss], [0.5, 0.5, 0.5], [1e-4, 2e-4, 3e-4])
    view = monitor_view(history, 10, [0.1, 0.2])
    assert view["broken"] == 3
    assert view["step"] == 2
    assert view["loss"] == pytest.approx(0.65)
    assert np.isfinite([*view["lines"]["losses"], *view["lines"]["mean_losses"]]).all()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.4, "59 s"), (59.5, "1 min 0 s"), (125, "2 min 5 s"), (4320, "1 h 12 min")],
)
def test_times_are_said_as_one_reads_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        *[(0.0, "0"), (2e-4, "0.0002"), (1.14e-4, "0.00011"), (2.78e-6, "2.8e-6"), (3e-6, "3e-6")],
        *[(9.96e-5, "0.0001"), (0.125, "0.13"), (12.0, "12"), (1e38, "1e+38"), (1.26e300, "1.3e+300")],
    ],
)
def test_rates_are_said_in_short(rate: float, said: str) -> None:
    assert in_short(rate) == said


class Kernel:
    """What a notebook's kernel would do with what is displayed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: list[dict[str, Any]] = []
        self.now = 0.0
        monkeypatch.setattr(monitor, "in_notebook", lambda: True)
        monkeypatch.setattr(monitor.time, "monotonic", lambda: self.now)
        monkeypatch.setattr("IPython.display.display", self.display)

    def display(self, thing: Any, display_id: bool = False) -> "Kernel":
        self.shown.append(thing._repr_mimebundle_()[0])
        return self

    def update(self, thing: Any) -> None:
        self.shown[-1] = thing._repr_mimebundle_()[0]


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    return Kernel(monkeypatch)


def watch(watcher: Watcher, history: History, planned: int, kernel: Kernel, pace: float = 0.1) -> None:
    """What the loop does with a monitor."""
    watcher.begin(planned)
    so_far = History()
    for row in zip(history.losses, history.accuracies, history.learning_rates, strict=True):
        kernel.now += pace
        for kept, value in zip((so_far.losses, so_far.accuracies, so_far.learning_rates), row, strict=True):
            kept.append(value)
        if math.isfinite(row[0]):
            watcher.step(so_far)
    watcher.end(history)


def test_it_shows_itself_and_leaves_a_picture_that_needs_no_kernel(kernel: Kernel) -> None:
    watcher = TrainingMonitor()
    watcher.begin(20)
    assert "application/vnd.jupyter.widget-view+json" in kernel.shown[0]
    watch(watcher, a_history(n=20, seconds=61.0), 20, kernel)
    left = kernel.shown[-1]
    assert set(left) == {"text/html", "image/png", "text/plain"}
    picture = base64.b64decode(left["image/png"])
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 600 < 3 * height
    sentence = (
        "Finished: 20 steps in 1 min 1 s. Over the last 20 steps: loss 0.18 (guessing costs 0.69), "
        "accuracy 0.47. Learning rate 0.0019."
    )
    assert left["text/plain"] == watcher.sentence() == sentence
    assert sentence in left["text/html"]
    assert f"data:image/png;base64,{left['image/png']}" in left["text/html"]
    assert "<td>0.18</td><td>0.47</td><td>0.0019</td>" in left["text/html"]
    assert watcher._repr_mimebundle_()[0] == left, "shown again, it is the same picture"


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (
            a_history(n=7, stopped=True, seconds=3),
            "Stopped after 7 of 20 steps, in 3 s. What was learnt is kept.",
        ),
        (History(stopped=True, seconds=3), "Stopped after 0 of 20 steps, in 3 s. What was learnt is kept."),
        (
            History([0.7, math.nan], [0.5, 0.5], [1e-4, 2e-4]),
            "The loss is no longer a number at step 2 of 20: lower the learning rate.",
        ),
        (a_history(n=7), "Ended by an error after 7 of 20 steps: the cell's message says which."),
    ],
)
def test_however_it_ends_it_says_so(history: History, said: str, kernel: Kernel) -> None:
    watcher = TrainingMonitor()
    watch(watcher, history, 20, kernel)
    assert kernel.shown[-1]["text/plain"].startswith(said)
    assert ("image/png" in kernel.shown[-1]) is bool(len(history.losses))


def test_it_speaks_at_most_twice_a_second_and_briefly(kernel: Kernel) -> None:
    watcher, heard = TrainingMonitor(), []
    watcher.observe(lambda change: heard.append((kernel.now, change["new"])), "news")
    watch(watcher, a_history(n=3000, seconds=30), 3000, kernel, pace=0.01)
    times = [time for time, news in heard if news["status"] == "running"]
    assert np.diff(times[1:]).min() >= 0.5
    assert 50 < len(times) <= 62
    assert heard[0][1]["step"] == 0
    assert times[1] == pytest.approx(0.01), "the first step is told at once"
    assert heard[-1][1]["status"] == "finished"
    assert sum(len(line) for line in heard[-1][1]["lines"].values()) < 10_000


def test_losses_and_rates_of_any_size_are_shown(kernel: Kernel) -> None:
    watcher = TrainingMonitor()
    watch(watcher, History([0.7, 1e38, 1e300], [0.5, 0.5, 0.5], [1e38, 1e300, 0.0]), 3, kernel)
    assert "loss 3.3e+299 " in kernel.shown[-1]["text/plain"]
    assert np.isfinite(np.frombuffer(watcher.news["lines"]["losses"], np.float32)).all()


def test_stopping_is_for_the_training_that_was_meant(kernel: Kernel) -> None:
    watcher, sent = TrainingMonitor(), []
    watcher.send = lambda content, buffers=None: sent.append(content)
    watcher.begin(5)
    watcher._handle_custom_msg({"stop": 1}, [])
    assert watcher.stopped
    assert sent == [{"heard": 1}]
    watcher.end(History(stopped=True))
    watcher.begin(5)
    assert not watcher.stopped
    watcher._handle_custom_msg({"stop": 1}, [])
    watcher._handle_custom_msg("nonsense", [])
    assert not watcher.stopped
    watcher.stop()
    assert watcher.stopped


def test_before_a_training_it_says_what_it_is_for() -> None:
    left = TrainingMonitor()._repr_mimebundle_()[0]
    assert set(left) == {"text/plain"}
    assert "Give this monitor to the loop" in left["text/plain"]


def test_classes_that_make_no_sense_are_named_and_it_works_with_two(kernel: Kernel) -> None:
    watcher = TrainingMonitor(classes="many")
    assert watcher._repr_mimebundle_()[0]["text/plain"].startswith(
        "classes is a whole number from 2 to 1000."
    )
    watch(watcher, a_history(n=3), 3, kernel)
    assert "guessing costs 0.69" in watcher.sentence()
    assert "image/png" in kernel.shown[-1]
    three = TrainingMonitor(classes=3)
    watch(three, a_history(n=3), 3, kernel)
    assert "guessing costs 1.10" in three.sentence()


def test_outside_a_notebook_it_is_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    watcher = TrainingMonitor()
    watcher.begin(3)
    history = a_history(n=3)
    for _ in range(3):
        watcher.step(history)
    watcher.end(history)
    assert "Training: 100%" in capsys.readouterr().err
