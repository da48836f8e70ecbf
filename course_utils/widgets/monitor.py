"""TrainingMonitor: loss, accuracy and learning rate while the loop trains, with the time left and a way to stop."""

import html
import math
import threading
import time
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

import numpy as np
import traitlets

from course_utils.plots_training import running_mean
from course_utils.training.progress import bar
from course_utils.training.recipe import History
from course_utils.widgets.base import (
    Explorer,
    a_whole_number,
    checked,
    fixed,
    new_figure,
    png,
    script,
    setting,
)

WIDTH = 50
"""steps that a running mean goes over: a batch's own loss jumps about too much to be read"""
POINTS = 400
"""points that are drawn of a curve at most, which keeps each message to the browser small"""
ROWS = 12
"""rows of the table of numbers at most"""
PAUSE = 0.5
"""seconds between two messages to the browser at least"""


def monitor_view(history: History, planned: int, elapsed: Sequence[float]) -> dict[str, Any]:
    """How a training stands, from its history so far.

    Args:
        history: n steps: losses, accuracies and learning rates. The last loss may be nan or infinite: a training ends
            there, and the step is left out.
        planned: steps that the training takes if nobody stops it.
        elapsed: seconds from the start of the training to the end of each step; [n], or fewer.

    Returns:
        Numbers, None where there is none yet: `step`, steps that are done; `planned`; `width`, steps that the means go
        over; `loss` and `accuracy`, means of so many steps; `rate`, the last learning rate; `pace`, seconds a step,
        lately; `left`, seconds until the end at this pace; `broken`, the step with a loss that is no number.
        `lines`, arrays [p] for drawing, p <= 400: `steps`, `losses`, `accuracies`, `rates`, and `mean_losses` and
        `mean_accuracies`. `table`, at most 12 rows of step, mean loss, mean accuracy and rate.
    """
    n = len(history.losses)
    broken = n if n and not math.isfinite(history.losses[-1]) else None
    n -= broken is not None
    losses, accuracies, rates = history.losses[:n], history.accuracies[:n], history.learning_rates[:n]
    mean_losses, mean_accuracies = running_mean(losses, WIDTH), running_mean(accuracies, WIDTH)
    # Steps at even distances from the first one: what is drawn stays where it is while more comes in.
    drawn = sorted({*range(0, n, math.ceil(max(n, 1) / (POINTS - 1))), *([n - 1] if n else [])})
    rows = sorted(set(np.linspace(0, n - 1, min(n, ROWS)).round().astype(int).tolist()))
    recent = [0.0, *elapsed][-WIDTH - 1 :]
    pace = (recent[-1] - recent[0]) / (len(recent) - 1) if len(recent) > 1 else None
    return {
        "step": n,
        "planned": planned,
        "width": min(n, WIDTH),
        "loss": float(mean_losses[-1]) if n else None,
        "accuracy": float(mean_accuracies[-1]) if n else None,
        "rate": float(rates[-1]) if n else None,
        "pace": pace,
        "left": None if pace is None else pace * (planned - n),
        "broken": broken,
        "lines": {
            "steps": np.array(drawn, dtype=float) + 1.0,
            **{
                name: np.array([values[place] for place in drawn])
                for name, values in (
                    ("losses", losses),
                    ("mean_losses", mean_losses),
                    ("accuracies", accuracies),
                    ("mean_accuracies", mean_accuracies),
                    ("rates", rates),
                )
            },
        },
        "table": [
            [place + 1, float(mean_losses[place]), float(mean_accuracies[place]), float(rates[place])]
            for place in rows
        ],
    }


