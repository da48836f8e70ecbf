"""The order of the diagnosis, and which mistake is named, on a small exercise made up for this purpose."""

import functools
import random

import numpy as np
import pytest
import torch

from course_utils.exercises import lesson_4
from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Numbers, Rows


def shares(counts, power=1):
    """Each count's share of all, the counts raised to a power before."""
    counts = np.asarray(counts, dtype=float) ** power
    return counts / counts.sum()


def sums_to_one(value, counts, power=1):
    return (
        None if np.isclose(value.sum(), 1, atol=0.01) else f"Shares sum to 1; yours sum to {value.sum():.3g}."
    )


def make(**changes):
    exercise = Exercise(
        lesson=9,
        title="Shares",
        points=2,
        reference=shares,
        form=Numbers(),
        returns="the shares",
        cases=(
            Case((np.array([1.0, 3.0]), 1), "two counts"),
            Case((np.array([2.0, 2.0, 4.0]), 1), "three counts"),
            Case((np.array([1.0, 2.0]), 2), "a power of two"),
            Case((np.array([0.0, 5.0]),), "a count of 0"),
            Case((np.arange(1.0, 13.0), 1), "twelve counts"),
        ),
        draw=lambda generator: (generator.uniform(1, 9, size=4), 3),
        laws=(sums_to_one,),
        hints=("one", "two", "three"),
        **changes,
    )

    @exercise.mistake("nothing is divided", "divide.")
    def undivided(counts, power=1):
        return counts**power

    @exercise.mistake("the power is not used", "what is it for?")
    def power_ignored(counts, power=1):
        return shares(counts)

    @exercise.mistake("the largest is taken for the sum", "which is it?")
    def by_the_largest(counts, power=1):
        return counts**power / (counts**power).max()

    @exercise.mistake("a list is raised to a power", "arrays can be.")
    def list_raised(counts, power=1):
        return counts.tolist() ** power

    return exercise


exercise = make()


def test_a_right_answer():
    verdict = exercise.judge(shares)
    assert (verdict.outcome, verdict.points, verdict.step) == ("correct", 2, "passed")


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        (lambda counts, power=1: None, "none"),
        (lambda counts, power=1: "a half each", "type"),
        (lambda counts, power=1: shares(counts, power)[:1], "shape"),
        (lambda counts, power=1: shares(counts, power) * np.nan, "non-finite"),
        (lambda counts, power=1: shares(counts, power) * 1.5, "law"),
        (lambda counts, power=1: shares(counts, power)[::-1], "differs"),
    ],
)
def test_each_step_can_speak(answer, step):
    verdict = exercise.judge(answer)
    assert (verdict.outcome, verdict.step, verdict.mistake) == ("wrong", step, None)
    assert verdict.points == 0
    assert verdict.advice


STEPS = (None, "text", np.ones(7), "nan", "law", "differs")


def faulty(step, value):
    if isinstance(step, str):
        return {"text": "text", "nan": value * np.nan, "law": value * 2, "differs": value[::-1].copy()}[step]
    return step


@pytest.mark.parametrize("first", range(len(STEPS)))
@pytest.mark.parametrize("second", range(len(STEPS)))
def test_the_earlier_step_speaks_whichever_case_it_is_seen_on(first, second):
    """One case has the one fault, another case the other."""

    def answer(counts, power=1):
        value = shares(counts, power)
        if len(counts) == 3:
            return faulty(STEPS[first], value)
        return faulty(STEPS[second], value) if len(counts) == 12 else value

    order = ("none", "type", "shape", "non-finite", "law", "differs")
    assert exercise.judge(answer, 0).step == order[min(first, second)]


def test_an_error_speaks_before_everything_else():
    def answer(counts, power=1):
        if len(counts) == 12:
            raise ValueError("too many")
        return "text"

    verdict = exercise.judge(answer)
    assert (verdict.outcome, verdict.step) == ("raised", "raised")
    assert "too many" in verdict.finding
    assert 'raise ValueError("too many")' in verdict.finding


