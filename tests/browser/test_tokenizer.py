"""TokenizerExplorer in the browser: it cuts as the library does, on any text, and it lives in JupyterLab."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from course_utils.assets import checkpoints, reviews
from course_utils.widgets.tokenizer import TokenizerExplorer, tokenizer_view, vocabulary_of
from tests.browser.accessibility import serious_faults
from tests.browser.agreement import Module, differences
from tests.browser.lab import Lab

TOKENIZER = checkpoints.tokenizer()
DEFAULTS: dict[str, Any] = {
    "text": "",
    "pair": None,
    "max_length": None,
    "padding": False,
    "truncation": "longest_first",
    "windows": False,
    "stride": 2,
}
CELLS = (
    "from course_utils.widgets import TokenizerExplorer",
    "explorer = TokenizerExplorer('An unfathomably good film')\nexplorer",
    "print(explorer.text, explorer.max_length, explorer.truncation, explorer.windows)",
)

ODD_WORDS = st.sampled_from(
    (
        *(
            "film",
            "Unfathomably",
            "[MASK]",
            "[SEP]",
            "[mask]",
            "[CLS",
            "12,345",
            "don't",
            "good😀",
            "\r\n",
            " \t",
        ),
        *("東京", "한국", "שלום", "مرحبا", "Å", "İ", "ΣΑΣ", "e\u0301\u0323", "\u0301\U0001d165", "\u200b"),
        *("x" * 100, "é" * 101),
    )
)
# Blocks without marks that are newer than the library's tables: it takes such marks for letters, and where several
# follow each other, in an order that depends on what it knows of them.
COMMON = st.characters(max_codepoint=0x07BF, exclude_categories=["Cs"]) | st.characters(
    min_codepoint=0x1E00, max_codepoint=0xA6EF, exclude_categories=["Cs"]
)
MARKS = st.sampled_from(
    [chr(point) for point in range(0x3100) if unicodedata.category(chr(point)) in ("Mc", "Me", "Cf", "Cc")]
    + [chr(point) for point in range(0x3100) if unicodedata.decomposition(chr(point))]
)
TEXTS = st.lists(ODD_WORDS | COMMON | MARKS, max_size=25).map("".join)
SETTINGS = st.fixed_dictionaries(
    {
        "text": TEXTS,
        "pair": st.none() | st.none() | TEXTS,
        "max_length": st.none() | st.integers(1, 30),
        "padding": st.sampled_from([False, "max_length"]),
        "truncation": st.sampled_from(["longest_first", "longest_first", False, "only_first", "only_second"]),
        "windows": st.booleans(),
        "stride": st.integers(0, 8),
    }
)


class Cutter:
    """The explorer's JavaScript, with the vocabulary in the page already."""

    def __init__(self, page: Page) -> None:
        Module(page, "tokenizer")
        self.page = page
        page.evaluate("text => { window.vocabulary = text; }", vocabulary_of(TOKENIZER)["vocabulary"])

    def call(self, function: str, **given_settings: Any) -> Any:
        # As one text: the browser's driver takes long lists apart slowly.
        found = self.page.evaluate(
            """([name, given]) => {
                 try { return JSON.stringify(window.modules.tokenizer[name]({ ...given, vocabulary: window.vocabulary })); }
                 catch (error) { return JSON.stringify({ error: error.message }); } }""",
            [function, {**DEFAULTS, **given_settings}],
        )
        return json.loads(found)


@pytest.fixture(scope="module")
def cutter(bare_page: Page) -> Cutter:
    return Cutter(bare_page)


def in_python(**given_settings: Any) -> Any:
    try:
        return tokenizer_view(**{**DEFAULTS, **given_settings}, tokenizer=TOKENIZER)
    except ValueError as error:
        return {"error": str(error)}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(SETTINGS)
def test_browser_and_library_agree(cutter: Cutter, given_settings: dict[str, Any]) -> None:
    assert differences(in_python(**given_settings), cutter.call("view", **given_settings)) == []


def test_browser_and_library_agree_on_real_reviews(cutter: Cutter) -> None:
    for text in reviews.load()["train"]["text"][:400]:
        assert differences(in_python(text=text), cutter.call("view", text=text)) == []
    for text in reviews.load("imdb")["validation"]["text"][:20]:
        windows = {"text": text, "windows": True, "stride": 128}
        assert differences(in_python(**windows), cutter.call("view", **windows)) == []


