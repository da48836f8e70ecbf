"""No small change to a reference that changes its result passes the check of its exercise.

Whether a change matters is found out on inputs of this file's own, not on the cases of the catalogue. They keep to what
the exercises promise: no ties, finite logits, at least one example where a mean is taken.
"""

import dataclasses

import numpy as np
import pytest

from course_utils.exercises import LESSONS, catalogue
from course_utils.exercises.diagnosis import _fault
from course_utils.exercises.exercise import Case
from course_utils.exercises.forms import Misfit
from course_utils.exercises.running import call
from course_utils.exercises.values import alike, tolerance
from tests.exercises import wide_lesson_1
from tests.exercises.mutation import LEFT_OUT, TooLong, family_of, mutants, rebuilt, source_of, time_limit
from tests.exercises.wide_lesson_2 import LEAST_LESSON_2, WIDE_LESSON_2
from tests.exercises.wide_lesson_3 import LEAST_LESSON_3, WIDE_LESSON_3

EXERCISES = [exercise for lesson in LESSONS for exercise in catalogue(lesson).EXERCISES]
SEEDS = (0, 1, 2)
SECONDS = 0.2
INPUTS = {"fit_temperature": 12}
"""Inputs on which a change may show, where 150 would take too long."""

LEAST = {
    **wide_lesson_1.LEAST,
    "softmax": 30,
    "decode": 4,
    "decode_or_abstain": 12,
    "decode_multilabel": 20,
    "confusion_matrix": 15,
    "precision_recall_f1": 40,
    "macro_f1": 40,
    "expected_calibration_error": 40,
    "fit_temperature": 100,
    **LEAST_LESSON_2,
    **LEAST_LESSON_3,
}
"""Fewer mutants than this, and the test has gone empty. `decode` is three lines long."""

names = np.array(["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"])


def id2label_of(generator, classes):
    words, order = generator.permutation(names), generator.permutation(classes).tolist()
    return {index: str(words[index]) for index in order}


def table_of(generator, examples, classes, scale=3.0):
    return generator.normal(generator.normal(0, 3), scale, size=(examples, classes))


def shares_of(generator, examples, classes):
    weights = generator.exponential(size=(examples, classes)) ** generator.uniform(0.5, 4)
    return weights / weights.sum(axis=1, keepdims=True)


def wide_softmax(generator):
    axes = int(generator.integers(1, 5))
    shape = tuple(generator.integers(1, 6, size=axes).tolist())
    scale = float(generator.choice([1e-3, 1, 20, 1e3, 1e4]))
    logits = generator.normal(float(generator.choice([0, -1, 1])) * scale, scale, size=shape)
    if generator.random() < 0.2:
        logits = logits.round().astype(int)
    if generator.random() < 0.2:
        logits = logits.astype(np.float32)
    axis = int(generator.integers(-axes, axes))
    return (logits,) if generator.random() < 0.25 else (logits, axis)


def wide_decode(generator):
    examples, classes = int(generator.integers(0, 9)), int(generator.integers(1, 8))
    return table_of(generator, examples, classes), id2label_of(generator, classes)


def wide_decode_or_abstain(generator):
    examples, classes = int(generator.integers(0, 9)), int(generator.integers(1, 8))
    probabilities = shares_of(generator, examples, classes)
    threshold = float(generator.uniform(0, 1))
    if generator.random() < 0.3 and examples:  # exactly one of the confidences
        threshold = float(generator.choice(probabilities.max(axis=1)))
    return probabilities, id2label_of(generator, classes), threshold


def wide_decode_multilabel(generator):
    examples, classes = int(generator.integers(0, 9)), int(generator.integers(1, 8))
    scale = float(generator.choice([0.5, 2, 10, 600]))
    logits = generator.normal(0, scale, size=(examples, classes))
    arguments = logits, id2label_of(generator, classes)
    chance = generator.random()
    if chance < 0.3:
        return arguments
    if chance < 0.5:  # exactly at the threshold
        return np.where(generator.random(logits.shape) < 0.3, 0.0, logits), arguments[1], 0.5
    return (*arguments, float(generator.uniform(0.03, 0.97)))


def wide_confusion_matrix(generator):
    examples, classes = int(generator.integers(1, 50)), int(generator.integers(1, 8))
    labels, predictions = generator.integers(0, classes, size=(2, examples))
    if generator.random() < 0.3:
        labels, predictions = labels // 2, predictions // 2
    return labels, predictions, classes


def wide_matrix(generator):
    classes = int(generator.integers(1, 7))
    matrix = generator.integers(0, int(generator.choice([3, 20, 900])), size=(classes, classes))
    if generator.random() < 0.3:
        matrix[generator.integers(classes)] = 0
    if generator.random() < 0.3:
        matrix[:, generator.integers(classes)] = 0
    if matrix.sum() == 0:
        matrix[0, 0] = 1
    return (matrix,)


def wide_expected_calibration_error(generator):
    """Confidences lie on the edge of a bin only where the edge is a fraction that a float holds exactly."""
    examples, classes = int(generator.integers(1, 60)), int(generator.integers(1, 6))
    chance = generator.random()
    if chance < 0.3:
        sure = generator.integers(1, 17, size=examples) / 16
        probabilities = np.stack([sure, 1 - sure], axis=1)
        probabilities = probabilities[probabilities[:, 0] != 0.5]
        if not len(probabilities):
            probabilities = np.array([[0.75, 0.25]])
        labels = generator.integers(0, 2, size=len(probabilities))
        return probabilities, labels, int(generator.choice([1, 2, 4, 8]))
    probabilities = shares_of(generator, examples, classes)
    labels = generator.integers(0, classes, size=examples)
    if generator.random() < 0.5:
        labels = np.where(generator.random(examples) < 0.7, probabilities.argmax(axis=1), labels)
    return (
        (probabilities, labels)
        if chance < 0.5
        else (probabilities, labels, int(generator.choice([1, 2, 3, 4, 6, 10, 11, 15, 24])))
    )


