"""The pictures of lesson 3. Each is legible without colour, and said again in words below it."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from course_utils.plots import DARK, LIGHT
from course_utils.plots_attention import STYLES


def losses(runs: Mapping[str, Sequence[float]], smooth: int = 1) -> None:
    """The loss of each step, a line for each run.

    Args:
        runs: name of the run -> its losses, step by step.
        smooth: each point is the mean of so many steps, the last ones up to it.
    """
    _, axes = plt.subplots(figsize=(6.5, 3.3))
    said = []
    for (name, steps), (marker, style), colour in zip(
        runs.items(), STYLES, (DARK, "black", LIGHT, "grey"), strict=False
    ):
        means = running_mean(steps, smooth)
        places = np.arange(1, len(means) + 1)
        axes.plot(
            places,
            means,
            linestyle=style,
            marker=marker,
            markevery=max(1, len(means) // 6),
            color=colour,
            label=name,
        )
        said.append(f"{name}: {means[0]:.2f} at the start, {means[-1]:.2f} at the end.")
    axes.axhline(np.log(2), color="grey", linewidth=0.8)
    axes.annotate("guessing", (1, np.log(2)), xytext=(0, 3), textcoords="offset points", fontsize=8)
    axes.set(xlabel="step", ylabel="loss" + (f", mean of {smooth} steps" if smooth > 1 else ""))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8)
    plt.tight_layout()
    plt.show()
    print("\n".join(said))


def running_mean(values: Sequence[float], width: int) -> np.ndarray:
    """Each value replaced by the mean of the last `width` values up to it; of fewer at the start."""
    sums = np.cumsum([0.0, *values])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)


def spread(places: Sequence[str], values: Mapping[str, Sequence[float]], xlabel: str, ylabel: str) -> None:
    """A point for each run and a line through their means, to see what is more than luck.

    Args:
        places: names along the x axis.
        values: for each place, by its name, a number for each run.
        xlabel, ylabel: what the axes show.
    """
    _, axes = plt.subplots(figsize=(6.5, 3))
    means = [float(np.mean(values[place])) for place in places]
    axes.plot(range(len(places)), means, color=DARK, linestyle="--", label="mean")
    for index, place in enumerate(places):
        runs = values[place]
        axes.plot(
            [index] * len(runs),
            runs,
            "o",
            color="black",
            markersize=4,
            label="one run" if index == 0 else None,
        )
    axes.set_xticks(range(len(places)), places)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8)
    plt.tight_layout()
    plt.show()
    for place, mean in zip(places, means, strict=True):
        each = ", ".join(f"{value:.3f}" for value in values[place])
        print(f"{place}: {mean:.3f} on average ({each}).")