def test_browser_and_library_agree_on_each_character(cutter: Cutter) -> None:
    points = [*range(0x3400), *range(0xA000, 0xAC00), *range(0xF900, 0x17000), *range(0x1AFF0, 0x20010)]
    for start in range(0, len(points), 10_000):
        text = " ".join(f"b{chr(point)}b" for point in points[start : start + 10_000])
        given_settings = {"text": text, "truncation": False}
        ours, theirs = (
            in_python(**given_settings)["rows"][0],
            cutter.call("view", **given_settings)["rows"][0],
        )
        wrong = [
            f"U+{ord(text[span[0]]):04X}"
            for span, one, other in zip(ours["offsets"], ours["pieces"], theirs["pieces"], strict=False)
            if one != other
        ]
        assert wrong[:1] == []
        assert ours == theirs


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(SETTINGS)
def test_browser_and_python_say_the_same(cutter: Cutter, given_settings: dict[str, Any]) -> None:
    explorer = TokenizerExplorer(**given_settings)
    if explorer.problem:
        assert cutter.call("view", **given_settings)["error"] == explorer.problem
    else:
        assert cutter.call("sentence", **given_settings) == explorer.sentence()


def test_it_answers_to_typing_and_to_the_mouse_and_the_kernel_hears_of_it(lab: Lab) -> None:
    lab.write("tokenizer.ipynb", *CELLS)
    lab.open("tokenizer.ipynb")
    lab.run_all()
    explorer = lab.page.locator(".atl-tokenizer")
    says, wrong, pieces = (
        explorer.locator(".atl-says"),
        explorer.locator(".atl-problem"),
        explorer.locator(".piece:visible"),
    )
    expect(says).to_contain_text("4 words, marks counted, become 9 pieces")
    expect(pieces).to_have_text(
        [
            "[CLS]1010 · 1",
            "an20190 · 1",
            *["un48950 · 1", "##fat277530 · 1", "##hom233930 · 1"],
            *["##ably82310 · 1", "good22040 · 1", "film21430 · 1", "[SEP]1020 · 1"],
        ]
    )

    # By keyboard: from piece to piece, and each shows where it came from.
    explorer.locator(".piece[tabindex='0']").focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("ArrowRight")
    expect(explorer.locator(".about")).to_have_text(
        "##fat, 4 of 9: id 27753, token type 0, attention mask 1, characters 5 to 8: 'fat', word 1"
    )
    expect(explorer.locator(".written .lit")).to_have_text("fat")
    expect(explorer.locator(".piece[aria-selected='true']")).to_have_count(1)
    lab.page.keyboard.press("End")
    expect(explorer.locator(".about")).to_contain_text("[SEP], 9 of 9: id 102")
    expect(explorer.locator(".written .lit")).to_have_count(0)
    pieces.nth(1).hover()
    expect(explorer.locator(".written .lit")).to_have_text("An")

    # Typing, with a line break, and a letter with an accent of its own.
    text = explorer.get_by_label("text", exact=True)
    text.focus()
    lab.page.keyboard.press("Control+End")
    lab.page.keyboard.type("\n[MASK] CAFE\u0301!")
    expect(says).to_contain_text("7 words, marks counted, become 12 pieces")
    expect(pieces.nth(8)).to_contain_text("[MASK]")

    # Truncation by the slider, and what was cut off.
    limit = explorer.get_by_label("max_length", exact=True)
    limit.focus()
    lab.page.keyboard.press("Home")
    for _ in range(6):
        lab.page.keyboard.press("ArrowRight")
    expect(says).to_contain_text("Cut off: 4 pieces.")
    expect(explorer.locator(".piece.gone:visible")).to_have_count(4)
    expect(explorer.locator(".written .gone")).to_have_text(["film", "[MASK]", "CAFE", "!"])
    pad = explorer.get_by_label("pad to max_length")
    pad.check()

    # A second text; what doesn't go together with it is said, and the last good picture stays.
    explorer.get_by_label("with a second text").check()
    expect(wrong).to_be_hidden()
    explorer.get_by_label("second text", exact=True).fill("So dull, so very dull")
    expect(says).to_contain_text("[CLS] and two [SEP] included")
    good = says.inner_text()
    explorer.get_by_label("windows", exact=True).check()
    expect(wrong).to_contain_text("Windows are of one text here")
    expect(says).to_have_text(good)
    explorer.get_by_label("with a second text").uncheck()
    expect(wrong).to_be_hidden()
    expect(says).to_contain_text(
        "2 windows of at most 8 pieces, [CLS] and [SEP] included; neighbours share 2."
    )
    expect(explorer.locator(".piece.shared:visible")).to_have_count(2)
    expect(explorer.locator(".heading:visible").nth(2)).to_have_text(
        "window 2 of 2 · its first 2 are in window 1 too"
    )
    stride = explorer.get_by_label("stride")
    stride.focus()
    lab.page.keyboard.press("End")
    expect(wrong).to_contain_text("there is no step forward")
    lab.page.keyboard.press("Home")
    expect(wrong).to_be_hidden()
    expect(says).to_contain_text("neighbours share 0")
    explorer.get_by_text("All numbers as a table").click()
    expect(explorer.locator("tbody tr").nth(3)).to_contain_text("window 1, 4##fat27753015–8fat1")
    assert serious_faults(lab.page, ".atl-tokenizer") == []
    lab.theme("JupyterLab Dark")
    pieces.nth(3).hover()
    assert serious_faults(lab.page, ".atl-tokenizer") == []
    lab.theme("JupyterLab Light")
    lab.page.wait_for_timeout(200)  # the kernel is told when the moves have stopped
    lab.run_cell(2)
    expect(lab.reveal(2).locator(".jp-OutputArea-output")).to_contain_text("CAFE\u0301! 8 longest_first True")


