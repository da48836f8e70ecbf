"""What the pages of a report have in common: one static file, everything inline, light and dark, for screen and paper."""

import html
import os
from pathlib import Path

from course_utils.grading.summary import printable

MADE_BY = "course report"

STYLE = """
:root { color-scheme: light dark; --ground: #ffffff; --text: #1f2328; --soft: #57606a; --line: #d0d7de;
  --panel: #f6f8fa; --link: #0550ae; --correct: #1a7f37; --known: #9a6700; --other: #bc4c00; --raised: #a40e26; --none: #57606a; }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --text: #e6edf3; --soft: #9ba6b2; --line: #3d444d;
  --panel: #161b22; --link: #79b8ff; --correct: #3fb950; --known: #d29922; --other: #f0883e; --raised: #ff7b72; --none: #9ba6b2; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main, header, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.2rem; overflow-wrap: anywhere; }
header { padding-top: 1.6rem; } footer { padding: 1.5rem 1.2rem 3rem; color: var(--soft); }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; } h2 { font-size: 1.3rem; margin: 2.2rem 0 .5rem; }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .3rem; } p { margin: .4rem 0; max-width: 46rem; }
a { color: var(--link); } :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.soft { color: var(--soft); } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
table { border-collapse: collapse; margin: .4rem 0; } .grid { width: 100%; }
.grid th, .grid td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); }
.grid th.number, .grid td.number { text-align: right; } .grid thead th { color: var(--soft); font-weight: 600; }
.grid tbody th { font-weight: 600; } .grid th code { white-space: nowrap; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .92em; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
summary { cursor: pointer; color: var(--link); } details { margin: .4rem 0; } .scroll { overflow-x: auto; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .6rem; margin: 1rem 0; }
.facts div { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .8rem; }
.facts dt { color: var(--soft); font-size: .9rem; } .facts dd { margin: 0; font-size: 1.4rem; font-weight: 600; }
.warning { border-left: 4px solid var(--raised); background: var(--panel); padding: .5rem .9rem; margin: .8rem 0; max-width: 52rem; }
@media print { body { font-size: 10pt; } a { color: inherit; } section, tr, .keep { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; } nav { display: none; } }
@media (max-width: 40rem) { .grid { font-size: .92rem; } }
"""


def page(title: str, header: str, main: str, footer: str = "", style: str = "") -> str:
    """A whole page. `title` is text, the others are HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="{MADE_BY}">\n<title>{escaped(title)}</title>\n'
        f"<style>{STYLE}{style}</style>\n</head>\n<body>\n<header>{header}</header>\n<main>{main}</main>\n"
        + (f"<footer>{footer}</footer>\n" if footer else "")
        + "</body>\n</html>\n"
    )


def escaped(text: str) -> str:
    """Any text, whoever wrote it, as HTML."""
    return html.escape(text, quote=True)


def name(text: str) -> str:
    """A name that somebody chose, as HTML that can't turn the text around it the other way."""
    return f"<bdi>{escaped(printable(text))}</bdi>"


def count(number: int, one: str, many: str = "") -> str:
    """ "1 learner", "2 learners"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """ "62 %". Never 0 or 100 for what is only nearly so."""
    rounded = round(100 * share)
    if rounded == 100 and share < 1:
        return "over 99 %"
    if rounded == 0 and share > 0:
        return "under 1 %"
    return f"{rounded} %"


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all, whatever characters the text holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(text.encode("utf-8", "replace"))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