def test_the_first_case_that_shows_the_fault_is_the_evidence():
    def answer(counts, power=1):
        return shares(counts, power)[::-1] if len(counts) in (3, 12) else shares(counts, power)

    verdict = exercise.judge(answer, 0)
    assert "three counts" in verdict.finding
    assert dict(verdict.evidence)["counts"] == "[2., 2., 4.]"
    assert dict(verdict.evidence)["yours"] == "[0.5 , 0.25, 0.25]"
    assert dict(verdict.evidence)["expected"] == "[0.25, 0.25, 0.5 ]"


def test_in_a_long_value_the_place_is_named():
    def answer(counts, power=1):
        value = shares(counts, power)
        if len(value) == 12:
            value[6], value[7] = value[7], value[6]
        return value

    assert "first at index [6]: 0.102564 where 0.0897436 was expected" in exercise.judge(answer).finding


def test_values_that_differ_late_are_shown_with_more_digits():
    def answer(counts, power=1):
        return shares(counts, power) + np.where(np.arange(len(counts)) == 0, 2e-7, 0)

    evidence = dict(exercise.judge(answer).evidence)
    assert evidence["yours"] != evidence["expected"]


def test_a_known_mistake_is_named():
    def answer(counts, power=1):
        return list(counts / counts.sum())

    verdict = exercise.judge(answer)
    assert (verdict.mistake, verdict.cause) == ("power_ignored", "the power is not used")
    assert "It looks as if the power is not used." in verdict.text
    assert "Next: what is it for?" in verdict.text


def test_a_known_mistake_is_named_though_the_input_is_changed_too():
    def answer(counts, power=1):
        value = counts / counts.sum()
        counts += 1
        return value

    verdict = exercise.judge(answer)
    assert verdict.mistake == "power_ignored"
    assert "It also changes its input: counts." in verdict.text


def test_a_mistake_mended_for_one_input_is_still_named():
    def answer(counts, power=1):
        return shares(counts, power) if len(counts) == 2 else counts / counts.sum()

    verdict = exercise.judge(answer, 0)
    assert verdict.mistake == "power_ignored"


@pytest.mark.parametrize(
    "answer",
    [
        lambda counts, power=1: shares(counts, power) ** 2,
        lambda counts, power=1: np.zeros(len(counts)),
        lambda counts, power=1: np.full(len(counts), 1 / len(counts)),
        lambda counts, power=1: shares(counts, power) if len(counts) < 12 else counts**power,
        lambda counts, power=1: shares(counts, power + 1),
    ],
)
def test_an_unknown_way_to_be_wrong_gets_no_name(answer):
    """The fourth agrees with a known mistake on one input alone, which may be chance."""
    assert exercise.judge(answer).mistake is None


def test_the_same_kind_of_error_is_not_yet_the_same_mistake():
    def another_reason(counts, power=1):
        return len(power)

    def the_same_reason(counts, power=1):
        return list(counts) ** power

    assert exercise.judge(another_reason).mistake is None
    assert exercise.judge(the_same_reason).mistake == "list_raised"


def test_a_mistake_that_shows_on_no_case_names_nobody():
    one = make()

    @one.mistake("it is right all the same", "nothing.")
    def right_all_the_same(counts, power=1):
        return shares(counts, power)

    assert one.judge(shares).outcome == "correct"
    assert one.judge(lambda counts, power=1: shares(counts, power)[::-1]).mistake is None


def test_what_a_law_can_not_reckon_with_is_left_to_the_comparison():
    def strict(value, counts, power=1):
        raise ZeroDivisionError

    one = make()
    one.laws = (strict,)
    assert one.judge(shares).outcome == "correct"
    assert one.judge(lambda counts, power=1: shares(counts, power)[::-1]).step == "differs"


def table(counts, power=1):
    for case in exercise.cases:
        if np.array_equal(case.arguments[0], counts):
            return shares(*case.arguments)
    return [0.25] * 4


def table_that_raises(counts, power=1):
    return {tuple(case.arguments[0]): shares(*case.arguments) for case in exercise.cases}[tuple(counts)]


def test_a_table_of_the_fixed_cases_is_told_so_and_shown_a_fresh_input():
    verdict = exercise.judge(table)
    assert (verdict.outcome, verdict.step) == ("wrong", "table")
    assert dict(verdict.evidence)["yours"] == "[0.25, 0.25, 0.25, 0.25]"
    verdict = exercise.judge(table_that_raises)
    assert (verdict.outcome, verdict.step) == ("wrong", "table")
    assert "KeyError" in dict(verdict.evidence)["yours"]


