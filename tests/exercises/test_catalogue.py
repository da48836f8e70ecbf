"""The whole catalogue, proved: what is right passes, and each way to be wrong is told by its own name."""

import inspect

import numpy as np
import pandas as pd
import pytest
import torch

from course_utils.exercises import LESSONS, catalogue
from course_utils.exercises.diagnosis import Beside, _same_error
from course_utils.exercises.forms import LabelLists, Labels
from course_utils.exercises.running import call
from course_utils.exercises.values import SINGLE, alike, copied, plain
from tests.exercises.honest_answers import HONEST

EXERCISES = [exercise for lesson in LESSONS for exercise in catalogue(lesson).EXERCISES]
MISTAKES = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]
SEEDS = (0, 1, 2)

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
each_mistake = pytest.mark.parametrize(
    ("exercise", "mistake"),
    MISTAKES,
    ids=[f"{exercise.name}-{mistake.name}" for exercise, mistake in MISTAKES],
)


def stub_of(exercise):
    """The function as a lesson hands it out."""
    space = {}
    exec(f"def {exercise.signature}:\n    raise NotImplementedError('write it here')", space)
    return space[exercise.name]


@each_exercise
def test_the_stub_is_not_attempted(exercise):
    verdict = exercise.judge(stub_of(exercise))
    assert verdict.outcome == "not attempted"
    assert verdict.points == 0


@each_exercise
@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_is_correct(exercise, seed):
    verdict = exercise.judge(exercise.reference, seed)
    assert verdict.outcome == "correct", verdict.text
    assert verdict.points == exercise.points


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [(exercise, answer) for exercise in EXERCISES for answer in HONEST[exercise.name]],
    ids=lambda thing: getattr(thing, "name", None) or thing.__name__,
)
@pytest.mark.parametrize("seed", SEEDS)
def test_other_honest_ways_are_correct(exercise, answer, seed):
    verdict = exercise.judge(answer, seed)
    assert verdict.outcome == "correct", verdict.text


# The forms in which lesson 4's answers may come.


