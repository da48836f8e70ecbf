"""SoftmaxExplorer in the browser."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from course_utils.widgets.softmax import SoftmaxExplorer, softmax_view
from tests.browser.accessibility import serious_faults
from tests.browser.agreement import Module, differences
from tests.browser.lab import Lab

CELLS = (
    "from course_utils.widgets import SoftmaxExplorer",
    "explorer = SoftmaxExplorer([2.0, 1.0, -1.0])\nexplorer",
    "print(explorer.logits[0], explorer.temperature, explorer.shift)",
)


@pytest.fixture(scope="module")
def module(bare_page: Page) -> Module:
    return Module(bare_page, "softmax")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(-1000, 1000), min_size=2, max_size=8), st.floats(0.1, 10), st.integers(-1000, 1000))
def test_browser_and_python_agree(
    module: Module, logits: list[float], temperature: float, shift: int
) -> None:
    theirs = module.call("view", {"logits": logits, "temperature": temperature, "shift": shift})
    assert differences(softmax_view(logits, temperature, shift), theirs) == []


@pytest.mark.parametrize(
    ("temperature", "shift"), [(1.0, 0), (0.1, 0), (10.0, 1000), (1.0, 1000), (1.0, -740)]
)
def test_browser_and_python_say_the_same(module: Module, temperature: float, shift: int) -> None:
    explorer = SoftmaxExplorer([2.0, 1.0, -1.0], temperature=temperature, shift=shift)
    given_values = {
        "names": explorer.names,
        "logits": explorer.logits,
        "temperature": temperature,
        "shift": shift,
    }
    assert module.call("sentence", given_values) == explorer.sentence()


def test_it_moves_by_keyboard_and_by_mouse_and_the_kernel_hears_of_it(lab: Lab) -> None:
    lab.write("softmax.ipynb", *CELLS)
    lab.open("softmax.ipynb")
    lab.run_all()
    explorer = lab.page.locator(".atl-softmax")
    says = explorer.locator(".atl-says")
    expect(says).to_contain_text("A 0.71, B 0.26, C 0.04")
    logit = explorer.get_by_label("logit of A")
    logit.focus()
    for _ in range(10):
        lab.page.keyboard.press("ArrowLeft")
    expect(says).to_contain_text("Logits 1.00, 1.00, -1.00")
    expect(says).to_contain_text("A 0.47, B 0.47, C 0.06")
    shift = explorer.get_by_label("added to all logits")
    box = shift.bounding_box()
    assert box is not None
    lab.page.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    expect(says).to_contain_text("The formula as written gives nan")
    lab.page.wait_for_timeout(500)
    lab.run_cell(2)
    expect(lab.reveal(2).locator(".jp-OutputArea-output")).to_have_text(
        re.compile(r"^1\.0 1\.0 (9\d\d|1000)\.0\s*$")
    )
    assert serious_faults(lab.page, ".atl-softmax") == []


def test_bars_can_be_dragged_and_softmax_shares_what_the_sigmoid_does_not(lab: Lab) -> None:
    lab.write("bars.ipynb", *CELLS)
    lab.open("bars.ipynb")
    lab.run_cell(0)
    lab.run_cell(1)
    lab.theme("JupyterLab Dark")
    explorer = lab.page.locator(".atl-softmax")
    says, sums = explorer.locator(".atl-says"), explorer.locator("tfoot td.figure")
    expect(sums).to_have_text(["1.000", "1.000", "1.881"])
    bars = explorer.locator(".bar")
    bars.nth(0).hover()
    lab.page.mouse.down()
    box = bars.nth(0).bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 5)
    lab.page.mouse.up()
    expect(says).to_contain_text("A 0.10, B 0.80, C 0.11")
    bars.nth(5).hover()
    lab.page.mouse.down()
    lab.page.mouse.up()
    expect(says).to_contain_text(re.compile(r"Sigmoid, each alone: 0\.\d\d, 0\.73, 0\.5\d"))
    bars.nth(2).hover()
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 3 * box["width"], box["y"] + 5)
    lab.page.mouse.up()
    expect(says).to_contain_text("B 1.00")
    expect(sums.first).to_have_text("1.000")
    assert serious_faults(lab.page, ".atl-softmax") == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(-50, 50), min_size=2, max_size=8), st.floats(0.1, 10), st.floats(0.001, 0.999))
def test_a_dragged_bar_finds_its_logit(
    module: Module, logits: list[float], temperature: float, share: float
) -> None:
    logits[0] = module.call("logitFor", share, 0, {"logits": logits, "temperature": temperature})
    assert abs(softmax_view(logits, temperature)["softmax"][0] - share) < 1e-6


def test_bad_input_gets_a_message_and_the_explorer_lives(lab: Lab) -> None:
    cells = [
        ("SoftmaxExplorer([float('nan'), 1.0])", "Number 1 of yours is nan"),
        ("SoftmaxExplorer([1.0, 1e30])", "Logits from -1,000,000 to 1,000,000"),
        ("SoftmaxExplorer([1.0])", "a list of 2 to 8 numbers"),
        ("SoftmaxExplorer('abc')", "finite numbers"),
        ("SoftmaxExplorer([1, 2], temperature=0)", "The temperature is a number from 0.1 to 10"),
    ]
    lab.write("bad.ipynb", CELLS[0], *(made for made, _ in cells))
    lab.open("bad.ipynb")
    lab.run_all()
    assert lab.failures() == []
    for place, (_, said) in enumerate(cells, start=1):
        cell = lab.reveal(place)
        expect(cell.locator(".atl-problem")).to_contain_text(said)
        before = cell.locator(".atl-says").inner_text()
        cell.locator(".atl-softmax input[type=range]").nth(1).focus()
        lab.page.keyboard.press("ArrowRight")
        expect(cell.locator(".atl-says")).not_to_have_text(before)
