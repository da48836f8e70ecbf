"""From what an answer returned to what its author misunderstood.

The order: did it run; type; shape; non-finite values; a broken law of the answer; the first differing case. The first
that fits says what was seen. Beside it, every known mistake is run on the same inputs: where its outputs agree with
the learner's, the verdict says by name what they did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course_utils.exercises.forms import Misfit
from course_utils.exercises.running import Raised, Result, call
from course_utils.exercises.show import shown
from course_utils.exercises.values import EXACT, SINGLE, alike, copied, plain, tolerance
from course_utils.exercises.verdict import CORRECT, NOT_ATTEMPTED, RAISED, WRONG, Verdict

if TYPE_CHECKING:
    from course_utils.exercises.exercise import Case, Exercise, Mistake

ORDER = ("none", "type", "shape", "non-finite", "law", "differs")

NEXT = {
    "none": "end the function with `return` and the value it worked out; printing shows a value but doesn't give it back.",
    "type": "look at the type of what you return, and at what the exercise asks for.",
    "shape": "print the shape at each step for this input, and see where it stops being what you expect.",
    "non-finite": "find the step that first gives a value that is not finite for this input.",
    "law": "work this input through by hand, on paper, and compare each step.",
    "differs": "work this input through by hand, on paper, and compare each step.",
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with the answer to one case."""

    step: str
    message: str
    case: Case
    result: Result
    expected: Any


def judge(exercise: Exercise, cases: tuple[Case, ...], results: list[Result]) -> Verdict:
    """The verdict on the results of `exercise.run` for these cases. Runs nothing of the learner's."""
    *results, again = results
    if all(result.raised and result.raised.kind == "NotImplementedError" for result in results):
        finding = "The function still raises NotImplementedError."
        return _verdict(exercise, NOT_ATTEMPTED, "none", finding, "replace that line with your own code, then check again.")
    expected = [plain(exercise.reference(*copied(case.arguments))) for case in cases]
    faults = [_fault(exercise, *each) for each in zip(cases, results, expected, strict=True)]
    if any(faults):
        return _not_right(exercise, cases, results, faults)
    return _right_but(exercise, cases, results, again) or _correct(exercise, results)


def _fault(exercise: Exercise, case: Case, result: Result, expected: Any) -> Fault | None:
    """The first thing wrong with one result, or None."""
    if result.raised:
        return Fault("raised", "", case, result, expected)
    if result.value is None:
        return Fault("none", _none_message(result), case, result, expected)
    try:
        value = exercise.form.read(result.value, expected)
    except Misfit as misfit:
        return Fault(misfit.step, str(misfit), case, result, expected)
    for law in exercise.laws:
        broken = law(value, *case.arguments)
        if broken:
            return Fault("law", broken, case, result, expected)
    within = exercise.within or tolerance(result.value)
    if alike(value, exercise.form.read(expected, expected), within):
        return None
    return Fault("differs", _differs_message(case), case, result, expected)


def _not_right(
    exercise: Exercise, cases: tuple[Case, ...], results: list[Result], faults: list[Fault | None]
) -> Verdict:
    mistake = _known_mistake(exercise, cases, results, faults)
    if mistake is None and _is_a_table(cases, faults):
        return _verdict(
            exercise, WRONG, "table",
            "Your answer is right for every input that this check shows and wrong for every fresh one it drew: "
            "it seems to be made for the inputs shown.",
            "let the result depend on the arguments alone, so that it holds for inputs that nobody has seen.",
        )  # fmt: skip
    found = [fault for fault in faults if fault]
    for fault in found:
        if fault.step == "raised":
            return _raised(exercise, fault, mistake)
    fault = min(found, key=lambda fault: ORDER.index(fault.step))
    return _verdict(
        exercise, WRONG, fault.step, fault.message, NEXT[fault.step], mistake,
        evidence=_evidence(exercise, fault), notes=_notes(exercise, results),
    )  # fmt: skip


def _known_mistake(
    exercise: Exercise, cases: tuple[Case, ...], results: list[Result], faults: list[Fault | None]
) -> Mistake | None:
    """The known mistake that gives the learner's outputs.

    One that agrees on every case speaks first. Otherwise one that agrees on every case that the learner has wrong,
    where there are two of those or more: a learner who mended one input by hand still has the misunderstanding.
    """
    names = exercise.parameters
    within = exercise.within or SINGLE
    wrong = [index for index, fault in enumerate(faults) if fault]
    right = [index for index, fault in enumerate(faults) if not fault]
    fallback = None

    def agrees(mistake: Mistake, index: int) -> bool:
        return _same_result(call(mistake.answer, cases[index].arguments, names), results[index], within)

    for mistake in exercise.mistakes:
        if not all(agrees(mistake, index) for index in wrong):
            continue
        if all(agrees(mistake, index) for index in right):
            return mistake
        if fallback is None and len(wrong) > 1:
            fallback = mistake
    return fallback


