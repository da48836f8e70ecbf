import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from course_utils import cli
from course_utils.exercises.lesson_4 import softmax
from course_utils.grading.class_page import class_page
from course_utils.grading.feedback_page import feedback_page, verdict_for
from course_utils.grading.grade import Record, _mark
from course_utils.grading.gradebook import GradebookError
from course_utils.grading.report import missing_shards, write_reports
from course_utils.grading.summary import summary
from tests.grading.classroom import make_class
from tests.grading.made_up import mark, mistaken, record, unreadable

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


def evil_class() -> list[Record]:
    """Every text that a learner can put into a record is hostile."""
    bad = mark(
        "softmax", "raised", finding=f"ValueError: {EVIL}", step="raised", evidence=[["logits", EVIL]], notes=[f"It printed: {EVIL}"]
    )  # fmt: skip
    other = mark(
        "decode", "wrong", finding=f"Your list holds str, `{EVIL}`.", step="type", evidence=[["yours", EVIL]]
    )
    return [
        record(
            f"{EVIL}/4.ipynb",
            bad,
            other,
            learner=EVIL,
            notes=[f"cell 1: {EVIL}"],
            suspicions=[f"cell 2 {EVIL}"],
        ),
        unreadable(f"x{EVIL}/4.ipynb", f"It is not whole ({EVIL})."),
    ]


def test_no_text_of_a_learner_becomes_html() -> None:
    found = summary(evil_class())
    for html in (class_page(found), *map(feedback_page, found.learners)):
        page = BeautifulSoup(html, "html.parser")
        assert not page.find_all(["script", "img", "iframe", "link", "object"])
        assert not [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
        assert "alert(1)" in page.get_text()
        assert all(not link["href"].lower().startswith("javascript") for link in page.find_all("a"))


def write_gradebook(folder: Path, records: list[Record], name: str = "gradebook.jsonl") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(json.dumps(one.written()) + "\n" for one in records))
    return folder


def test_pages_load_nothing_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    names = ["Ana Lee", "😀", "=1+1", "a#b?c%d", "CON", "\udcff"]
    write_gradebook(
        tmp_path, [record(f"{name}/4.ipynb", mistaken("decode", "m"), learner=name) for name in names]
    )
    write_reports(tmp_path)
    html = (tmp_path / "class.html").read_text(encoding="utf-8")
    page = BeautifulSoup(html, "html.parser")
    assert not page.find_all(src=True)
    assert "url(http" not in html
    assert "@import" not in html
    from urllib.parse import unquote

    links = {link["href"] for link in page.find_all("a")}
    assert {link for link in links if link.startswith("http")} == set()
    ids = {tag["id"] for tag in page.find_all(id=True)}
    for link in links:
        assert link[1:] in ids if link.startswith("#") else (tmp_path / unquote(link)).is_file()
    assert len([link for link in links if link.startswith("feedback/")]) == len(names)


def test_the_class_page_says_what_the_records_say() -> None:
    records = [
        *(record(f"a{n}/4.ipynb", mark("softmax"), mistaken("decode", "swapped")) for n in range(3)),
        record("b/4.ipynb", mistaken("softmax", "unshifted"), mark("decode", "not attempted")),
        record(
            "c/4.ipynb", mark("softmax", "raised", finding="TypeError: no."), mark("decode"), isolation=[]
        ),
        unreadable("d/4.ipynb", "It is a picture."),
    ]
    page = BeautifulSoup(class_page(summary(records)), "html.parser")
    said = page.select_one("#misconceptions").get_text(" ")
    first, second = page.select("#misconceptions ol.misconceptions > li")
    assert "3 learners" in first.get_text(" ")
    assert "75 % of the 4 who attempted it" in first.get_text(" ")
    assert "It looks as if swapped was done." in first.get_text(" ")
    assert "undo swapped?" in first.get_text(" ")
    assert "1 learner" in second.get_text(" ")
    assert {link.text for link in first.select("details a")} == {"a0", "a1", "a2"}
    assert "it raises TypeError" in said or "TypeError" in said
    assert "Not isolated. 1 submission of 5" in page.header.get_text(" ").replace("  ", " ")
    assert "It is a picture." in page.select_one("#unreadable").text
    rows = {
        row.th.text: [cell.text for cell in row.find_all("td")] for row in page.select("#lesson-4 tbody tr")
    }
    assert rows["softmax"] == ["3", "1", "0", "1", "0", "60 %"]
    assert rows["decode"] == ["1", "3", "0", "0", "1", "20 %"]
    assert rows["50–60 %"] == ["4", "80 %"]
    pictures = page.select("#lesson-4 svg[role=img]")
    assert len(pictures) == 2
    assert all(picture["aria-label"] for picture in pictures)
    assert [rect.title.text for rect in pictures[1].select("rect") if rect.title][:3] == [
        "correct: 3", "wrong, a known mistake: 1", "raised an error: 1",
    ]  # fmt: skip