def test_an_answer_that_changes_its_input():
    def answer(counts, power=1):
        value = shares(counts, power)
        counts.sort()
        counts[0] = 0
        return value

    verdict = exercise.judge(answer)
    assert (verdict.outcome, verdict.step) == ("wrong", "changed")
    assert "`counts`" in verdict.finding


def test_an_answer_of_the_second_call():
    seen = []

    def answer(counts, power=1):
        seen.append(1)
        return shares(counts, power) + (len(seen) > 11) * 0.1

    verdict = exercise.judge(answer)
    assert (verdict.outcome, verdict.step) == ("wrong", "unrepeatable")
    assert "two different answers" in verdict.finding


def test_the_stub_with_one_line_written_is_raised_not_unattempted():
    def answer(counts, power=1):
        if power == 1:
            return shares(counts)
        raise NotImplementedError

    assert exercise.judge(answer).outcome == "raised"


def test_an_answer_that_calls_a_stub_is_raised_and_told_which():
    def counted(counts):
        raise NotImplementedError("write counted here")

    def answer(counts, power=1):
        return shares(counted(counts), power)

    verdict = exercise.judge(answer)
    assert verdict.outcome == "raised"
    assert "in `counted`, which it calls" in verdict.finding
    assert "`counted` is not written yet" in verdict.advice


def test_a_stub_that_is_wrapped_is_a_stub():
    def answer(counts, power=1):
        raise NotImplementedError

    @functools.wraps(answer)
    def timed(*given):
        return answer(*given)

    assert exercise.judge(timed).outcome == "not attempted"


def test_a_library_that_has_not_implemented_something_is_no_stub():
    def answer(counts, power=1):
        return torch.softmax(torch.tensor([1, 2]), 0)

    verdict = exercise.judge(answer)
    assert verdict.outcome == "raised"
    assert "torch.softmax" in verdict.finding


def test_notes_say_what_was_printed_and_warned():
    def answer(counts, power=1):
        print("looking")
        np.log(counts - counts)
        return shares(counts, power)

    verdict = exercise.judge(answer)
    assert verdict.outcome == "correct"
    assert "It printed: looking" in verdict.text
    assert "RuntimeWarning: divide by zero" in verdict.text


def test_a_check_works_whatever_numpy_is_told_to_do_about_errors():
    with np.errstate(all="raise"):
        assert exercise.judge(shares).outcome == "correct"
        assert exercise.judge(lambda counts, power=1: counts / counts.sum()).mistake == "power_ignored"


def test_what_mistakes_give_for_fixed_cases_is_worked_out_once():
    calls = []
    one = make()

    @one.mistake("it is counted", "count.")
    def counted(counts, power=1):
        calls.append(1)
        return shares(counts, power) * 3

    for _ in range(3):
        one.judge(lambda counts, power=1: shares(counts, power) * 3.5)
    assert len(calls) == len(one.cases)


def test_a_huge_answer_makes_a_short_verdict():
    for value in (
        np.zeros(1_000_000),
        [0.5] * 100_000,
        ["x"] * 100_000,
        "x" * 10_000_000,
        {n: n for n in range(10**4)},
    ):
        verdict = exercise.judge(lambda counts, power=1, value=value: value)
        assert verdict.outcome == "wrong"
        assert len(verdict.text) < 2000


def test_a_known_mistake_is_named_in_every_honest_form():
    def in_the_dicts_order(logits, id2label, threshold=0.5):
        chosen = 1 / (1 + np.exp(-logits)) > threshold
        return [{name for index, name in id2label.items() if row[index]} for row in chosen]

    def in_an_array(matrix):
        return np.array([[matrix.trace() / matrix.sum()]])

    def in_half_precision(matrix):
        return np.float16(matrix.trace() / matrix.sum())

    assert lesson_4.decode_multilabel.judge(in_the_dicts_order).mistake == "strictly_above"
    assert lesson_4.macro_f1.judge(in_an_array).mistake == "accuracy"
    assert lesson_4.macro_f1.judge(in_half_precision).mistake == "accuracy"


# Where many answers are right.


