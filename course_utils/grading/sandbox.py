"""The parent's side of the sandbox: starts the fork server, hands submissions over, and takes data back.

with Sandbox() as sandbox:
    outcome = sandbox.run(cells, exercises, lane=0)
"""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.running import Attempt
from course_utils.grading import frames, plainprocess, wire
from course_utils.grading.isolation import Limits
from course_utils.grading.submission import Cell
from course_utils.grading.supervisor import Times

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class SandboxError(Exception):
    """The sandbox itself does not work. The message says why and what to do."""


@dataclass(frozen=True)
class Asked:
    """One exercise and the inputs that it is asked on."""

    exercise: Exercise
    cases: tuple[Case, ...]

    @cached_property
    def inputs(self) -> list[Any]:
        return [wire.encode(tuple(case.arguments)) for case in self.cases]

    def attempt(self, content: bytes) -> Attempt:
        """What came of asking.

        Raises:
            Garbled, ValueError, RecursionError: the bytes hold no attempt at these inputs.
        """
        return wire.decode_attempt(json.loads(content), len(self.cases))

    def written(self, number: int) -> dict[str, Any]:
        """As the child gets it: no more than name, parameters and inputs."""
        return {
            "number": number,
            "name": self.exercise.name,
            "parameters": list(self.exercise.parameters),
            "watch": self.exercise.many_right,
            "inputs": self.inputs,
        }


@dataclass
class Outcome:
    """What came out of the sandbox for one submission."""

    given: dict[str, bytes] = field(default_factory=dict)
    """What each exercise gave back, as it came; `Asked.attempt` reads it."""
    ended: dict[str, str] = field(default_factory=dict)
    """Exercises that gave no result: why."""
    notes: list[str] = field(default_factory=list)
    """What went wrong in which cell."""
    seconds: float = 0.0


class Sandbox:
    """A fork server, and the way to it. Several threads may use it at once, each with a lane of its own.

    Where there can be none, or with `isolated=False`, each submission runs in a fresh process, and `layers` is empty.
    """

    def __init__(
        self, limits: Limits | None = None, times: Times | None = None, isolated: bool | None = None
    ) -> None:
        self.isolated = sys.platform.startswith("linux") if isolated is None else isolated
        self.ready = False
        self.limits, self.times = limits or Limits(), times or Times()
        self.lock = threading.Lock()
        self.lanes: dict[int, socket.socket] = {}
        self.layers: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        if not self.isolated:
            return self
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "course_utils.grading.forkserver", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **THREADS, "MPLBACKEND": "Agg", "TOKENIZERS_PARALLELISM": "false"},
                stdin=subprocess.DEVNULL,
            )
        return self

    def wait(self) -> None:
        """Until the server is ready.

        Raises:
            SandboxError: it ended instead.
        """
        if self.isolated and not self.ready:
            said = self.control.recv(1 << 16)
            if not said:
                raise SandboxError(
                    "The process that runs submissions ended at its start. Run `course doctor`, which looks for what is "
                    "missing; what it printed stands above."
                )
            self.layers = tuple(json.loads(said)["layers"])
            self.ready = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.isolated:
            return
        for way in (self.control, *self.lanes.values()):
            way.close()
        try:
            self.server.wait(5)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()

    def run(
        self, cells: Sequence[Cell], asked: Sequence[Asked], lane: int = 0, apart: bool = False
    ) -> Outcome:
        """Run the cells, and ask each exercise's answer for its results. Whatever is in the cells, an outcome comes back.

        Args:
            cells: in the order in which they are to run.
            asked: the exercises, with their inputs.
            lane: which of the runs at the same time this is, from 0.
            apart: ask each answer in a process of its own, so that nothing which another one did can count against it.

        Raises:
            SandboxError: the fork server is gone.
        """
        self.wait()
        started = time.monotonic()
        asked_for = {
            "exercises": [question.written(number) for number, question in enumerate(asked)],
            "apart": apart,
            "cells": [[cell.number, cell.source] for cell in cells],
            "cell_seconds": self.times.cell,
            "times": asdict(self.times),
            "limits": asdict(self.limits),
            "lane": lane,
        }
        outcome = Outcome()
        if not self.isolated:
            reader = frames.Reader()
            plainprocess.run(asked_for, lambda chunk: _take_all(reader, chunk, asked, outcome))
            outcome.seconds = time.monotonic() - started
            return outcome
        request = json.dumps(asked_for).encode()
        request_out, request_in = os.pipe()
        back_out, back_in = os.pipe()
        try:
            self._hand_over(lane, [request_out, back_in])
        finally:
            os.close(request_out)
            os.close(back_in)
        threading.Thread(target=_write_all, args=(request_in, request), daemon=True).start()
        try:
            self._receive(back_out, asked, outcome)
        finally:
            os.close(back_out)
        outcome.seconds = time.monotonic() - started
        return outcome

    def _hand_over(self, lane: int, pipes: list[int]) -> None:
        """Give the lane's process its next submission. Where it is gone, another one takes its place."""
        try:
            try:
                socket.send_fds(self._way_to(lane), [b"run"], pipes)
            except (BrokenPipeError, ConnectionError):
                self.lanes.pop(lane).close()
                socket.send_fds(self._way_to(lane), [b"run"], pipes)
        except OSError:
            raise SandboxError(
                "The process that runs submissions is gone. Start the grading again: it goes on."
            ) from None

    def _way_to(self, lane: int) -> socket.socket:
        with self.lock:
            if lane not in self.lanes:
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                with theirs:
                    socket.send_fds(self.control, [b"lane"], [theirs.fileno()])
                self.lanes[lane] = ours
            return self.lanes[lane]

    def _receive(self, pipe: int, asked: Sequence[Asked], outcome: Outcome) -> None:
        reader = frames.Reader()
        deadline = time.monotonic() + self.times.submission + 30
        done = False
        with contextlib.suppress(frames.Flood):
            while time.monotonic() < deadline:
                if not select.select([pipe], [], [], 1.0)[0]:
                    continue
                chunk = os.read(pipe, 1 << 20)
                if not chunk:
                    break
                for kind, number, content in reader.frames(chunk):
                    done = done or kind == frames.DONE
                    _take(kind, number, content, asked, outcome)
        for question in asked:
            name = question.exercise.name
            if name not in outcome.given and name not in outcome.ended:
                outcome.ended[name] = "its process gave no result" if done else "its supervisor was lost"


def _take_all(reader: frames.Reader, chunk: bytes, asked: Sequence[Asked], outcome: Outcome) -> None:
    for kind, number, content in reader.frames(chunk):
        _take(kind, number, content, asked, outcome)


def _take(kind: bytes, number: int, content: bytes, asked: Sequence[Asked], outcome: Outcome) -> None:
    if kind == frames.NOTE:
        outcome.notes.append(f"cell {number}: {content.decode('utf-8', 'replace')[:300]}")
    if kind not in (frames.RESULT, frames.ENDED) or number >= len(asked):
        return
    name = asked[number].exercise.name
    if kind == frames.ENDED:
        outcome.ended[name] = content.decode("utf-8", "replace")[:200]
        return
    outcome.given[name] = content


def _write_all(pipe: int, content: bytes) -> None:
    with contextlib.suppress(OSError), os.fdopen(pipe, "wb") as file:  # a child that ended reads no more
        file.write(content)


def lanes() -> int:
    """How many submissions to run at once: as many as there are processors for this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
