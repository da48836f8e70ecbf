"""From what an answer returned to what its author misunderstood.

The order: did it run; type; shape; non-finite values; a broken law of the answer; the first differing case. The first
that fits says what was seen. Beside it, every known mistake is run on the same inputs: where its outputs agree with
the learner's, the verdict says by name what they did.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.exercises.forms import Misfit
from course_utils.exercises.running import Raised, Result, call
from course_utils.exercises.show import MOST, shown
from course_utils.exercises.values import SINGLE, alike, close, plain, tolerance
from course_utils.exercises.verdict import CORRECT, NOT_ATTEMPTED, RAISED, WRONG, Verdict

if TYPE_CHECKING:
    from course_utils.exercises.exercise import Case, Exercise, Law, Mistake

MANY = 6
"""Entries beyond which a verdict says where two values first differ."""

ORDER = ("none", "type", "shape", "length", "non-finite", "law", "differs")

BY_HAND = "work this input through by hand, on paper, and compare each step."

NEXT = {
    "none": "end the function with `return` and the value it worked out; printing shows a value but doesn't give it back.",
    "type": "look at the type of what you return, and at what the exercise asks for.",
    "shape": "print the shape at each step for this input, and see where it stops being what you expect.",
    "length": "lay your list beside the expected one, and find the first place where they part.",
    "non-finite": "find the step that first gives a value that is not finite for this input.",
    "law": BY_HAND,
    "differs": BY_HAND,
    "changed": "the caller may still need it: work on a copy, or on a new array.",
    "unrepeatable": "look for something that outlives a call: a global, a default argument that is changed, a random number.",
    "disturbed": "give your function a random generator of its own, made from the arguments.",
    "together": "call your function with each of these inputs, and lay the answers side by side.",
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with the answer to one case."""

    step: str
    message: str
    case: Case
    result: Result
    expected: Any


def judge(
    exercise: Exercise, cases: tuple[Case, ...], given: Sequence[Result], beside: Beside | None = None
) -> Verdict:
    """The verdict on the results of an `Attempt` at these cases. Runs nothing of the learner's."""
    *results, again = given
    if all(result.raised and result.raised.is_stub and not result.raised.helper for result in results):
        finding = "The function still raises NotImplementedError."
        return _verdict(
            exercise,
            NOT_ATTEMPTED,
            "none",
            finding,
            "replace that line with your own code, then check again.",
        )
    beside = beside or Beside(exercise)
    expected = [beside.result(exercise.reference, case).value for case in cases]
    with np.errstate(all="ignore"):  # the laws reckon with whatever the learner returned
        faults = [_fault(exercise, *each) for each in zip(cases, results, expected, strict=True)]
    if any(faults):
        return _not_right(exercise, cases, results, faults, beside)
    return _right_but(exercise, cases, results, again, beside) or _correct(exercise, results)


class Beside:
    """What the reference and the known mistakes give. On a fixed case that is worked out once and remembered; on a
    fresh one for as long as this object is kept.
    """

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.fresh: dict[Any, Any] = {}

    def result(self, function: Callable[..., Any], case: Case) -> Result:
        return self._once(
            ("result", function),
            case,
            lambda: call(function, case.arguments, self.exercise.parameters, self.exercise.many_right),
        )

    def fault(self, function: Callable[..., Any], case: Case) -> Fault | None:
        expected = self.result(self.exercise.reference, case).value
        return self._once(
            ("fault", function),
            case,
            lambda: _fault(self.exercise, case, self.result(function, case), expected),
        )

    def _once(self, key: Any, case: Case, work: Callable[[], Any]) -> Any:
        known = self.fresh if case.fresh else self.exercise.remembered
        place = *key, id(case)
        if place not in known:
            known[place] = work(), case  # the case keeps its id
        return known[place][0]

    def symptoms(self, function: Callable[..., Any], cases: tuple[Case, ...]) -> list[str]:
        results = [self.result(function, case) for case in cases]
        faults = [self.fault(function, case) for case in cases]
        if any(faults):
            return _symptoms(faults, None)
        return self._once(
            ("after", function, tuple(map(id, cases))),
            cases[0],
            lambda: _symptoms(
                faults, _fault_of_all(self.exercise, cases, results, self._again(function, cases[0]))
            ),
        )

    def _again(self, function: Callable[..., Any], case: Case) -> Result:
        return call(function, case.arguments, self.exercise.parameters, self.exercise.many_right)


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
        broken = _broken(law, value, case)
        if broken:
            return Fault("law", broken, case, result, expected)
    if exercise.many_right:
        return None
    within = exercise.within or tolerance(result.value)
    wanted = exercise.form.read(expected, expected)
    if alike(value, wanted, within):
        return None
    return Fault("differs", _differs_message(case, value, wanted, within), case, result, expected)


