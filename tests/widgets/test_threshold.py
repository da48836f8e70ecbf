"""What ThresholdExplorer shows, against scikit-learn and against the plain words of its description."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from sklearn import metrics

from course_utils.widgets import ThresholdExplorer
from course_utils.widgets.threshold import scores, threshold_shapes, threshold_view

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.UndefinedMetricWarning", "ignore:No positive class found"
)

FOUR = np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.2, 0.8]])
TRULY = np.array([0, 0, 1, 1])
TEXTS = ["a dull film", "so-so", "good", "a gem"]


@st.composite
def predictions(draw: Any, most_classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities in hundredths, so that many lie exactly on a threshold, in float32 or float64; and labels."""
    classes = draw(st.integers(2, most_classes))
    n = draw(st.integers(2, 30))
    cuts = draw(hnp.arrays(int, (n, classes - 1), elements=st.integers(0, 100)))
    steps = np.sort(np.column_stack([np.zeros(n, int), cuts, np.full(n, 100)]), axis=1)
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return (np.diff(steps, axis=1) / 100).astype(dtype), draw(
        hnp.arrays(np.int64, n, elements=st.integers(0, classes - 1))
    )


hundredths = st.integers(0, 100).map(lambda n: n / 100)


@settings(deadline=None, max_examples=60)
@given(predictions(), hundredths)
def test_abstaining_against_scikit_learn(made: tuple[np.ndarray, np.ndarray], threshold: float) -> None:
    table, labels = made
    classes = table.shape[1]
    view = threshold_view(table, labels, threshold)
    kept = table.max(axis=1) >= table.dtype.type(threshold)
    truly, called = labels[kept], table.argmax(axis=1)[kept]
    every = list(range(classes))
    assert view["answered"] == kept.sum()
    assert view["coverage"] == pytest.approx(kept.mean())
    assert view["left_out"].tolist() == [int((labels[~kept] == k).sum()) for k in every]
    if not kept.any():
        assert view["matrix"].sum() == view["accuracy"] == view["macro_f1"] == 0
        return
    assert view["matrix"].tolist() == metrics.confusion_matrix(truly, called, labels=every).tolist()
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truly, called, labels=every, zero_division=0
    )
    np.testing.assert_allclose(view["precision"], precision)
    np.testing.assert_allclose(view["recall"], recall)
    np.testing.assert_allclose(view["f1"], f1)
    assert view["accuracy"] == pytest.approx(metrics.accuracy_score(truly, called))
    assert view["macro_f1"] == pytest.approx(
        metrics.f1_score(truly, called, labels=every, average="macro", zero_division=0)
    )


@settings(deadline=None, max_examples=60)
@given(predictions(most_classes=2), hundredths, st.sampled_from([0, 1]))
def test_a_cut_off_against_scikit_learn(
    made: tuple[np.ndarray, np.ndarray], threshold: float, positive: int
) -> None:
    table, labels = made
    view = threshold_view(table, labels, threshold, ask="cut-off", positive=positive)
    called = np.where(table[:, positive] >= table.dtype.type(threshold), positive, 1 - positive)
    assert view["coverage"] == 1
    assert view["left_out"].tolist() == [0, 0]
    assert view["matrix"].tolist() == metrics.confusion_matrix(labels, called, labels=[0, 1]).tolist()
    for name, score in (
        ("precision", metrics.precision_score),
        ("recall", metrics.recall_score),
        ("f1", metrics.f1_score),
    ):
        expected = score(labels, called, labels=[0, 1], pos_label=positive, zero_division=0)
        assert view[name][positive] == pytest.approx(expected)


