"""ThresholdExplorer: real predictions, a threshold to move, and what it gains and costs."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from course_utils.reference.decode import decode_or_abstain
from course_utils.reference.metrics import (
    accuracy,
    confusion_matrix,
    macro_f1,
    precision_recall_f1,
    risk_coverage,
)
from course_utils.widgets._predictions import as_shares, as_texts, as_true_classes, class_names
from course_utils.widgets.base import (
    Explorer,
    a_choice,
    a_number,
    checked,
    fixed,
    new_figure,
    script,
    setting,
)

N_BARS = 20


def threshold_view(
    probabilities: ArrayLike,
    labels: ArrayLike,
    threshold: float,
    before: float | None = None,
    ask: str = "abstain",
    positive: int = 1,
) -> dict[str, Any]:
    """What a threshold makes of the predictions. Thresholds are inclusive.

    Args:
        probabilities: [n, c], rows sum to 1.
        labels: [n] class ids.
        threshold: 0 to 1.
        before: the threshold before the last move, `threshold` if not given.
        ask: "abstain": the likeliest class is the answer where its probability reaches the threshold, and there
            is none elsewhere. "cut-off": for two classes; the answer is the class `positive` where its
            probability reaches the threshold, and the other class elsewhere.
        positive: the class that a cut-off is about.

    Returns:
        `matrix` [c, c], the answers by true class (rows) and answer (columns); `left_out` [c], the texts without an
        answer by true class; `answered`; `coverage`; `accuracy`, `macro_f1`, and `precision`, `recall`, `f1` [c], all
        of the answered texts, 0 where undefined; `changed`, the places of the texts that are on one side at `before`
        and on the other at `threshold`, the nearest to `threshold` first; `changed_hits`, how many of these the model
        has right ("abstain") or are truly positive ("cut-off").
    """
    table, labels = as_shares(probabilities), np.asarray(labels)
    classes = table.shape[1]
    score = scores(table, ask, positive)
    if ask == "abstain":
        answers = decode_or_abstain(table, {k: k for k in range(classes)}, threshold)  # type: ignore[misc]
        answered = np.array([answer is not None for answer in answers])
        predictions = table.argmax(axis=-1)
        hits = predictions == labels
    else:
        answered = np.ones(len(table), dtype=bool)
        predictions = np.where(score >= float(threshold), positive, 1 - positive)
        hits = labels == positive
    matrix = confusion_matrix(labels[answered], predictions[answered], classes)
    precision, recall, f1 = precision_recall_f1(matrix)
    changed = _between(score, threshold if before is None else before, threshold)
    return {
        "matrix": matrix,
        "left_out": np.bincount(labels[~answered], minlength=classes),
        "answered": int(answered.sum()),
        "coverage": float(answered.mean()),
        "accuracy": accuracy(matrix) if answered.any() else 0.0,
        "macro_f1": macro_f1(matrix),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "changed": changed,
        "changed_hits": int(hits[changed].sum()),
    }


def threshold_shapes(
    probabilities: ArrayLike, labels: ArrayLike, ask: str = "abstain", positive: int = 1
) -> dict[str, NDArray[Any]]:
    """What stays while the threshold moves: a histogram of what it is compared with, and the curve of all thresholds.

    Args:
        probabilities, labels, ask, positive: as in `threshold_view`.

    Returns:
        `edges` [21], the histogram's; `first` and `second` [20], its counts: right and wrong answers ("abstain"), or
        texts of the other class and of the class `positive` ("cut-off"); a bar holds its left edge. `x` and `y`, one
        entry for each threshold that differs, the strictest first: coverage and accuracy of the answered ("abstain"),
        or recall and precision of the class `positive` ("cut-off").
    """
    table, labels = as_shares(probabilities), np.asarray(labels)
    score = scores(table, ask, positive)
    if ask == "abstain":
        second = table.argmax(axis=-1) != labels
        curve = risk_coverage(table, labels)
        x, y = curve.coverage, 1 - curve.risk
    else:
        second = labels == positive
        x, y = _recall_and_precision(score, second)
    low = lowest(ask, table.shape[1])
    edges = low + (1 - low) * np.arange(N_BARS + 1) / N_BARS
    bar = np.searchsorted(edges, score.astype(float), side="right") - 1
    bar = np.clip(bar, 0, N_BARS - 1)
    return {
        "edges": edges,
        "first": np.bincount(bar[~second], minlength=N_BARS),
        "second": np.bincount(bar[second], minlength=N_BARS),
        "x": x,
        "y": y,
    }


def scores(table: NDArray[Any], ask: str, positive: int) -> NDArray[Any]:
    """What the threshold is compared with, for each text: the largest probability, or that of the class `positive`."""
    return table.max(axis=-1) if ask == "abstain" else table[:, positive]


def lowest(ask: str, classes: int) -> float:
    """The least that a score can be: the largest of c probabilities is never below 1 / c."""
    return 1 / classes if ask == "abstain" else 0.0


def _between(score: NDArray[Any], before: float, after: float) -> NDArray[np.int64]:
    low, high = sorted((float(before), float(after)))
    order = np.argsort(score, kind="stable")
    changed = order[(score[order] >= low) & (score[order] < high)]
    return changed[::-1] if after > before else changed


def _recall_and_precision(
    score: NDArray[Any], actual: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values, group = np.unique(score, return_inverse=True)
    called = np.bincount(group, minlength=len(values))[::-1].cumsum()
    hits = np.bincount(group, weights=actual, minlength=len(values))[::-1].cumsum()
    return hits / max(int(actual.sum()), 1), hits / called


class ThresholdExplorer(Explorer):
    """Move a threshold over a model's predictions, and see its figures and the texts that change side.

    Args:
        probabilities: [n, c], at least 2 rows, 2 to 10 classes.
        labels: [n] true class ids.
        texts: n strings.
        names: c class names; negative and positive for two classes, if not given.
        threshold: 0 to 1. A probability that equals it reaches it.
        positive: for two classes, the class that a cut-off calls.
        ask: "abstain" (answer only where the largest probability reaches the threshold) or, for two classes,
            "cut-off" (call a text positive where that probability reaches the threshold).
    """

    _esm = script("threshold")
    threshold = setting(0.5)
    before = setting(0.5)
    ask = setting("abstain")
    _checked = checked("threshold", "before", "ask")
    _hearing = False

    CHECKS: ClassVar = {
        "threshold": a_number("The threshold", 0, 1),
        "before": a_number("The threshold before", 0, 1),
        "ask": a_choice("ask", "abstain", "cut-off"),
    }

    def __init__(
        self,
        probabilities: ArrayLike,
        labels: ArrayLike,
        texts: Sequence[str],
        names: Sequence[str] | None = None,
        threshold: float = 0.5,
        positive: int = 1,
        ask: str = "abstain",
    ) -> None:
        self.names: list[str] = []
        self.positive = 1
        self.table: NDArray[Any] | None = None
        try:
            self.table = as_shares(probabilities)
            self.labels = as_true_classes(labels, self.table)
            self.texts = as_texts(texts, len(self.table))
        except ValueError as error:
            self.table = None
            super().__init__(problem=str(error))
            return
        self.classes = self.table.shape[1]
        self.names, problem = class_names(names, self.classes)
        if isinstance(positive, bool) or positive not in (0, 1):
            problem += f"{' ' if problem else ''}positive is 0 or 1, the id of a class. This is {positive!r:.40}: 1 is taken."
        else:
            self.positive = int(positive)
        data = {
            "names": self.names,
            "positive": self.positive,
            "texts": self.texts,
            "single": self.table.dtype == np.float32,
            "probabilities": self.table.astype("<f8").tobytes(),
            "labels": self.labels.astype("<i4").tobytes(),
        }
        super().__init__(data=data, problem=problem, threshold=threshold, ask=ask)
        said, self.before = self.problem, self.threshold
        self.problem = said  # a good value has just cleared it

    def check(self, name: str, value: Any) -> Any:
        if self.table is None:
            raise ValueError(self.problem)
        value = super().check(name, value)
        if value == "cut-off" and self.classes > 2:
            raise ValueError(f"A cut-off parts two classes, and here are {self.classes}: ask 'abstain'.")
        return value

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """What the browser sends. It says itself where its move began."""
        self._hearing = True
        try:
            super().set_state(sync_data)
        finally:
            self._hearing = False

    @traitlets.observe("threshold")
    def _moved(self, change: Any) -> None:
        if self._made and not self._hearing:
            self.before = change["old"]

    @traitlets.observe("ask")
    def _asked(self, change: Any) -> None:
        if self._made and not self._hearing:
            self.before = self.threshold

    def view(self) -> dict[str, Any]:
        if self.table is None:
            return {}
        return threshold_view(
            self.table, self.labels, self.threshold, self.before, self.ask, self.positive
        ) | threshold_shapes(self.table, self.labels, self.ask, self.positive)

    def sentence(self) -> str:
        if self.table is None:
            return self.problem
        view = threshold_view(self.table, self.labels, self.threshold, self.before, self.ask, self.positive)
        n, name = len(self.labels), self.names[self.positive]
        if self.ask == "abstain":
            said = (
                f"An answer where the largest probability is at least {fixed(self.threshold, 2)}: {view['answered']} of "
                f"{n} reviews, coverage {fixed(view['coverage'], 3)}. Of the answers {fixed(view['accuracy'], 3)} are "
                f"right, macro F1 {fixed(view['macro_f1'], 3)}."
            )
        else:
            called = int(view["matrix"][:, self.positive].sum())
            precision, recall, f1 = (
                fixed(view[key][self.positive], 3) for key in ("precision", "recall", "f1")
            )
            said = (
                f"Called {name} where its probability is at least {fixed(self.threshold, 2)}: {called} of {n} reviews. "
                f"Precision {precision}, recall {recall}, F1 {f1}. Coverage 1.000: each review is called one or "
                f"the other. Of all reviews {fixed(view['accuracy'], 3)} are right."
            )
        return said + self._undefined(view) + self._changes(view)

    def _undefined(self, view: dict[str, Any]) -> str:
        """Which figures are 0 only because something has to stand there."""
        if not view["answered"]:
            return " Nothing is answered, so every figure but the coverage is 0 by convention."
        said = ""
        for name, called, actual in zip(
            self.names, view["matrix"].sum(axis=0), view["matrix"].sum(axis=1), strict=True
        ):
            said += "" if called else f" Nothing was called {name}: its precision is 0 by convention."
            said += "" if actual else f" No answered review is {name}: its recall is 0 by convention."
        return said

    def _changes(self, view: dict[str, Any]) -> str:
        if self.before == self.threshold:
            return ""
        changed, hits, name = len(view["changed"]), view["changed_hits"], self.names[self.positive]
        stricter = self.threshold > self.before
        if not changed:
            what = ""
        elif self.ask == "abstain":
            what = (
                f", {'answered before and left out now' if stricter else 'left out before and answered now'}; "
                f"the model has {hits} of them right"
            )
        else:
            other = self.names[1 - self.positive]
            old, new = (name, other) if stricter else (other, name)
            what = f", called {old} before and {new} now; {hits} of them are {name}"
        return f" Changed side since {fixed(self.before, 2)}: {changed or 'none'}{what}."

    def picture(self) -> Any:
        view = self.view()
        abstain = self.ask == "abstain"
        figure, (left, middle, right) = new_figure(11, 3.4, ncols=3, width_ratios=(5, 3, 4))
        name = self.names[self.positive]
        series = ("right", "wrong") if abstain else (self.names[1 - self.positive], name)
        bars = {
            "x": view["edges"][:-1],
            "width": np.diff(view["edges"]),
            "align": "edge",
            "edgecolor": "black",
        }
        left.bar(height=view["first"], color="0.75", label=series[0], **bars)
        left.bar(
            height=view["second"], bottom=view["first"], color="white", hatch="///", label=series[1], **bars
        )
        left.axvline(self.threshold, color="black", linewidth=2, label="threshold")
        left.set(
            xlabel="largest probability" if abstain else f"probability of {name}",
            ylabel="reviews",
            xlim=(min(view["edges"][0], self.threshold), 1),
        )
        left.legend(fontsize=8)
        middle.imshow(view["matrix"], cmap="Greys", vmin=0, vmax=3 * max(view["matrix"].max(), 1))
        for (row, column), count in np.ndenumerate(view["matrix"]):
            middle.text(column, row, count, ha="center", va="center")
        places = range(len(self.names))
        middle.set(xticks=places, yticks=places, xlabel="called", ylabel="truly")
        middle.set_xticklabels(self.names, rotation=45 if len(self.names) > 2 else 0)
        middle.set_yticklabels(self.names)
        right.plot(view["x"], view["y"], color="black", drawstyle="steps-post" if abstain else None)
        x, y = marked(view, self.ask, self.positive)
        right.plot(x, y, "D", color="white", markeredgecolor="black", markersize=9, label="now")
        axes = ("coverage", "accuracy of the answers") if abstain else ("recall", "precision")
        right.set(xlabel=axes[0], ylabel=axes[1], xlim=(0, 1.02), ylim=(floor_of(view), 1.02))
        right.legend(fontsize=8)
        figure.suptitle(f"threshold {fixed(self.threshold, 2)}", fontsize=11)
        return figure


def marked(view: dict[str, Any], ask: str, positive: int) -> tuple[float, float]:
    """Where the threshold stands on its curve: coverage and accuracy, or recall and precision."""
    if ask == "abstain":
        return view["coverage"], view["accuracy"]
    return float(view["recall"][positive]), float(view["precision"][positive])


def floor_of(view: dict[str, Any]) -> float:
    """Where the curve's upright axis begins: a round number below it, but for its first wobbles."""
    steady = view["y"][view["x"] >= 0.05]
    return float(np.floor(steady.min() * 10) / 10) if len(steady) else 0.0
