"""The parent's side of the sandbox: hands submissions over to the fork server that has what they need, and takes data back.

with Sandbox() as sandbox:
    outcome = sandbox.run(cells, exercises, lane=0)
"""

import contextlib
import json
import os
import select
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
from course_utils.grading.looking import room_for
from course_utils.grading.rooms import Room
from course_utils.grading.server import Server
from course_utils.grading.submission import Cell
from course_utils.grading.supervisor import Times


@dataclass(frozen=True)
class Asked:
    """One exercise and the inputs that it is asked on."""

    exercise: Exercise
    cases: tuple[Case, ...]

    @cached_property
    def inputs(self) -> list[Any]:
        return [wire.encode(tuple(case.arguments)) for case in self.cases]

    @cached_property
    def has_tensors(self) -> bool:
        """Whether a tensor is among the inputs."""
        text = json.dumps(self.inputs)
        return any(f'{{"{kind}":' in text for kind in wire.TENSORS)

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
    """Fork servers, one for each room that is wanted. Several threads may use it at once, each with a lane of its own.

    Where there can be none, or with `isolated=False`, each submission runs in a fresh process, and `layers` is empty.
    """

    def __init__(
        self, limits: Limits | None = None, times: Times | None = None, isolated: bool | None = None
    ) -> None:
        self.isolated = sys.platform.startswith("linux") if isolated is None else isolated
        self.limits, self.times = limits or Limits(), times or Times()
        self.lock = threading.Lock()
        self.servers: dict[Room, Server] = {}
        self.layers: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        if self.isolated:
            self.servers[()] = Server(())
        return self

    def wait(self, room: Room = ()) -> None:
        """Until submissions can run in this room. `layers` are then those that hold in every room so far.

        Raises:
            SandboxError: they can't.
        """
        if not self.isolated:
            return
        with self.lock:
            if room not in self.servers:
                self.servers[room] = Server(room)
        layers = self.servers[room].wait()
        with self.lock:
            self.layers = tuple(layer for layer in self.layers or layers if layer in layers)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self.servers.values():
            server.close()

    def room_for(self, cells: Sequence[Cell], asked: Sequence[Asked]) -> Room:
        """Where these cells find loaded what they need; one room for all where nothing can be forked."""
        if not self.isolated:
            return ()
        return room_for(cells, any(question.has_tensors for question in asked))

    def run(
        self,
        cells: Sequence[Cell],
        asked: Sequence[Asked],
        lane: int = 0,
        apart: bool = False,
        room: Room | None = None,
    ) -> Outcome:
        """Run the cells, and ask each exercise's answer for its results. Whatever is in the cells, an outcome comes back.

        Args:
            cells: in the order in which they are to run.
            asked: the exercises, with their inputs.
            lane: which of the runs at the same time this is, from 0.
            apart: ask each answer in a process of its own, so that nothing which another one did can count against it.
            room: the libraries that are loaded; those that cells and inputs need, if not given.

        Raises:
            SandboxError: the fork server is gone.
        """
        room = self.room_for(cells, asked) if room is None else room
        self.wait(room)
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
            self.servers[room].hand_over([request_out, back_in])
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