def _same_result(one: Result, other: Result, within: tuple[float, float]) -> bool:
    if one.raised or other.raised:
        return bool(one.raised and other.raised and one.raised.kind == other.raised.kind)
    return alike(one.value, other.value, within) and bool(one.changed) == bool(other.changed)


def _is_a_table(cases: tuple[Case, ...], faults: list[Fault | None]) -> bool:
    fresh = [bool(fault) for case, fault in zip(cases, faults, strict=True) if case.fresh]
    shown_ones = [bool(fault) for case, fault in zip(cases, faults, strict=True) if not case.fresh]
    return bool(fresh) and all(fresh) and not any(shown_ones)


def _raised(exercise: Exercise, fault: Fault, mistake: Mistake | None) -> Verdict:
    raised = fault.result.raised
    assert raised is not None
    where = f" at line {raised.line_number}: `{raised.line}`" if raised.line else ""
    finding = f"{raised.kind}{where}. It says: {raised.message or 'nothing more'}."
    return _verdict(
        exercise, RAISED, "raised", finding, _raised_advice(raised), mistake,
        evidence=_arguments(exercise, fault.case), notes=_printed(fault.result),
    )  # fmt: skip


def _raised_advice(raised: Raised) -> str:
    if raised.kind == "SystemExit":
        return "a function gives its value back with `return`; leave the program running."
    if raised.kind == "NotImplementedError":
        return "one branch of your function still has the line that was there at the start."
    return "run that line alone in a new cell with the input below, and look at each value in it."


def _right_but(exercise: Exercise, cases: tuple[Case, ...], results: list[Result], again: Result) -> Verdict | None:
    """Faults of an answer whose values are all right."""
    for case, result in zip(cases, results, strict=True):
        if result.changed:
            what = " and ".join(f"`{name}`" for name in result.changed)
            finding = f"The value is right, but your function changes its input: {what} is no longer what it was."
            advice = "the caller may still need it: work on a copy, or on a new array."
            return _verdict(exercise, WRONG, "changed", finding, advice, evidence=_arguments(exercise, case))
    if again.raised or not alike(again.value, results[0].value, exercise.within or EXACT):
        finding = "Called twice with the same input, your function gives two different answers."
        advice = "look for something that outlives a call: a global, a default argument that is changed, a random number."
        return _verdict(exercise, WRONG, "unrepeatable", finding, advice, evidence=_arguments(exercise, cases[0]))
    return None


def _correct(exercise: Exercise, results: list[Result]) -> Verdict:
    return _verdict(exercise, CORRECT, "passed", "It passes the checks here.", notes=_notes(exercise, results))


def _verdict(
    exercise: Exercise, outcome: str, step: str, finding: str, advice: str = "", mistake: Mistake | None = None, **more: Any
) -> Verdict:
    earned = exercise.points if outcome == CORRECT else 0
    if mistake:
        advice, more = mistake.next_step, more | {"cause": mistake.cause, "mistake": mistake.name}
    return Verdict(exercise.name, outcome, earned, exercise.points, step, finding, advice, **more)


def _none_message(result: Result) -> str:
    if result.printed:
        return "Your function prints its answer and returns None, so whoever calls it gets nothing."
    return "Your function returns None."


def _differs_message(case: Case) -> str:
    return f"The values differ from what was expected for {case.name or 'this input'}."


def _evidence(exercise: Exercise, fault: Fault) -> tuple[tuple[str, str], ...]:
    pair = (("yours", shown(fault.result.value)), ("expected", shown(fault.expected)))
    return (*_arguments(exercise, fault.case), *pair)


def _arguments(exercise: Exercise, case: Case) -> tuple[tuple[str, str], ...]:
    return tuple((name, shown(plain(value))) for name, value in zip(exercise.parameters, case.arguments, strict=False))


def _notes(exercise: Exercise, results: list[Result]) -> tuple[str, ...]:
    changed = sorted({name for result in results for name in result.changed})
    notes = [f"It also changes its input: {', '.join(changed)}."] if changed else []
    printing = next((result for result in results if result.printed), None)
    warned = next((result.warned for result in results if result.warned), "")
    if warned:
        notes.append(f"While it ran, Python warned: {warned}.")
    return (*notes, *(_printed(printing) if printing else ()))


def _printed(result: Result) -> tuple[str, ...]:
    return (f"It printed: {result.printed}",) if result.printed else ()