def _broken(law: Law, value: Any, case: Case) -> str | None:
    try:
        return law(value, *case.arguments)
    except Exception:  # an odd value that the law can't reckon with; the comparison still follows
        return None


def _not_right(
    exercise: Exercise,
    cases: tuple[Case, ...],
    results: list[Result],
    faults: list[Fault | None],
    beside: Beside,
) -> Verdict:
    found = [fault for fault in faults if fault]
    told = next((fault for fault in found if fault.step == "raised"), None) or min(
        found, key=lambda fault: ORDER.index(fault.step)
    )
    place = next(index for index, fault in enumerate(faults) if fault is told)
    mistake = _known_mistake(exercise, cases, results, faults, beside, place)
    if mistake is None and _is_a_table(cases, faults):
        return _verdict(
            exercise, WRONG, "table",
            "Your answer is right for every input that stays the same from check to check, and wrong for every fresh one "
            "that this check drew: it seems to be made for those inputs.",
            "let the result depend on the arguments alone, so that it holds for inputs that nobody has seen.",
            evidence=_evidence(exercise, found[0]), fresh=found[0].case.fresh,
        )  # fmt: skip
    if told.step == "raised":
        return _raised(exercise, told, mistake)
    return _verdict(
        exercise, WRONG, told.step, told.message, _next(told), mistake,
        evidence=_evidence(exercise, told), notes=_notes(exercise, results), fresh=told.case.fresh,
    )  # fmt: skip


def _next(fault: Fault) -> str:
    """The next step. What is too large for paper is printed."""
    large = any(isinstance(value, np.ndarray) and value.size > MOST for value in fault.case.arguments)
    if large and NEXT[fault.step] == BY_HAND:
        return "print what each step gives for this input, and find the first that is not what you expect."
    return NEXT[fault.step]


def _known_mistake(
    exercise: Exercise,
    cases: tuple[Case, ...],
    results: list[Result],
    faults: list[Fault | None],
    beside: Beside,
    told: int,
) -> Mistake | None:
    """The known mistake that gives the learner's outputs.

    One that agrees on every case speaks first. Otherwise one that agrees on every case that the learner has wrong,
    where there are two of those or more: a learner who mended one input by hand still has the misunderstanding.
    Last come two that share the wrong cases between them, of which that one speaks that agrees on the case `told`.
    To raise the same kind of error is not yet to agree: one case at least must give the same value or message.
    """
    if exercise.many_right:
        return _by_symptoms(exercise, cases, _symptoms(faults, None), beside)
    wrong = [index for index, fault in enumerate(faults) if fault]
    right = [index for index, fault in enumerate(faults) if not fault]
    read: dict[int, Any] = {}
    expected = [beside.result(exercise.reference, case).value for case in cases]

    def canonical(value: Any, index: int) -> Any:
        try:
            return exercise.form.read(value, expected[index])
        except Misfit:
            return value

    def agreement(mistake: Mistake, index: int) -> int:
        """0: none; 1: the same kind of error; 2: the same value, or the same error and message."""
        one, other = results[index], beside.result(mistake.answer, cases[index])
        if one.raised or other.raised:
            return _same_error(one.raised, other.raised)
        if index not in read:
            read[index] = canonical(one.value, index)
        within = exercise.within or max(SINGLE, tolerance(one.value))
        same = alike(read[index], canonical(other.value, index), within) or alike(
            one.value, other.value, within
        )
        return 2 * same

    fallback = None
    for mistake in exercise.mistakes:
        surest = 0
        for index in wrong:
            level = agreement(mistake, index)
            surest = max(surest, level)
            if not level:
                break
        else:
            if surest < 2:
                continue
            if all(agreement(mistake, index) for index in right):
                return mistake
            if fallback is None and len(wrong) > 1:
                fallback = mistake
    fixed = {index for index in wrong if not cases[index].fresh}
    return fallback or _one_of_two(exercise.mistakes, wrong, right, fixed, agreement, told)


def _one_of_two(
    mistakes: list[Mistake],
    wrong: list[int],
    right: list[int],
    fixed: set[int],
    agreement: Callable[[Mistake, int], int],
    told: int,
) -> Mistake | None:
    """Of two known mistakes that show on different cases, and on no other, the one that shows on the case `told`.

    People make two at once. A pair that explains everything is no accident where the first explains several cases; of
    several such the one that explains the most speaks. A mistake that shows on none of the `fixed` cases, for which its
    outputs are remembered, is not tried on fresh ones.
    """
    found = []
    for mistake in mistakes:
        if not any(agreement(mistake, index) == 2 for index in fixed):
            continue
        explains = {index for index in wrong if agreement(mistake, index) == 2}
        if explains and all(agreement(mistake, index) for index in right):
            found.append((mistake, explains))
    firsts = [
        (len(explains), mistake)
        for mistake, explains in found
        if told in explains
        and len(explains) > 1
        and any(explains | rest == set(wrong) and rest - explains for _, rest in found)
    ]
    return max(firsts, key=lambda pair: pair[0])[1] if firsts else None


