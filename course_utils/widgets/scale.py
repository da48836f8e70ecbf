"""ScaleExplorer: how far dot products spread in wide vectors, and what softmax makes of it with and without √d."""

import functools
import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from course_utils.reference.softmax import log_softmax, softmax
from course_utils.widgets.base import (
    Explorer,
    a_choice,
    a_whole_number,
    as_number,
    checked,
    fixed,
    new_figure,
    script,
    setting,
    shown,
)

WIDTHS = tuple(2**power for power in range(2, 11))
KEYS = 10
DRAWS = 20
TRIES = 400


@functools.lru_cache(maxsize=4)
def dot_products(seed: int = 0) -> np.ndarray:
    """Dot products of one random query with ten random keys, all standard normal.

    A wider vector goes on where the narrower one ends, so that a draw can be followed from width to width.

    Returns [9 widths, 400 tries, 10 keys], for the widths 4, 8 … 1024. Read only: it is kept for the next call.
    """
    generator = np.random.default_rng(seed)
    found = np.empty((len(WIDTHS), TRIES, KEYS))
    total = np.zeros((TRIES, KEYS))
    for place, (before, width) in enumerate(zip((0, *WIDTHS), WIDTHS, strict=False)):
        query = generator.standard_normal((TRIES, width - before))
        keys = generator.standard_normal((TRIES, KEYS, width - before))
        total += (keys @ query[:, :, None])[:, :, 0]
        found[place] = total
    found.flags.writeable = False
    return found


def scale_view(dots: ArrayLike, width: int, scaled: bool) -> dict[str, Any]:
    """What softmax makes of the dot products of one query with its keys, float64 throughout.

    Args:
        dots: [..., k], k > 1.
        width: d, how many numbers each vector holds.
        scaled: whether the dot products are divided by √d.

    Returns:
        `scores` and `softmax` [..., k]; and for each query [...] `spread`, the standard deviation of its scores,
        `winner`, the place of the largest, `share`, what softmax gives to it, and `entropy`, from 0 to ln k.
    """
    scores = np.asarray(dots, dtype=float) / (math.sqrt(width) if scaled else 1.0)
    shares = softmax(scores)
    return {
        "scores": scores,
        "softmax": shares,
        "spread": scores.std(axis=-1, ddof=1),
        "winner": scores.argmax(axis=-1),
        "share": shares.max(axis=-1),
        "entropy": -(shares * log_softmax(scores)).sum(axis=-1),
    }


def averages(dots: ArrayLike, width: int, scaled: bool) -> dict[str, float]:
    """The same over many queries: mean share of the winner, mean entropy, and the spread of all scores together.

    dots: [n, k]. width and scaled as in `scale_view`.
    """
    view = scale_view(dots, width, scaled)
    return {
        "spread": float(view["scores"].std(ddof=1)),
        "share": float(view["share"].mean()),
        "entropy": float(view["entropy"].mean()),
    }


def ordinary_first(dots: np.ndarray) -> np.ndarray:
    """The same draws, those first whose winners' shares are nearest to the mean at every width: one draw can mislead.

    dots: [widths, n, k], and so is what is returned.
    """
    shares = softmax(dots).max(axis=-1)
    distance = ((shares - shares.mean(axis=1, keepdims=True)) ** 2).sum(axis=0)
    return dots[:, np.argsort(distance)]


