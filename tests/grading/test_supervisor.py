"""The watch over a submission's process, with made-up processes: nothing here runs or waits."""

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.grading import frames
from course_utils.grading.frames import BEGIN, CELL, DONE, ENDED, NOTE, RESULT, frame
from course_utils.grading.supervisor import MOST_STARTS, Times, Watch

REQUEST = {
    "cells": [[1, "a"], [2, "b"]],
    "exercises": [{"number": 0}, {"number": 1}, {"number": 2}],
}


class Script:
    """A process that gives these chunks: None is a time that is over."""

    def __init__(self, *chunks: bytes | None, how: str = "exit code 0") -> None:
        self.chunks, self.how, self.ends = list(chunks), how, 0

    def receive(self, seconds: float) -> bytes | None:
        return self.chunks.pop(0) if self.chunks else b""

    def end(self) -> str:
        self.ends += 1
        return self.how


def watched(
    start: Callable[[dict[str, Any]], Script],
) -> tuple[list[tuple[bytes, int, bytes]], list[dict[str, Any]]]:
    """What the parent hears, and the requests that processes were started with."""
    sent: list[bytes] = []
    requests: list[dict[str, Any]] = []
    scripts: list[Script] = []

    def begin(request: dict[str, Any]) -> Script:
        requests.append(request)
        scripts.append(start(request))
        return scripts[-1]

    Watch(REQUEST, begin, sent.append, Times()).run()
    assert all(script.ends == 1 for script in scripts), "each process is ended once"
    return list(frames.Reader().frames(b"".join(sent))), requests


def answered(request: dict[str, Any]) -> bytes:
    numbers = [exercise["number"] for exercise in request["exercises"]]
    return b"".join(frame(BEGIN, number) + frame(RESULT, number, b"{}") for number in numbers) + frame(DONE)


def test_one_that_goes_well_is_started_once() -> None:
    heard, requests = watched(lambda request: Script(frame(CELL, 1), answered(request)))
    assert heard == [(RESULT, 0, b"{}"), (RESULT, 1, b"{}"), (RESULT, 2, b"{}"), (DONE, 0, b"")]
    assert len(requests) == 1


def test_nobody_says_anything_of_cells_that_there_are_not() -> None:
    flood = b"".join(frame(NOTE, number, b"x") for number in range(5000))
    heard, _ = watched(lambda request: Script(frame(CELL, 1), flood, answered(request)))
    assert [number for kind, number, _ in heard if kind == NOTE] == [1, 2]


@pytest.mark.parametrize("chunk", [None, b""])
def test_a_cell_that_stops_the_process_is_left_out(chunk: bytes | None) -> None:
    def start(request: dict[str, Any]) -> Script:
        if [2, "b"] in request["cells"]:
            return Script(frame(CELL, 1), frame(CELL, 2), chunk, how="signal SIGSEGV")
        return Script(answered(request))

    heard, requests = watched(start)
    assert [kind for kind, _, _ in heard] == [NOTE, RESULT, RESULT, RESULT, DONE]
    assert b"left out" in heard[0][2]
    assert [request["cells"] for request in requests] == [[[1, "a"], [2, "b"]], [[1, "a"]]]


def test_an_answer_that_ends_the_process_is_the_only_one_without_a_result() -> None:
    def start(request: dict[str, Any]) -> Script:
        if request["exercises"][0]["number"] == 0:
            return Script(frame(BEGIN, 0) + frame(RESULT, 0, b"{}") + frame(BEGIN, 1), how="exit code 3")
        return Script(answered(request))

    heard, _ = watched(start)
    assert heard == [(RESULT, 0, b"{}"), (ENDED, 1, b"exit code 3"), (RESULT, 2, b"{}"), (DONE, 0, b"")]


def test_one_that_never_does_anything_comes_to_an_end() -> None:
    heard, requests = watched(lambda request: Script())
    assert [kind for kind, _, _ in heard] == [ENDED, ENDED, ENDED, DONE]
    assert len(requests) <= MOST_STARTS


def test_nobody_answers_before_they_are_asked() -> None:
    heard, _ = watched(
        lambda request: Script(frame(CELL, 1) + frame(RESULT, 0, b"forged"), answered(request))
    )
    assert (RESULT, 0, b"forged") not in heard


def test_nobody_answers_for_another() -> None:
    forged = frame(BEGIN, 0) + frame(RESULT, 1, b"forged") + frame(ENDED, 2, b"forged")
    heard, _ = watched(lambda request: Script(forged, answered(request)))
    assert not [content for _, _, content in heard if content == b"forged"]


def test_the_first_result_counts() -> None:
    twice = frame(BEGIN, 0) + frame(RESULT, 0, b"first") + frame(RESULT, 0, b"second")
    heard, _ = watched(lambda request: Script(twice, answered(request)))
    assert heard[0] == (RESULT, 0, b"first")
    assert [number for kind, number, _ in heard if kind == RESULT] == [0, 1, 2]


def test_the_end_can_not_be_said_too_early() -> None:
    heard, _ = watched(lambda request: Script(frame(DONE)))
    assert [kind for kind, _, _ in heard] == [ENDED, ENDED, ENDED, DONE]


def test_what_is_no_frame_counts_against_the_answer_that_sent_it() -> None:
    def start(request: dict[str, Any]) -> Script:
        first = request["exercises"][0]["number"] == 0
        return Script(frame(BEGIN, 0), b"x" * 100) if first else Script(answered(request))

    heard, _ = watched(start)
    assert heard[0] == (ENDED, 0, b"it gave back more than can be read")
    assert [number for kind, number, _ in heard if kind == RESULT] == [1, 2]


@given(st.lists(st.binary(max_size=40) | st.none(), max_size=6))
def test_whatever_a_process_writes_each_exercise_comes_to_an_end_once(chunks: list[bytes | None]) -> None:
    heard, _ = watched(lambda request: Script(*chunks))
    assert sorted(number for kind, number, _ in heard if kind in (RESULT, ENDED)) == [0, 1, 2]
    assert heard[-1][0] == DONE


messages = st.lists(
    st.tuples(st.sampled_from(sorted(frames.KINDS)), st.integers(0, 2**32 - 1), st.binary(max_size=30))
)


@given(messages, st.integers(1, 7))
def test_frames_are_put_together_however_they_are_cut(
    sent: list[tuple[bytes, int, bytes]], size: int
) -> None:
    raw = b"".join(frame(*message) for message in sent)
    reader = frames.Reader()
    back = [found for at in range(0, len(raw), size) for found in reader.frames(raw[at : at + size])]
    assert back == sent


@pytest.mark.parametrize("raw", [b"x" * 9, struct.pack("!cII", b"R", 0, frames.LARGEST + 1)])
def test_what_is_no_frame_is_refused(raw: bytes) -> None:
    with pytest.raises(frames.Flood):
        list(frames.Reader().frames(raw))