@settings(deadline=None, max_examples=60)
@given(predictions(), hundredths, hundredths, st.sampled_from(["abstain", "cut-off"]))
def test_the_changed_are_those_on_one_side_before_and_on_the_other_now(
    made: tuple[np.ndarray, np.ndarray], before: float, threshold: float, ask: str
) -> None:
    table, labels = made
    ask = ask if table.shape[1] == 2 else "abstain"
    changed = threshold_view(table, labels, threshold, before, ask)["changed"]
    score = scores(table, ask, 1)
    sides = [score >= table.dtype.type(cut) for cut in (before, threshold)]
    assert sorted(changed) == np.flatnonzero(sides[0] != sides[1]).tolist()
    far = np.abs(score[changed] - table.dtype.type(threshold))
    assert (np.diff(far) >= -1e-6).all(), "the nearest to the new threshold first"


@settings(deadline=None, max_examples=60)
@given(predictions(most_classes=2))
def test_the_curves_and_the_histogram(made: tuple[np.ndarray, np.ndarray]) -> None:
    table, labels = made
    shapes = threshold_shapes(table, labels, "cut-off")
    precision, recall, cuts = metrics.precision_recall_curve(labels, table[:, 1])
    found = dict(zip(np.unique(table[:, 1])[::-1], zip(shapes["x"], shapes["y"], strict=True), strict=True))
    for p, r, cut in zip(precision, recall, cuts, strict=False):
        assert found[cut] == pytest.approx((r if labels.any() else 0, p))
    for ask in ("abstain", "cut-off"):
        shapes = threshold_shapes(table, labels, ask)
        counts, _ = np.histogram(scores(table, ask, 1), shapes["edges"])
        assert (shapes["first"] + shapes["second"]).tolist() == counts.tolist()
        for threshold, x, y in zip(
            np.unique(scores(table, ask, 1))[::-1], shapes["x"], shapes["y"], strict=True
        ):
            view = threshold_view(table, labels, float(threshold), ask=ask)
            point = (
                (view["coverage"], view["accuracy"])
                if ask == "abstain"
                else (view["recall"][1], view["precision"][1])
            )
            assert (x, y) == pytest.approx(point)


def test_a_move_in_python_starts_where_the_last_one_ended() -> None:
    explorer = ThresholdExplorer(FOUR, TRULY, TEXTS)
    assert "Changed" not in explorer.sentence()
    explorer.threshold = 0.7
    assert "Changed side since 0.50: 1, answered before and left out now; the model has 0 of them right." in (
        explorer.sentence()
    )
    explorer.threshold = 0.9
    assert explorer.before == 0.7
    assert explorer.view()["changed"].tolist() == [3, 2]
    explorer.ask = "cut-off"
    assert "Changed" not in explorer.sentence()
    explorer.threshold = 0.6
    assert (
        "Changed side since 0.90: 3, called negative before and positive now; 2 of them are positive."
        in explorer.sentence()
    )


def test_the_browser_says_where_its_own_move_began() -> None:
    explorer = ThresholdExplorer(FOUR, TRULY, TEXTS)
    explorer.set_state({"threshold": 0.7, "before": 0.5})
    explorer.set_state({"threshold": 0.9, "before": 0.5})
    assert (explorer.threshold, explorer.before) == (0.9, 0.5)


def test_undefined_figures_are_told() -> None:
    explorer = ThresholdExplorer(FOUR, TRULY, TEXTS, threshold=1)
    assert "Nothing is answered, so every figure but the coverage is 0 by convention." in explorer.sentence()
    explorer.threshold = 0.9
    assert "Nothing was called positive: its precision is 0 by convention." in explorer.sentence()
    assert "No answered review is positive: its recall is 0 by convention." in explorer.sentence()


def test_it_leaves_a_picture_and_a_sentence() -> None:
    for explorer in (
        ThresholdExplorer(FOUR, TRULY, TEXTS, ask="cut-off", threshold=0.65),
        ThresholdExplorer(np.full((5, 3), 1 / 3), [0, 1, 2, 0, 1], ["x"] * 5, names=["a", "b", "c"]),
        ThresholdExplorer(FOUR, TRULY, TEXTS, threshold=1),
    ):
        bundle, _ = explorer._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert bundle["text/plain"] == explorer.sentence()
        image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
        assert min(image.size) > 200
        assert np.asarray(image.convert("L")).std() > 10


