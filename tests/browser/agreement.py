"""Call an explorer's own JavaScript functions, and compare what they give with what Python gives."""

import math
from typing import Any

import numpy as np
from playwright.sync_api import Page

from course_utils.widgets.base import script


class Module:
    """An explorer's JavaScript module, loaded once into a page."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name
        page.evaluate(
            """async ([name, text]) => {
                 const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
                 (window.modules ??= {})[name] = await import(address);
               }""",
            [name, script(name)],
        )

    def call(self, function: str, *arguments: Any) -> Any:
        """What an exported function gives. Arrays arrive as lists."""
        return self.page.evaluate(
            """([name, fn, given]) => {
                 const plain = value => ArrayBuffer.isView(value) ? Array.from(value)
                   : Array.isArray(value) ? value.map(plain)
                   : value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
                   : value;
                 return plain(window.modules[name][fn](...given)); }""",
            [self.name, function, list(arguments)],
        )


def differences(ours: Any, theirs: Any, place: str = "", tolerance: float = 1e-6) -> list[str]:
    """Where two plain structures differ by more than the tolerance, relative above 1 and absolute below it."""
    if isinstance(ours, np.ndarray | np.generic):
        ours = ours.tolist()
    if isinstance(ours, dict):
        if not isinstance(theirs, dict) or set(ours) != set(theirs):
            return [f"{place}: {ours!r} and {theirs!r}"]
        return [
            line for key in ours for line in differences(ours[key], theirs[key], f"{place}.{key}", tolerance)
        ]
    if isinstance(ours, list | tuple):
        if not isinstance(theirs, list) or len(ours) != len(theirs):
            return [f"{place}: {ours!r} and {theirs!r}"]
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [line for n, (a, b) in pairs for line in differences(a, b, f"{place}[{n}]", tolerance)]
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (ours, theirs))
    if numeric:
        if math.isnan(ours) and math.isnan(theirs):
            return []
        if ours == theirs or abs(ours - theirs) <= tolerance * max(1.0, abs(ours)):
            return []
    elif ours == theirs and type(ours) is type(theirs):
        return []
    return [f"{place}: {ours!r} and {theirs!r}"]