def pick(n, k, seed):
    """The numbers from 0 to n - 1 in two parts, k of them in the second."""
    order = np.random.default_rng(seed).permutation(n).tolist()
    return order[k:], order[:k]


def each_once(parts, n, k, seed):
    return (
        None
        if sorted(parts[0] + parts[1]) == list(range(n))
        else f"You have {len(parts[0] + parts[1])} of {n}."
    )


def as_many(parts, n, k, seed):
    return None if len(parts[1]) == k else f"The second part has {len(parts[1])} where {k} were asked for."


def seeds_differ(answers):
    kinds = {(arguments[:2], tuple(value[1])) for arguments, value in answers}
    return None if len(kinds) == len(answers) else "Two seeds give the same."


def make_picking():
    picking = Exercise(
        lesson=9,
        title="Pick",
        points=1,
        reference=pick,
        form=Rows(("rest", "picked")),
        returns="two parts",
        cases=(
            Case((40, 10, 1)),
            Case((40, 10, 2), "another seed"),
            Case((50, 20, 3), "fifty"),
            Case((60, 30, 4), "sixty"),
        ),
        draw=lambda generator: (int(generator.integers(70, 99)), 30, int(generator.integers(10**6))),
        laws=(each_once, as_many),
        many_right=True,
        together=(seeds_differ,),
        hints=("one", "two", "three"),
    )

    @picking.mistake("something is lost", "where?")
    def lost(n, k, seed):
        rest, picked = pick(n, k, seed)
        return rest[1:], picked

    @picking.mistake("something is lost where there are fifty", "only there.")
    def lost_of_fifty(n, k, seed):
        rest, picked = pick(n, k, seed)
        return (rest[1:], picked) if n == 50 else (rest, picked)

    @picking.mistake("the parts have changed places", "which is which?")
    def places_changed(n, k, seed):
        return pick(n, k, seed)[::-1]

    @picking.mistake("there is no seed", "what is it for?")
    def unseeded(n, k, seed):
        return pick(n, k, None)

    @picking.mistake("the seed is always 0", "what is it for?")
    def one_seed(n, k, seed):
        return pick(n, k, 0)

    @picking.mistake("a global is seeded", "take your own.")
    def seeded_global(n, k, seed):
        np.random.seed(seed)  # noqa: NPY002
        order = np.random.permutation(n).tolist()  # noqa: NPY002
        return order[k:], order[:k]

    @picking.mistake("it raises", "why?")
    def raises(n, k, seed):
        raise ValueError(f"no {n}")

    return picking


picking = make_picking()


def pick_in_another_way(n, k, seed):
    picked = random.Random(seed).sample(range(n), k)
    return sorted({*range(n)} - {*picked}), picked


@pytest.mark.parametrize("answer", [pick, pick_in_another_way, lambda n, k, seed: pick(n, k, seed + 5)])
def test_where_many_answers_are_right_none_has_to_be_that_of_the_reference(answer):
    assert picking.judge(answer).outcome == "correct"


def without(count, n, k, seed):
    rest, picked = pick_in_another_way(n, k, seed)
    return rest[: len(rest) - count], picked


@pytest.mark.parametrize(
    ("answer", "step", "mistake"),
    [
        (lambda n, k, seed: without(3, n, k, seed), "law", "lost"),
        (lambda n, k, seed: without(5 * (n == 50), n, k, seed), "law", "lost_of_fifty"),
        (lambda n, k, seed: pick_in_another_way(n, k, seed)[::-1], "law", "places_changed"),
        (lambda n, k, seed: pick_in_another_way(n, k, None), "unrepeatable", "unseeded"),
        (lambda n, k, seed: pick_in_another_way(n, k, 99), "together", "one_seed"),
        (lambda n, k, seed: (np.random.seed(7), pick(n, k, seed))[1], "disturbed", "seeded_global"),  # noqa: NPY002
        (lambda n, k, seed: (range(n), 3), "type", None),
        (lambda n, k, seed: without(n == 70, n, k, seed)[:1], "shape", None),
    ],
)
def test_a_mistake_is_known_by_what_is_wrong_not_by_the_numbers_drawn(answer, step, mistake):
    """Each of these draws other numbers than the known mistake does."""
    for seed in range(3):
        verdict = picking.judge(answer, seed)
        assert (verdict.outcome, verdict.step, verdict.mistake) == ("wrong", step, mistake), verdict.text


