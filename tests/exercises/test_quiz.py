"""A quiz of two questions."""

import json

import pytest

from course_utils.exercises import progress
from course_utils.exercises.quiz import Choice, Question, Quiz

quiz = Quiz(
    9,
    (
        Question(
            "What is `1 < 2`?",
            (
                Choice("`True`", "One is less than two.", right=True),
                Choice("`False`", "Count again."),
                Choice("<b>both</b>", "Never <i>both</i>."),
            ),
        ),
        Question("And now?", (Choice("no", "It is not."), Choice("yes", "It is.", right=True))),
    ),
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))


def test_a_right_choice_is_said_to_be_right_and_why():
    message = quiz.answer(1, "a")
    assert message.text == "Question 1, a: right\nOne is less than two."


def test_a_wrong_choice_is_explained_too():
    message = quiz.answer(1, "B")
    assert message.text == "Question 1, b: not that one\nCount again."


def test_answers_are_kept_with_the_progress():
    quiz.answer(1, "b")
    quiz.answer(2, "b")
    kept = json.loads(progress.path().read_text())
    assert kept["lesson_9.quiz_1"]["outcome"] == "wrong"
    assert kept["lesson_9.quiz_2"]["outcome"] == "correct"


@pytest.mark.parametrize("number", [0, 3, -1, "1", 1.0, None, True])
def test_an_unknown_question_is_refused(number):
    with pytest.raises(ValueError, match="1 to 2"):
        quiz.answer(number, "a")


@pytest.mark.parametrize("letter", ["d", "", "ab", "1", 1, None])
def test_an_unknown_choice_is_refused(letter):
    with pytest.raises(ValueError, match="a, b, c"):
        quiz.answer(1, letter)
    assert progress.load() == {}


def test_the_text_shows_questions_without_their_answers():
    assert "1. What is `1 < 2`?" in quiz.text
    assert "   b) `False`" in quiz.text
    assert "Count again" not in quiz.text
    assert repr(quiz) == quiz.text


def test_the_html_explains_every_choice_and_escapes_all():
    source = quiz._repr_html_()
    assert source.count("<details") == 5
    assert source.count("<strong>Right.</strong>") == 2
    assert source.count("<strong>Not that one.</strong>") == 3
    assert "<b>both" not in source
    assert "<i>both" not in source
    assert "<code>1 &lt; 2</code>" in source


@pytest.mark.parametrize("right", [(), (0, 1)])
def test_a_question_has_exactly_one_right_choice(right):
    choices = tuple(Choice(str(number), "why", right=number in right) for number in range(3))
    with pytest.raises(ValueError, match="exactly one right choice"):
        Question("What?", choices)