def nested(value, kind):
    """The value with every list, tuple and array in it made into `kind`."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return kind(nested(item, kind) for item in value) if isinstance(value, list | tuple) else value


def as_numbers(value, make):
    return tuple(make(part) for part in value) if isinstance(value, tuple) else make(value)


OF_ANYTHING = {
    "lists": lambda value: nested(value, list),
    "tuples": lambda value: nested(value, tuple),
}
OF_NUMBERS = {
    "torch": lambda value: as_numbers(value, torch.tensor),
    "torch with gradient": lambda value: as_numbers(
        value, lambda part: torch.tensor(part * 1.0).requires_grad_()
    ),
    "torch float32": lambda value: as_numbers(value, lambda part: torch.tensor(part, dtype=torch.float32)),
    "float32": lambda value: as_numbers(value, np.float32),
    "float32 lists": lambda value: as_numbers(value, lambda part: np.float32(part).tolist()),
    "list of float32": lambda value: nested(np.float32(value).astype(object), list),
    "pandas": lambda value: as_numbers(
        value, lambda part: pd.DataFrame(part) if np.ndim(part) == 2 else part
    ),
    "read-only": lambda value: as_numbers(value, lambda part: np.broadcast_to(part, np.shape(part))),
    "reversed memory": lambda value: as_numbers(value, np.asfortranarray),
}
OF_TEXT = {
    "array": lambda value: np.array([*value, None], dtype=object)[:-1],
    "generator's list": lambda value: list(item for item in value),  # noqa: C400
    "NumPy text": lambda value: [np.str_(item) if isinstance(item, str) else item for item in value],
}


@pytest.mark.parametrize(
    ("exercise", "form"),
    [
        (exercise, form)
        for exercise in catalogue(4).EXERCISES
        for form in {
            **OF_ANYTHING,
            **(OF_TEXT if isinstance(exercise.form, Labels | LabelLists) else OF_NUMBERS),
        }.items()
    ],
    ids=lambda thing: getattr(thing, "name", None) or thing[0],
)
def test_other_honest_forms_are_correct(exercise, form):
    verdict = exercise.judge(lambda *arguments: form[1](exercise.reference(*arguments)), 0)
    assert verdict.outcome == "correct", verdict.text


@each_exercise
def test_there_are_three_other_honest_ways(exercise):
    assert len(HONEST[exercise.name]) >= 3


@each_mistake
@pytest.mark.parametrize("seed", SEEDS)
def test_each_mistake_is_told_by_its_own_name(exercise, mistake, seed):
    verdict = exercise.judge(mistake.answer, seed)
    assert verdict.outcome in ("wrong", "raised")
    assert verdict.mistake == mistake.name, verdict.text
    assert mistake.cause in verdict.text
    assert mistake.next_step in verdict.text


@each_mistake
def test_a_mistake_that_raises_is_called_raised(exercise, mistake):
    """*Raised* is kept for answers that stop; one that returns something wrong is *wrong*."""
    results = [call(mistake.answer, case.arguments, exercise.parameters) for case in exercise.cases]
    raises = any(result.raised for result in results)
    assert exercise.judge(mistake.answer, 0).outcome == ("raised" if raises else "wrong")


@each_exercise
def test_fixed_cases_alone_tell_the_mistakes_apart(exercise):
    """Luck with the fresh cases is not needed: on the fixed ones no two mistakes give the same outputs.

    Where many answers are right, outputs differ by chance, and what tells mistakes apart are their symptoms.
    """
    if exercise.many_right:
        symptoms = {
            answer.__name__: tuple(Beside(exercise).symptoms(answer, exercise.cases))
            for answer in (exercise.reference, *(mistake.answer for mistake in exercise.mistakes))
        }
        assert not any(symptoms.pop(exercise.name))
        assert all(any(seen) for seen in symptoms.values())
        assert len(set(symptoms.values())) == len(symptoms)
        return
    within = exercise.within or SINGLE
    outputs = {
        mistake.name: [call(mistake.answer, case.arguments, exercise.parameters) for case in exercise.cases]
        for mistake in exercise.mistakes
    }
    outputs["the reference"] = [
        call(exercise.reference, case.arguments, exercise.parameters) for case in exercise.cases
    ]

    def same(one, other):
        if one.raised or other.raised:
            return bool(one.raised and other.raised and _same_error(one.raised, other.raised) == 2)
        return alike(one.value, other.value, within)

    names = list(outputs)
    twins = [
        (a, b)
        for place, a in enumerate(names)
        for b in names[place + 1 :]
        if all(same(one, other) for one, other in zip(outputs[a], outputs[b], strict=True))
    ]
    assert not twins


@each_exercise
def test_at_least_five_known_mistakes_each_with_words_of_its_own(exercise):
    assert len(exercise.mistakes) >= 5
    names = [mistake.name for mistake in exercise.mistakes]
    advice = [mistake.advice for mistake in exercise.mistakes]
    assert len(set(names)) == len(names)
    assert len(set(advice)) == len(advice)


@each_exercise
def test_at_least_three_hints_that_do_not_hand_over_the_reference(exercise):
    assert len(exercise.hints) >= 3
    body = [line.strip() for line in inspect.getsource(exercise.reference).splitlines()]
    lines = [line for line in body if line.startswith(("return ", "for ")) or " = " in line]
    for words in (*exercise.hints, *(mistake.advice for mistake in exercise.mistakes)):
        assert not any(line in words for line in lines)


@each_mistake
def test_mistakes_have_the_signature_of_the_exercise(exercise, mistake):
    assert tuple(inspect.signature(mistake.answer).parameters) == exercise.parameters


@each_exercise
def test_a_table_of_the_visible_answers_is_told_so(exercise):
    table = [(case.arguments, exercise.reference(*case.arguments)) for case in exercise.cases]

    def answer(*arguments):
        for known, value in table:
            if len(known) == len(arguments) and all(
                alike(plain(a), plain(b)) for a, b in zip(known, arguments, strict=True)
            ):
                return value
        return table[0][1]

    verdict = exercise.judge(answer, seed=4)
    assert (verdict.outcome, verdict.step) == ("wrong", "table"), verdict.text


@each_exercise
def test_an_answer_that_returns_nothing_is_told_so(exercise):
    verdict = exercise.judge(lambda *arguments: None)
    assert verdict.outcome == "wrong"
    assert "returns None" in verdict.text
    assert "return" in verdict.advice


@each_exercise
def test_an_answer_that_prints_instead_of_returning_is_told_so(exercise):
    verdict = exercise.judge(lambda *arguments: print(exercise.reference(*arguments)))
    assert verdict.outcome == "wrong"
    assert "prints its answer and returns None" in verdict.text


@each_exercise
def test_an_answer_that_prints_as_well_is_correct_and_shown_what_it_printed(exercise):
    def answer(*arguments):
        print("here I am")
        return exercise.reference(*arguments)

    verdict = exercise.judge(answer)
    assert verdict.outcome == "correct"
    assert "here I am" in verdict.text


def change(value):
    """Change a value where it is."""
    if isinstance(value, list):
        value.append(value[0] if value else "more")
    elif isinstance(value, set):
        value.add("more")
    else:
        value += 1


def changeable(exercise):
    """The place of the first argument that can be changed at all. Text can't."""
    arguments = exercise.cases[0].arguments
    return next(
        (
            place
            for place, value in enumerate(arguments)
            if isinstance(value, list | set | np.ndarray | torch.Tensor)
        ),
        None,
    )