class ScaleExplorer(Explorer):
    """One query meets ten random keys: choose how wide the vectors are, and whether to divide by √d.

    Args:
        width: d, a power of two from 4 to 1024.
        scaled: whether the dot products are divided by √d.
        seed: a whole number from 0 to 4294967295; another seed gives other vectors.
        draw: 1 to 20, which of the drawn queries and keys are shown, the most ordinary first.
    """

    _esm = script("scale")
    width = setting(64)
    scaled = setting(False)
    draw = setting(1)
    _checked = checked("width", "scaled", "draw")

    def __init__(self, width: int = 64, scaled: bool = False, seed: int = 0, draw: int = 1) -> None:
        problem = ""
        try:
            seed = a_whole_number("The seed", 0, 2**32 - 1)(seed)
        except ValueError as error:
            problem, seed = str(error), 0
        tries = dot_products(seed)
        self._averages = [
            {way: averages(dots, d, way == "scaled") for way in ("plain", "scaled")}
            for d, dots in zip(WIDTHS, tries, strict=True)
        ]
        self._dots = ordinary_first(tries[:, :DRAWS])
        data = {
            "widths": list(WIDTHS),
            "draws": DRAWS,
            "tries": TRIES,
            "keys": KEYS,
            "dots": self._dots.tobytes(),
            "averages": self._averages,
        }
        super().__init__(data=data, problem=problem, width=width, scaled=scaled, draw=draw)

    CHECKS: ClassVar = {
        "width": lambda value: _width(value),
        "scaled": a_choice("Whether to divide by √d", True, False),
        "draw": a_whole_number("The draw", 1, DRAWS),
    }

    def view(self) -> dict[str, Any]:
        return scale_view(self._dots[WIDTHS.index(self.width), self.draw - 1], self.width, self.scaled)

    def average(self) -> dict[str, float]:
        """The average over many tries, at the width and in the way that are chosen."""
        return self._averages[WIDTHS.index(self.width)]["scaled" if self.scaled else "plain"]

    def sentence(self) -> str:
        view, mean = self.view(), self.average()
        way = (
            f"divided by √{self.width} = {fixed(math.sqrt(self.width), 2)}"
            if self.scaled
            else "not divided by √d"
        )
        return (
            f"Vectors {self.width} wide, scores {way}: these ten scores spread by {fixed(view['spread'], 2)}. "
            f"Key {view['winner'] + 1} wins with a share of {fixed(view['share'], 2)}, and the entropy is "
            f"{fixed(view['entropy'], 2)} of at most {fixed(math.log(KEYS), 2)}. Over {TRIES} tries: "
            f"spread {fixed(mean['spread'], 2)}, winner {fixed(mean['share'], 2)}, entropy {fixed(mean['entropy'], 2)}."
        )

    def picture(self) -> Any:
        view, mean = self.view(), self.average()
        figure, (left, right) = new_figure(8, 3.2, ncols=2, sharey=True)
        names = [f"key {place + 1}" for place in range(KEYS)]
        left.barh(names, view["scores"], color="0.75", edgecolor="black")
        left.axvline(0, color="black", linewidth=0.8)
        limit = score_limit(view["scores"])
        way = "divided by √d" if self.scaled else "not divided by √d"
        left.set(xlim=(-limit, limit), xlabel=f"score, {way}", title=f"width {self.width}")
        bars = right.barh(names, view["softmax"], color="white", edgecolor="black", hatch="//")
        right.bar_label(bars, fmt="%.2f", fontsize=8, padding=3)
        right.set(
            xlim=(0, 1.12),
            xlabel="softmax",
            title=f"entropy {fixed(view['entropy'], 2)} of {fixed(math.log(KEYS), 2)}, "
            f"over {TRIES} tries {fixed(mean['entropy'], 2)}",
        )
        left.invert_yaxis()
        for axes in (left, right):
            axes.spines[["top", "right"]].set_visible(False)
        return figure


def score_limit(scores: ArrayLike) -> int:
    """Where the axis of the scores ends: 5, 10, 20, 50 … never less, so that small scores look small."""
    largest = float(np.abs(scores).max())
    return next(limit for limit in (5, 10, 20, 50, 100, 200, 500) if largest <= limit or limit == 500)


def _width(value: Any) -> int:
    number = as_number(value)
    if number is None or number not in WIDTHS:
        raise ValueError(
            f"The width is a power of two from {WIDTHS[0]} to {WIDTHS[-1]}. This is {shown(value)}: "
            "choose one of these."
        )
    return int(number)
