"""The pictures of lesson 1. As in `plots.py`: legible without colour, and said again in words below."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from course_utils.plots import DARK, LIGHT

STYLES = (("o", "-"), ("s", "--"), ("D", ":"), ("^", "-."))
"""Marker and line of each series, so that colour is not needed to tell them apart."""


def weights(shares: Any, tokens: Sequence[str], title: str = "") -> None:
    """What each token attends to: a row for each token that asks, a column for each that is asked.

    Args:
        shares: [t, t], the weights of one head.
        tokens: t of them.
        title: over the picture.
    """
    table = np.asarray(shares)
    size = 1.5 + 0.42 * len(tokens)
    _, axes = plt.subplots(figsize=(size, size))
    axes.imshow(table, cmap="Greys", vmin=0, vmax=1)
    for row, column in np.argwhere(table >= 0.1):
        colour = "white" if table[row, column] > 0.6 else "black"
        axes.text(
            column, row, f"{table[row, column]:.1f}", ha="center", va="center", fontsize=7, color=colour
        )
    axes.set_xticks(range(len(tokens)), tokens, rotation=90)
    axes.set_yticks(range(len(tokens)), tokens)
    axes.set(title=title, xlabel="is asked (key)", ylabel="asks (query)")
    plt.tight_layout()
    plt.show()
    for token, row in zip(tokens, table, strict=True):
        print(f"{token} attends most to {tokens[row.argmax()]}: {row.max():.2f}")


def lines(
    places: Sequence[float],
    series: Mapping[str, Sequence[float]],
    xlabel: str,
    ylabel: str,
    doubling: bool = False,
    digits: int = 2,
) -> None:
    """One line for each series, with its numbers below.

    Args:
        places: along the x axis.
        series: name of each line -> a number for each place.
        xlabel, ylabel: what the axes show.
        doubling: each step to the right doubles, and so does each equal step up.
        digits: after the point, in the words below.
    """
    _, axes = plt.subplots(figsize=(6, 3.3))
    for (name, values), (marker, style), colour in zip(
        series.items(), STYLES, (DARK, "black", LIGHT, "grey"), strict=False
    ):
        axes.plot(places, values, marker=marker, linestyle=style, color=colour, label=name)
    if doubling:
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xticks(places, [f"{place:g}" for place in places])
    axes.minorticks_off()
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8)
    plt.tight_layout()
    plt.show()
    for name, values in series.items():
        said = ", ".join(f"{v:.{digits}f} at {p:g}" for p, v in zip(places, values, strict=True))
        print(f"{name}: {said}.")


def portions(table: Any, rows: Sequence[str], parts: Sequence[str], xlabel: str) -> None:
    """A bar for each row, cut into parts that add up to 1.

    Args:
        table: [rows, parts].
        rows: names of the bars.
        parts: names of the parts.
        xlabel: what the length of a part shows.
    """
    shares = np.asarray(table)
    _, axes = plt.subplots(figsize=(7, 0.8 + 0.42 * len(rows)))
    left = np.zeros(len(rows))
    for part, hatch, widths in zip(parts, ("", "//", "..", "xx", "--"), shares.T, strict=False):
        axes.barh(range(len(rows)), widths, left=left, color="white", edgecolor=DARK, hatch=hatch, label=part)
        left += widths
    axes.set_yticks(range(len(rows)), rows)
    axes.invert_yaxis()
    axes.set(xlabel=xlabel, xlim=(0, 1))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    plt.tight_layout()
    plt.show()
    for name, row in zip(rows, shares, strict=True):
        print(f"{name}: " + ", ".join(f"{part} {share:.2f}" for part, share in zip(parts, row, strict=True)))
