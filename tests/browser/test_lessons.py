"""Each lesson as it is handed out, in JupyterLab: run from top to bottom, its explorers moved, an exercise answered."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import serious_faults
from tests.browser.lab import PANEL, Lab

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "lessons").glob("*.ipynb"))
SECONDS = {"3_fine_tuning": 3000}
"""How long a lesson may take to run: lesson 3 trains several models."""

WRONG_THEN_RIGHT = {
    "1_attention": (
        "attention_scores",
        "def attention_scores(query, key):\n    return query @ key.transpose(-2, -1)",
        "not scaled",
        "def attention_scores(query, key):\n    return query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])",
    ),
    "4_logits_to_labels": (
        "softmax",
        "def softmax(logits, axis=-1):\n    powers = np.exp(logits - np.max(logits))\n    return powers / powers.sum()",
        "the whole array does",
        "def softmax(logits, axis=-1):\n    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))\n"
        "    return powers / powers.sum(axis=axis, keepdims=True)",
    ),
}


@pytest.fixture
def lesson(lab: Lab, request: pytest.FixtureRequest) -> Lab:
    """The tab with the lesson open, as a copy that may be saved."""
    path: Path = request.param
    shutil.copy(path, lab.root / path.name)
    lab.open(path.name)
    return lab


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem, indirect=True)
def test_a_lesson_runs_and_its_explorers_move(lesson: Lab, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.id
    lesson.run_all(timeout=SECONDS.get(name, 900))
    assert lesson.failures() == []
    explorers = lesson.cells_with_explorers()
    assert explorers, "the lesson has no explorer"
    for index in explorers:
        assert_it_moves(lesson, index)
    if name in WRONG_THEN_RIGHT:
        answer_wrongly_then_rightly(lesson, *WRONG_THEN_RIGHT[name])


def assert_it_moves(lab: Lab, index: int) -> None:
    """By keyboard and by mouse: what the explorer says is another thing after each."""
    explorer = lab.reveal(index).locator(".atl").first
    expect(explorer).to_be_visible()
    says = explorer.locator(".atl-says").first
    sliders = explorer.locator("input[type=range]:visible:enabled")
    moved = sliders.first if sliders.count() else explorer.locator("select:visible").first
    before = says.inner_text()
    moved.focus()
    lab.page.keyboard.press("End")
    if says.inner_text() == before:
        lab.page.keyboard.press("Home")
    expect(says).not_to_have_text(before)
    assert serious_faults(lab.page, ".atl") == []


def answer_wrongly_then_rightly(lab: Lab, name: str, wrong: str, advice: str, right: str) -> None:
    """Type an answer into the stub, run its check, and read the verdict off the page."""
    stub, check = lab.find_cell(f"def {name}("), lab.find_cell(f"ex.{name}.check({name})")
    for answer, verdict in (
        (wrong, rf"{name}: wrong[\s\S]*{re.escape(advice)}"),
        (right, rf"{name}: correct"),
    ):
        lab.reveal(stub)
        lab.set_source(stub, answer)
        lab.run_cell(stub)
        lab.run_cell(check)
        output = lab.reveal(check).locator(".jp-OutputArea-output")
        expect(output.first).to_contain_text(re.compile(verdict))


def test_a_picture_is_left_where_no_kernel_runs(lab: Lab) -> None:
    """A solution, opened and not run: each explorer is a picture with a sentence, and nothing complains."""
    shutil.copy(ROOT / "solutions" / "4_logits_to_labels.ipynb", lab.root / "solution.ipynb")
    lab.open("solution.ipynb")
    index = lab.find_cell("SoftmaxExplorer(")
    expect(lab.reveal(index).locator(".jp-RenderedImage img").first).to_be_visible()
    expect(lab.page.locator(PANEL)).not_to_contain_text("Error displaying widget")
