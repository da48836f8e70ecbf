"""ThresholdExplorer in the browser."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from course_utils import training
from course_utils.assets import checkpoints, reviews
from course_utils.reference.softmax import softmax
from course_utils.widgets.threshold import ThresholdExplorer, threshold_shapes, threshold_view
from tests.browser.accessibility import serious_faults
from tests.browser.agreement import Module, differences
from tests.browser.lab import Lab
from tests.widgets.test_threshold import hundredths, predictions

MADE = """import numpy as np
from course_utils.widgets import ThresholdExplorer
p = np.linspace(0.005, 0.995, 100)
labels = (np.arange(100) * 7 % 100 < 100 * p).astype(int)
texts = [f"review {n} 🎬 שלום" for n in range(99)] + ["x" * 10_000]
explorer = ThresholdExplorer(np.column_stack([1 - p, p]), labels, texts)
explorer"""
CELLS = (MADE, "print(explorer.threshold, explorer.before, explorer.ask)", "explorer.threshold = 0.8")


@pytest.fixture(scope="module")
def module(bare_page: Page) -> Module:
    return Module(bare_page, "threshold")


@pytest.fixture(scope="module")
def real() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Predictions of the fine-tuned model on every eighth test review."""
    part = reviews.load()["test"].select(range(0, 1000, 8))
    texts = part["text"][:]
    logits = training.predict_logits(checkpoints.fine_tuned(), checkpoints.tokenizer(), texts)
    return softmax(logits), np.array(part["label"][:]), texts


def theirs(table: np.ndarray, labels: np.ndarray, **more: Any) -> dict[str, Any]:
    """What the browser is given, as JSON can hold it."""
    return {
        "probabilities": table.astype(float).ravel().tolist(),
        "labels": labels.tolist(),
        "classes": table.shape[1],
        "single": table.dtype == np.float32,
        **more,
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    predictions(), hundredths, hundredths, st.sampled_from(["abstain", "cut-off"]), st.sampled_from([0, 1])
)
def test_browser_and_python_agree(
    module: Module,
    made: tuple[np.ndarray, np.ndarray],
    threshold: float,
    before: float,
    ask: str,
    positive: int,
) -> None:
    table, labels = made
    ask = ask if table.shape[1] == 2 else "abstain"
    given_values = theirs(table, labels, ask=ask, positive=positive)
    ours = threshold_view(table, labels, threshold, before, ask, positive)
    assert (
        differences(ours, module.call("view", {**given_values, "threshold": threshold, "before": before}))
        == []
    )
    assert (
        differences(threshold_shapes(table, labels, ask, positive), module.call("shapes", given_values)) == []
    )
    explorer = ThresholdExplorer(
        table, labels, ["x"] * len(labels), threshold=threshold, positive=positive, ask=ask
    )
    explorer.before = before
    said = {**given_values, "names": explorer.names, "threshold": threshold, "before": before}
    assert module.call("sentence", said) == explorer.sentence()


def test_they_agree_on_real_predictions(
    module: Module, real: tuple[np.ndarray, np.ndarray, list[str]]
) -> None:
    table, labels, texts = real
    assert table.dtype == np.float32
    for ask in ("abstain", "cut-off"):
        explorer = ThresholdExplorer(table, labels, texts, ask=ask)
        given_values = theirs(table, labels, ask=ask, positive=1)
        for threshold in (0.55, 0.9, 0.0, 1.0, float(table.max())):
            explorer.threshold = threshold
            more = {**given_values, "threshold": threshold, "before": explorer.before}
            ours = explorer.view()
            assert differences(ours, module.call("view", more) | module.call("shapes", given_values)) == []
            assert module.call("sentence", {**more, "names": explorer.names}) == explorer.sentence()


