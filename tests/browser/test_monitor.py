"""TrainingMonitor in the browser: a real training, watched and stopped."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from course_utils.widgets.base import script
from course_utils.widgets.monitor import told
from tests.browser.accessibility import serious_faults
from tests.browser.agreement import Module
from tests.browser.lab import Lab

IMPORTS = """
import numpy as np
from course_utils import training
from course_utils.assets import checkpoints, reviews
from course_utils.widgets import SoftmaxExplorer, TrainingMonitor
tokenizer = checkpoints.tokenizer(hub=False)"""
REAL = """
model = checkpoints.classifier(hub=False)
data = reviews.load(hub=False)["train"].select(range(128))"""
TINY = """
import datasets
from transformers import BertConfig, BertForSequenceClassification
size = dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
model = BertForSequenceClassification(BertConfig(**size)).eval()
data = datasets.Dataset.from_dict({"text": ["a good film", "a bad film"] * 32, "label": [1, 0] * 32})"""
TRAIN = """
history = training.train(
    model, tokenizer, data, training.Recipe(epochs=2000, batch_size=8, branches=1), monitor=TrainingMonitor()
)"""
WORTH = """
logits = training.predict_logits(model, tokenizer, ["a fine film", "a dull film"])
print(history.stopped, len(history.losses), model.training, bool(np.isfinite(logits).all()))"""
BUSY = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"


def steps_of(text: str) -> int:
    found = re.search(r"(?:Step|after) (\d+) of", text)
    return int(found[1]) if found else -1


def start(lab: Lab, index: int) -> Any:
    """Run a cell that trains, and give its live monitor once it has news of some steps."""
    lab.run_cell(index, wait=False)
    monitor = lab.page.locator(".atl-monitor")
    expect(monitor.locator(".atl-says")).to_contain_text(re.compile(r"Step [2-9]"))
    return monitor


def ended(lab: Lab, index: int) -> Any:
    """Wait for the end of the cell, and give what it left."""
    lab.page.wait_for_function("() => window.ran")
    left = lab.reveal(index).locator(".atl-left")
    expect(left.locator("img")).to_be_visible()
    assert lab.page.locator(".atl-monitor").count() == 0, "the live view has given way to it"
    return left


def test_a_real_training_stopped_by_mouse_beside_a_living_explorer_and_reopened(lab: Lab) -> None:
    lab.write("real.ipynb", IMPORTS + REAL, "SoftmaxExplorer([2.0, 1.0, -1.0])", TRAIN, WORTH)
    lab.open("real.ipynb")
    lab.run_cell(0)
    lab.run_cell(1)
    monitor = start(lab, 2)
    says = monitor.locator(".atl-says")
    first = says.inner_text()
    expect(says).not_to_have_text(first)
    assert steps_of(says.inner_text()) > steps_of(first)
    curve = monitor.locator("path.mean").first
    before = curve.get_attribute("d")
    expect(curve).not_to_have_attribute("d", before or "")
    expect(says).to_contain_text(re.compile(r"about .* left\. Over the last \d+ steps: loss \d\.\d\d"))

    other = lab.page.locator(".atl-softmax")
    other.get_by_label("logit of A").focus()
    for _ in range(10):
        lab.page.keyboard.press("ArrowLeft")
    expect(other.locator(".atl-says")).to_contain_text("A 0.47, B 0.47, C 0.06")
    assert lab.page.evaluate(BUSY)

    assert serious_faults(lab.page, ".atl-monitor") == []
    lab.theme("JupyterLab Dark")
    assert serious_faults(lab.page, ".atl-monitor") == []
    monitor.get_by_role("button", name="Stop the training here").click()
    left = ended(lab, 2)
    expect(left).to_contain_text("What was learnt is kept.")
    said = left.locator("p").inner_text()
    lab.run_cell(3)
    assert lab.outputs(3)[0]["text"] == f"True {steps_of(said)} False True\n"
    assert serious_faults(lab.page, ".atl-left") == []
    lab.theme("JupyterLab Light")
    assert serious_faults(lab.page, ".atl-left") == []
    assert lab.failures() == []

    lab.page.evaluate(
        """async () => { await window.jupyterapp.commands.execute('docmanager:save');
             await window.jupyterapp.shell.currentWidget.sessionContext.shutdown(); }"""
    )
    assert "widgets" not in (lab.root / "real.ipynb").read_text(encoding="utf-8").split('"metadata"')[-1]
    lab.open("real.ipynb")
    left = lab.reveal(2).locator(".atl-left")
    expect(left).to_contain_text(said)
    assert left.locator("img").evaluate("image => image.complete && image.naturalWidth") > 600
    left.locator("summary").focus()
    lab.page.keyboard.press("Enter")
    expect(left.locator("tbody tr").first).to_be_visible()
    expect(lab.reveal(2)).not_to_contain_text("Error displaying widget")


def test_stopped_by_keyboard_by_interrupt_and_by_a_loss_that_is_no_number(lab: Lab) -> None:
    too_fast = TRAIN.replace("epochs=2000", "epochs=2000, learning_rate=1e38, max_norm=1e38, warmup=0.0")
    lab.write("tiny.ipynb", IMPORTS + TINY, TRAIN, WORTH, TRAIN, WORTH, too_fast)
    lab.open("tiny.ipynb")
    lab.run_cell(0)
    button = start(lab, 1).get_by_role("button", name="Stop the training here")
    button.focus()
    lab.page.keyboard.press("Enter")
    expect(ended(lab, 1)).to_contain_text("What was learnt is kept.")
    lab.run_cell(2)
    assert re.fullmatch(r"True \d+ False True\n", lab.outputs(2)[0]["text"])

    start(lab, 3)
    lab.command("notebook:interrupt-kernel")
    expect(ended(lab, 3)).to_contain_text("What was learnt is kept.")
    lab.run_cell(4)
    assert re.fullmatch(r"True \d+ False True\n", lab.outputs(4)[0]["text"])
    assert lab.failures() == []

    lab.run_cell(5)
    expect(ended(lab, 5)).to_contain_text(re.compile(r"no longer a number at step \d+ of \d+: lower"))
    assert [text.split(":")[0] for text in lab.failures()] == ["FloatingPointError"]


@pytest.fixture(scope="module")
def module(bare_page: Page) -> Module:
    return Module(bare_page, "monitor")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {
            "status": st.sampled_from(["waiting", "running", "finished", "stopped", "broken", "failed"]),
            "step": st.integers(0, 9999),
            "planned": st.integers(0, 9999),
            "width": st.integers(1, 50),
            "classes": st.integers(2, 1000),
            "seconds": st.floats(0, 1e5),
            "left": st.none() | st.floats(0, 1e5),
            "pace": st.none() | st.floats(0, 100),
            "loss": st.floats(0, 100) | st.floats(0, 1e300),
            "accuracy": st.floats(0, 1),
            "rate": st.floats(0, 1) | st.floats(0, 1e300),
            "broken": st.integers(1, 9999),
        }
    )
)
def test_browser_and_python_say_the_same(module: Module, news: dict[str, Any]) -> None:
    assert module.call("sentence", news) == told(news)


FAKE = """async ([text, news]) => {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const { default: widget } = await import(address);
  news.lines = Object.fromEntries(["steps", "losses", "mean_losses", "accuracies", "mean_accuracies", "rates"].map(name => [name, null]));
  const state = { classes: 2, problem: "", news };
  const listeners = {};
  window.sent = [];
  window.tell = (event, ...given) => (listeners[event] ?? []).forEach(listen => listen(...given));
  window.state = state;
  const model = { get: name => state[name], set() {}, save_changes() {}, off() {}, send: content => window.sent.push(content),
    on: (event, listen) => (listeners[event] ??= []).push(listen) };
  widget.render({ model, el: document.body });
}"""


@pytest.fixture
def deaf(browser: Browser) -> Any:
    """The explorer in a page of its own, with a clock that the test moves and a kernel that is the test."""
    page = browser.new_page()
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.goto("about:blank")
    numbers = dict.fromkeys(("loss", "accuracy", "rate", "pace", "left", "broken", "seconds"))
    news = {"run": 1, "status": "running", "classes": 2, "step": 0, "planned": 9, "width": 0, "table": []}
    page.evaluate(FAKE, [script("monitor"), {**news, **numbers}])
    yield page
    page.close()


def test_a_kernel_that_does_not_hear_the_button_is_worked_round(deaf: Page) -> None:
    button = deaf.get_by_role("button", name="Stop the training here")
    answer = deaf.locator(".answer")
    button.click()
    button.dispatch_event("click")
    assert deaf.evaluate("window.sent") == [{"stop": 1}], "asked once, however often it is pressed"
    deaf.clock.run_for(2900)
    expect(answer).to_contain_text("Stopping after the step at hand")
    deaf.clock.run_for(200)
    expect(answer).to_contain_text(
        "The kernel does not hear this button while it trains. Press ■ (interrupt)"
    )
    button.click()
    assert len(deaf.evaluate("window.sent")) == 2, "it may be tried again"


def test_a_kernel_that_hears_it_says_so(deaf: Page) -> None:
    deaf.get_by_role("button", name="Stop the training here").click()
    deaf.evaluate("window.tell('msg:custom', { heard: 1 })")
    deaf.clock.run_for(5000)
    expect(deaf.locator(".answer")).to_contain_text("The kernel has heard it")


def test_a_screen_reader_hears_of_it_now_and_then_and_of_the_end_at_once(deaf: Page) -> None:
    heard = deaf.locator(".atl-heard").first
    expect(heard).to_have_text("Training starts: 9 steps.")
    step = """step => { window.state.news = { ...window.state.news, step, width: step, loss: 0.5, accuracy: 0.5, rate: 1e-4 };
              window.tell("change:news"); }"""
    deaf.evaluate(step, 1)
    deaf.clock.run_for(5000)
    deaf.evaluate(step, 2)
    expect(deaf.locator(".atl-says")).to_contain_text("Step 2 of 9")
    expect(heard).to_have_text("Training starts: 9 steps.")
    deaf.clock.run_for(6000)
    deaf.evaluate(step, 3)
    expect(heard).to_contain_text("Step 3 of 9")
    deaf.evaluate("Object.assign(window.state.news, { status: 'stopped', seconds: 11 })")
    deaf.evaluate(step, 4)
    expect(heard).to_contain_text("Stopped after 4 of 9 steps, in 11 s.")
