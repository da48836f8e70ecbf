"""Which large libraries a submission finds loaded. To import PyTorch takes seconds, and to fork a process that holds it
ten times as long as one that holds NumPy alone; so there is a fork server for each set of libraries that is wanted.

A library that a cell imports and never names again, as lessons import PyTorch for their own cells, is not wanted: it
loads when it is first used, which is then the same library, only later.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from functools import cache
from typing import Any

Room = tuple[str, ...]
"""Names of libraries, sorted."""

ALWAYS = ("numpy", "numpy.ma")
LIBRARIES: dict[str, tuple[str, ...]] = {
    "scipy": ("scipy.optimize", "scipy.special", "scipy.stats"),
    "torch": ("torch", "torch.nn.functional"),
    "transformers": ("torch", "torch.nn.functional", "transformers"),
}
"""What is loaded for each. Anything else a cell may import as well, but pays for each time: scikit-learn starts a thread,
and a fork of a process whose threads have worked may hang for ever."""


class Later(importlib.abc.MetaPathFinder):
    """Finds the libraries that are not loaded, so that each loads when something of it is first used."""

    def __init__(self) -> None:
        self.specs = not_loaded()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        found = self.specs.get(name)
        if found is None:
            return None
        again = importlib.util.spec_from_file_location(
            name, found.origin, submodule_search_locations=found.submodule_search_locations
        )
        if again is not None and again.loader is not None:
            again.loader = importlib.util.LazyLoader(again.loader)
        return again


@cache
def not_loaded() -> dict[str, importlib.machinery.ModuleSpec]:
    """Where the libraries lie that this process has not loaded. A fork server asks before it forks."""
    specs = {name: importlib.util.find_spec(name) for name in LIBRARIES if name not in sys.modules}
    return {name: spec for name, spec in specs.items() if spec is not None}
