"""One exercise, one object: the stub, the check, the hints, the hidden grade and the class report all come from it."""

import contextlib
import inspect
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_utils.exercises import feedback, progress
from course_utils.exercises.diagnosis import Beside, judge
from course_utils.exercises.forms import Form
from course_utils.exercises.running import Attempt, Result, attempt, call
from course_utils.exercises.show import shown
from course_utils.exercises.values import copied, plain
from course_utils.exercises.verdict import CORRECT, NOT_ATTEMPTED, WRONG, Verdict

Law = Callable[..., str | None]
"""Called with the answer's value and then the arguments; says how the value breaks a law, or None where it holds."""

Together = Callable[[list[tuple[tuple[Any, ...], Any]]], str | None]
"""Called with the arguments and the value of every case; says how the values together break a law, or None."""


@dataclass(frozen=True)
class Case:
    """One input."""

    arguments: tuple[Any, ...]
    name: str = ""
    """What is special about it, said in a verdict: "a logit of 1000"."""
    fresh: bool = False
    """Drawn for this check alone, so that a table of answers does not pass."""


@dataclass(frozen=True)
class Mistake:
    """A known way to be wrong."""

    answer: Callable[..., Any]
    """The mistake itself: called like the reference, wrong like the learners who make it."""
    cause: str
    """What its author did, as the end of "It looks as if"."""
    next_step: str
    """What to look at next. Never the answer."""

    @property
    def name(self) -> str:
        return getattr(self.answer, "__name__", "mistake")

    @property
    def advice(self) -> str:
        """The sentence of advice: cause and next step."""
        return f"{self.cause}: {self.next_step}"


