"""The browser of these tests: skipped where there is none, unless `REQUIRE_BROWSER=1` says that there must be."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed: make test installs it")

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.lab import Lab, chromium, jupyterlab, start_browser


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if chromium() is None:
        reason = "no Chromium or Chrome was found: install one, or name it in the variable CHROMIUM"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"REQUIRE_BROWSER=1, but {reason}")
        pytest.skip(reason)
    # Closed with the last of these tests, since its event loop would be in the way of other tests' own.
    with sync_playwright() as playwright:
        started = start_browser(playwright)
        yield started
        started.close()


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[tuple[str, Path]]:
    root = tmp_path_factory.mktemp("served")
    with jupyterlab(root) as address:
        yield address, root


@pytest.fixture
def lab(browser: Browser, served: tuple[str, Path]) -> Iterator[Lab]:
    tab = Lab(browser, *served)
    yield tab
    tab.close()
    assert tab.complaints == []


@pytest.fixture(scope="package")
def bare_page(browser: Browser) -> Iterator[Page]:
    """A page without JupyterLab, in which an explorer's JavaScript can be called."""
    page = browser.new_page()
    page.goto("about:blank")
    yield page
    page.close()