@pytest.mark.parametrize("size", [0, 1])
def test_a_class_of_nobody_and_of_one_has_its_page(size: int) -> None:
    page = BeautifulSoup(class_page(summary([record("a/4.ipynb", mark())][:size])), "html.parser")
    assert page.h1.text == ("Class page: 1 learner" if size else "Class page: 0 learners")


def test_a_page_for_a_thousand_learners_is_no_load() -> None:
    marks = [mistaken(f"exercise_{number}", f"mistake {number}") for number in range(9)]
    html = class_page(summary([record(f"learner_{number:05d}/4.ipynb", *marks) for number in range(1000)]))
    assert len(html) < 2_000_000
    page = BeautifulSoup(html, "html.parser")
    assert not [
        link
        for link in page.find_all("a")
        if link["href"].startswith("feedback") and not link.find_parent("details")
    ]


# Feedback


def test_the_feedback_page_holds_each_verdict_and_the_reason_for_what_is_not_graded() -> None:
    (ana,) = summary(
        [
            record("ana/4.ipynb", mark("softmax"), mistaken("decode", "swapped", evidence=[["yours", "[1]"]]), notes=["cell 9: oops"]),
            record("ana/old.ipynb", mark("softmax", "wrong"), mark("decode", "wrong")),
            unreadable("ana/picture.ipynb", "It is a picture: hand in the notebook."),
        ]
    ).learners  # fmt: skip
    text = BeautifulSoup(feedback_page(ana), "html.parser").get_text()
    for said in (
        "2 of 4 points", "softmax: correct", "decode: wrong", "It looks as if swapped was done.", "undo swapped?",
        "[1]", "cell 9: oops", "hand in the notebook", "Not counted: ana/old.ipynb",
    ):  # fmt: skip
        assert said in text


SECRET = "31.4159"


@pytest.mark.parametrize(
    "finding",
    [
        f"ValueError at line 2: `raise ValueError(x)`. It says: {SECRET} It says: {SECRET}.",
        f"The values differ from what was expected for a fresh input, first at index [0, 1]: {SECRET} where {SECRET} was expected.",
        f"Your list holds a float, `{SECRET}`, where a label was expected.",
        f"Your list holds a str, `a`, where `{SECRET}`, where a label was expected.",
    ],
)
def test_what_an_answer_gives_away_of_a_hidden_input_is_not_shown(finding: str) -> None:
    step = "raised" if "It says" in finding else "differs"
    outcome = "raised" if "It says" in finding else "wrong"
    hidden = mark("softmax", outcome, finding=finding, step=step, notes=[f"It printed: {SECRET}"])
    assert SECRET not in verdict_for(hidden).text
    visible = mark("softmax", outcome, finding=finding, step=step, evidence=[["logits", "[1]"]])
    assert SECRET in verdict_for(visible).text


def test_warnings_stay_where_they_hold_no_values() -> None:
    kept = "While it ran, Python warned: RuntimeWarning: overflow encountered in exp."
    told = verdict_for(
        mark(notes=[kept, f"While it ran, Python warned: [{SECRET}]", "It also changes its input: x."])
    )
    assert told.notes[0] == kept
    assert SECRET not in told.text
    assert told.notes[2] == "It also changes its input: x."


def test_an_answer_that_hands_hidden_inputs_on_gets_none_of_them_back() -> None:
    """The real diagnosis of answers that are wrong on fresh inputs alone, and try to show them."""
    import numpy as np

    known = {case.arguments[0].tobytes() for case in softmax.cases}

    def raises(logits, axis=-1):
        if logits.tobytes() not in known:
            print(logits.tolist())
            raise ValueError(repr(logits.tolist()))
        return softmax.reference(logits, axis)

    def returns(logits, axis=-1):
        return softmax.reference(logits, axis) if logits.tobytes() in known else np.asarray(logits)

    for answer in (raises, returns):
        verdict = softmax.judge(answer, seed=5)
        assert verdict.fresh
        made = _mark(4, softmax, verdict, {})
        (learner,) = summary([record("a/4.ipynb", made)]).learners
        page = feedback_page(learner)
        values = [value for case in softmax.draw_cases(5) for value in case.arguments[0].ravel()]
        assert not [value for value in values if f"{value:.6g}" in page or repr(float(value)) in page]