def test_an_error_is_known_by_its_kind_and_words():
    def another(n, k, seed):
        raise ValueError(f"no {n + 1}")

    def of_another_kind(n, k, seed):
        raise KeyError(n)

    assert picking.judge(another).mistake == "raises"
    assert picking.judge(of_another_kind).mistake is None
    assert picking.judge(another).outcome == "raised"


def test_a_fault_of_two_kinds_is_not_that_of_one():
    def answer(n, k, seed):
        return pick(n, k, seed)[::-1] if n == 50 else without(1, n, k, seed)

    verdict = picking.judge(answer, 0)
    assert (verdict.step, verdict.mistake) == ("law", None)


def test_another_fault_on_fresh_inputs_is_not_that_of_the_fixed_ones():
    def answer(n, k, seed):
        return pick(n, k, seed)[::-1] if n >= 70 else without(1, n, k, seed)

    assert picking.judge(answer, 0).mistake is None


def test_a_table_of_right_answers_is_told_so_where_many_are_right():
    table = {case.arguments: pick(*case.arguments) for case in picking.cases}
    verdict = picking.judge(lambda *arguments: table.get(arguments, ([0], [1])), 0)
    assert (verdict.outcome, verdict.step, verdict.mistake) == ("wrong", "table", None)


def test_the_reference_is_shown_as_one_right_answer_of_many():
    names = [name for name, _ in picking.judge(lambda n, k, seed: ([], [0])).evidence]
    assert names[-2:] == ["yours", "one right answer"]


def test_shared_random_numbers_matter_only_where_something_is_drawn():
    def answer(counts, power=1):
        np.random.seed(1)  # noqa: NPY002
        return shares(counts, power)

    assert exercise.judge(answer).outcome == "correct"


def two_at_once(counts, power=1):
    """Undivided where the power is 1; divided, with the power ignored, elsewhere."""
    return counts**power if power == 1 else shares(counts)


def test_two_mistakes_at_once_are_told_one_after_the_other():
    verdict = exercise.judge(two_at_once, 0)
    assert (verdict.step, verdict.mistake) == ("law", "undivided"), "the one that shows in what is told"
    mended = exercise.judge(lambda counts, power=1: shares(counts), 0)
    assert mended.mistake == "power_ignored"


def test_two_mistakes_of_which_one_raises():
    def answer(counts, power=1):
        return counts.tolist() ** power if power > 1 else counts**power

    verdict = exercise.judge(answer, 0)
    assert (verdict.outcome, verdict.mistake) == ("raised", "list_raised")


def test_a_case_that_neither_of_two_mistakes_explains_leaves_the_answer_without_a_name():
    def answer(counts, power=1):
        return np.full(len(counts), 0.5) if len(counts) == 12 else two_at_once(counts, power)

    assert exercise.judge(answer, 0).mistake is None


def test_no_mistake_is_named_that_would_show_where_the_answer_is_right():
    """Right for two counts, where undivided would be wrong: so that is not what was done elsewhere."""

    def answer(counts, power=1):
        return shares(counts) if len(counts) == 2 and power == 1 else two_at_once(counts, power)

    assert exercise.judge(answer, 0).mistake is None


def test_one_case_alone_names_no_mistake_of_two():
    def answer(counts, power=1):
        return counts**power if len(counts) == 12 else np.full(len(counts), 0.5)

    assert exercise.judge(answer, 0).mistake is None


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_first_attempts_with_two_known_mistakes_are_named(seed):
    """Natural first attempts, each with two things wrong that show on different inputs."""
    from sklearn.metrics import f1_score

    from course_utils.exercises import lesson_3

    def cross_entropy(logits, labels):
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return sum(-np.log(shares[row][label]) for row, label in enumerate(labels))

    def compute_metrics(eval_pred):
        logits, labels = eval_pred
        predictions = logits.argmax(-1)
        return {"accuracy": (predictions == labels).mean(), "macro_f1": f1_score(labels, predictions)}

    assert lesson_3.cross_entropy.judge(cross_entropy, seed).mistake == "overflow"
    named = lesson_3.compute_metrics.judge(compute_metrics, seed)
    assert "F1 of class 1 alone" in named.cause
