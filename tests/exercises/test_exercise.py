"""An exercise in a notebook: check, hints, solution, reset."""

import inspect
import time

import numpy as np
import pytest
import torch

from course_utils.exercises import catalogue, progress
from course_utils.exercises import lesson_4 as ex
from course_utils.exercises.feedback import NotPassed
from course_utils.reference.softmax import softmax


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(progress, "_unsaved", {})


def no_shift(logits, axis=-1):
    return np.exp(logits) / np.exp(logits).sum(axis=axis, keepdims=True)


def test_a_check_that_passes_returns_its_verdict_and_prints_nothing(capsys):
    verdict = ex.softmax.check(softmax)
    assert verdict.passed
    assert capsys.readouterr().out == ""
    assert progress.load()["lesson_4.softmax"]["outcome"] == "correct"


def test_a_check_that_does_not_pass_shows_the_verdict_and_raises(capsys):
    with pytest.raises(NotPassed) as caught:
        ex.softmax.check(no_shift)
    verdict = caught.value.verdict
    assert verdict.mistake == "no_shift"
    assert capsys.readouterr().out == verdict.text + "\n"
    assert str(caught.value) == verdict.text
    entry = progress.load()["lesson_4.softmax"]
    assert (entry["outcome"], entry["mistake"]) == ("wrong", "no_shift")


def test_a_stub_raises_too_but_is_no_attempt(capsys):
    def stub(logits, axis=-1):
        raise NotImplementedError

    with pytest.raises(NotPassed, match="not attempted"):
        ex.softmax.check(stub)
    assert not progress.attempted(ex.softmax.key)


def test_hints_climb_and_stay_at_the_top():
    hints = [ex.softmax.hint() for _ in range(len(ex.softmax.hints) + 2)]
    for level, (hint, words) in enumerate(zip(hints, ex.softmax.hints, strict=False), 1):
        assert f"hint {level} of {len(ex.softmax.hints)}" in hint.title
        assert words in hint.body
    assert "solution()" not in hints[0].body
    assert "This is the last one" in hints[-1].body
    assert hints[-1] == hints[-2]


def test_the_solution_waits_for_an_attempt(capsys):
    message = ex.softmax.solution()
    assert message.code == ""
    assert "Have a try first" in message.body
    with pytest.raises(NotPassed):
        ex.softmax.check(None)
    assert ex.softmax.solution().code == ""
    with pytest.raises(NotPassed):
        ex.softmax.check(no_shift)
    assert ex.softmax.solution().code == inspect.getsource(softmax).rstrip()


def test_reset_forgets_hints_and_attempts(capsys):
    ex.softmax.hint()
    with pytest.raises(NotPassed):
        ex.softmax.check(no_shift)
    ex.softmax.reset()
    assert "hint 1 of" in ex.softmax.hint().title
    assert ex.softmax.solution().code == ""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (softmax(np.array([1.0, 2.0])), "an ndarray"),
        (torch.zeros(2), "a Tensor"),
        (["a"], "a list"),
        (0.5, "a float"),
        (3, "an int"),
        ("softmax", "a str"),
    ],
)
def test_a_value_in_place_of_the_function_is_told_so(answer, words):
    verdict = ex.softmax.judge(answer)
    assert (verdict.outcome, verdict.step) == ("wrong", "type")
    assert f"given {words}, not the function" in verdict.text
    assert "`check(softmax)`" in verdict.advice


@pytest.mark.parametrize("answer", [None, ...])
def test_nothing_in_place_of_the_function_is_not_attempted(answer):
    assert ex.softmax.judge(answer).outcome == "not attempted"


def test_a_function_with_other_parameters_is_told_so():
    verdict = ex.softmax.judge(lambda logits: logits)
    assert (verdict.outcome, verdict.step) == ("wrong", "signature")
    assert "def softmax(logits, axis=-1):" in verdict.advice


def test_an_argument_that_may_be_left_out_must_have_a_default():
    def answer(logits, axis):
        return softmax(logits, axis)

    verdict = ex.softmax.judge(answer)
    assert verdict.step == "signature"
    assert "missing a required argument: 'axis'" in verdict.finding


def test_the_learners_names_of_parameters_are_their_own():
    def answer(z, dim=-1):
        return softmax(z, dim)

    assert ex.softmax.judge(answer).passed


