"""Each format as the system that reads it documents it, and against what learners can put into names and answers."""

import csv
import io
import json
import re

import pytest

from course_utils.grading import lms
from course_utils.grading.summary import summary
from tests.grading.made_up import mark, mistaken, record, unreadable


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_marks_have_a_row_for_each_learner_and_lesson() -> None:
    found = rows(
        lms.marks_csv(
            summary(
                [
                    record("ana/4.ipynb", mark("softmax"), mistaken("decode", "swapped")),
                    record("ana/3.ipynb", mark("cross_entropy", lesson=3)),
                    record("ana/old.ipynb", mark("softmax", "wrong"), mark("decode", "wrong")),
                    unreadable("ben/4.ipynb", "It is a picture."),
                ]
            )
        )
    )
    assert [
        (row["learner"], row["lesson"], row["points"], row["possible"], row["status"]) for row in found
    ] == [
        ("ana", "3", "2", "2", "graded"),
        ("ana", "4", "2", "4", "graded"),
        ("ben", "", "", "", "unreadable"),
    ]
    assert (found[1]["softmax"], found[1]["decode"], found[1]["cross_entropy"]) == ("2", "0", "")
    assert found[1]["decode outcome"] == "wrong"
    assert found[1]["not counted"] == "ana/old.ipynb"
    assert found[2]["why"] == "It is a picture."


FORMULAS = [
    '=HYPERLINK("http://evil.example","click")', "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1",
]  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_no_name_becomes_a_formula(name: str) -> None:
    found = summary(
        [
            record(f"{name}/4.ipynb", mark(), learner=name),
            unreadable(f"{name}/5.ipynb", f"{name} is no notebook."),
        ]
    )
    for text in (lms.marks_csv(found), lms.canvas_csv(found), lms.moodle_csv(found, 4)):
        cells = [
            cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")) for cell in row
        ]
        assert any("1" in cell or "HYPERLINK" in cell for cell in cells)
        assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@", "＝"))]
        assert not [cell for cell in cells if "\n" in cell or "\r" in cell or "\t" in cell]


def test_canvas_reads_the_marks() -> None:
    """As `gradebook_importer.rb` does: the first row by its heads, the second by "Points Possible", people by ID."""
    text = lms.canvas_csv(
        summary(
            [
                record("leeana_4711_88001_a.ipynb", mark("cross_entropy", lesson=3)),
                record("leeana_4711_88002_b.ipynb", mark("softmax"), mark("decode", "wrong")),
                record("Points Possible/4.ipynb", mark("softmax"), mark("decode")),
                unreadable("Ünal, Cem/4.ipynb"),
            ]
        )
    )
    head, possible, *people = csv.reader(io.StringIO(text, newline=""))
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert head[5:] == ["Attention to Labels - Lesson 3", "Attention to Labels - Lesson 4"]
    assert "Points Possible" in possible[0]
    assert possible[5:] == ["2", "4"]
    assert people == [
        ["leeana", "4711", "", "", "", "2", "2"],
        ["Points possible", "", "", "", "", "", "4"],
        ["Ünal, Cem", "", "", "", "", "", ""],
    ]
    assert not any("Points Possible" in row[0] for row in people)


def test_moodle_reads_the_marks() -> None:
    """As `importgradeslib.php` does: it needs three columns, and takes the id from the end of the identifier."""
    said = mistaken("decode", "swapped", finding="Your list holds `<b>`, where a label was expected.")
    text = lms.moodle_csv(
        summary(
            [
                record("Ana Lee_1234567_assignsubmission_file/4.ipynb", mark("softmax"), said),
                record("ben/4.ipynb", mark("softmax"), mark("decode")),
                record("cem/3.ipynb", mark("cross_entropy", lesson=3)),
            ]
        ),
        4,
    )
    found = rows(text)
    assert {
        "Identifier",
        "Full name",
        "Email address",
        "Grade",
        "Last modified (grade)",
        "Feedback comments",
    } <= set(found[0])
    assert len(found) == 2
    ana, ben = found
    assert ana["Identifier"][len("Participant") :].strip() == "1234567"
    assert (ana["Full name"], ana["Grade"], ana["Maximum grade"]) == ("Ana Lee", "2", "4")
    assert (ben["Identifier"], ben["Full name"], ben["Grade"]) == ("", "ben", "4")
    assert "decode: wrong, 0 of 2." in ana["Feedback comments"]
    assert "It looks as if swapped was done." in ana["Feedback comments"]
    assert set(re.findall(r"<[^>]*>", ana["Feedback comments"])) == {"<br>"}


VISIBILITY = {"hidden", "after_due_date", "after_published", "visible"}
FORMATS = {"text", "html", "simple_format", "md", "ansi"}


def test_gradescope_reads_the_results() -> None:
    (learner,) = summary(
        [
            record(
                "ana/4.ipynb", mark("softmax"), mistaken("decode", "swapped"), notes=["cell 3: NameError"]
            ),
            record("ana/3.ipynb", mark("cross_entropy", "not attempted", lesson=3)),
        ]
    ).learners
    results = json.loads(json.dumps(lms.gradescope_of(learner)))
    allowed = {
        "score",
        "execution_time",
        "output",
        "output_format",
        "visibility",
        "stdout_visibility",
        "tests",
    }
    assert set(results) == allowed
    assert isinstance(results["score"], float)
    assert isinstance(results["execution_time"], float)
    assert results["visibility"] in VISIBILITY
    assert results["stdout_visibility"] in VISIBILITY
    assert results["output_format"] in FORMATS
    assert "cell 3: NameError" in results["output"]
    fields = {"score", "max_score", "status", "name", "number", "output", "output_format", "visibility"}
    for test in results["tests"]:
        assert set(test) == fields
        assert isinstance(test["score"], float)
        assert isinstance(test["max_score"], float)
        assert test["status"] in {"passed", "failed"}
        assert test["output_format"] in FORMATS
        assert test["visibility"] in VISIBILITY
        assert all(isinstance(test[name], str) for name in ("name", "number", "output"))
    assert [test["status"] for test in results["tests"]] == ["failed", "passed", "failed"]
    assert results["score"] == sum(test["score"] for test in results["tests"]) == 2
    assert len({test["number"] for test in results["tests"]}) == 3


def test_gradescope_hears_why_a_file_is_not_graded() -> None:
    (learner,) = summary([unreadable("ana/4.ipynb", "It was cut off.")]).learners
    results = lms.gradescope_of(learner)
    assert (results["score"], results["tests"]) == (0.0, [])
    assert "It was cut off." in results["output"]
