"""What a check says, as data. `feedback.py` turns it into words on a page."""

from dataclasses import dataclass

NOT_ATTEMPTED = "not attempted"
RAISED = "raised"
WRONG = "wrong"
CORRECT = "correct"
OUTCOMES = (NOT_ATTEMPTED, RAISED, WRONG, CORRECT)


@dataclass(frozen=True)
class Verdict:
    """One of four outcomes, and why."""

    exercise: str
    outcome: str
    points: int
    """Earned."""
    possible: int
    step: str
    """Which step of the diagnosis spoke: "type", "shape", "non-finite", "law", "differs", ..."""
    finding: str
    """What was seen, in a sentence or two."""
    advice: str = ""
    """The next step, in one sentence."""
    cause: str = ""
    """What a known mistake that behaves the same comes from, as the end of "It looks as if"."""
    mistake: str | None = None
    """The name of the known mistake that behaves the same, where there is one."""
    evidence: tuple[tuple[str, str], ...] = ()
    """(what, value) pairs: the input, what came back, what was expected."""
    notes: tuple[str, ...] = ()
    """Further things worth knowing, such as what the answer printed."""
    fresh: bool = False
    """The evidence is an input that was drawn for this check alone."""

    @property
    def passed(self) -> bool:
        return self.outcome == CORRECT

    @property
    def text(self) -> str:
        """The verdict as plain text."""
        from course_utils.exercises.feedback import verdict_text

        return verdict_text(self)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        from course_utils.exercises.feedback import verdict_html

        return verdict_html(self)