def test_it_moves_by_keyboard_and_by_mouse_and_the_kernel_hears_of_it(lab: Lab) -> None:
    lab.write("threshold.ipynb", *CELLS)
    lab.open("threshold.ipynb")
    lab.run_cell(0)
    explorer = lab.page.locator(".atl-threshold")
    says, items = explorer.locator(".atl-says"), explorer.locator("li:visible")
    expect(says).to_contain_text("100 of 100 reviews, coverage 1.000")
    expect(items).to_have_count(0)
    slider = explorer.get_by_label("threshold", exact=True)
    slider.focus()
    lab.page.keyboard.press("ArrowRight")
    expect(says).to_contain_text("at least 0.51: 98 of 100 reviews, coverage 0.980")
    expect(says).to_contain_text("Changed side since 0.50: 2, answered before and left out now")
    expect(items).to_have_count(2)
    expect(items.first).to_contain_text("review 50 🎬 שלום")
    # A key that is held down is one move, and so is a drag.
    for _ in range(9):
        lab.page.keyboard.down("ArrowRight")
    lab.page.keyboard.up("ArrowRight")
    expect(says).to_contain_text("Changed side since 0.51: 18")
    expect(items).to_have_count(8)
    more = explorer.get_by_role("button", name="and 10 more: show the next 8")
    more.focus()
    lab.page.keyboard.press("Enter")
    expect(explorer.get_by_role("button", name="and 2 more: show the next 2")).to_be_focused()
    assert serious_faults(lab.page, ".atl-threshold") == []

    lab.theme("JupyterLab Dark")
    explorer.get_by_label("what it decides").select_option("cut-off")
    expect(says).to_contain_text("Called positive where its probability is at least 0.60: 40 of 100 reviews")
    expect(says).not_to_contain_text("Changed")
    line = explorer.locator(".histogram .now")
    explorer.locator(".histogram").hover()  # waits until it stands still
    box = line.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    for _ in range(3):
        x -= 40
        lab.page.mouse.move(x, y)
    lab.page.mouse.up()
    lab.page.mouse.move(x - 200, y)
    expect(says).to_contain_text("Changed side since 0.60:")
    expect(says).to_contain_text("called negative before and positive now")
    expect(items.first).to_contain_text(re.compile("right before, wrong now|wrong before, right now"))
    assert serious_faults(lab.page, ".atl-threshold") == []
    lab.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
    )
    said = says.inner_text()
    now = said.split("at least ")[1][:4]
    expect(slider).to_have_value(str(float(now)))
    lab.run_cell(1)
    expect(lab.reveal(1).locator(".jp-OutputArea-output")).to_have_text(f"{float(now)} 0.6 cut-off\n")
    lab.run_cell(2)
    lab.reveal(0)
    expect(says).to_contain_text("at least 0.80: 20 of 100 reviews")
    expect(says).to_contain_text(f"Changed side since {now}")


def test_bad_input_gets_a_message_and_never_a_traceback(lab: Lab) -> None:
    two = "[[0.9, 0.1], [0.2, 0.8]], [0, 1], ['a', 'b']"
    cells = [
        ("ThresholdExplorer([[float('nan'), 1], [0, 1]], [0, 1], ['a', 'b'])", "yours hold nan"),
        ("ThresholdExplorer([[3, 1], [0, 1]], [0, 1], ['a', 'b'])", "apply softmax first"),
        ("ThresholdExplorer([[0, 1]], [0], ['a'])", "Yours have 1 rows"),
        ("ThresholdExplorer([[0, 1], [1, 0]], [0, 5], ['a', 'b'])", "labels should lie between 0 and 1"),
        (f"ThresholdExplorer({two}, threshold=7)", "The threshold is a number from 0 to 1"),
    ]
    lab.write("bad.ipynb", "from course_utils.widgets import ThresholdExplorer", *(made for made, _ in cells))
    lab.open("bad.ipynb")
    lab.run_all()
    assert lab.failures() == []
    for place, (_, said) in enumerate(cells, start=1):
        expect(lab.reveal(place).locator(".atl-problem")).to_contain_text(said)
    alive = lab.reveal(len(cells)).locator(".atl-threshold")
    alive.get_by_label("threshold", exact=True).focus()
    lab.page.keyboard.press("End")
    expect(alive.locator(".atl-says")).to_contain_text("Nothing is answered")