@pytest.mark.parametrize(
    "exercise",
    [exercise for exercise in EXERCISES if changeable(exercise) is not None],
    ids=lambda exercise: exercise.name,
)
def test_an_answer_that_changes_its_input_is_told_so(exercise):
    place = changeable(exercise)

    def answer(*arguments):
        value = exercise.reference(*copied(arguments))
        change(arguments[place])
        return value

    verdict = exercise.judge(answer)
    assert (verdict.outcome, verdict.step) == ("wrong", "changed")
    assert exercise.parameters[place] in verdict.finding


@each_exercise
def test_an_answer_that_raises_shows_the_learners_own_line(exercise):
    def answer(*arguments):
        return undefined_helper(*arguments)  # noqa: F821

    verdict = exercise.judge(answer)
    assert verdict.outcome == "raised"
    assert "return undefined_helper(*arguments)" in verdict.finding
    assert "NameError" in verdict.finding
    assert "course_utils" not in verdict.text


@each_exercise
def test_an_answer_that_remembers_is_told_so(exercise):
    seen = []

    def answer(*arguments):
        seen.append(1)
        value = exercise.reference(*arguments)
        return value if len(seen) <= len(exercise.cases) + exercise.fresh_cases else exercise.reference

    assert exercise.judge(answer).step == "unrepeatable"


@each_exercise
def test_checks_take_another_seed_each_time(exercise):
    drawn = [exercise.draw_cases()[0].arguments for _ in range(2)]
    assert not all(alike(plain(a), plain(b)) for a, b in zip(*drawn, strict=True))
    again = [exercise.draw_cases(7)[0].arguments for _ in range(2)]
    assert all(alike(plain(a), plain(b)) for a, b in zip(*again, strict=True))


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_quiz_has_eight_questions_and_explains_every_choice(lesson):
    quiz = catalogue(lesson).quiz
    assert len(quiz.questions) >= 8
    for question in quiz.questions:
        assert len(question.choices) >= 3
        assert all(len(choice.why) > 30 for choice in question.choices)
    letters = [[choice.right for choice in question.choices].index(True) for question in quiz.questions]
    assert len(set(letters)) > 2, "the right choice should not always sit at the same place"
