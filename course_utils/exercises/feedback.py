"""A verdict, a hint or a solution, as text and as HTML.

Nothing is said by colour alone, and the text form says all that the HTML form says.
"""

import html
import re
import sys
from dataclasses import dataclass
from typing import Any

from course_utils.exercises.verdict import CORRECT, Verdict

SIGNS = {"correct": "✓", "wrong": "✗", "raised": "!", "not attempted": "…"}
STRIPES = {"correct": "#1a7f37", "wrong": "#b35900", "raised": "#a40e26", "not attempted": "#57606a"}


class NotPassed(Exception):
    """Raised by a check that is not passed, so that whatever runs the notebook can see it.

    In a notebook it shows as one line, without a traceback: the verdict above it says the rest.
    """

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.text)
        self.verdict = verdict

    def _render_traceback_(self) -> list[str]:
        return [
            f"{self.verdict.exercise}: {self.verdict.outcome}. The message above says why and what to try next."
        ]


@dataclass(frozen=True)
class Message:
    """A titled note with an optional piece of code or a small table."""

    title: str
    body: str = ""
    code: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    """(what, value) pairs."""

    @property
    def text(self) -> str:
        rows = [_text_row(what, value) for what, value in self.rows]
        return "\n".join(part for part in (self.title, self.body, self.code, *rows) if part)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        code = f"<pre>{html.escape(self.code)}</pre>" if self.code else ""
        body = f"<p style='margin:0.4em 0'>{inline(self.body)}</p>" if self.body else ""
        head = f"<strong>{html.escape(self.title)}</strong>"
        return _box("#0a5cad", head, body + code + _html_table(self.rows))


def verdict_text(verdict: Verdict) -> str:
    """The verdict as plain text, some lines."""
    lines = [f"{verdict.exercise}: {verdict.outcome}{_points(verdict)}. {_seen(verdict)}"]
    lines += [_text_row(what, value) for what, value in verdict.evidence]
    if verdict.advice:
        lines.append(f"Next: {verdict.advice}")
    return "\n".join([*lines, *verdict.notes])


def verdict_html(verdict: Verdict) -> str:
    """The verdict as a block of HTML that follows the light or dark theme of the page."""
    sign = f'<span aria-hidden="true">{SIGNS[verdict.outcome]}</span>'
    head = f"{sign} <strong>{html.escape(verdict.exercise)}: {verdict.outcome}{_points(verdict)}.</strong> "
    table = _html_table(verdict.evidence)
    advice = (
        f"<p style='margin:0.4em 0'><em>Next:</em> {inline(verdict.advice)}</p>" if verdict.advice else ""
    )
    notes = "".join(
        f"<p style='margin:0.4em 0;white-space:pre-wrap'>{inline(note)}</p>" for note in verdict.notes
    )
    return _box(STRIPES[verdict.outcome], head + inline(_seen(verdict)), table + advice + notes)


def inline(text: str) -> str:
    """Escaped text in which `backticks` become code, and *a word* between stars, outside of code, is stressed."""
    parts = re.split(r"`([^`]+)`", html.escape(text))
    parts[::2] = [
        re.sub(r"(?<![\w*])\*(\w(?:[^*\n]*\w)?)\*(?![\w*])", r"<em>\1</em>", part) for part in parts[::2]
    ]
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    return "".join(parts)


def display(thing: Any) -> None:
    """Show it in the notebook, or print its text where there is none."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from IPython.display import display as show

        show(thing)
    else:
        print(thing.text)


def _seen(verdict: Verdict) -> str:
    return f"{verdict.finding} It looks as if {verdict.cause}." if verdict.cause else verdict.finding


def _points(verdict: Verdict) -> str:
    unit = "point" if verdict.possible == 1 else "points"
    return f" ({verdict.points} of {verdict.possible} {unit})" if verdict.outcome == CORRECT else ""


def _text_row(what: str, value: str) -> str:
    return f"  {what}: " + value.replace("\n", "\n" + " " * (len(what) + 4))


def _html_table(rows: tuple[tuple[str, str], ...]) -> str:
    inside = "".join(_html_row(what, value) for what, value in rows)
    return f'<table style="margin:0.4em 0;text-align:left"><tbody>{inside}</tbody></table>' if rows else ""


def _html_row(what: str, value: str) -> str:
    style = "text-align:left;vertical-align:top;padding:0.1em 0.8em 0.1em 0"
    pre = "margin:0;white-space:pre-wrap;background:none"
    name, content = html.escape(what), html.escape(value)
    return f'<tr><th scope="row" style="{style}">{name}</th><td style="{style}"><pre style="{pre}">{content}</pre></td></tr>'


def _box(stripe: str, head: str, body: str) -> str:
    style = (
        f"border-left:4px solid {stripe};padding:0.3em 0.9em;margin:0.3em 0;max-width:52em;line-height:1.45"
    )
    return f'<div style="{style}"><div>{head}</div>{body}</div>'