def test_odd_input_gets_a_message_and_the_explorer_lives(lab: Lab) -> None:
    made = [
        "TokenizerExplorer(None)",
        "TokenizerExplorer('a b c', windows=True, max_length=5, stride=9)",
        "TokenizerExplorer('')",
        "TokenizerExplorer('unfilmable ' * 910)",
        "changed = TokenizerExplorer('שלום עולם, 12')\nchanged",
        "changed.max_length = 1\nchanged.pair, changed.windows = 'two', True",
        "changed.pair = None",
    ]
    lab.write("odd.ipynb", CELLS[0], *made)
    lab.open("odd.ipynb")
    lab.run_all()
    assert lab.failures() == []

    def explorer(index: int) -> Any:
        return lab.reveal(index).locator(".atl-tokenizer")

    expect(explorer(1).locator(".atl-problem")).to_contain_text("The text is a string. This is None")
    expect(explorer(2).locator(".atl-problem")).to_contain_text("there is no step forward")
    expect(explorer(2).locator(".atl-says")).to_contain_text("3 words")
    empty = explorer(3)
    expect(empty.locator(".atl-says")).to_contain_text("There is nothing to cut into pieces.")
    expect(empty.locator(".piece:visible")).to_have_text(["[CLS]1010 · 1", "[SEP]1020 · 1"])
    empty.get_by_label("text", exact=True).fill("films")
    expect(empty.locator(".atl-says")).to_contain_text("1 word, marks counted, becomes 3 pieces")
    long = explorer(4)
    expect(long.locator(".atl-says")).to_contain_text("Cut off: 2220 pieces.")
    expect(long.locator(".more:visible")).to_contain_text(
        [" more characters", "352 more pieces", "2180 more pieces"]
    )
    assert long.locator(".piece:visible").count() == 200
    long.get_by_label("text", exact=True).fill("x" * 100_001)
    expect(long.locator(".atl-problem")).to_contain_text("up to 100,000 characters. These are 100,001")
    moved = explorer(5)
    # What Python set last was right again, so the message is gone.
    expect(moved.locator(".atl-problem")).to_be_hidden()
    expect(moved.locator(".written").first).to_have_css("direction", "rtl")
    expect(moved.locator(".pieces").first).to_have_css("direction", "ltr")
    first, second = (
        moved.locator(".piece").nth(1).bounding_box(),
        moved.locator(".piece").nth(2).bounding_box(),
    )
    assert first is not None
    assert second is not None
    assert first["x"] < second["x"]
