"""Questions with choices, each choice explained. They work without a kernel: a choice opens to its explanation."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from course_utils.exercises import progress
from course_utils.exercises.feedback import Message, inline
from course_utils.exercises.verdict import CORRECT, WRONG


@dataclass(frozen=True)
class Choice:
    """One choice and why it is right or wrong."""

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question with exactly one right choice."""

    text: str
    choices: tuple[Choice, ...]

    def __post_init__(self) -> None:
        if sum(choice.right for choice in self.choices) != 1:
            raise ValueError(f"a question has exactly one right choice; see {self.text!r}.")


@dataclass(frozen=True)
class Quiz:
    """The quiz of one lesson. Show it by its name; answer by clicking a choice or with `answer(1, "b")`."""

    lesson: int
    questions: tuple[Question, ...]

    def answer(self, number: int, letter: str) -> Message:
        """Say whether the choice is right, and why. The answer is kept with the progress.

        Raises:
            ValueError: there is no such question or no such choice.
        """
        question = self._question(number)
        letters = ascii_lowercase[: len(question.choices)]
        if not isinstance(letter, str) or letter.lower() not in letters or len(letter) != 1:
            raise ValueError(f"no choice {letter!r}: question {number} has the choices {', '.join(letters)}.")
        choice = question.choices[letters.index(letter.lower())]
        progress.record(f"lesson_{self.lesson}.quiz_{number}", CORRECT if choice.right else WRONG)
        return Message(
            f"Question {number}, {letter.lower()}: {'right' if choice.right else 'not that one'}", choice.why
        )

    def _question(self, number: int) -> Question:
        if type(number) is not int or not 1 <= number <= len(self.questions):
            raise ValueError(f"no question {number!r}: they are numbered 1 to {len(self.questions)}.")
        return self.questions[number - 1]

    @property
    def text(self) -> str:
        """The questions and their choices, without the explanations."""
        lines: list[str] = []
        for number, question in enumerate(self.questions, 1):
            lines.append(f"{number}. {question.text}")
            lines += [f"   {letter}) {choice.text}" for letter, choice in _lettered(question.choices)]
        return "\n".join([*lines, 'Answer with quiz.answer(1, "b").'])

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        items = "".join(
            f"<li style='margin-bottom:1em'>{_question_html(question)}</li>" for question in self.questions
        )
        lead = "Choose, then open your choice to see whether it is right and why."
        return f"<div style='max-width:52em;line-height:1.45'><p>{lead}</p><ol>{items}</ol></div>"


def _question_html(question: Question) -> str:
    choices = "".join(
        f"<details style='margin:0.25em 0'><summary style='cursor:pointer'>{letter}) {inline(choice.text)}</summary>"
        f"<p style='margin:0.2em 0 0.4em 1.6em'><strong>{'Right.' if choice.right else 'Not that one.'}</strong> "
        f"{inline(choice.why)}</p></details>"
        for letter, choice in _lettered(question.choices)
    )
    return f"<strong>{inline(question.text)}</strong>{choices}"


def _lettered(choices: Sequence[Choice]) -> list[tuple[str, Choice]]:
    return list(zip(ascii_lowercase, choices, strict=False))
