"""What CalibrationExplorer shows, against torch and a slow calibration error of its own."""

import base64
import io
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from scipy import optimize

from course_utils.widgets import CalibrationExplorer
from course_utils.widgets.calibration import calibration_view

LOGITS = np.array([[3.0, -1.0], [0.5, 0.0], [-2.0, 2.5], [1.0, 1.5], [2.0, 0.0]])
TRULY = np.array([0, 0, 1, 1, 1])


@st.composite
def logits_and_labels(draw: Any) -> tuple[np.ndarray, np.ndarray]:
    n, classes = draw(st.integers(2, 30)), draw(st.integers(2, 4))
    elements = st.one_of(st.floats(-20, 20), st.integers(-3, 3).map(float))
    labels = hnp.arrays(np.int64, n, elements=st.integers(0, classes - 1))
    return draw(hnp.arrays(float, (n, classes), elements=elements)), draw(labels)


@settings(deadline=None, max_examples=60)
@given(logits_and_labels(), st.floats(0.2, 5), st.integers(1, 20))
def test_against_torch_and_a_loop_over_the_bins(
    made: tuple[np.ndarray, np.ndarray], temperature: float, n_bins: int
) -> None:
    logits, labels = made
    scaled = torch.tensor(logits) / temperature
    probabilities = scaled.softmax(dim=-1).numpy()
    confidence, winner = probabilities.max(axis=-1), probabilities.argmax(axis=-1)
    # torch's exponential and NumPy's may differ in the last digit, and so part at the edge of a bin or in a near tie.
    edges = np.arange(n_bins + 1) / n_bins
    assume(np.abs(confidence[:, None] - edges).min() > 1e-12)
    leads = confidence[:, None] - probabilities
    assume(not ((leads > 0) & (leads < 1e-12)).any())
    right = winner == labels
    view = calibration_view(logits, labels, temperature, n_bins)
    error = 0.0
    for index in range(n_bins):
        inside = (confidence > edges[index]) & (confidence <= edges[index + 1])
        assert view["counts"][index] == inside.sum()
        if inside.any():
            assert view["confidence"][index] == pytest.approx(confidence[inside].mean())
            assert view["accuracy"][index] == pytest.approx(right[inside].mean())
            error += abs(confidence[inside].mean() - right[inside].mean()) * inside.mean()
    assert view["ece"] == pytest.approx(error, abs=1e-12)
    loss = torch.nn.functional.cross_entropy(scaled, torch.tensor(labels))
    assert view["nll"] == pytest.approx(float(loss), abs=1e-9)
    assert view["mean_confidence"] == pytest.approx(confidence.mean())
    assert view["mean_accuracy"] == pytest.approx(right.mean())


def test_the_least_is_where_scipy_finds_it() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(400, 3)) * 2
    labels = np.array([rng.choice(3, p=p) for p in torch.tensor(logits / 1.7).softmax(-1).numpy()])
    explorer = CalibrationExplorer(logits, labels)
    found = optimize.minimize_scalar(
        lambda t: calibration_view(logits, labels, t)["nll"], bounds=(0.2, 5), method="bounded"
    )
    assert explorer.data["least"] == pytest.approx(found.x, rel=1e-3)


def test_what_it_says_when_it_moves() -> None:
    explorer = CalibrationExplorer(LOGITS, TRULY)
    assert "too sure" in explorer.sentence()
    accuracy = explorer.view()["mean_accuracy"]
    explorer.temperature = 5
    assert "not sure enough" in explorer.sentence()
    assert explorer.view()["mean_accuracy"] == accuracy
    explorer.n_bins = 5
    assert "in 5 bins" in explorer.sentence()
    sure = CalibrationExplorer([[0.0, 0.0], [0.0, 0.0]], [0, 1])
    assert "as sure as it is right" in sure.sentence()


@pytest.mark.parametrize(
    ("logits", "labels", "said"),
    [
        ([[2.0, 0.0], [0.0, 3.0]], [0, 1], "every true class has the largest logit"),
        ([[2.0, 0.0], [0.0, 3.0]], [1, 0], "No temperature is best"),
        ([[90.0, 0.0], [0.0, 90.0], [90.0, 0.0]], [0, 1, 1], "beyond what this explorer shows"),
    ],
)
def test_where_no_temperature_is_least_it_says_why(logits: Any, labels: Any, said: str) -> None:
    explorer = CalibrationExplorer(logits, labels)
    assert explorer.data["least"] is None
    assert said in explorer.data["no_least"]
    assert explorer.problem == ""
    assert "image/png" in explorer.still()


def test_it_leaves_a_picture_and_a_sentence() -> None:
    explorer = CalibrationExplorer(LOGITS, TRULY, fitted=2.0)
    bundle, _ = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == explorer.sentence()
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert min(image.size) > 200
    assert np.asarray(image.convert("L")).std() > 10


@pytest.mark.parametrize(
    ("given_values", "said"),
    [
        ({"logits": LOGITS * [1, np.nan]}, "In row 0, column 1 yours hold nan"),
        ({"logits": np.where(LOGITS == 0, np.inf, LOGITS)}, "In row 1, column 1 yours hold inf"),
        ({"logits": LOGITS[0]}, "Yours have shape (2,)"),
        ({"logits": LOGITS[:, :1]}, "Yours have 1 columns"),
        ({"logits": np.zeros((5, 11))}, "Yours have 11 columns"),
        ({"logits": "logits"}, "a table of numbers"),
        ({"logits": np.zeros((0, 2)), "labels": []}, "Yours have 0 rows"),
        ({"logits": LOGITS[:1], "labels": [0]}, "Yours have 1 rows"),
        ({"labels": [0, 1, 1, 1, 2]}, "labels should lie between 0 and 1"),
        ({"labels": [0, 1]}, "labels should have shape (5,)"),
        ({"labels": TRULY + 0.5}, "labels should be whole numbers"),
    ],
)
def test_logits_that_cannot_be_shown_get_a_message(given_values: dict[str, Any], said: str) -> None:
    explorer = CalibrationExplorer(**({"logits": LOGITS, "labels": TRULY} | given_values))
    assert said in explorer.problem
    assert explorer.still() == {"text/plain": explorer.problem}
    explorer.temperature = 2
    assert said in explorer.problem
    assert said in explorer.sentence()


@pytest.mark.parametrize(
    ("given_values", "said"),
    [
        ({"temperature": 0}, "The temperature is a number from 0.2 to 5. This is 0"),
        ({"temperature": "hot"}, "The temperature is a number from 0.2 to 5"),
        ({"n_bins": 0}, "n_bins is a whole number from 1 to 20"),
        ({"n_bins": 2.5}, "n_bins is a whole number from 1 to 20"),
        ({"fitted": -1}, "fitted is a temperature from 0.2 to 5"),
    ],
)
def test_a_setting_that_cannot_be_gets_a_message_and_the_rest_is_shown(
    given_values: dict[str, Any], said: str
) -> None:
    explorer = CalibrationExplorer(LOGITS, TRULY, **given_values)
    assert said in explorer.problem
    assert "image/png" in explorer.still()
    explorer.temperature = 100
    assert explorer.temperature == 1
