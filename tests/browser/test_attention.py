"""AttentionExplorer in the browser."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from playwright.sync_api import Page, expect

from course_utils.widgets.attention import AttentionExplorer, row_view
from tests.browser.accessibility import serious_faults
from tests.browser.agreement import Module, differences
from tests.browser.lab import Lab

RIVER, MONEY = "the bank of the river was muddy .", "the bank lent us the money ."
CELLS = (
    "from course_utils.widgets import AttentionExplorer",
    "explorer = AttentionExplorer()\nexplorer",
    "import pathlib, time\nwhile not pathlib.Path('go_on').exists():\n    time.sleep(0.05)\n"
    "print(explorer.layer, explorer.head, explorer.text)",
)


@pytest.fixture(scope="module")
def module(bare_page: Page) -> Module:
    return Module(bare_page, "attention")


def given_to_js(explorer: AttentionExplorer, sentences: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "sentences": sentences,
        "heads": explorer.data["heads"],
        "layer": explorer.layer,
        "head": explorer.head,
        "places": explorer.places,
    }


WEIGHTS = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(3, 5)).map(lambda s: (*s, s[2])),
    elements=st.floats(0, 1, width=32),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WEIGHTS, st.data())
def test_browser_and_python_agree(module: Module, weights: np.ndarray, data: st.DataObject) -> None:
    layers, heads, length, _ = weights.shape
    layer, head = data.draw(st.integers(1, layers)), data.draw(st.integers(0, heads - 1))
    place = data.draw(st.integers(0, 9))
    one = {"tokens": [str(n) for n in range(length)], "weights": weights.ravel().tolist(), "name": ""}
    theirs = module.call(
        "view", {"sentences": [one], "heads": heads, "layer": layer, "head": head, "places": [place]}
    )
    assert differences({"sentences": [row_view(weights, layer, head, place)]}, theirs) == []


def test_on_the_real_model_they_agree_in_numbers_and_words(module: Module) -> None:
    for second in (None, MONEY):
        explorer = AttentionExplorer(RIVER, second=second)
        sentences = [
            {**one, "weights": np.frombuffer(one["weights"], np.float32).tolist()}
            for one in explorer.data["sentences"]
        ]
        for layer, head, place in ((1, 4, 2), (2, 8, 4), (6, 11, 9), (4, 0, 0)):
            explorer.layer, explorer.head, explorer.places = layer, head, [place] * len(sentences)
            asked = given_to_js(explorer, sentences)
            assert differences(explorer.view(), module.call("view", asked)) == []
            assert module.call("sentence", asked) == explorer.sentence()


def test_mouse_and_keyboard_and_a_typed_sentence_while_a_cell_runs(lab: Lab) -> None:
    lab.write("attention.ipynb", *CELLS)
    lab.open("attention.ipynb")
    lab.run_cell(0)
    lab.run_cell(1)
    explorer = lab.page.locator(".atl-attention")
    says = explorer.locator(".atl-says")
    expect(says).to_contain_text("Layer 1, head 2 of")
    expect(says).to_contain_text("“cat” attends most to “the” at place 1 (1.00)")

    # A cell runs from here on, until the file is there.
    lab.run_cell(2, wait=False)
    lab.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"
    )
    asks = explorer.get_by_role("group", name="the token that asks")
    asks.get_by_role("button", name="sat, place 3").hover()
    expect(says).to_contain_text("“sat” attends most to “cat” (1.00)")
    expect(explorer.locator(".asked li.most")).to_have_text("cat1.00")
    asks.get_by_role("button", name="sat, place 3").focus()
    lab.page.keyboard.press("ArrowDown")
    expect(says).to_contain_text("“on” attends most to “sat” (1.00)")
    expect(asks.locator('[aria-pressed="true"]')).to_have_text("on")
    explorer.get_by_label("look").select_option("heat map")
    expect(explorer.locator(".middle canvas")).to_be_visible()

    heads = explorer.get_by_role("group", name="all layers and heads")
    expect(heads.locator("canvas")).to_have_count(72)
    first = heads.locator("canvas").first.element_handle()
    heads.get_by_role("button", name="layer 1, head 2", exact=True).focus()
    for key in ("ArrowDown", *["ArrowRight"] * 6, "Enter"):
        lab.page.keyboard.press(key)
    expect(says).to_contain_text("Layer 2, head 8 of")
    expect(heads.locator('[aria-pressed="true"]')).to_have_attribute("aria-label", "layer 2, head 8")
    expect(explorer).to_contain_text("Marked: layer 2, head 8.")
    assert first.evaluate("canvas => canvas.isConnected"), "the overview is drawn once for a sentence"

    line = explorer.get_by_label("sentence", exact=True)
    line.fill("the dog ran home")
    expect(says).to_contain_text("of “the dog ran home”")
    expect(explorer.locator(".wait")).to_have_text("")
    line.fill("")
    expect(explorer.locator(".atl-problem")).to_contain_text("The sentence is empty")
    line.press_sequentially("שלום 😀 it")
    line.press("Enter")
    expect(says).to_contain_text("“שלום 😀 it”")
    expect(explorer.locator(".atl-problem")).to_be_hidden()
    assert not (lab.root / "go_on").exists()
    expect(lab.page.locator(".jp-InputPrompt").nth(2)).to_have_text("[*]:")  # it still runs
    explorer.get_by_label("layer", exact=True).select_option("3")
    expect(says).to_contain_text("Layer 3, head 8")
    lab.page.wait_for_timeout(500)
    (lab.root / "go_on").touch()
    lab.page.wait_for_function("() => window.ran")
    expect(lab.reveal(2).locator(".jp-OutputArea-output")).to_have_text("3 8 שלום 😀 it")
    assert lab.failures() == []


def test_two_sentences_and_no_fault_in_light_or_dark(lab: Lab) -> None:
    lab.write(
        "bank.ipynb",
        CELLS[0],
        f"bank = AttentionExplorer({RIVER!r}, second={MONEY!r}, layer=1, head=4)\nbank",
        "bank.text = 'they sat on the bank'\nbank.layer = 99",
        "AttentionExplorer('film ' * 2000, look='heat map', layer=9)",
    )
    lab.open("bank.ipynb")
    lab.run_cell(0)
    lab.run_cell(1)
    explorer = lab.page.locator(".atl-attention").first
    says = explorer.locator(".atl-says")
    expect(says).to_contain_text("“bank” attends most to “river” (0.52)")
    expect(says).to_contain_text("“bank” attends most to “us” (0.74)")
    lab.theme("JupyterLab Dark")
    explorer.get_by_label("look").select_option("heat map")
    assert serious_faults(lab.page, ".atl-attention") == []
    lab.theme("JupyterLab Light")
    explorer.get_by_label("second sentence").fill("a new bank")
    expect(says).to_contain_text("In “a new bank”: “bank” attends")
    lab.run_cell(2)
    expect(says).to_contain_text("In “they sat on the bank”: “bank” attends")
    expect(explorer.get_by_label("sentence", exact=True)).to_have_value("they sat on the bank")
    expect(explorer.locator(".atl-problem")).to_contain_text("There is no layer 99: this model has 6")
    lab.run_cell(3)
    long = lab.reveal(3).locator(".atl-attention")
    expect(long.locator(".atl-problem")).to_contain_text("There is no layer 9")
    expect(long).to_contain_text("This text has 2,002 pieces with [CLS] and [SEP]")
    expect(long.locator(".asked li")).to_have_count(48)
    long.get_by_text("What every token attends to").click()
    expect(long.get_by_role("row")).to_have_count(49)
    assert serious_faults(lab.page, ".atl-attention") == []
    assert lab.failures() == []
