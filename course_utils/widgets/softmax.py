"""SoftmaxExplorer: logits to drag, and what softmax, the formula as written and the sigmoid make of them."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from course_utils.reference.softmax import sigmoid, softmax
from course_utils.widgets.base import (
    Explorer,
    a_number,
    as_number,
    checked,
    fixed,
    new_figure,
    script,
    setting,
    shown,
)

LARGEST = 1_000_000
"""Far beyond any overflow, and still a number that can be read."""


def softmax_view(logits: ArrayLike, temperature: float = 1.0, shift: float = 0.0) -> dict[str, np.ndarray]:
    """What becomes of the logits of one text, float64 throughout.

    Args:
        logits: [c].
        temperature: T > 0; the logits are divided by it, after the shift.
        shift: added to all logits.

    Returns:
        Arrays [c]: `scaled`, the logits as softmax gets them; `softmax`; `sigmoid`; `powers` and `naive`, e to the
        scaled logits and their shares by the formula as written, which hold inf and nan where it overflows.
    """
    scaled = (np.asarray(logits, dtype=float) + shift) / temperature
    with np.errstate(all="ignore"):
        powers = np.exp(scaled)
        naive = powers / powers.sum()
    return {
        "scaled": scaled,
        "softmax": softmax(scaled),
        "sigmoid": sigmoid(scaled),
        "powers": powers,
        "naive": naive,
    }


class SoftmaxExplorer(Explorer):
    """Drag the logits of one text, the temperature, and a number that is added to all.

    Args:
        logits: [c], 2 to 8 numbers from -1,000,000 to 1,000,000.
        names: c class names; A, B, C … if not given.
        temperature: 0.1 to 10.
        shift: -1000 to 1000.
    """

    _esm = script("softmax")
    logits = setting([2.0, 1.0, -1.0])
    temperature = setting(1.0)
    shift = setting(0.0)
    _checked = checked("logits", "temperature", "shift")

    def __init__(
        self,
        logits: Sequence[float] = (2.0, 1.0, -1.0),
        names: Sequence[str] | None = None,
        temperature: float = 1.0,
        shift: float = 0.0,
    ) -> None:
        self.names = [str(name) for name in names or ()]
        super().__init__(logits=logits, temperature=temperature, shift=shift)
        if len(self.names) != len(self.logits):
            if names is not None and not self.problem:
                self.problem = (
                    f"There are {len(self.logits)} logits and {len(self.names)} names: give a name for each."
                )
            self.names = [chr(ord("A") + place) for place in range(len(self.logits))]
        self.data = {"names": self.names}

    CHECKS: ClassVar = {
        "logits": lambda value: _logits(value),
        "temperature": a_number("The temperature", 0.1, 10),
        "shift": a_number("The shift", -1000, 1000),
    }

    def view(self) -> dict[str, Any]:
        return softmax_view(self.logits, self.temperature, self.shift)

    def sentence(self) -> str:
        view = self.view()
        each = ", ".join(
            f"{name} {fixed(share, 2)}" for name, share in zip(self.names, view["softmax"], strict=True)
        )
        total = fixed(view["sigmoid"].sum(), 2)
        naive = (
            "nan"
            if np.isnan(view["naive"]).any()
            else "the same"
            if np.allclose(view["naive"], view["softmax"])
            else "other numbers, for these powers are too small to be exact"
        )
        alone = ", ".join(fixed(share, 2) for share in view["sigmoid"])
        logits = ", ".join(fixed(logit, 2) for logit in self.logits)
        return (
            f"Logits {logits}, plus {fixed(self.shift, 0)}, divided by T = {fixed(self.temperature, 2)}. "
            f"Softmax: {each}. The formula as written gives {naive}. Sigmoid, each alone: {alone}, "
            f"in all {total}."
        )

    def picture(self) -> Any:
        view = self.view()
        figure, axes = new_figure(7, 0.8 + 0.5 * len(self.names))
        places = np.arange(len(self.names))
        for offset, name, hatch in ((-0.2, "softmax", ""), (0.2, "sigmoid", "//")):
            bars = axes.barh(
                places + offset, view[name], 0.38, label=name, hatch=hatch, color="white", edgecolor="black"
            )
            axes.bar_label(bars, fmt="%.2f", fontsize=8, padding=3)
        axes.set(
            yticks=places,
            yticklabels=[f"{n}: {fixed(z, 2)}" for n, z in zip(self.names, self.logits, strict=True)],
            xlim=(0, 1.12),
            xlabel="probability",
            title=f"logits plus {fixed(self.shift, 0)}, T = {fixed(self.temperature, 2)}",
        )
        axes.invert_yaxis()
        axes.legend(fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        return figure


def _logits(value: Any) -> list[float]:
    try:
        table = [as_number(logit) for logit in value]
    except TypeError:
        table = []
    if not 2 <= len(table) <= 8:
        raise ValueError(
            f"Logits are a list of 2 to 8 numbers, one for each class. This is {shown(value)}: give one text's logits."
        )
    for place, number in enumerate(table):
        if number is None:
            raise ValueError(
                f"Logits are finite numbers. Number {place + 1} of yours is {shown(list(value)[place])}: "
                "look at where it came from before you show it."
            )
        if abs(number) > LARGEST:
            raise ValueError(
                f"Logits from -{LARGEST:,} to {LARGEST:,} can be shown. Number {place + 1} of yours is {number:g}: "
                "what softmax does there it does at 1000 too."
            )
    return [number for number in table if number is not None]
