"""CalibrationExplorer in the browser."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from course_utils import training
from course_utils.assets import checkpoints, reviews
from course_utils.reference.calibration import reliability_bins
from course_utils.reference.softmax import softmax
from course_utils.widgets.calibration import CalibrationExplorer, calibration_view
from tests.browser.accessibility import serious_faults
from tests.browser.agreement import Module, differences
from tests.browser.lab import Lab
from tests.widgets.test_calibration import logits_and_labels

MADE = """import numpy as np
from course_utils.widgets import CalibrationExplorer
rng = np.random.default_rng(0)
labels = rng.integers(0, 2, 300)
logits = rng.normal(size=(300, 2)) * 2
logits[np.arange(300), labels] += 2.5
explorer = CalibrationExplorer(logits * 2, labels, fitted=1.6)
explorer"""
CELLS = (
    MADE,
    "print(round(explorer.temperature, 2), explorer.n_bins)",
    "explorer.temperature = 0.5; explorer.n_bins = 7",
)


@pytest.fixture(scope="module")
def module(bare_page: Page) -> Module:
    return Module(bare_page, "calibration")


def theirs(logits: np.ndarray, labels: np.ndarray, temperature: float, n_bins: int) -> dict[str, Any]:
    return {
        "logits": logits.astype(float).ravel().tolist(),
        "labels": labels.tolist(),
        "classes": logits.shape[1],
        "temperature": temperature,
        "nBins": n_bins,
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logits_and_labels(), st.floats(0.2, 5), st.integers(1, 20))
def test_browser_and_python_agree(
    module: Module, made: tuple[np.ndarray, np.ndarray], temperature: float, n_bins: int
) -> None:
    logits, labels = made
    probabilities = softmax(logits / temperature)
    confidence = probabilities.max(axis=1)
    # The two exponentials may differ in the last digit. Where that decides, they cannot be held to agree; exact
    # edges have a test of their own.
    edges = np.arange(1, n_bins) / n_bins
    apart = np.abs(confidence[:, None] - edges)
    leads = confidence[:, None] - probabilities
    assume(not ((apart > 0) & (apart < 1e-12)).any() and not ((leads > 0) & (leads < 1e-12)).any())
    given_values = theirs(logits, labels, temperature, n_bins)
    ours = calibration_view(logits, labels, temperature, n_bins)
    assert differences(ours, module.call("view", given_values)) == []
    explorer = CalibrationExplorer(logits, labels, temperature, n_bins)
    assert module.call("sentence", given_values) == explorer.sentence()


@pytest.mark.parametrize("n_bins", [1, 3, 7, 10, 15, 20])
def test_on_the_edges_of_the_bins_they_agree_to_the_float(module: Module, n_bins: int) -> None:
    edges = np.arange(n_bins + 1) / n_bins
    around = np.concatenate([edges, np.nextafter(edges, 0), np.nextafter(edges, 1), [0.1 + 0.2]])
    right = np.arange(len(around)) % 2
    # The largest of many classes may be as small as one likes; bins ask for no more than that.
    table = np.column_stack([around, np.zeros(len(around))])
    theirs_binned = module.call("bins", around.tolist(), right.tolist(), n_bins)
    ours = reliability_bins(table, 1 - right, n_bins)
    assert ours.counts.tolist() == theirs_binned["counts"]
    assert differences(ours.confidence, theirs_binned["confidence"]) == []


def test_they_agree_on_real_predictions(module: Module) -> None:
    part = reviews.load()["test"].select(range(0, 1000, 8))
    logits = training.predict_logits(checkpoints.fine_tuned(), checkpoints.tokenizer(), part["text"][:])
    labels = np.array(part["label"][:])
    explorer = CalibrationExplorer(logits, labels)
    for temperature in (0.2, 1, explorer.data["least"], 5):
        explorer.temperature = temperature
        given_values = theirs(logits, labels, temperature, 10)
        assert differences(explorer.view(), module.call("view", given_values)) == []
        assert module.call("nll", given_values) == pytest.approx(explorer.view()["nll"], abs=1e-9)
        assert module.call("sentence", given_values) == explorer.sentence()


def test_it_moves_by_keyboard_and_by_mouse_and_the_kernel_hears_of_it(lab: Lab) -> None:
    lab.write("calibration.ipynb", *CELLS)
    lab.open("calibration.ipynb")
    lab.run_cell(0)
    explorer = lab.page.locator(".atl-calibration")
    says = explorer.locator(".atl-says")
    expect(says).to_contain_text("T = 1.00, 300 reviews in 10 bins")
    expect(says).to_contain_text("too sure")
    slider = explorer.get_by_label("temperature T", exact=True)
    slider.focus()
    lab.page.keyboard.press("ArrowRight")
    expect(says).to_contain_text("T = 1.02")
    lab.page.keyboard.press("End")
    expect(says).to_contain_text("T = 5.00")
    expect(says).to_contain_text("not sure enough")
    lab.page.keyboard.press("Home")
    expect(says).to_contain_text("T = 0.20")
    explorer.get_by_role("button", name="T chosen on other texts: 1.60").focus()
    lab.page.keyboard.press("Enter")
    expect(says).to_contain_text("T = 1.60")
    table = explorer.get_by_text("The bins in numbers")
    table.focus()
    lab.page.keyboard.press("Enter")
    rows = explorer.locator("tbody tr")
    expect(rows).to_have_count(10)
    expect(rows.first).to_contain_text("none")
    explorer.get_by_label("bins", exact=True).select_option("20")
    expect(says).to_contain_text("in 20 bins")
    expect(rows).to_have_count(20)
    assert serious_faults(lab.page, ".atl-calibration") == []

    lab.theme("JupyterLab Dark")
    picture = explorer.locator(".losses")
    picture.hover()  # waits until it stands still
    box = picture.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lab.page.mouse.down()
    lab.page.mouse.move(x + 2 * box["width"], y)
    expect(says).to_contain_text("T = 5.00")
    lab.page.mouse.move(x + 0.2 * box["width"], y)
    lab.page.mouse.up()
    expect(says).to_contain_text(re.compile(r"T = [12]\.\d\d, "))
    assert serious_faults(lab.page, ".atl-calibration") == []
    now = says.inner_text().split("T = ")[1][:4]
    lab.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
    )
    lab.run_cell(1)
    expect(lab.reveal(1).locator(".jp-OutputArea-output")).to_have_text(f"{float(now)} 20\n")
    lab.run_cell(2)
    lab.reveal(0)
    expect(says).to_contain_text("T = 0.50, 300 reviews in 7 bins")


def test_bad_input_gets_a_message_and_never_a_traceback(lab: Lab) -> None:
    cells = [
        ("CalibrationExplorer([[float('nan'), 1], [0, 1]], [0, 1])", "yours hold nan"),
        ("CalibrationExplorer([1.0, 2.0], [0, 1])", "Yours have shape (2,)"),
        ("CalibrationExplorer([[0, 1]], [0])", "Yours have 1 rows"),
        ("CalibrationExplorer([[0, 1], [1, 0]], [0, 5])", "labels should lie between 0 and 1"),
        (
            "CalibrationExplorer([[0, 1], [1, 0], [2, 0]], [1, 0, 1], temperature=0)",
            "The temperature is a number from 0.2",
        ),
    ]
    lab.write(
        "bad.ipynb", "from course_utils.widgets import CalibrationExplorer", *(made for made, _ in cells)
    )
    lab.open("bad.ipynb")
    lab.run_all()
    assert lab.failures() == []
    for place, (_, said) in enumerate(cells, start=1):
        expect(lab.reveal(place).locator(".atl-problem")).to_contain_text(said)
    alive = lab.reveal(len(cells)).locator(".atl-calibration")
    alive.get_by_label("temperature T", exact=True).focus()
    lab.page.keyboard.press("End")
    expect(alive.locator(".atl-says")).to_contain_text("T = 5.00")
