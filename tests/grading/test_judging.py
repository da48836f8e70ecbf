"""From bytes to verdicts: each content is judged once, and nothing that comes back breaks the judge."""

import json
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_utils.exercises import lesson_4
from course_utils.exercises.running import attempt
from course_utils.exercises.verdict import CORRECT, RAISED, WRONG
from course_utils.grading import wire
from course_utils.grading.judging import Judge
from course_utils.grading.sandbox import Asked, Outcome
from course_utils.needed import NOT_THERE

EXERCISE = lesson_4.softmax


@pytest.fixture
def judge() -> Judge:
    return Judge(Asked(EXERCISE, (*EXERCISE.cases, *EXERCISE.draw_cases(1))))


def given_by(judge: Judge, answer: object) -> Outcome:
    inputs = [case.arguments for case in judge.asked.cases]
    made = attempt(answer, inputs, EXERCISE.parameters)
    return Outcome(given={EXERCISE.name: json.dumps(wire.encode_attempt(made)).encode()})


def test_what_comes_back_twice_is_judged_once_and_what_differs_by_itself(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = []
    whole = Judge._judged
    monkeypatch.setattr(
        Judge, "_judged", lambda self, content: judged.append(content) or whole(self, content)
    )
    right, wrong = given_by(judge, EXERCISE.reference), given_by(judge, EXERCISE.mistakes[0].answer)
    verdicts = [judge.verdict(outcome) for outcome in (right, wrong, right, wrong, right)]
    assert [verdict.outcome for verdict in verdicts] == [CORRECT, WRONG, CORRECT, WRONG, CORRECT]
    assert len(judged) == 2
    assert verdicts[1].mistake == verdicts[3].mistake == EXERCISE.mistakes[0].name


def test_no_more_is_remembered_than_there_is_room_for(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course_utils.grading.judging.MOST_REMEMBERED", 3)
    for number in range(10):
        assert judge.verdict(given_by(judge, lambda logits, axis=-1, n=number: n)).outcome == WRONG
        assert len(judge.known) <= 3
    assert judge.verdict(given_by(judge, EXERCISE.reference)).outcome == CORRECT


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
def test_what_is_no_attempt_is_wrong_and_says_so(judge: Judge, content: bytes) -> None:
    verdict = judge.verdict(Outcome(given={EXERCISE.name: content}))
    assert verdict.outcome == WRONG
    assert "can't be read" in verdict.finding


def test_lanes_that_judge_at_once_leave_standard_output_and_warnings_alone(judge: Judge) -> None:
    outcomes = [given_by(judge, mistake.answer) for mistake in EXERCISE.mistakes]
    out, filters, interval = sys.stdout, list(warnings.filters), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(3):
            judges = [Judge(judge.asked) for _ in range(6)]
            with ThreadPoolExecutor(6) as lanes:
                list(lanes.map(lambda one: [one.verdict(outcome) for outcome in outcomes], judges))
            assert sys.stdout is out
            assert warnings.filters == filters
    finally:
        sys.setswitchinterval(interval)
        sys.stdout = out


def test_what_is_nested_without_end_is_wrong(judge: Judge) -> None:
    assert judge.verdict(Outcome(given={EXERCISE.name: b"[" * 10**6})).outcome == WRONG


def test_a_name_that_is_not_defined_is_explained(judge: Judge) -> None:
    verdict = judge.verdict(given_by(judge, lambda logits, axis=-1: from_another_cell(logits)))  # noqa: F821
    assert (verdict.outcome, verdict.notes) == (RAISED, (NOT_THERE,))
    assert NOT_THERE not in judge.verdict(given_by(judge, lambda logits, axis=-1: logits["a"])).notes


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("time", "still running"),
        ("exit code 3", "ended the process that it ran in (exit code 3)"),
        ("it gave back more than can be read", "far too large"),
        ("", "ended the process"),
    ],
)
def test_an_answer_that_gave_nothing_is_told_why(judge: Judge, why: str, said: str) -> None:
    assert said in judge.verdict(Outcome(ended={EXERCISE.name: why})).finding