def _symptoms(faults: list[Fault | None], after: Fault | None) -> list[str]:
    """What is wrong with each case, and then with all together, in words without numbers; "" where nothing is."""
    return [_symptom(fault) if fault else "" for fault in (*faults, after)]


def _symptom(fault: Fault) -> str:
    raised = fault.result.raised if fault.step == "raised" else None
    return _bare(f"{raised.kind}: {raised.message}" if raised else f"{fault.step}: {fault.message}")


def _by_symptoms(
    exercise: Exercise, cases: tuple[Case, ...], symptoms: list[str], beside: Beside
) -> Mistake | None:
    """The known mistake with the same symptoms: where many answers are right, so are many wrong in the same way.

    Chance decides on which cases a fault shows, so the same symptoms have to be seen, but not on the same cases; on the
    fixed cases alone, too, since those let every mistake show. Of several the one speaks that agrees on the most cases.
    """
    fresh = [case.fresh for case in cases]
    found = []
    for mistake in exercise.mistakes:
        theirs = beside.symptoms(mistake.answer, cases)
        if _seen(theirs) == _seen(symptoms) and _seen(theirs, fresh) == _seen(symptoms, fresh):
            agreeing = sum(one == other for one, other in zip(symptoms, theirs, strict=True))
            found.append((agreeing, mistake))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _seen(symptoms: list[str], left_out: Iterable[bool] = ()) -> set[str]:
    return {symptom for symptom, out in zip_longest(symptoms, left_out) if symptom and not out}


def _same_error(one: Raised | None, other: Raised | None) -> int:
    if not one or not other or one.kind != other.kind:
        return 0
    return 1 + (_bare(one.message) == _bare(other.message))


def _bare(message: str) -> str:
    """A message without its numbers, which depend on the input, and without NumPy's names around them."""
    return re.sub(r"\d+(\.\d+)?", "#", re.sub(r"np\.\w+\(([^()]*)\)", r"\1", message))


def _is_a_table(cases: tuple[Case, ...], faults: list[Fault | None]) -> bool:
    fresh = [bool(fault) for case, fault in zip(cases, faults, strict=True) if case.fresh]
    fixed = [bool(fault) for case, fault in zip(cases, faults, strict=True) if not case.fresh]
    return len(fresh) > 1 and all(fresh) and not any(fixed)


def _raised(exercise: Exercise, fault: Fault, mistake: Mistake | None) -> Verdict:
    raised = fault.result.raised
    assert raised is not None
    where = f" at line {raised.line_number}" if raised.line else ""
    where += f" in `{raised.helper}`, which it calls" if raised.helper else ""
    where += f": `{raised.line}`" if raised.line else ""
    finding = f"{raised.kind}{where}. It says: {raised.message.rstrip(' .') or 'nothing more'}."
    return _verdict(
        exercise, RAISED, "raised", finding, _raised_advice(raised), mistake,
        evidence=_arguments(exercise, fault.case), notes=_printed(fault.result), fresh=fault.case.fresh,
    )  # fmt: skip


def _raised_advice(raised: Raised) -> str:
    if raised.kind == "SystemExit":
        return "a function gives its value back with `return`; leave the program running."
    if raised.is_stub and raised.helper:
        return f"`{raised.helper}` is not written yet: write it first, or do here what you need of it."
    if raised.is_stub:
        return "one branch of your function still has the line that was there at the start."
    return "run that line alone in a new cell with the input shown here, and look at each value in it."


def _right_but(
    exercise: Exercise, cases: tuple[Case, ...], results: list[Result], again: Result, beside: Beside
) -> Verdict | None:
    """The verdict on an answer whose values are all right, and which is wrong nevertheless."""
    fault = _fault_of_all(exercise, cases, results, again)
    if fault is None:
        return None
    mistake = None
    if exercise.many_right:
        symptoms = _symptoms([None] * len(cases), fault)
        mistake = _by_symptoms(exercise, cases, symptoms, beside)
    return _verdict(
        exercise, WRONG, fault.step, fault.message, NEXT[fault.step], mistake,
        evidence=_arguments(exercise, fault.case), fresh=fault.case.fresh,
    )  # fmt: skip


