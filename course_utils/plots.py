"""The pictures of the lessons. Each is drawn by one call, legible without colour, and said again in words below it.

The words are printed, so they are there for a screen reader, in a terminal and on paper.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from course_utils.reference.calibration import reliability_bins
from course_utils.reference.metrics import risk_coverage
from course_utils.reference.softmax import softmax

DARK, LIGHT = "#1b4f72", "#f0b429"
"""Two colours that differ in lightness too, so that they stay apart in grey."""


def temperatures(logits: ArrayLike, names: Sequence[str], at: Sequence[float] = (0.5, 1, 2, 10)) -> None:
    """Bars of softmax(logits / T), a group for each T.

    Args:
        logits: [c], one example.
        names: c class names.
        at: the temperatures.
    """
    shares = np.array([softmax(np.asarray(logits) / temperature) for temperature in at])
    _, axes = plt.subplots(figsize=(7, 3))
    width = 0.8 / len(names)
    for index, (name, hatch) in enumerate(zip(names, _hatches(), strict=False)):
        places = np.arange(len(at)) + (index - (len(names) - 1) / 2) * width
        bars = axes.bar(
            places, shares[:, index], width, label=name, hatch=hatch, color="white", edgecolor=DARK
        )
        axes.bar_label(bars, fmt="%.2f", fontsize=8)
    axes.set(
        xticks=range(len(at)), xticklabels=[f"T = {t:g}" for t in at], ylabel="probability", ylim=(0, 1.15)
    )
    axes.set_title("The higher the temperature, the more even the shares")
    _finish(axes)
    lines = (
        f"T = {t:g}: " + ", ".join(f"{n} {p:.2f}" for n, p in zip(names, row, strict=True))
        for t, row in zip(at, shares, strict=True)
    )
    print("\n".join(lines))


def confusion(matrix: ArrayLike, names: Sequence[str]) -> None:
    """A confusion matrix with its counts written into the cells.

    Args:
        matrix: [c, c] counts, true classes in rows.
        names: c class names.
    """
    counts = np.asarray(matrix)
    _, axes = plt.subplots(figsize=(3.6, 3.2))
    axes.imshow(counts, cmap="Greys", vmin=0, vmax=max(counts.max() * 1.3, 1))
    for row, column in np.ndindex(counts.shape):
        dark = counts[row, column] > counts.max() * 0.65
        axes.text(
            column, row, counts[row, column], ha="center", va="center", color="white" if dark else "black"
        )
    ticks = {
        "xticks": range(len(names)),
        "yticks": range(len(names)),
        "xticklabels": names,
        "yticklabels": names,
    }
    axes.set(**ticks, xlabel="predicted", ylabel="true")
    plt.show()
    for row, name in enumerate(names):
        found = ", ".join(f"{counts[row, column]} as {other}" for column, other in enumerate(names))
        print(f"Of {counts[row].sum()} truly {name}: {found}.")


def reliability(probabilities: Mapping[str, ArrayLike], labels: ArrayLike, n_bins: int = 10) -> None:
    """Reliability diagrams side by side: how sure the model was against how often it was right.

    Args:
        probabilities: name of each diagram -> [n, c].
        labels: [n].
        n_bins: bins of equal width.
    """
    figure, row = plt.subplots(
        1, len(probabilities), figsize=(4.2 * len(probabilities), 3.8), sharey=True, squeeze=False
    )
    said = []
    for axes, (name, table) in zip(row[0], probabilities.items(), strict=True):
        bins = reliability_bins(table, labels, n_bins)
        held = np.flatnonzero(bins.counts)
        axes.plot([0, 1], [0, 1], linestyle="--", color="grey", label="as often right as it is sure")
        axes.bar(
            (held + 0.5) / n_bins,
            bins.accuracy[held],
            0.9 / n_bins,
            color="white",
            edgecolor=DARK,
            hatch="//",
            label="right",
        )
        axes.plot(
            bins.confidence[held], bins.accuracy[held], "o", color="black", label="mean confidence of the bin"
        )
        for place in held:
            axes.annotate(str(bins.counts[place]), ((place + 0.5) / n_bins, 0.02), ha="center", fontsize=7)
        axes.set(
            title=name,
            xlabel="confidence (number of texts in each bar)",
            ylabel="share that is right",
            xlim=(0.4, 1.02),
            ylim=(0, 1.02),
        )
        axes.legend(loc="upper left", fontsize=7)
        gaps = ", ".join(
            f"{bins.confidence[i]:.2f} sure and {bins.accuracy[i]:.2f} right ({bins.counts[i]})" for i in held
        )
        said.append(f"{name}: {gaps}.")
    figure.tight_layout()
    plt.show()
    print("\n".join(said))


def coverage(
    probabilities: ArrayLike, labels: ArrayLike, thresholds: Sequence[float] = (0.6, 0.7, 0.8, 0.9)
) -> None:
    """The risk–coverage curve, with some thresholds marked on it.

    Args:
        probabilities: [n, c].
        labels: [n].
        thresholds: those to mark and to say.
    """
    curve = risk_coverage(probabilities, labels)
    _, axes = plt.subplots(figsize=(6, 3.4))
    axes.plot(curve.coverage, 1 - curve.risk, color=DARK, drawstyle="steps-post")
    said = []
    for threshold, marker in zip(thresholds, "osD^v", strict=False):
        place = int(np.sum(curve.threshold >= threshold)) - 1
        if place < 0:
            said.append(f"threshold {threshold}: no text is answered.")
            continue
        answered, right = curve.coverage[place], 1 - curve.risk[place]
        axes.plot(answered, right, marker, color="black", label=f"threshold {threshold}")
        said.append(
            f"threshold {threshold}: {answered:.0%} of the texts answered, {right:.1%} of these right."
        )
    axes.set(
        xlabel="coverage: share of the texts that get an answer", ylabel="share of the answers that is right"
    )
    _finish(axes)
    print("\n".join(said))


def _hatches() -> Sequence[str]:
    return ("", "//", "..", "xx", "--")


def _finish(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8)
    plt.tight_layout()
    plt.show()