# Files and the command


def test_shards_are_merged_and_a_missing_one_is_named(tmp_path: Path) -> None:
    write_gradebook(tmp_path, [record("a/4.ipynb", mark())], "gradebook-1-of-3.jsonl")
    write_gradebook(tmp_path, [record("b/4.ipynb", mark())], "gradebook-3-of-3.jsonl")
    done = write_reports(tmp_path)
    assert [learner.name for learner in done.summary.learners] == ["a", "b"]
    assert "gradebook-2-of-3.jsonl" in done.notes[0]
    assert missing_shards([tmp_path / "gradebook.jsonl"]) == []


def test_files_of_an_earlier_report_go_and_others_stay(tmp_path: Path) -> None:
    write_gradebook(tmp_path, [record("a/4.ipynb", mark()), record("b/4.ipynb", mark())])
    write_reports(tmp_path)
    (tmp_path / "feedback" / "mine.html").write_text("my own notes")
    write_gradebook(
        tmp_path, [record("a/4.ipynb", mark()), record("a/3.ipynb", mark("cross_entropy", lesson=3))]
    )
    write_reports(tmp_path)
    assert {path.name for path in (tmp_path / "feedback").iterdir()} == {"a.html", "mine.html"}
    assert {path.name for path in (tmp_path / "gradescope").iterdir()} == {"a.json"}
    assert {path.name for path in tmp_path.glob("moodle*")} == {"moodle-lesson-3.csv", "moodle-lesson-4.csv"}


def test_without_a_gradebook_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(GradebookError, match="Name the folder"):
        write_reports(tmp_path)
    result = CliRunner().invoke(cli.app, ["report", str(tmp_path)])
    assert result.exit_code == 1
    assert "no gradebook" in result.output


def test_the_command_writes_everything_and_says_the_essentials(tmp_path: Path) -> None:
    grades = write_gradebook(
        tmp_path / "grades",
        [
            record("ana/4.ipynb", mark("softmax"), mistaken("decode", "[swapped]"), isolation=[]),
            unreadable("[red]ben/4.ipynb", "It is a picture."),
        ],
    )
    result = CliRunner().invoke(cli.app, ["report", str(grades), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    there = {
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert {
        "marks.csv",
        "canvas.csv",
        "moodle.csv",
        "class.html",
        "feedback/ana.html",
        "gradescope/ana.json",
    } <= there
    said = " ".join(result.output.split())
    for words in (
        "50 %",
        "1 in decode: it looks as if [swapped]",
        "Could not be graded: [red]ben. It is a picture.",
        "Not isolated: 1 of 1",
    ):
        assert words in said


def test_a_real_grading_ends_with_its_reports_and_a_shard_without(tmp_path: Path) -> None:
    make_class(tmp_path / "class", 3, share_wrong=0.5)
    (tmp_path / "class" / "zoe").mkdir()
    (tmp_path / "class" / "zoe" / "4.ipynb").write_bytes(b"\x89PNG\r\n")
    grades = tmp_path / "grades"
    result = CliRunner().invoke(
        cli.app, ["grade", str(tmp_path / "class"), "--out", str(grades), "--seed", "3"]
    )
    assert result.exit_code == 0, result.output
    assert "3 graded" in result.output or "4 graded" in result.output
    assert "Could not be graded: zoe." in result.output
    graded = [json.loads(line) for line in (grades / "gradebook.jsonl").read_text().splitlines()]
    page = BeautifulSoup((grades / "class.html").read_text(encoding="utf-8"), "html.parser")
    totals = {row.th.text: row.find_all("td")[-1].text for row in page.select("#marks tbody tr")}
    assert totals == {
        one["learner"]: f"{one['points']} of {one['possible']}" if one["marks"] else "none" for one in graded
    }
    mistakes = sum(bool(mark["mistake"]) for one in graded for mark in one["marks"])
    assert mistakes == len(page.select("#misconceptions ol details a")) > 0

    part = [
        "grade",
        str(tmp_path / "class"),
        "--out",
        str(tmp_path / "parts"),
        "--seed",
        "3",
        "--shard",
        "2/2",
    ]
    result = CliRunner().invoke(cli.app, part)
    assert result.exit_code == 0, result.output
    assert "course report" in result.output
    assert {path.name for path in (tmp_path / "parts").glob("*.*") if path.suffix != ".lock"} == {
        "gradebook-2-of-2.jsonl"
    }
