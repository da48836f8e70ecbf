"""ScheduleExplorer in the browser."""

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from course_utils.widgets.schedule import PEAKS, ScheduleExplorer, in_short, schedule_view
from tests.browser.accessibility import serious_faults
from tests.browser.agreement import Module, differences
from tests.browser.lab import Lab

CELLS = (
    "from course_utils.widgets import ScheduleExplorer",
    "explorer = ScheduleExplorer()\nexplorer",
    "print(explorer.peak, explorer.warmup, explorer.steps, explorer.step)",
)


@pytest.fixture(scope="module")
def module(bare_page: Page) -> Module:
    return Module(bare_page, "schedule")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(*PEAKS), st.floats(0, 1), st.integers(10, 300), st.floats(0, 1))
@example(2e-4, 0.1, 80, 0.5)
@example(1e-5, 0.0, 10, 0.0)
@example(1e-2, 1.0, 10, 1.0)
@example(1e-3, 0.9, 10, 0.9)
@example(1e-3, 0.29, 100, 1.0)
@example(1e-4, 0.5, 2000, 1.0)
def test_browser_and_python_agree(
    module: Module, peak: float, warmup: float, steps: int, place: float
) -> None:
    step = round(place * (steps - 1))
    given_values = {"peak": peak, "warmup": warmup, "steps": steps, "step": step}
    theirs = module.call("view", given_values)
    # Rates are small, so the tolerance is too.
    assert differences(schedule_view(peak, warmup, steps, step), theirs, tolerance=1e-15) == []
    explorer = ScheduleExplorer(peak, warmup, steps, step)
    assert module.call("sentence", given_values) == explorer.sentence()
    explorer.close()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(1e-9, 1e-2))
@example(0.0)
@example(1e-4)
@example(9.95e-5)
@example(1e-5)
@example(1e-6)
def test_browser_and_python_write_rates_alike(module: Module, rate: float) -> None:
    assert module.call("inShort", rate) == in_short(rate)


def test_it_moves_by_keyboard_and_by_mouse_and_the_kernel_hears_of_it(lab: Lab) -> None:
    lab.write("schedule.ipynb", *CELLS)
    lab.open("schedule.ipynb")
    lab.run_all()
    explorer = lab.page.locator(".atl-schedule")
    says = explorer.locator(".atl-says")
    python = ScheduleExplorer()
    expect(says).to_have_text(python.sentence())
    curve = explorer.locator(".curve")
    first = curve.get_attribute("d")

    cursor = explorer.get_by_label("look at step")
    cursor.focus()
    for _ in range(3):
        lab.page.keyboard.press("ArrowRight")
    python.step = 43
    expect(says).to_have_text(python.sentence())
    expect(explorer.get_by_text("step 43: 0.0001", exact=True)).to_be_visible()

    picture = explorer.get_by_role("img")
    box = picture.bounding_box()
    assert box is not None
    # The axis runs from 58 to 622 of the picture's 640 units.
    for step in (8, 60):
        lab.page.mouse.move(
            box["x"] + box["width"] * (58 + 564 * step / 80) / 640, box["y"] + box["height"] / 2
        )
        python.step = step
        expect(says).to_have_text(python.sentence())
        expect(cursor).to_have_value(str(step))
    expect(picture).to_have_accessible_name(re.compile("0.0002 at step 8, 5.6e-5 at step 60"))
    lab.page.mouse.move(0, 0)

    lab.page.keyboard.press("End")
    python.step = 79
    expect(says).to_have_text(python.sentence())
    explorer.get_by_label("warm-up").focus()
    lab.page.keyboard.press("End")
    python.warmup = 1
    expect(says).to_have_text(python.sentence())
    expect(explorer.get_by_text("peak 0.0002, not reached")).to_be_visible()
    lab.page.keyboard.press("Home")
    python.warmup = 0
    expect(says).to_have_text(python.sentence())
    expect(explorer.get_by_text("peak 0.0002 at step 0")).to_be_visible()
    assert curve.get_attribute("d") != first

    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("End")
    python.peak = 0.01
    expect(says).to_have_text(python.sentence())
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Home")
    python.steps = 10
    assert python.step == 9
    expect(says).to_have_text(python.sentence())
    explorer.get_by_text("The numbers").click()
    expect(explorer.locator("tbody tr")).to_have_count(10)
    expect(explorer.locator("tbody tr").last).to_have_text("90.1000.001")

    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        lab.theme(theme)
        assert serious_faults(lab.page, ".atl-schedule") == []
    # What a screen reader hears comes after the kernel was told.
    expect(explorer.locator(".atl-heard[role=status]")).to_have_text(python.sentence())
    lab.run_cell(2)
    expect(lab.reveal(2).locator(".jp-OutputArea-output")).to_have_text(re.compile(r"^0\.01 0\.0 10 9\s*$"))
    lab.set_source(2, "explorer.steps = 500; explorer.step = 321; explorer.steps = 200")
    lab.run_cell(2)
    python.steps, python.step = 200, 199
    expect(says).to_have_text(python.sentence())


def test_bad_input_gets_a_message_and_the_explorer_lives(lab: Lab) -> None:
    lab.write(
        "bad.ipynb",
        CELLS[0],
        "explorer = ScheduleExplorer(float('nan'), warmup=8, steps=0, step='last')\nexplorer",
        "explorer.step = 99",
    )
    lab.open("bad.ipynb")
    lab.run_cell(0)
    lab.run_cell(1)
    wrong = lab.page.locator(".atl-schedule .atl-problem")
    for said in (
        "The peak of the learning rate",
        "share of the steps",
        "The number of steps",
        "The step is a",
    ):
        expect(wrong).to_contain_text(said)
    says = lab.page.locator(".atl-schedule .atl-says")
    expect(says).to_have_text(ScheduleExplorer().sentence())
    lab.run_cell(2)
    expect(wrong).to_contain_text("a whole number from 0 to 79. This is 99")
    assert lab.failures() == []
    assert serious_faults(lab.page, ".atl-schedule") == []
    lab.page.locator(".atl-schedule").get_by_label("look at step").focus()
    lab.page.keyboard.press("ArrowLeft")
    expect(says).to_have_text(ScheduleExplorer(step=39).sentence())
    expect(wrong).to_be_hidden()