def told(news: dict[str, Any]) -> str:
    """The news in words; monitor.js says the same."""
    status, step, planned = news["status"], news["step"], news["planned"]
    if status == "waiting":
        return (
            "Nothing has been trained yet. Give this monitor to the loop, training.train(…, monitor=monitor), "
            "and it shows itself there."
        )
    took = f"in {duration(news['seconds'])}" if news["seconds"] is not None else ""
    left = f", about {duration(news['left'])} left" if news["left"] is not None else ""
    first = {
        "running": f"Step {step} of {planned}{left}.",
        "finished": f"Finished: {planned} steps {took}.",
        "stopped": f"Stopped after {step} of {planned} steps, {took}. What was learnt is kept.",
        "broken": f"The loss is no longer a number at step {news['broken']} of {planned}: lower the learning rate.",
        "failed": f"Ended by an error after {step} of {planned} steps: the cell's message says which.",
    }[status]
    if not step:
        return f"Training starts: {planned} steps." if status == "running" else first
    over = "At the first step" if news["width"] == 1 else f"Over the last {news['width']} steps"
    pace = f" A step takes {fixed(news['pace'], 2)} s." if status == "running" and news["pace"] else ""
    return (
        f"{first} {over}: loss {figure(news['loss'], 2)} (guessing costs {fixed(math.log(news['classes']), 2)}), "
        f"accuracy {fixed(news['accuracy'], 2)}. Learning rate {in_short(news['rate'])}.{pace}"
    )


def figure(number: float, digits: int) -> str:
    """A number with so many digits; one that is far too large, as a loss may be, in short."""
    return fixed(number, digits) if number < 1e15 else in_short(number)


def in_short(number: float) -> str:
    """A number of at least 0 with two significant digits, as learning rates are written: 0.00011, 2.8e-6."""
    if number == 0:
        return "0"
    value = Decimal(number)
    value = value.quantize(Decimal(1).scaleb(value.adjusted() - 1), ROUND_HALF_UP)
    power = value.adjusted()
    if -4 <= power < 15:
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa = f"{value.scaleb(-power):.1f}".removesuffix(".0")
    return f"{mantissa}e{power:+d}"