def _fault_of_all(
    exercise: Exercise, cases: tuple[Case, ...], results: list[Result], again: Result
) -> Fault | None:
    """What is wrong with answers whose values are all right, each taken by itself."""
    for case, result in zip(cases, results, strict=True):
        if result.changed:
            what = " and ".join(f"`{name}`" for name in result.changed)
            finding = (
                f"The value is right, but your function changes its input: {what} is no longer what it was."
            )
            return Fault("changed", finding, case, result, None)
    first = cases[0], results[0], None
    if again.raised or not alike(
        again.value, results[0].value, exercise.within or tolerance(results[0].value)
    ):
        finding = "Called twice with the same input, your function gives two different answers."
        return Fault("unrepeatable", finding, *first)
    for case, result in zip(cases, results, strict=True):
        if result.disturbed:
            finding = (
                f"The value is right, but your function sets or uses the random numbers of `{result.disturbed[0]}`, "
                "which all code shares: whatever draws from them next gets others than it would have."
            )
            return Fault("disturbed", finding, case, result, None)
    read = [exercise.form.read(result.value, result.value) for result in results] if exercise.together else []
    answers = [(case.arguments, value) for case, value in zip(cases, read, strict=False)]
    for law in exercise.together:
        if broken := law(answers):
            return Fault("together", broken, *first)
    return None


def _correct(exercise: Exercise, results: list[Result]) -> Verdict:
    return _verdict(
        exercise, CORRECT, "passed", "It passes the checks here.", notes=_notes(exercise, results)
    )


def _verdict(
    exercise: Exercise,
    outcome: str,
    step: str,
    finding: str,
    advice: str = "",
    mistake: Mistake | None = None,
    **more: Any,
) -> Verdict:
    earned = exercise.points if outcome == CORRECT else 0
    if mistake:
        advice, more = mistake.next_step, more | {"cause": mistake.cause, "mistake": mistake.name}
    return Verdict(exercise.name, outcome, earned, exercise.points, step, finding, advice, **more)


def _none_message(result: Result) -> str:
    if result.printed:
        return "Your function prints its answer and returns None, so whoever calls it gets nothing."
    return "Your function returns None."


def _differs_message(case: Case, value: Any, wanted: Any, within: tuple[float, float]) -> str:
    if isinstance(value, str):
        return f"The text differs from what was expected for {case.name or 'this input'}."
    if isinstance(value, float):
        return f"The value differs from what was expected for {case.name or 'this input'}."
    return f"The values differ from what was expected for {case.name or 'this input'}{_place(value, wanted, within)}."


def _place(value: Any, wanted: Any, within: tuple[float, float]) -> str:
    """Where two canonical values of one shape first differ, where that is more than a glance can find."""
    if isinstance(value, np.ndarray) and value.size > MANY:
        index = np.argwhere(~close(value, wanted, within))[0]
        one, other = _apart(value[tuple(index)], wanted[tuple(index)])
        place = ", ".join(map(str, index))
        return f", first at index [{place}]: {one} where {other} was expected"
    if isinstance(value, dict):
        name = next(name for name in value if not alike(value[name], wanted[name]))
        return f", in `{name}`{_place(value[name], wanted[name], within)}"
    if isinstance(value, list) and len(value) > MANY:
        index = next(index for index, pair in enumerate(zip(value, wanted, strict=True)) if not alike(*pair))
        return f", first at index {index}: {shown(value[index])} where {shown(wanted[index])} was expected"
    return ""


def _apart(one: Any, other: Any) -> tuple[str, str]:
    """Both as text, with as many digits as it takes to tell them apart."""
    texts = shown(one), shown(other)
    for digits in (9, 12, 17):
        if texts[0] != texts[1]:
            break
        texts = shown(one, digits), shown(other, digits)
    return texts


def _evidence(exercise: Exercise, fault: Fault) -> tuple[tuple[str, str], ...]:
    raised = fault.result.raised
    yours, expected = _apart(fault.result.value, fault.expected)
    yours = f"{raised.kind}: {raised.message}" if raised else yours
    right = "one right answer" if exercise.many_right else "expected"
    return (*_arguments(exercise, fault.case), ("yours", yours), (right, expected))


def _arguments(exercise: Exercise, case: Case) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, shown(plain(value))) for name, value in zip(exercise.parameters, case.arguments, strict=False)
    )


def _notes(exercise: Exercise, results: list[Result]) -> tuple[str, ...]:
    changed = sorted({name for result in results for name in result.changed})
    notes = [f"It also changes its input: {', '.join(changed)}."] if changed else []
    printing = next((result for result in results if result.printed), None)
    warned = next((result.warned for result in results if result.warned), "")
    if warned:
        notes.append(f"While it ran, Python warned: {warned.rstrip(' .')}.")
    return (*notes, *(_printed(printing) if printing else ()))


def _printed(result: Result) -> tuple[str, ...]:
    return (f"It printed: {result.printed}",) if result.printed else ()
