"""ScheduleExplorer: the learning rate over a training, from the peak, the share of warm-up and the number of steps."""

from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import traitlets

from course_utils.reference.fine_tuning import linear_schedule
from course_utils.widgets.base import (
    Explorer,
    a_number,
    a_whole_number,
    as_number,
    checked,
    fixed,
    new_figure,
    script,
    setting,
    shown,
)

PEAKS = (1e-5, 1e-2)
STEPS = (10, 2000)


def schedule_view(peak: float, warmup: float, steps: int, step: int) -> dict[str, Any]:
    """The learning rate at every step of a training.

    Args:
        peak: the largest learning rate.
        warmup: the share of the steps in which the rate climbs, 0 to 1. A part of a step is dropped.
        steps: how many steps there are. The first is number 0, the last number steps - 1.
        step: the one to look at.

    Returns:
        `rates` [steps]; `warmup_steps`; `multiplier` and `rate` at `step`; `last`, the rate of the last step.
    """
    warmup_steps = int(warmup * steps)
    multipliers = np.array([linear_schedule(place, warmup_steps, steps) for place in range(steps)])
    rates = peak * multipliers
    return {
        "warmup_steps": warmup_steps,
        "rates": rates,
        "multiplier": multipliers[step],
        "rate": rates[step],
        "last": rates[-1],
    }


class ScheduleExplorer(Explorer):
    """Choose the peak of the learning rate, how long it warms up and how many steps there are.

    Args:
        peak: the largest learning rate, 1e-5 to 1e-2.
        warmup: the share of the steps in which the rate climbs, 0 to 1.
        steps: 10 to 2000.
        step: the step to look at, 0 to steps - 1; halfway if not given.
    """

    _esm = script("schedule")
    peak = setting(2e-4)
    warmup = setting(0.1)
    steps = setting(80)
    step = setting(40)
    _checked = checked("peak", "warmup", "steps", "step")

    def __init__(
        self, peak: float = 2e-4, warmup: float = 0.1, steps: int = 80, step: int | None = None
    ) -> None:
        limits = {"peaks": list(PEAKS), "steps": list(STEPS)}
        super().__init__(data=limits, peak=peak, warmup=warmup, steps=steps)
        earlier = self.problem
        self.step = self.steps // 2
        if step is not None:
            self.step = step
        self.problem = " ".join(filter(None, (earlier, self.problem)))

    CHECKS: ClassVar = {
        "peak": a_number("The peak of the learning rate", *PEAKS),
        "warmup": lambda value: _warmup(value),
        "steps": a_whole_number("The number of steps", *STEPS),
    }

    def check(self, name: str, value: Any) -> Any:
        if name == "step":
            return a_whole_number("The step", 0, self.steps - 1)(value)
        return super().check(name, value)

    @traitlets.observe("steps")
    def _stay_within(self, change: Any) -> None:
        """A shorter training may end before the step that was looked at."""
        if self.step > self.steps - 1:
            self.step = self.steps - 1

    def view(self) -> dict[str, Any]:
        return schedule_view(self.peak, self.warmup, self.steps, self.step)

    def sentence(self) -> str:
        view = self.view()
        warm, last, peak = view["warmup_steps"], self.steps - 1, in_short(self.peak)
        falls = (
            f"then falls to {in_short(view['last'])} at the last step, {last}. Step {self.steps}, where it would "
            "be 0, is not taken."
        )
        if warm == 0:
            course = f"none of them warm-up: the learning rate starts at its peak of {peak} and {falls}"
        elif warm < last:
            course = f"{warm} of them warm-up: the learning rate rises to its peak of {peak} at step {warm} and {falls}"
        elif warm == last:
            course = (
                f"{warm} of them warm-up: the learning rate rises to its peak of {peak} at the last step, {last}, "
                "and never falls."
            )
        else:
            course = (
                f"all of them warm-up: the learning rate rises to the end and never falls. The last step, {last}, "
                f"takes {last}/{self.steps} of the peak of {peak}."
            )
        here = (
            f"At step {self.step} it is {in_short(view['rate'])}, {fixed(view['multiplier'], 2)} of the peak."
        )
        return f"{self.steps} steps, {course} {here}"

    def picture(self) -> Any:
        view = self.view()
        warm = view["warmup_steps"]
        figure, axes = new_figure(7, 3)
        axes.plot(range(self.steps), view["rates"], color="black", linewidth=1.5)
        if warm < self.steps:
            axes.plot(warm, self.peak, "D", color="black", label=f"peak {in_short(self.peak)}, step {warm}")
        label = f"{in_short(view['rate'])}, step {self.step}"
        axes.plot(self.step, view["rate"], "o", color="white", markeredgecolor="black", label=label)
        axes.axvline(self.step, color="0.4", linestyle=":")
        axes.set(
            xlim=(0, self.steps),
            ylim=(0, 1.1 * self.peak),
            xlabel=f"step, 0 to {self.steps - 1}",
            ylabel="learning rate",
            title=f"{self.steps} steps, {warm} of them warm-up",
        )
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8)
        return figure


def in_short(rate: float) -> str:
    """A learning rate with two significant digits: 0.00011, and 2.8e-6 where more zeros would lead."""
    mantissa, exponent = f"{rate:.1e}".split("e")
    if rate == 0:
        return "0"
    if int(exponent) >= -4:
        return f"{Decimal(f'{rate:.1e}'):f}".rstrip("0").rstrip(".")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def _warmup(value: Any) -> float:
    number = as_number(value)
    if number is None or not 0 <= number <= 1:
        raise ValueError(
            f"The warm-up is a share of the steps, from 0 to 1. This is {shown(value)}: for 8 of 80 steps give 0.1."
        )
    return number