def duration(seconds: float) -> str:
    """A time as one reads it: 8 s, 2 min 5 s, 1 h 12 min."""
    whole = math.floor(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class TrainingMonitor(Explorer):
    """Watch a training, and stop it: `training.train(model, tokenizer, data, recipe, monitor=TrainingMonitor())`.

    It shows itself when the training starts, and leaves a picture, a sentence and a table when it is over, which need
    no kernel. One monitor may watch several trainings, one after another. Outside a notebook it is a bar in plain text.

    Args:
        classes: 2 to 1000, for what guessing would cost and how often it would be right.
    """

    _esm = script("monitor")
    classes = setting(2)
    _checked = checked("classes")
    news = traitlets.Dict().tag(sync=True)
    """How the training stands, for the browser: numbers, and the curves as float32 bytes."""

    CHECKS: ClassVar = {"classes": a_whole_number("classes", 2, 1000)}

    def __init__(self, classes: int = 2) -> None:
        self._history, self._planned, self._elapsed = History(), 0, list[float]()
        self._status = "waiting"
        self._run = 0
        self._asked = threading.Event()
        self._shown: Any = None
        self._bar = bar("Training", 0, progress=False)
        self._started = self._sent = 0.0
        super().__init__(classes=classes)
        self.news = self._news()
        self.on_msg(self._hear)

    # What the loop calls

    @property
    def stopped(self) -> bool:
        """Whether somebody asked for the end of this training."""
        return self._asked.is_set()

    def begin(self, planned: int) -> None:
        """A training starts, and the monitor shows itself."""
        self._history, self._planned, self._elapsed = History(), planned, []
        self._asked.clear()
        self._run += 1
        self._status = "running"
        self._started, self._sent = time.monotonic(), -math.inf
        self.news = self._news()
        if in_notebook():
            from IPython.display import display

            self._shown = display(self, display_id=True)
        else:
            self._bar = bar("Training", planned, progress=True)

    def step(self, history: History) -> None:
        """One more step is done. The browser hears of it if the last message is old enough."""
        now = time.monotonic()
        self._history = history
        self._elapsed.append(now - self._started)
        if self._shown is None:
            self._bar.update()
        elif now - self._sent >= PAUSE:
            self._sent = now
            self.news = self._news()

    def end(self, history: History) -> None:
        """The training is over. What it leaves takes the place of the live view."""
        self._history = history
        view = self.view()
        self._status = (
            "broken"
            if view["broken"]
            else "stopped"
            if history.stopped
            else "finished"
            if view["step"] == self._planned
            else "failed"
        )
        self.news = self._news()
        self._bar.close()
        if self._shown is not None:
            self._shown.update(self)
            self._shown = None

    # What a person does

    def stop(self) -> None:
        """End the training after the step at hand."""
        self._asked.set()

    def _hear(self, _: Any, content: Any, buffers: Any) -> None:
        """The browser's button. Where the kernel has subshells, this runs in another thread while the loop trains.

        Elsewhere it comes when the training is over, and must not end the next one: it names the one that it meant.
        """
        if isinstance(content, dict) and content.get("stop") == self._run:
            self.stop()
            self.send({"heard": self._run})

    # What is shown

    def view(self) -> dict[str, Any]:
        return monitor_view(self._history, self._planned, self._elapsed)

    def sentence(self) -> str:
        return told(self._news())

    def _news(self) -> dict[str, Any]:
        view = self.view()
        over = self._status not in {"waiting", "running"}
        return {
            **view,
            "lines": {name: _packed(values) for name, values in view["lines"].items()},
            "run": self._run,
            "status": self._status,
            "classes": self.classes,
            "seconds": self._history.seconds if over else None,
        }

    def picture(self) -> Any:
        view = self.view()
        lines = view["lines"]
        page, (loss, accuracy, rate) = new_figure(9.2, 2.9, ncols=3, width_ratios=[1.5, 1.2, 1])
        marker = "o" if view["step"] == 1 else ""
        for axes, name, guess in (
            (loss, "losses", math.log(self.classes)),
            (accuracy, "accuracies", 1 / self.classes),
        ):
            axes.plot(lines["steps"], lines[name], color="0.65", linewidth=0.8, label="each step")
            mean = f"mean of the last {WIDTH}"
            axes.plot(
                lines["steps"], lines[f"mean_{name}"], color="black", linewidth=2.2, marker=marker, label=mean
            )
            axes.axhline(guess, color="0.3", linestyle="--", linewidth=0.9, label="guessing")
        rate.plot(lines["steps"], lines["rates"], color="black", linewidth=1.6, linestyle="-.", marker=marker)
        loss.set(ylabel="loss", ylim=(0, None))
        accuracy.set(ylabel="accuracy", ylim=(min([1 / self.classes, *lines["accuracies"]]), 1.02))
        rate.set(ylabel="learning rate", ylim=(0, None))
        rate.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
        for axes in (loss, accuracy, rate):
            axes.set(xlabel="step", xlim=(0, max(self._planned, 1)))
            axes.spines[["top", "right"]].set_visible(False)
        accuracy.legend(fontsize=7, loc="lower right")
        return page

    def still(self) -> dict[str, str]:
        """Words while it trains; afterwards picture, words and a table, as HTML and for where HTML is not shown."""
        sentence = f"{self.problem} {self.sentence()}".strip()
        if not self.news["step"] or self._status == "running":
            return {"text/plain": sentence}
        picture = png(self.picture())
        page = _page(picture, sentence, self.view()["table"])
        return {"text/html": page, "image/png": picture, "text/plain": sentence}

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Live only while it trains: whatever else is shown of it must need no kernel."""
        if self._status == "running":
            return super()._repr_mimebundle_(**kwargs)
        return self.still(), {}


def in_notebook() -> bool:
    """Whether what is displayed reaches a browser: there is a kernel, not only Python or IPython in a terminal."""
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def _packed(values: np.ndarray) -> bytes:
    largest = np.finfo(np.float32).max
    return values.clip(-largest, largest).astype(np.float32).tobytes()


def _page(picture: str, sentence: str, table: Sequence[Sequence[float]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in ("step", "loss", "accuracy", "learning rate"))
    rows = "".join(
        f'<tr><th scope="row">{step}</th><td>{figure(loss, 2)}</td><td>{fixed(accuracy, 2)}</td><td>{in_short(rate)}</td></tr>'
        for step, loss, accuracy, rate in table
    )
    said = html.escape(sentence)
    return (
        f'<div class="atl-left"><p>{said}</p>'
        f'<img src="data:image/png;base64,{picture}" style="max-width: 100%" '
        'alt="Loss, accuracy and learning rate by step; the table below has the numbers.">'
        f"<details><summary>The numbers: means of the last {WIDTH} steps, and the learning rate</summary>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></details></div>"
    )
