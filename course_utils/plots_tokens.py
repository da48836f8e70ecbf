"""The pictures of lesson 2. Each is legible without colour, and said again in words below it."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from course_utils.plots import DARK


def lengths(counts: Mapping[str, Sequence[int]], limit: int = 512) -> None:
    """How many pieces the texts have: a histogram for each source, with the model's limit marked.

    Args:
        counts: name of the source -> pieces of each of its texts.
        limit: the most pieces that the model can read at once.
    """
    figure, row = plt.subplots(1, len(counts), figsize=(4.2 * len(counts), 2.8), squeeze=False)
    said = []
    for axes, (name, numbers) in zip(row[0], counts.items(), strict=True):
        axes.hist(numbers, bins=30, color="white", edgecolor=DARK, hatch="//")
        if max(numbers) > limit:
            axes.axvline(limit, color="black", linestyle="--", label=f"{limit} pieces")
            axes.legend(fontsize=8)
        axes.set(title=name, xlabel="pieces in a text", ylabel="texts")
        axes.spines[["top", "right"]].set_visible(False)
        longer = np.mean(np.asarray(numbers) > limit)
        said.append(
            f"{name}: half of the texts have at most {np.median(numbers):.0f} pieces, the longest has {max(numbers)}; "
            f"{longer:.0%} have more than {limit}."
        )
    figure.tight_layout()
    plt.show()
    print("\n".join(said))


def padding(real: int, padded: Mapping[str, int]) -> None:
    """What a model has to compute for each way to pad: real pieces and padding, as bars.

    Args:
        real: pieces of text, the same for all ways.
        padded: name of the way -> places in all batches, padding included.
    """
    figure, axes = plt.subplots(figsize=(7, 0.6 * len(padded) + 1))
    names = list(padded)
    waste = [padded[name] - real for name in names]
    axes.barh(names, [real] * len(names), color=DARK, edgecolor=DARK, label="pieces of text")
    axes.barh(names, waste, left=real, color="white", edgecolor=DARK, hatch="xx", label="padding")
    axes.invert_yaxis()
    axes.set(xlabel="places that the model computes")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8)
    figure.tight_layout()
    plt.show()
    for name in names:
        print(f"{name}: {padded[name]:,} places, {1 - real / padded[name]:.0%} of them padding.")


def windows(pieces: int, max_length: int, stride: int) -> None:
    """Which stretch of a long text each window covers, as bars one below the other.

    Args:
        pieces: of the whole text.
        max_length: of a window, special pieces included.
        stride: pieces that neighbours share.
    """
    room = max_length - 2
    starts = [0]
    while starts[-1] + room < pieces:
        starts.append(starts[-1] + room - stride)
    figure, axes = plt.subplots(figsize=(7, 0.35 * len(starts) + 1.1))
    for index, start in enumerate(starts):
        end = min(start + room, pieces)
        axes.barh(
            index, end - start, left=start, color="white", edgecolor=DARK, hatch="//" if index % 2 else ".."
        )
        print(f"window {index + 1}: pieces {start + 1} to {end}")
    axes.set(yticks=range(len(starts)), yticklabels=[f"window {i + 1}" for i in range(len(starts))])
    axes.set(xlabel="pieces of the text", xlim=(0, pieces))
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    plt.show()
