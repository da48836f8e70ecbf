"""The class page and a feedback page as files in a real browser: no request leaves, and axe-core finds nothing serious."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from course_utils.grading.class_page import class_page
from course_utils.grading.feedback_page import feedback_page
from course_utils.grading.summary import summary
from tests.browser.accessibility import serious_faults
from tests.grading.made_up import mark, mistaken, record, unreadable


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A class in which there is something of everything."""
    records = [
        *(
            record(f"a{number}/4.ipynb", mark("softmax"), mistaken("decode", "swapped"))
            for number in range(12)
        ),
        *(
            record(f"c{n}/4.ipynb", *(mark(f"exercise_{j}", fingerprint=f"{max(n, 1)}{j}") for j in range(7)))
            for n in range(9)
        ),
        record(
            "b/4.ipynb",
            mark(
                "softmax", "raised", finding="TypeError: no.", step="raised", evidence=[["logits", "[1, 2]"]]
            ),
            mark("decode", "not attempted"),
            mark("macro_f1", "wrong", step="differs", notes=["It also changes its input: matrix."]),
            isolation=[],
            suspicions=["cell 2 uses `ctypes`"],
            notes=["cell 2: OSError: no"],
        ),
        record("b/3.ipynb", mark("cross_entropy", lesson=3)),
        unreadable("b/5.ipynb", "It is a picture."),
    ]
    found = summary(records)
    assert found.alike
    folder = tmp_path_factory.mktemp("pages")
    learner = next(one for one in found.learners if one.name == "b")
    written = {"class": class_page(found), "feedback": feedback_page(learner)}
    for name, html in written.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in written}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["class", "feedback"])
def test_a_page_is_accessible_and_asks_for_nothing(
    browser: Browser, pages: dict[str, Path], name: str, scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 400, "height": 800})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: asked.append(str(error)))
    page.goto(pages[name].as_uri())
    assert asked == [pages[name].as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert serious_faults(page, "body") == []
    context.close()


def test_what_is_folded_opens_by_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(pages["class"].as_uri())
    who = page.locator("#misconceptions details").first
    assert not who.locator("a").first.is_visible()
    who.locator("summary").focus()
    page.keyboard.press("Enter")
    assert who.locator("a").first.is_visible()
    page.close()
