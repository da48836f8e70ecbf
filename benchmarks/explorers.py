"""How long an explorer takes to answer in JupyterLab in Chromium, beside `interact` with matplotlib in the same run.

    python -m benchmarks.explorers

From the key's `keydown` to the first frame after the page has changed, in milliseconds, measured in the page itself.
Half a frame to two frames of it (8 to 33 ms) is waiting for the screen, whatever the explorer does. Writes
explorers.json beside itself.
"""

import json
import os
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright
from tqdm import tqdm

from tests.browser.lab import PANEL, Lab, jupyterlab, start_browser

MOVES = 40


@dataclass(frozen=True)
class Subject:
    """Something to move: the cells that show it, the control that gets the keys, and what is seen to change."""

    name: str
    cells: tuple[str, ...]
    control: str
    changes: str
    keys: tuple[str, str] = ("ArrowRight", "ArrowLeft")
    attribute: str = "text"


SOME_PREDICTIONS = """
import numpy as np
generator = np.random.default_rng(0)
labels = generator.integers(0, 2, 1000)
logits = generator.normal(size=(1000, 2)) + 2.5 * np.eye(2)[labels]
powers = np.exp(logits); probabilities = powers / powers.sum(axis=1, keepdims=True)
from course_utils.assets import reviews
texts = list(reviews.load()["test"]["text"])
"""

SUBJECTS = (
    Subject(
        "interact with matplotlib",
        (
            "%matplotlib inline\nimport matplotlib.pyplot as plt, numpy as np\nfrom ipywidgets import interact, IntSlider",
            "@interact(head=IntSlider(0, 0, 100))\ndef show(head):\n"
            "    plt.imshow(np.random.default_rng(head).random((20, 20))); plt.show()",
        ),
        ".widget-slider .noUi-handle",
        ".jp-RenderedImage img",
        attribute="src",
    ),
    Subject(
        "AttentionExplorer",
        (
            "from course_utils.widgets import AttentionExplorer",
            "AttentionExplorer('the cat sat on the mat because it was tired .')",
        ),
        ".atl select",
        ".atl .atl-says",
        ("ArrowDown", "ArrowUp"),
    ),
    Subject(
        "ScaleExplorer",
        ("from course_utils.widgets import ScaleExplorer", "ScaleExplorer()"),
        ".atl input[type=range]",
        ".atl .atl-says",
    ),
    Subject(
        "TokenizerExplorer",
        (
            "from course_utils.widgets import TokenizerExplorer",
            "TokenizerExplorer('an unfathomably overwrought film , but the acting is splendid throughout .')",
        ),
        ".atl input[type=text], .atl textarea",
        ".atl .atl-says",
        ("x", "Backspace"),
    ),
    Subject(
        "ScheduleExplorer",
        ("from course_utils.widgets import ScheduleExplorer", "ScheduleExplorer(steps=1000)"),
        ".atl input[type=range]",
        ".atl .atl-says",
    ),
    Subject(
        "SoftmaxExplorer",
        ("from course_utils.widgets import SoftmaxExplorer", "SoftmaxExplorer()"),
        ".atl td input[type=range]",
        ".atl .atl-says",
    ),
    Subject(
        "ThresholdExplorer",
        (
            SOME_PREDICTIONS,
            "from course_utils.widgets import ThresholdExplorer",
            "ThresholdExplorer(probabilities, labels, texts)",
        ),
        ".atl input[type=range]",
        ".atl .atl-says",
    ),
    Subject(
        "CalibrationExplorer",
        (
            SOME_PREDICTIONS,
            "from course_utils.widgets import CalibrationExplorer",
            "CalibrationExplorer(logits, labels)",
        ),
        ".atl input[type=range]",
        ".atl .atl-says",
    ),
)

LISTEN = """() => { document.addEventListener('keydown', () => { window.pressed ??= performance.now(); }, true); }"""
WATCH = """([selector, attribute]) => {
  window.pressed = null;
  const read = () => {
    const found = document.querySelector(selector);
    return found && (attribute === 'text' ? found.textContent : found.getAttribute(attribute));
  };
  const before = read();
  window.answered = new Promise((resolve, reject) => {
    const started = performance.now();
    const look = () => {
      if (read() !== null && read() !== before) requestAnimationFrame(() => resolve(performance.now() - window.pressed));
      else if (performance.now() - started > 20000) reject(new Error('nothing changed in 20 seconds'));
      else requestAnimationFrame(look);
    };
    look();
  });
}"""


def times(lab: Lab, subject: Subject) -> list[float]:
    """Milliseconds of each move, of which each second one goes back."""
    name = f"{subject.name.replace(' ', '_')}.ipynb"
    lab.write(name, *subject.cells)
    lab.open(name)
    lab.run_all()
    if lab.failures():
        raise RuntimeError(f"{subject.name}: {lab.failures()}")
    control = lab.page.locator(f"{PANEL} {subject.control}").first
    control.wait_for()
    control.focus()
    lab.page.evaluate(LISTEN)
    found = []
    for move in tqdm(range(MOVES), desc=subject.name):
        lab.page.evaluate(WATCH, [f"{PANEL} {subject.changes}", subject.attribute])
        lab.page.keyboard.press(subject.keys[move % 2])
        found.append(lab.page.evaluate("() => window.answered"))
        # What the kernel is told afterwards must not fall into the next move.
        lab.page.wait_for_timeout(200)
    return found


def main() -> None:
    found = {}
    with (
        tempfile.TemporaryDirectory() as root,
        jupyterlab(Path(root)) as address,
        sync_playwright() as playwright,
    ):
        browser = start_browser(playwright)
        for subject in SUBJECTS:
            lab = Lab(browser, address, Path(root))
            moves = times(lab, subject)
            lab.close()
            found[subject.name] = {
                "median_ms": round(statistics.median(moves), 1),
                "p95_ms": round(float(np.quantile(moves, 0.95)), 1),
            }
        version = browser.version
        browser.close()
    slow = found["interact with matplotlib"]["median_ms"]
    for name, figures in found.items():
        figures["share_of_interact"] = round(figures["median_ms"] / slow, 2)
        print(
            f"{name:26} median {figures['median_ms']:6.1f} ms   95th percentile {figures['p95_ms']:6.1f} ms   "
            f"{figures['share_of_interact']:.2f} of interact"
        )
    report = {"moves": MOVES, "chromium": version, "cores": os.cpu_count(), "found": found}
    Path(__file__).with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