@dataclass
class Exercise:
    """What is asked, what is right, and how it goes wrong.

    A check calls the answer on every case, compares what came back with what the reference gives, and says what it
    found. `judge` alone does that; `check` is for notebooks: it shows the verdict, keeps the progress, and raises
    where the answer does not pass, so that any tool that runs the notebook can see it.
    """

    lesson: int
    title: str
    points: int
    reference: Callable[..., Any]
    form: Form
    returns: str
    """What the answer gives back, as the end of "It returns"."""
    cases: tuple[Case, ...]
    draw: Callable[[np.random.Generator], tuple[Any, ...]]
    """Draws the arguments of one fresh case."""
    hints: tuple[str, ...]
    """A ladder: each says more than the one before, none gives the answer."""
    laws: tuple[Law, ...] = ()
    many_right: bool = False
    """Many values are right, such as any fair split: then the laws alone say whether one is, and a known mistake is
    known by the laws that it breaks. What is random has to come from the arguments."""
    together: tuple[Together, ...] = ()
    """Laws that no single value can break, such as another split for another seed. For `many_right`."""
    within: tuple[float, float] | None = None
    """(relative, absolute) tolerance, where the task sets one; otherwise the answer's precision does."""
    fresh_cases: int = 6
    mistakes: list[Mistake] = field(default_factory=list)
    remembered: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What the reference and the mistakes give for the fixed cases, once it was asked for."""

    @property
    def name(self) -> str:
        """The name of the function that the learner writes."""
        return self.reference.__name__

    @property
    def key(self) -> str:
        """The exercise's name in the progress file."""
        return f"lesson_{self.lesson}.{self.name}"

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.reference).parameters)

    @property
    def signature(self) -> str:
        """How the function is called, without types: "softmax(logits, axis=-1)"."""
        written = inspect.signature(self.reference).parameters.values()
        return (
            f"{self.name}({', '.join(str(p.replace(annotation=inspect.Parameter.empty)) for p in written)})"
        )

    def mistake(self, cause: str, next_step: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorator: adds the function below it to the known mistakes, with its cause and the next step."""

        def add(answer: Callable[..., Any]) -> Callable[..., Any]:
            self.mistakes.append(Mistake(answer, cause, next_step))
            return answer

        return add

    def draw_cases(self, seed: int | None = None) -> tuple[Case, ...]:
        """Fresh random cases; the same seed draws the same ones, no seed draws new ones each time."""
        generator = np.random.default_rng(secrets.randbits(64) if seed is None else seed)
        return tuple(Case(self.draw(generator), "a fresh input", fresh=True) for _ in range(self.fresh_cases))

    def judge(self, answer: Any, seed: int | None = None) -> Verdict:
        """The verdict on an answer. Shows nothing, keeps nothing, raises nothing."""
        cases = (*self.cases, *self.draw_cases(seed))
        inputs = [case.arguments for case in cases]
        return self.verdict(cases, attempt(answer, inputs, self.parameters, self.many_right))

    def verdict(self, cases: tuple[Case, ...], attempted: Attempt, beside: Beside | None = None) -> Verdict:
        """The verdict on an attempt at these cases, wherever it was made. Runs nothing of the learner's.

        `beside` remembers what reference and mistakes give for these very cases, where many answers are judged on them.
        """
        if attempted.missing:
            return Verdict(
                self.name, NOT_ATTEMPTED, 0, self.points, "none", "There is no function yet.",
                f"write `{self.signature}`, then check it.",
            )  # fmt: skip
        if attempted.instead:
            finding = f"The check was given {_with_article(attempted.instead)}, not the function."
            advice = f"hand over the function itself, without brackets: `check({self.name})`."
            return Verdict(self.name, WRONG, 0, self.points, "type", finding, advice)
        if attempted.signature:
            advice = f"write the line `def {self.signature}:` as the exercise gives it."
            return Verdict(self.name, WRONG, 0, self.points, "signature", attempted.signature, advice)
        return judge(self, cases, attempted.results, beside)

    def check(self, answer: Any, seed: int | None = None) -> Verdict:
        """Check an answer and say what was found.

        Returns:
            The verdict, which a notebook shows, where the answer passes.

        Raises:
            NotPassed: the answer was not attempted, raised, or is wrong. The verdict is shown first.
        """
        verdict = self.judge(answer, seed)
        progress.record(self.key, verdict.outcome, verdict.mistake)
        if verdict.outcome != CORRECT:
            feedback.display(verdict)
            raise feedback.NotPassed(verdict)
        return verdict

    def beside(self, answer: Any, *arguments: Any) -> feedback.Message:
        """The answer beside the reference, on an input of the caller's choice. For looking: nothing is judged or kept."""
        mine = call(answer, arguments, self.parameters) if callable(answer) else Result(answer)
        yours = f"{mine.raised.kind}: {mine.raised.message}" if mine.raised else shown(mine.value)
        reference = shown(plain(self.reference(*copied(arguments))))
        rows = (("yours", yours), ("the reference", reference))
        return feedback.Message(f"{self.name}: yours beside the reference", rows=rows)

    def hint(self) -> feedback.Message:
        """The next hint up the ladder; at the top, the last one again."""
        level = progress.next_hint(self.key, len(self.hints))
        more = (
            ""
            if level < len(self.hints)
            else " This is the last one; `solution()` shows one way to write it."
        )
        return feedback.Message(
            f"{self.name}: hint {level} of {len(self.hints)}", self.hints[level - 1] + more
        )

    def solution(self) -> feedback.Message:
        """One way to write it, after an attempt."""
        if not progress.attempted(self.key):
            text = f"Have a try first: once a check has seen an attempt, this shows one way to write `{self.name}`."
            return feedback.Message(f"{self.name}: no solution yet", text)
        title = f"{self.name}: one way to write it"
        return feedback.Message(title, "", code=inspect.getsource(self.reference).rstrip())

    def reset(self) -> None:
        """Forget the progress and the hints seen of this exercise."""
        with contextlib.suppress(KeyError):  # there is none
            progress.reset(self.key)

    def _repr_markdown_(self) -> str:
        return (
            f"**{self.title}** ({self.points} points): write `{self.signature}`. It returns {self.returns}."
        )


def _with_article(name: str) -> str:
    return ("an " if name[:1].lower() in "aeiou" or name == "ndarray" else "a ") + name