@pytest.mark.parametrize(
    ("given_values", "said"),
    [
        ({"probabilities": [[np.nan, 1], [0, 1], [0, 1], [0, 1]]}, "In row 0, column 0 yours hold nan"),
        ({"probabilities": [0.1, 0.9]}, "Yours have shape (2,)"),
        ({"probabilities": [[0.1], [0.9]]}, "Yours have 1 columns"),
        ({"probabilities": "film"}, "a table of numbers"),
        ({"probabilities": [[1], [1, 2]]}, "a table of numbers"),
        ({"probabilities": None}, "Yours have shape ()"),
        ({"probabilities": FOUR * 10}, "if these are logits, apply softmax first"),
        ({"probabilities": FOUR * [1, 0.5]}, "Row 0 of yours sums to 0.950"),
        ({"probabilities": np.zeros((0, 2)), "labels": [], "texts": []}, "Yours have 0 rows"),
        ({"probabilities": FOUR[:1], "labels": [0], "texts": ["x"]}, "Yours have 1 rows"),
        ({"labels": [0, 0, 1, 2]}, "labels should lie between 0 and 1"),
        ({"labels": [0, 1]}, "labels should have shape (4,)"),
        ({"labels": ["n", "n", "p", "p"]}, "labels should be whole numbers"),
        ({"labels": [[0], [1, 2]]}, "labels are a list of class ids"),
        ({"texts": ["one"]}, "There are 4 rows of probabilities and 1 texts"),
        ({"texts": "four"}, "There are 4 rows of probabilities and 1 texts"),
        ({"texts": [1, 2, 3, 4]}, "Texts are strings. One of yours is 1"),
    ],
)
def test_predictions_that_cannot_be_shown_get_a_message(given_values: dict[str, Any], said: str) -> None:
    values = {"probabilities": FOUR, "labels": TRULY, "texts": TEXTS} | given_values
    explorer = ThresholdExplorer(**values)
    assert said in explorer.problem
    assert explorer.still() == {"text/plain": explorer.problem}
    explorer.threshold = 0.7  # nothing to move: it says so again
    assert said in explorer.problem
    assert said in explorer.sentence()


@pytest.mark.parametrize(
    ("given_values", "said"),
    [
        ({"threshold": 2}, "The threshold is a number from 0 to 1. This is 2"),
        ({"threshold": float("nan")}, "The threshold is a number from 0 to 1"),
        ({"ask": "all"}, "ask is one of 'abstain', 'cut-off'"),
        ({"names": ["one"]}, "There are 2 classes and 1 names"),
        ({"positive": 2}, "positive is 0 or 1"),
        ({"positive": "positive"}, "positive is 0 or 1"),
    ],
)
def test_a_setting_that_cannot_be_gets_a_message_and_the_rest_is_shown(
    given_values: dict[str, Any], said: str
) -> None:
    explorer = ThresholdExplorer(FOUR, TRULY, TEXTS, **given_values)
    assert said in explorer.problem
    assert "image/png" in explorer.still()
    explorer.threshold = -1
    assert explorer.threshold == 0.5


def test_a_cut_off_needs_two_classes() -> None:
    explorer = ThresholdExplorer(np.eye(3), [0, 1, 2], ["x"] * 3, ask="cut-off")
    assert "A cut-off parts two classes, and here are 3" in explorer.problem
    assert explorer.ask == "abstain"
    assert explorer.names == ["class 0", "class 1", "class 2"]


def test_long_texts_are_cut_between_characters() -> None:
    explorer = ThresholdExplorer(FOUR, TRULY, ["🎬" * 10_000, "שלום", "", "x"])
    assert explorer.data["texts"] == ["🎬" * 399 + "…", "שלום", "", "x"]