def wide_fit_temperature(generator):
    """Some labels differ from the prediction and the true classes lead on the whole: there is a minimum."""
    while True:
        examples, classes = int(generator.integers(15, 200)), int(generator.integers(2, 7))
        logits = generator.normal(generator.normal(0, 2), 1.5, size=(examples, classes))
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = weights / weights.sum(axis=1, keepdims=True)
        labels = np.array([generator.choice(classes, p=row) for row in shares])
        lead = logits - logits[np.arange(examples), labels][:, None]
        if lead.mean() < -0.05 and (labels != logits.argmax(axis=1)).any():
            return logits * float(np.exp(generator.uniform(np.log(0.1), np.log(40)))), labels


WIDE = {
    **wide_lesson_1.WIDE,
    "softmax": wide_softmax,
    "decode": wide_decode,
    "decode_or_abstain": wide_decode_or_abstain,
    "decode_multilabel": wide_decode_multilabel,
    "confusion_matrix": wide_confusion_matrix,
    "precision_recall_f1": wide_matrix,
    "macro_f1": wide_matrix,
    "expected_calibration_error": wide_expected_calibration_error,
    "fit_temperature": wide_fit_temperature,
    **WIDE_LESSON_2,
    **WIDE_LESSON_3,
}


def pool_of(exercise):
    """(arguments, what the reference gives) on many inputs; the same at each run."""
    generator = np.random.default_rng(20)
    inputs = [WIDE[exercise.name](generator) for _ in range(INPUTS.get(exercise.name, 150))]
    results = [call(exercise.reference, arguments, exercise.parameters) for arguments in inputs]
    assert not any(result.raised for result in results), "the reference refuses an input that is promised"
    return [(arguments, result.value) for arguments, result in zip(inputs, results, strict=True)]


def matters(exercise, answer, pool):
    """Whether a mutant gives another result on any input of the pool: "no", "yes", or "endless" if it never ends."""
    for arguments, expected in pool:
        with time_limit(SECONDS):
            result = call(answer, arguments, exercise.parameters)
        if result.raised:
            return "endless" if result.raised.kind == "TooLong" else "yes"
        if exercise.many_right:  # another answer may be as right as the reference's own
            if _fault(exercise, Case(arguments), result, expected):
                return "yes"
            continue
        try:
            value = exercise.form.read(result.value, expected)
        except Misfit:
            return "yes"
        within = exercise.within or tolerance(result.value)
        if not alike(value, exercise.form.read(expected, expected), within):
            return "yes"
    return "no"


def outcome_of(exercise, answer, seed):
    """The outcome of a check, where an answer that runs too long counts as stopped by its author."""
    late = []

    def limited(*arguments):
        if late:
            raise TooLong
        try:
            with time_limit(SECONDS):
                return answer(*arguments)
        except TooLong:
            late.append(1)
            raise

    return exercise.judge(limited, seed).outcome


def passes(exercise, answer):
    """Whether an answer passes a check. One that fails on a fixed case fails with every seed, so no seed is tried."""
    fixed = dataclasses.replace(exercise, fresh_cases=0)
    fixed.remembered.update(exercise.remembered)
    alone = outcome_of(fixed, answer, 0)
    exercise.remembered.update(fixed.remembered)
    return alone == "correct" and any(outcome_of(exercise, answer, seed) == "correct" for seed in SEEDS)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_no_mutant_that_changes_the_result_passes(exercise):
    made, pool = mutants(exercise.reference), pool_of(exercise)
    assert len(made) >= LEAST[exercise.name]
    effects = [(mutant, matters(exercise, mutant.answer, pool)) for mutant in made]
    changing = [mutant for mutant, effect in effects if effect != "no"]
    endless = [mutant for mutant, effect in effects if effect == "endless"]
    survivors = [mutant for mutant in changing if mutant not in endless and passes(exercise, mutant.answer)]
    equivalent = [mutant for mutant in made if mutant not in changing]
    print(
        f"{exercise.name}: {len(made)} mutants, {len(equivalent)} equivalent, {len(changing) - len(survivors)} killed ({len(endless)} endless)"
    )
    for mutant in equivalent:
        print("  equivalent:", mutant)
    assert not survivors, "\n".join(map(repr, survivors))
    assert len(changing) >= 0.4 * len(made)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_the_rebuilt_reference_is_the_reference(exercise):
    """A mutant differs by its change alone, not by the way it is compiled."""
    family = family_of(exercise.reference)
    assert not any(function.__module__ in LEFT_OUT for function in family)
    same = rebuilt(exercise.reference, family, family[0], source_of(family[0]))
    assert same is not exercise.reference
    assert matters(exercise, same, pool_of(exercise)) == "no"
    assert exercise.judge(same, 0).outcome == "correct"


def test_helpers_are_mutated_too():
    from course_utils.exercises.lesson_4 import decode_multilabel, fit_temperature

    assert {mutant.function for mutant in mutants(decode_multilabel.reference)} == {
        "decode_multilabel",
        "sigmoid",
    }
    of_temperature = {mutant.function for mutant in mutants(fit_temperature.reference)}
    assert of_temperature == {"fit_temperature", "softmax", "_logits_and_labels", "_require_minimum"}


def runs_on_once_it_was_stopped():
    try:
        while True:
            pass
    except TooLong:
        pass
    while True:
        pass


def test_a_time_limit_stops_what_loses_it_once():
    with pytest.raises(TooLong), time_limit(0.1):
        runs_on_once_it_was_stopped()
