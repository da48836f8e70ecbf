"""A verdict as text and as HTML: all is said in both, and nothing of a learner's becomes markup."""

import contextlib
import html
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from course_utils.exercises import lesson_4
from course_utils.exercises.feedback import Message, NotPassed, display, inline
from course_utils.exercises.verdict import OUTCOMES, Verdict

EVIL = "<script>alert('&')</script>"


class Page(HTMLParser):
    """The text of a page, and its tags."""

    def __init__(self, source):
        super().__init__()
        self.words, self.tags, self.hidden = [], [], False
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.hidden = ("aria-hidden", "true") in attributes

    def handle_endtag(self, tag):
        self.hidden = False

    def handle_data(self, data):
        if not self.hidden:
            self.words.append(data)

    @property
    def text(self):
        return " ".join("".join(self.words).split())


def squeezed(text):
    return re.sub(r"[\s`:]+", "", text)


def verdicts():
    softmax, decode = lesson_4.softmax, lesson_4.decode
    yield softmax.judge(softmax.reference)
    yield softmax.judge(softmax.mistakes[0].answer)
    yield softmax.judge(lambda logits, axis=-1: 1 / 0)
    yield softmax.judge(None)
    yield decode.judge(lambda logits, id2label: print(EVIL))
    yield decode.judge(lambda logits, id2label: [EVIL] * len(logits))
    yield decode.judge(lambda logits: 0)
    yield lesson_4.precision_recall_f1.judge(lambda matrix: matrix)


@pytest.mark.parametrize("verdict", list(verdicts()), ids=lambda verdict: f"{verdict.outcome}-{verdict.step}")
def test_text_and_html_say_the_same(verdict):
    page = Page(verdict._repr_html_())
    assert sorted(squeezed(page.text)) == sorted(squeezed(verdict.text))


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_outcome_is_said_in_words(outcome):
    verdict = Verdict("softmax", outcome, 0, 2, "step", "Seen.")
    assert f"softmax: {outcome}" in verdict.text
    assert f"softmax: {outcome}" in Page(verdict._repr_html_()).text
    assert repr(verdict) == verdict.text


def test_every_field_is_escaped():
    verdict = Verdict(
        EVIL, "wrong", 0, 1, "step", EVIL, EVIL, EVIL, evidence=((EVIL, EVIL),), notes=(EVIL, f"`{EVIL}`")
    )  # fmt: skip
    page = Page(verdict._repr_html_())
    assert "script" not in page.tags
    assert page.text.count(EVIL) == 8
    message = Message(EVIL, EVIL, EVIL)
    assert "script" not in Page(message._repr_html_()).tags
    assert Page(message._repr_html_()).text.count(EVIL) == 3
    assert EVIL in message.text


def test_what_a_learner_returns_and_prints_and_raises_is_escaped():
    def prints(logits, id2label):
        print(EVIL)

    def raises(logits, id2label):
        raise ValueError(EVIL)

    def changes(logits, id2label):
        return [{EVIL: EVIL}]

    for answer in (prints, raises, changes, lambda logits, id2label: [EVIL]):
        source = lesson_4.decode.judge(answer)._repr_html_()
        assert "script" not in Page(source).tags
        assert html.escape(EVIL, quote=False)[:8] in source


def test_labels_of_the_learners_model_are_escaped():
    case = lesson_4.decode.cases[0]
    assert "<script" not in Message("x", str((case, EVIL)))._repr_html_()


def test_backticks_become_code():
    assert inline("use `a < b` here") == "use <code>a &lt; b</code> here"


def test_points_are_said_where_they_are_earned():
    verdict = lesson_4.decode.judge(lesson_4.decode.reference)
    assert "decode: correct (1 of 1 point)." in verdict.text
    verdict = lesson_4.softmax.judge(lesson_4.softmax.reference)
    assert "(2 of 2 points)" in verdict.text


def test_a_verdict_never_says_that_everything_was_tested():
    text = lesson_4.softmax.judge(lesson_4.softmax.reference).text
    assert "passes the checks here" in text


def test_no_trace_of_ours_and_no_colour_alone():
    for verdict in verdicts():
        assert "Traceback" not in verdict.text
        assert "course_utils" not in verdict.text
        assert verdict.outcome in Page(verdict._repr_html_()).text


def test_outside_a_notebook_the_text_is_printed(capsys):
    display(Message("title", "body"))
    assert capsys.readouterr().out == "title\nbody\n"


@pytest.fixture
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(colors="nocolor")
    yield shell
    InteractiveShell.clear_instance()


def test_in_ipython_a_check_shows_the_verdict_once_and_no_traceback(shell):
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        shell.run_cell("from course_utils.exercises import lesson_4 as ex")
        result = shell.run_cell("ex.softmax.check(lambda logits, axis=-1: 1 / 0)")
    said = output.getvalue()
    assert isinstance(result.error_in_exec, NotPassed)
    assert said.count("ZeroDivisionError") == 1
    assert "softmax: raised. The message above says why and what to try next." in said
    assert "Traceback" not in said
    assert "exercise.py" not in said


def test_in_ipython_the_learners_own_line_is_shown(shell):
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        shell.run_cell("from course_utils.exercises import lesson_4 as ex")
        shell.run_cell("def helper(logits):\n    return logits.nowhere")
        shell.run_cell("def softmax(logits, axis=-1):\n    return helper(logits)")
        shell.run_cell("ex.softmax.check(softmax)")
    assert (
        "AttributeError at line 2 in `helper`, which it calls: `return logits.nowhere`" in output.getvalue()
    )


def test_in_ipython_a_passed_check_is_the_value_of_its_cell(shell):
    shell.run_cell("from course_utils.exercises import lesson_4 as ex")
    with contextlib.redirect_stdout(io.StringIO()):
        result = shell.run_cell("ex.decode.check(ex.decode.reference)")
    assert result.success
    assert result.result.outcome == "correct"


def test_a_message_holds_title_body_and_code():
    message = Message("title", "body `x`", "def f():\n    return 1 < 2")
    assert message.text == "title\nbody `x`\ndef f():\n    return 1 < 2"
    assert repr(message) == message.text
    assert "1 &lt; 2" in message._repr_html_()


def test_np_values_are_shown_as_people_write_them():
    verdict = lesson_4.decode.judge(lambda logits, id2label: list(np.argmax(logits, axis=-1)))
    assert "np.int64" not in verdict.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what is *real* here?", "what is <em>real</em> here?"),
        ("`a * b` and `c * d`", "<code>a * b</code> and <code>c * d</code>"),
        ("8 * 2 * 4", "8 * 2 * 4"),
        ("*two words* and <b>", "<em>two words</em> and &lt;b&gt;"),
        ("def f(*arguments, **named)", "def f(*arguments, **named)"),
        ("`x`", "<code>x</code>"),
        ("", ""),
    ],
)
def test_stars_and_backticks(text, expected):
    assert inline(text) == expected
