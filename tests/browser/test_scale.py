"""ScaleExplorer in the browser."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from course_utils.widgets.scale import DRAWS, TRIES, WIDTHS, ScaleExplorer, scale_view, score_limit
from tests.browser.accessibility import serious_faults
from tests.browser.agreement import Module, differences
from tests.browser.lab import Lab

CELLS = (
    "from course_utils.widgets import ScaleExplorer",
    "explorer = ScaleExplorer(64)\nexplorer",
    "print(explorer.width, explorer.scaled, explorer.draw)",
)


@pytest.fixture(scope="module")
def module(bare_page: Page) -> Module:
    return Module(bare_page, "scale")


def plain(view: dict[str, Any]) -> dict[str, Any]:
    """Arrays and NumPy numbers as lists and numbers."""
    return {name: value.tolist() for name, value in view.items()}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(-500, 500), min_size=2, max_size=12), st.sampled_from(WIDTHS), st.booleans())
def test_browser_and_python_agree(module: Module, dots: list[float], width: int, scaled: bool) -> None:
    theirs = module.call("view", {"dots": dots, "width": width, "scaled": scaled})
    assert differences(plain(scale_view(dots, width, scaled)), theirs) == []
    assert module.call("scoreLimit", dots) == score_limit(dots)


def test_browser_and_python_say_the_same(module: Module) -> None:
    explorer = ScaleExplorer(seed=5)
    for place in range(0, 2 * len(WIDTHS)):
        explorer.width, explorer.scaled, explorer.draw = WIDTHS[place // 2], place % 2 == 1, place + 1
        dots = explorer._dots[place // 2, place].tolist()
        given_values = {"dots": dots, "width": explorer.width, "scaled": explorer.scaled}
        given_values |= {"average": explorer.average(), "tries": TRIES}
        assert module.call("sentence", given_values) == explorer.sentence()


def test_it_moves_by_keyboard_and_by_mouse_and_the_kernel_hears_of_it(lab: Lab) -> None:
    lab.write("scale.ipynb", *CELLS)
    lab.open("scale.ipynb")
    lab.run_all()
    explorer = lab.page.locator(".atl-scale")
    says = explorer.locator(".atl-says")
    python = ScaleExplorer(64)
    expect(says).to_have_text(python.sentence())

    explorer.get_by_label("width d").focus()
    lab.page.keyboard.press("End")
    python.width = 1024
    expect(says).to_have_text(python.sentence())
    winner = explorer.locator("tr.winner")
    expect(winner).to_have_count(1)
    expect(winner).to_contain_text(f"key {python.view()['winner'] + 1} wins")

    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Space")
    python.scaled = True
    expect(says).to_have_text(python.sentence())
    shares = explorer.locator(".keys tbody td:last-child").all_inner_texts()
    assert shares == [f"{share:.2f}" for share in python.view()["softmax"]]
    entropy = explorer.locator(".under tr", has_text="entropy").locator("td")
    expect(entropy.nth(0)).to_have_text(f"{python.view()['entropy']:.2f}")
    expect(entropy.nth(2)).to_have_text(f"{python.average()['entropy']:.2f}")

    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Enter")
    python.draw = 2
    expect(says).to_have_text(python.sentence())
    button = explorer.get_by_role("button", name="other vectors")
    for _ in range(DRAWS):  # once around
        button.click()
    expect(explorer.get_by_text("draw 2 of 20")).to_be_visible()
    picture = explorer.get_by_role("img")
    expect(picture).to_have_accessible_name(re.compile("At width 1024"))
    explorer.get_by_label("divide by √d").click()
    python.scaled = False
    expect(says).to_have_text(python.sentence())

    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        lab.theme(theme)
        assert serious_faults(lab.page, ".atl-scale") == []
    # What a screen reader hears comes after the kernel was told.
    expect(explorer.locator(".atl-heard[role=status]")).to_have_text(python.sentence())
    lab.set_source(2, "explorer.width = 16\nprint(explorer.scaled, explorer.draw)")
    lab.run_cell(2)
    python.width = 16
    expect(says).to_have_text(python.sentence())
    expect(lab.reveal(2).locator(".jp-OutputArea-output")).to_have_text(re.compile(r"^False 2\s*$"))


def test_bad_input_gets_a_message_and_the_explorer_lives(lab: Lab) -> None:
    lab.write(
        "bad.ipynb",
        CELLS[0],
        "explorer = ScaleExplorer(65, scaled='yes', seed=-1, draw=99)\nexplorer",
        "explorer.width = float('nan')",
    )
    lab.open("bad.ipynb")
    lab.run_cell(0)
    lab.run_cell(1)
    wrong = lab.page.locator(".atl-scale .atl-problem")
    for said in ("power of two", "one of True, False", "The seed is a whole number", "The draw is a whole"):
        expect(wrong).to_contain_text(said)
    says = lab.page.locator(".atl-scale .atl-says")
    expect(says).to_have_text(ScaleExplorer().sentence())
    lab.run_cell(2)
    expect(wrong).to_contain_text("This is nan")
    expect(says).to_have_text(ScaleExplorer().sentence())
    assert lab.failures() == []
    assert serious_faults(lab.page, ".atl-scale") == []
    lab.page.locator(".atl-scale").get_by_label("width d").focus()
    lab.page.keyboard.press("ArrowRight")
    expect(says).to_have_text(ScaleExplorer(128).sentence())
    expect(wrong).to_be_hidden()
