"""The class page: marks, success in each exercise, shared misconceptions, and what a person should look at.

One file of HTML that needs no script, no font and no network. Every picture has its table behind it.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from course_utils.exercises.feedback import inline
from course_utils.exercises.verdict import CORRECT, NOT_ATTEMPTED, RAISED
from course_utils.grading.page import count, escaped, name, page, percent
from course_utils.grading.summary import (
    AT_LEAST_ALIKE,
    BINS,
    BY_CHANCE,
    CATEGORIES,
    KNOWN,
    OTHER,
    Alike,
    ExerciseCounts,
    Learner,
    LessonSummary,
    Misconception,
    Summary,
)

CLASSES = {CORRECT: "correct", KNOWN: "known", OTHER: "other", RAISED: "raised", NOT_ATTEMPTED: "none"}

LABELS = {
    CORRECT: "correct",
    KNOWN: "wrong, a known mistake",
    OTHER: "wrong otherwise",
    RAISED: "raised an error",
    NOT_ATTEMPTED: "not attempted",
}

SHOWN = 5
"""Misconceptions that stand unfolded."""

STYLE = """
svg { display: block; max-width: 100%; height: auto; } .scroll > svg { min-width: 35rem; } svg text { fill: var(--text); font: 13px system-ui, sans-serif; }
svg .soft { fill: var(--soft); } svg .axis { stroke: var(--line); } .frame { fill: none; stroke: var(--text); stroke-width: 1; }
.f-correct { fill: var(--correct); } .f-known { fill: var(--known); } .f-other { fill: var(--other); }
.f-raised { fill: var(--raised); } .f-ground { fill: var(--ground); } .s-raised { stroke: var(--raised); stroke-width: 2; }
.b-correct { fill: var(--correct); } .b-known { fill: url(#p-known); } .b-other { fill: url(#p-other); }
.b-raised { fill: url(#p-raised); } .b-none { fill: var(--ground); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; margin: .4rem 0; }
.legend li { display: flex; align-items: center; gap: .4rem; }
.misconceptions { list-style: none; padding: 0; } .misconceptions > li { border-top: 1px solid var(--line); padding: .7rem 0; }
.misconceptions h3 { margin-top: .1rem; } .misconceptions .head { display: grid; grid-template-columns: 11rem 1fr; gap: 0 1.2rem; align-items: start; }
.many { font-variant-numeric: tabular-nums; } .many strong { font-size: 1.25rem; }
@media (max-width: 40rem) { .misconceptions .head { grid-template-columns: 1fr; } }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; }
"""

PATTERNS = (
    '<svg width="0" height="0" style="position:absolute" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="p-known" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" class="f-ground"/><rect width="5" height="8" class="f-known"/></pattern>'
    '<pattern id="p-other" width="7" height="7" patternUnits="userSpaceOnUse">'
    '<rect width="7" height="7" class="f-ground"/><circle cx="3.5" cy="3.5" r="2.4" class="f-other"/></pattern>'
    '<pattern id="p-raised" width="7" height="7" patternUnits="userSpaceOnUse">'
    '<rect width="7" height="7" class="f-ground"/><path d="M0 0L7 7M7 0L0 7" class="s-raised"/></pattern>'
    "</defs></svg>"
)


def class_page(summary: Summary) -> str:
    """The page. Links lead to `feedback/` beside it."""
    several = len(summary.lessons) > 1
    sections = [
        ("misconceptions", "Misconceptions", _misconceptions(summary, several)),
        *(
            (f"lesson-{lesson.lesson}", f"Lesson {lesson.lesson}: marks and exercises", _lesson(lesson))
            for lesson in summary.lessons
        ),
        ("look", "To look at", _to_look_at(summary)),
        ("unreadable", "Could not be graded", _unreadable(summary)),
        ("marks", "Everybody's marks", _everybody(summary)),
        ("how", "How this was graded", _how(summary)),
    ]
    links = "".join(f'<li><a href="#{anchor}">{title}</a></li>' for anchor, title, _ in sections)
    header = (
        f"<h1>Class page: {count(len(summary.learners), 'learner')}</h1>{_facts(summary)}{_warnings(summary)}"
    )
    header += f'<nav aria-label="On this page"><ul>{links}</ul></nav>'
    main = PATTERNS + "".join(
        f'<section id="{anchor}"><h2>{title}</h2>{body}</section>' for anchor, title, body in sections
    )
    return page("Class page: Attention to Labels", header, main, style=STYLE)


def _facts(summary: Summary) -> str:
    mean = summary.mean_share
    facts = [
        ("submissions graded", f"{summary.graded:,}"),
        ("mean mark", "none yet" if mean is None else percent(mean)),
        ("known mistakes seen", f"{len(summary.misconceptions):,}"),
        ("could not be graded", f"{len(summary.unreadable):,}"),
        ("to look at", f"{len(summary.alike) + len(summary.suspicious):,}"),
    ]
    return '<dl class="facts">' + "".join(
        f"<div><dt>{what}</dt><dd>{value}</dd></div>" for what, value in facts
    ) + "</dl>"  # fmt: skip


def _warnings(summary: Summary) -> str:
    said = []
    if summary.not_isolated:
        said.append(
            f"<strong>Not isolated.</strong> {count(summary.not_isolated, 'submission')} of {summary.graded:,} ran "
            "in a process with limits alone: there was no sandbox. They could have read the files and used the "
            "network of whoever graded them."
        )
    if len(summary.seeds) > 1:
        said.append(
            f"<strong>Different hidden inputs.</strong> These were graded with {len(summary.seeds)} seeds. To give "
            "everybody the same inputs, grade all with one <code>--seed</code>."
        )
    if summary.versions > 1:
        said.append(
            f"<strong>Different versions of the exercises.</strong> {summary.versions} of them graded these. Grade "
            "again, so that everybody's mark comes from the same one."
        )
    return "".join(f'<p class="warning">{text}</p>' for text in said)


# Misconceptions


def _misconceptions(summary: Summary, several: bool) -> str:
    found = summary.misconceptions
    if not found:
        return "<p>No known mistake was seen.</p>" + _unexplained(summary, several)
    most = len(found[0].learners)
    items = [_misconception(one, most, several) for one in found]
    rest = ""
    if len(items) > SHOWN:
        rest = (
            f"<details><summary>{count(len(items) - SHOWN, 'rarer one')}</summary>"
            f'<ol class="misconceptions" start="{SHOWN + 1}">{"".join(items[SHOWN:])}</ol></details>'
        )
    return (
        "<p>A wrong answer was run beside the known mistakes of its exercise. Where both give the same, this is what "
        "its author did, most common first.</p>"
        f'<ol class="misconceptions">{"".join(items[:SHOWN])}</ol>{rest}' + _unexplained(summary, several)
    )


def _misconception(one: Misconception, most: int, several: bool) -> str:
    number = len(one.learners)
    width = 170 * number / most
    bar = (
        '<svg viewBox="0 0 172 14" width="172" height="14" aria-hidden="true" focusable="false">'
        f'<rect class="b-known" x="1" y="1" width="{width:.1f}" height="12"/>'
        f'<rect class="frame" x="1" y="1" width="{width:.1f}" height="12"/></svg>'
    )
    return (
        f'<li class="keep"><div class="head"><div class="many"><strong>{count(number, "learner")}</strong>{bar}'
        f'<span class="soft">{percent(one.share)} of the {one.attempted:,} who attempted it</span></div>'
        f"<div><h3>{_exercise_name(one.lesson, one.exercise, several)}</h3>"
        f"<p>It looks as if {inline(one.cause)}.</p><p><em>Next:</em> {inline(one.next_step)}</p>"
        f"{_who(one.learners)}</div></div></li>"
    )


def _exercise_name(lesson: int, exercise: str, several: bool) -> str:
    return f"<code>{escaped(exercise)}</code>" + (f", lesson {lesson}" if several else "")


def _who(learners: Sequence[Learner]) -> str:
    links = ", ".join(_link(learner) for learner in learners)
    return f"<details><summary>Who: {count(len(learners), 'learner')}</summary><p>{links}</p></details>"


def _link(learner: Learner) -> str:
    return f'<a href="{escaped(quote(f"feedback/{learner.page}.html"))}">{name(learner.name)}</a>'


def _unexplained(summary: Summary, several: bool) -> str:
    found = summary.unexplained
    if not found:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{_exercise_name(one.lesson, one.exercise, several)}</th><td>{escaped(one.what)}</td>'
        f'<td class="number">{one.count:,}</td><td>{inline(_cut(one.example))}</td></tr>'
        for one in found
    )
    table = _grid(
        ("exercise", "what was wrong", "#learners", "for instance"), rows, "Errors without a known mistake"
    )
    total = sum(one.count for one in found)
    return (
        "<h3>Wrong in other ways</h3><p>What no known mistake explains. If many share it, it may deserve a place in the "
        f"exercise's list.</p><details><summary>{count(total, 'answer')} in {count(len(found), 'way')}</summary>"
        f"{table}</details>"
    )


def _cut(text: str, most: int = 300) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


# One lesson


def _lesson(lesson: LessonSummary) -> str:
    told = f"{count(len(lesson.points), 'learner')} handed it in. Of {count(lesson.possible, 'point')}: "
    told += f"mean {lesson.mean:.1f}, median {lesson.median:g}, from {min(lesson.points)} to {max(lesson.points)}."
    legend = "".join(
        f'<li><svg width="22" height="14" aria-hidden="true" focusable="false"><rect class="b-{CLASSES[kind]}" x="1" y="1" '
        f'width="20" height="12"/><rect class="frame" x="1" y="1" width="20" height="12"/></svg>{LABELS[kind]}</li>'
        for kind in CATEGORIES
    )
    return (
        f"<p>{told}</p><h3>Marks</h3>{_histogram(lesson)}{_histogram_table(lesson)}"
        f'<h3>What became of each exercise</h3><ul class="legend">{legend}</ul>{_bars(lesson)}{_bars_table(lesson)}'
    )


def _ranges(lesson: LessonSummary) -> list[str]:
    step = 100 // BINS
    return [f"{number * step}–{(number + 1) * step} %" for number in range(BINS)]


def _histogram(lesson: LessonSummary) -> str:
    width, height, left, top = 640, 220, 8, 22
    each, most = (width - 2 * left) / BINS, max(lesson.bins)
    bars = []
    for number, (label, many) in enumerate(zip(_ranges(lesson), lesson.bins, strict=True)):
        tall = (height - top - 40) * many / most
        x, y = left + number * each, height - 40 - tall
        if many:
            bars.append(
                f'<rect class="b-correct" x="{x + 3:.1f}" y="{y:.1f}" width="{each - 6:.1f}" height="{tall:.1f}"/>'
                f'<text x="{x + each / 2:.1f}" y="{y - 6:.1f}" text-anchor="middle">{many:,}</text>'
            )
        bars.append(
            f'<text class="soft" x="{x + each / 2:.1f}" y="{height - 23}" text-anchor="middle">{label.removesuffix(" %")}</text>'
        )
    floor = height - 40
    busiest = _ranges(lesson)[lesson.bins.index(most)]
    told = f"Histogram of the marks in lesson {lesson.lesson}. Most learners, {most:,}, have {busiest} of the points."
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="Picture of the marks"><svg viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escaped(told)}">'
        f'<line class="axis" x1="{left}" y1="{floor}" x2="{width - left}" y2="{floor}"/>{"".join(bars)}'
        f'<text class="soft" x="{width / 2}" y="{height - 4}" text-anchor="middle">% of the points; '
        "above each bar, the number of learners</text></svg></div>"
    )


def _histogram_table(lesson: LessonSummary) -> str:
    rows = "".join(
        f'<tr><th scope="row">{label}</th><td class="number">{many:,}</td>'
        f'<td class="number">{percent(many / len(lesson.points))}</td></tr>'
        for label, many in zip(_ranges(lesson), lesson.bins, strict=True)
    )
    title = f"Marks in lesson {lesson.lesson}"
    note = "<p>Each row holds its lower end, the last one its upper end, too.</p>"
    table = _grid(("share of the points", "#learners", "#share of learners"), rows, title)
    return f"<details><summary>These marks as a table</summary>{note}{table}</details>"


def _bars(lesson: LessonSummary) -> str:
    row, left, middle, width = 30, 215, 400, 720
    height = row * len(lesson.exercises) + 4
    drawn = "".join(_bar(one, number * row + 4, left, middle) for number, one in enumerate(lesson.exercises))
    hardest = min(lesson.exercises, key=lambda one: one.counts[CORRECT] / one.total)
    told = (
        f"Bars of what became of each exercise of lesson {lesson.lesson}. Fewest have {hardest.name} right: "
        f"{hardest.counts[CORRECT]:,} of {hardest.total:,}."
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="Picture of the exercises"><svg viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escaped(told)}">{drawn}</svg></div>'
    )


def _bar(one: ExerciseCounts, y: float, left: float, middle: float) -> str:
    parts, x = [], left
    for kind in CATEGORIES:
        wide = middle * one.counts[kind] / one.total
        if wide:
            parts.append(
                f'<rect class="b-{CLASSES[kind]}" x="{x:.2f}" y="{y}" width="{wide:.2f}" height="22">'
                f"<title>{LABELS[kind]}: {one.counts[kind]:,}</title></rect>"
                f'<rect class="frame" x="{x:.2f}" y="{y}" width="{wide:.2f}" height="22" pointer-events="none"/>'
            )
        x += wide
    return (
        f'<text x="{left - 8}" y="{y + 16}" text-anchor="end">{escaped(one.name)}</text>{"".join(parts)}'
        f'<text x="{left + middle + 8}" y="{y + 16}">{percent(one.counts[CORRECT] / one.total)} correct</text>'
    )


def _bars_table(lesson: LessonSummary) -> str:
    rows = "".join(
        f'<tr><th scope="row"><code>{escaped(one.name)}</code></th>'
        + "".join(f'<td class="number">{one.counts[kind]:,}</td>' for kind in CATEGORIES)
        + f'<td class="number">{percent(one.counts[CORRECT] / one.total)}</td></tr>'
        for one in lesson.exercises
    )
    head = ("exercise", *(f"#{LABELS[kind]}" for kind in CATEGORIES), "#share correct")
    table = _grid(head, rows, f"What became of each exercise of lesson {lesson.lesson}, in learners")
    return f"<details><summary>These exercises as a table</summary>{table}</details>"


# To look at


def _to_look_at(summary: Summary) -> str:
    return f"<h3>Alike</h3>{_alike(summary)}<h3>Signs of leaving the sandbox</h3>{_suspicious(summary)}"


def _alike(summary: Summary) -> str:
    rule = (
        "<details><summary>The rule</summary><p>Names, comments and layout of the code are left out of the comparison, "
        "and so is what is the course's own solution. Two learners stand here if their code is the same in at least "
        f"half of the exercises that both answered in their own words, and in {AT_LEAST_ALIKE} or more, and if that "
        "would hardly come about by chance: for each of these exercises take the share of the class that has this very "
        "code, multiply the shares, multiply by the number of pairs in the class; the result must be below "
        f"{BY_CHANCE:g}. Code that many have, such as a one-line answer, thus counts for little, and in a very small "
        "class nobody can stand here.</p></details>"
    )
    if not summary.alike:
        return f"<p>Nobody's code is alike beyond what chance would give.</p>{rule}"
    groups = "".join(f"<li>{_group(group)}</li>" for group in summary.alike)
    return (
        "<p>Please look at these together. The same code is no proof of anything: people work in pairs, use the same "
        f"book, or ask the same assistant.</p><ul>{groups}</ul>{rule}"
    )


def _group(group: Alike) -> str:
    which = ", ".join(f"<code>{escaped(exercise)}</code>" for exercise in group.exercises)
    who = ", ".join(_link(learner) for learner in group.learners)
    if len(group.learners) > 12:
        who = f"<details><summary>{count(len(group.learners), 'learner')}</summary><p>{who}</p></details>"
    more = " or more" if group.fewest < len(group.exercises) else ""
    return f"{who}: the same code in {group.fewest} exercises{more} ({which})"


def _suspicious(summary: Summary) -> str:
    if not summary.suspicious:
        return "<p>None.</p>"
    rows = "".join(
        f'<tr><th scope="row">{_link(learner)}</th><td>{name(record.key)}</td>'
        f"<td>{'<br>'.join(inline(_cut(said)) for said in record.suspicions)}</td></tr>"
        for learner, record in summary.suspicious
    )
    table = _grid(("learner", "file", "what, and in which cell"), rows, "Signs of leaving the sandbox")
    return (
        "<p>Please look at these cells. The code was run nevertheless, and marked like any other; some of these names "
        "have innocent uses, too.</p>" + _folded(table, len(summary.suspicious), "submission")
    )


def _folded(table: str, rows: int, one: str, most: int = 25) -> str:
    if rows <= most:
        return table
    return f"<details><summary>{count(rows, one)}</summary>{table}</details>"


def _unreadable(summary: Summary) -> str:
    if not summary.unreadable:
        return "<p>None: every notebook could be graded.</p>"
    rows = "".join(
        f'<tr><th scope="row">{_link(learner)}</th><td>{name(record.key)}</td><td>{escaped(_cut(record.why))}</td></tr>'
        for learner, record in summary.unreadable
    )
    table = _grid(("learner", "file", "why, and what to do"), rows, "Files that could not be graded")
    return "<p>These have no mark: in the files for Canvas and Moodle theirs is empty, not 0.</p>" + _folded(
        table, len(summary.unreadable), "file"
    )


# Everybody


def _everybody(summary: Summary) -> str:
    numbers = [lesson.lesson for lesson in summary.lessons]
    rows = "".join(_row(learner, numbers) for learner in summary.learners)
    head = ("learner", *(f"#lesson {number}" for number in numbers), "#points")
    table = _grid(head, rows, "Everybody's marks")
    twice = sum(bool(learner.set_aside) for learner in summary.learners)
    note = ""
    if twice:
        note = f"<p>{count(twice, 'learner')} handed in the same lesson more than once: the better one counts.</p>"
    return (
        f"<p>Each name leads to the page for that learner. Every exercise is in <a href='marks.csv'>marks.csv</a>.</p>{note}"
        f"<details><summary>{count(len(summary.learners), 'learner')}</summary>{table}</details>"
    )


def _row(learner: Learner, numbers: Iterable[int]) -> str:
    cells = "".join(
        f'<td class="number">{learner.lessons[number].points if number in learner.lessons else "–"}</td>'
        for number in numbers
    )
    total = f"{learner.points} of {learner.possible}" if learner.lessons else "none"
    return f'<tr><th scope="row">{_link(learner)}</th>{cells}<td class="number">{total}</td></tr>'


def _how(summary: Summary) -> str:
    if not summary.graded:
        return "<p>Nothing was graded.</p>"
    ways = "".join(
        f"<li>{count(many, 'submission')}: {escaped('; '.join(layers)) if layers else '<strong>not isolated</strong>'}</li>"
        for layers, many in sorted(summary.isolation.items())
    )
    seeds = ", ".join(map(str, summary.seeds))
    return (
        f"<p>Between the learners' code and the machine stood:</p><ul>{ways}</ul>"
        f"<p>Seed of the hidden inputs: {seeds}. The same seed gives the same marks. Keep it from the learners: with it "
        "the hidden inputs can be drawn.</p>"
    )


def _grid(head: Sequence[str], rows: str, title: str) -> str:
    """A table. A column whose head starts with # holds numbers."""
    cells = "".join(
        f'<th scope="col" class="number">{escaped(text[1:])}</th>'
        if text.startswith("#")
        else f'<th scope="col">{escaped(text)}</th>'
        for text in head
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escaped(title)}"><table class="grid">'
        f"<thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
