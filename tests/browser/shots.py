"""Screenshots of explorers, light and dark, wide and narrow, to be looked at:

    python -m tests.browser.shots FOLDER "from course_utils.widgets import SoftmaxExplorer; SoftmaxExplorer()"

A cell may have several lines, and several cells may be given; the last one's explorer is photographed.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.lab import Lab, jupyterlab, start_browser


def main(folder: Path, cells: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as root,
        jupyterlab(Path(root)) as address,
        sync_playwright() as playwright,
    ):
        browser = start_browser(playwright)
        for width in (1440, 1024):
            lab = Lab(browser, address, Path(root), width=width)
            lab.write("shots.ipynb", *cells)
            lab.open("shots.ipynb")
            lab.run_all()
            for theme in ("Light", "Dark"):
                lab.theme(f"JupyterLab {theme}")
                lab.page.wait_for_timeout(500)
                shot = folder / f"{theme.lower()}_{width}.png"
                lab.page.locator(".atl").last.screenshot(path=shot)
                print(shot)
            print(*lab.failures(), *lab.complaints, sep="\n")
            lab.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
