"""CalibrationExplorer: real logits, a temperature to move, and whether the probabilities mean what they say."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.reference.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability_bins,
)
from course_utils.reference.softmax import softmax
from course_utils.widgets._predictions import as_numbers, as_true_classes
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

COOLEST, WARMEST = 0.2, 5.0
CURVE = np.linspace(np.log10(COOLEST), np.log10(WARMEST), 61)
"""Where the curve of the negative log-likelihood is worked out, in powers of ten."""


def calibration_view(
    logits: ArrayLike, labels: ArrayLike, temperature: float = 1.0, n_bins: int = 10
) -> dict[str, Any]:
    """How far the confidence of softmax(logits / T) is from how often it is right, in float64.

    Args:
        logits: [n, c], finite.
        labels: [n] class ids.
        temperature: T > 0.
        n_bins: bins of equal width from 0 to 1, each closed on the right.

    Returns:
        `confidence`, `accuracy` and `counts` [n_bins], the first two nan in an empty bin; `ece`; `nll`, the mean
        negative log-likelihood; `mean_confidence` and `mean_accuracy` of all texts.
    """
    scaled = np.asarray(logits, dtype=float) / temperature
    labels = np.asarray(labels)
    probabilities = softmax(scaled)
    bins = reliability_bins(probabilities, labels, n_bins)
    return {
        **bins._asdict(),
        "ece": expected_calibration_error(probabilities, labels, n_bins),
        "nll": negative_log_likelihood(scaled, labels),
        "mean_confidence": float(probabilities.max(axis=-1).mean()),
        "mean_accuracy": float((probabilities.argmax(axis=-1) == labels).mean()),
    }


class CalibrationExplorer(Explorer):
    """Move the temperature of real logits: reliability diagram, calibration error, negative log-likelihood.

    Args:
        logits: [n, c], at least 2 rows, 2 to 10 classes, finite.
        labels: [n] true class ids.
        temperature: 0.2 to 5.
        n_bins: 1 to 20.
        fitted: a temperature that was chosen on other texts, to be marked; 0.2 to 5.
    """

    _esm = script("calibration")
    temperature = setting(1.0)
    n_bins = setting(10)
    _checked = checked("temperature", "n_bins")

    CHECKS: ClassVar = {
        "temperature": a_number("The temperature", COOLEST, WARMEST),
        "n_bins": a_whole_number("n_bins", 1, 20),
    }

    def __init__(
        self,
        logits: ArrayLike,
        labels: ArrayLike,
        temperature: float = 1.0,
        n_bins: int = 10,
        fitted: float | None = None,
    ) -> None:
        self.logits: NDArray[np.float64] | None = None
        try:
            self.logits = as_numbers(logits, "Logits").astype(np.float64)
            self.labels = as_true_classes(labels, self.logits)
        except ValueError as error:
            self.logits = None
            super().__init__(problem=str(error))
            return
        self.fitted, problem = _fitted(fitted)
        self.least, self.no_least = _least(self.logits, self.labels)
        data = {
            "logits": self.logits.astype("<f8").tobytes(),
            "labels": self.labels.astype("<i4").tobytes(),
            "classes": self.logits.shape[1],
            "fitted": self.fitted,
            "least": self.least,
            "no_least": self.no_least,
        }
        super().__init__(data=data, problem=problem, temperature=temperature, n_bins=n_bins)

    def check(self, name: str, value: Any) -> Any:
        if self.logits is None:
            raise ValueError(self.problem)
        return super().check(name, value)

    def view(self) -> dict[str, Any]:
        if self.logits is None:
            return {}
        return calibration_view(self.logits, self.labels, self.temperature, self.n_bins)

    def sentence(self) -> str:
        if self.logits is None:
            return self.problem
        view = self.view()
        gap = view["mean_confidence"] - view["mean_accuracy"]
        if abs(gap) < 0.005:
            whole = "On the whole it is as sure as it is right."
        else:
            whole = f"On the whole it is {'too' if gap > 0 else 'not'} sure{'' if gap > 0 else ' enough'}: {fixed(abs(gap), 3)} between the two."
        return (
            f"T = {fixed(self.temperature, 2)}, {len(self.labels)} reviews in {self.n_bins} bins: ECE {fixed(view['ece'], 3)}, "
            f"negative log-likelihood {fixed(view['nll'], 3)}. Mean confidence {fixed(view['mean_confidence'], 3)}, "
            f"accuracy {fixed(view['mean_accuracy'], 3)}, which no T changes. {whole}"
        )

    def picture(self) -> Any:
        assert self.logits is not None  # `still` asks for no picture without data
        view = self.view()
        figure, (left, right) = new_figure(9, 4, ncols=2, width_ratios=(5, 4))
        held = np.flatnonzero(view["counts"])
        width = 1 / self.n_bins
        left.plot([0, 1], [0, 1], "--", color="grey", label="as often right as it is sure")
        bars = left.bar(
            (held + 0.5) * width,
            view["accuracy"][held],
            0.92 * width,
            color="0.9",
            edgecolor="black",
            label="right",
        )
        left.bar_label(bars, labels=view["counts"][held], fontsize=7, label_type="center")
        left.plot(
            view["confidence"][held],
            view["accuracy"][held],
            "D",
            color="white",
            markeredgecolor="black",
            label="mean confidence",
        )
        left.vlines(
            view["confidence"][held], view["accuracy"][held], view["confidence"][held], color="black", lw=2
        )
        left.set(
            xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1.02), aspect="equal"
        )
        left.legend(fontsize=8)
        temperatures = 10**CURVE
        right.plot(
            temperatures,
            [negative_log_likelihood(self.logits / t, self.labels) for t in temperatures],
            color="black",
        )
        right.axvline(self.temperature, color="black", linewidth=2, alpha=0.4)
        right.plot(self.temperature, view["nll"], "o", color="black", label=f"T = {self.temperature:.2f}")
        for value, marker, label in (
            (self.least, "v", "least here"),
            (self.fitted, "s", "chosen on other texts"),
        ):
            if value is not None and COOLEST <= value <= WARMEST:
                nll = negative_log_likelihood(self.logits / value, self.labels)
                right.plot(
                    value, nll, marker, color="white", markeredgecolor="black", label=f"{label}: {value:.2f}"
                )
        right.set(
            xscale="log",
            xlabel="temperature",
            ylabel="negative log-likelihood",
            xticks=[0.2, 0.5, 1, 2, 5],
            xticklabels=["0.2", "0.5", "1", "2", "5"],
        )
        right.minorticks_off()
        right.legend(fontsize=8)
        figure.suptitle(f"T = {fixed(self.temperature, 2)}, ECE {fixed(view['ece'], 3)}", fontsize=11)
        return figure


def _fitted(value: Any) -> tuple[float | None, str]:
    if value is None:
        return None, ""
    number = as_number(value)
    if number is None or not COOLEST <= number <= WARMEST:
        return None, (
            f"fitted is a temperature from {COOLEST:g} to {WARMEST:g}. This is {shown(value)}: it is not marked."
        )
    return number, ""


def _least(logits: Any, labels: Any) -> tuple[float | None, str]:
    """The T of the least negative log-likelihood on these texts, and why there is none to offer."""
    try:
        least = fit_temperature(logits, labels)
    except ValueError as error:
        return None, str(error)
    if not COOLEST <= least <= WARMEST:
        return None, (
            f"The least negative log-likelihood lies at T = {least:.3g}, beyond what this explorer shows "
            f"({COOLEST:g} to {WARMEST:g})."
        )
    return least, ""
