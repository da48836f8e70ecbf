"""Figures that take longer to make than a lesson has time for. Each was written by a script in benchmarks/."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

FOLDER = Path(str(resources.files(__name__)))


def load(name: str) -> dict[str, Any]:
    """The figures of that name, with the script that wrote them.

    Raises:
        FileNotFoundError: no script has written figures of that name.
    """
    try:
        return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(sorted(path.stem for path in FOLDER.glob("*.json"))) or "none"
        raise FileNotFoundError(f"There are no figures called {name!r}. There are: {there}.") from None


def keep(name: str, figures: dict[str, Any]) -> None:
    """For the scripts in benchmarks/: write figures beside their place, then rename."""
    text = json.dumps(figures, indent=1) + "\n"
    unfinished = FOLDER / f".{name}.json"
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(FOLDER / f"{name}.json")