def test_how_an_exercise_introduces_itself():
    assert ex.softmax.name == "softmax"
    assert ex.softmax.key == "lesson_4.softmax"
    assert ex.softmax.signature == "softmax(logits, axis=-1)"
    assert ex.decode.signature == "decode(logits, id2label)"
    words = ex.softmax._repr_markdown_()
    assert "`softmax(logits, axis=-1)`" in words
    assert ex.softmax.returns in words


def test_the_catalogue_knows_its_lessons():
    assert catalogue(4) is ex
    with pytest.raises(ValueError, match="lessons with exercises are"):
        catalogue(99)
    assert {exercise.name for exercise in ex.EXERCISES} <= set(ex.__all__)


NEVER = [
    lambda *a: object(),
    lambda *a: iter([]),
    lambda *a: [object()],
    lambda *a: {"a": [{1, 2}]},
    lambda *a: np.array([None, 1], dtype=object),
    lambda *a: np.array("text"),
    lambda *a: np.zeros((0, 0, 0)),
    lambda *a: np.datetime64("2020-01-01"),
    lambda *a: np.zeros(2, dtype=[("a", float), ("b", object)]),
    lambda *a: np.full(3, np.inf),
    lambda *a: [[[]], []],
    lambda *a: [1, [2, [3]]],
    lambda *a: 10**400,
    lambda *a: [10**400, 0.5],
    lambda *a: -0.0,
    lambda *a: 5e-324,
    lambda *a: 1e308,
    lambda *a: 1j,
    lambda *a: b"bytes",
    lambda *a: "",
    lambda *a: "\ud800",
    lambda *a: ["\ud800"] * len(a[0]),
    lambda *a: Ellipsis,
    lambda *a: NotImplemented,
    lambda *a: int,
    lambda *a: np,
    lambda *a: a,
    lambda *a: a[0],
    lambda *a: a[-1],
    lambda *a: np.ma.masked,
    lambda *a: np.ma.masked_all(3),
    lambda *a: torch.zeros(3).to_sparse(),
    lambda *a: torch.zeros(3, device="meta"),
    lambda *a: (None, None, None),
    lambda *a: np.float16(0.5),
    lambda *a: np.longdouble(0.5),
    lambda *a: [np.nan] * len(a[0]),
    lambda *a: {float("nan"): 1},
    lambda *a: exec("raise SystemExit"),
    lambda *a: exec("raise GeneratorExit"),
    lambda *a: exec("raise BaseExceptionGroup('several', [KeyError('a'), ValueError()])"),
]


@pytest.mark.parametrize("exercise", ex.EXERCISES, ids=lambda exercise: exercise.name)
@pytest.mark.parametrize("answer", NEVER, ids=range(len(NEVER)))
def test_a_verdict_never_raises_and_is_short(exercise, answer, recwarn):
    verdict = exercise.judge(answer, 0)
    assert verdict.outcome in ("wrong", "raised")
    assert len(verdict.text) < 4000
    verdict.text.encode()
    verdict._repr_html_().encode()
    assert not recwarn.list, "a warning of ours reaches the notebook"


def test_a_coroutine_is_told_to_be_one():
    async def answer(logits, axis=-1):
        return softmax(logits, axis)

    assert "a coroutine" in ex.softmax.judge(answer).finding


def test_a_generator_function_is_told_what_to_do():
    def answer(logits, id2label):
        for row in logits:
            yield id2label[int(row.argmax())]

    verdict = ex.decode.judge(answer)
    assert verdict.step == "type"
    assert "`list()`" in verdict.finding
    assert ex.decode.judge(lambda logits, id2label: list(answer(logits, id2label))).passed


def test_a_class_that_is_an_answer():
    class Softmax:
        def __call__(self, logits, axis=-1):
            return softmax(logits, axis)

    assert ex.softmax.judge(Softmax()).passed
    assert ex.softmax.judge(Softmax).outcome == "wrong"


def test_a_shared_array_for_every_result_is_no_fault():
    shared = {}

    def answer(logits, axis=-1):
        value = softmax(logits, axis)
        buffer = shared.setdefault(value.shape, np.empty(value.shape))
        buffer[...] = value
        return buffer

    assert ex.softmax.judge(answer).passed


def test_very_many_entries_are_judged_quickly():
    start = time.process_time()
    verdict = ex.decode.judge(lambda logits, id2label: ["positive"] * 300_000)
    assert "300000 labels" in verdict.finding
    assert time.process_time() - start < 6
