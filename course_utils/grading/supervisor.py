"""Watches over the process that runs one submission: keeps the time, starts it again after what stopped it, and passes
on what it gives. Runs no learner's code, and believes nothing that comes from there.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from course_utils.grading import frames

MOST_STARTS = 12
MOST_BYTES = 256 << 20
"""That one submission may give back in all."""

FLOODED = "it gave back more than can be read"


class Running(Protocol):
    """The process that runs a submission."""

    def receive(self, seconds: float) -> bytes | None:
        """The next bytes; none at the end; None where the time is over first."""

    def end(self) -> str:
        """Kill what still runs, and say in words how the process ended."""


@dataclass(frozen=True)
class Times:
    """Seconds on the clock."""

    cell: float = 10.0
    exercise: float = 10.0
    submission: float = 120.0
    grace: float = 2.0
    """For a cell to end by itself once it was told to."""


class Watch:
    """One submission from start to end."""

    def __init__(
        self,
        request: dict[str, Any],
        start: Callable[[dict[str, Any]], Running],
        send: Callable[[bytes], None],
        times: Times,
    ) -> None:
        self.request, self.start, self.send, self.times = request, start, send, times
        self.todo = [exercise["number"] for exercise in request["exercises"]]
        self.left_out: set[int] = set()
        self.noted: set[int] = set()
        self.cells = {number for number, _ in request["cells"]}
        self.given = 0
        self.deadline = time.monotonic() + times.submission

    def run(self) -> None:
        """Until every exercise has a result or a reason why it has none."""
        starts = 0
        while self.todo and starts < MOST_STARTS and time.monotonic() < self.deadline:
            starts += 1
            self._once()
        why = (
            "the whole submission took too long"
            if starts < MOST_STARTS
            else "it stopped its process again and again"
        )
        for number in list(self.todo):
            self._ended(number, why)
        self.send(frames.frame(frames.DONE))

    def _once(self) -> None:
        """One start of the process, until it is done or something stops it."""
        request = self.request | {
            "cells": [cell for cell in self.request["cells"] if cell[0] not in self.left_out],
            "exercises": [
                exercise for exercise in self.request["exercises"] if exercise["number"] in self.todo
            ],
        }
        running = self.start(request)
        reader = frames.Reader()
        where, number, done = b"", 0, False
        limit = time.monotonic() + self.times.cell + self.times.grace
        why = ""
        try:
            while True:
                chunk = running.receive(min(limit, self.deadline) - time.monotonic())
                if chunk is None:
                    why = "time"
                    break
                if not chunk:
                    break
                self.given += len(chunk)
                if self.given > MOST_BYTES:
                    raise frames.Flood
                for kind, place, content in reader.frames(chunk):
                    if kind in (frames.CELL, frames.BEGIN):
                        where, number = kind, place
                        seconds = self.times.cell if kind == frames.CELL else self.times.exercise
                        limit = time.monotonic() + seconds + self.times.grace
                    elif kind == frames.NOTE:
                        self._note(place, content)
                    elif (
                        kind in (frames.RESULT, frames.ENDED)
                        and place in self.todo
                        and (where, number) == (frames.BEGIN, place)  # nobody answers before they are asked
                    ):
                        self.todo.remove(place)
                        self.send(frames.frame(kind, place, content))
                    elif kind == frames.DONE:
                        done = True
        except frames.Flood:
            why = "flood"
        finally:
            how = running.end()
        if done and not why and not self.todo:
            return
        self._stopped(where, number, why or how)

    def _stopped(self, where: bytes, number: int, why: str) -> None:
        """Go on without what stopped it."""
        reason = {"time": "time", "flood": FLOODED}.get(why, why)
        if where == frames.BEGIN and number in self.todo:
            self._ended(number, reason)
        elif where == frames.CELL and number not in self.left_out:
            self.left_out.add(number)
            self._note(number, f"left out, for it stopped the process ({reason})".encode())
        elif self.todo:  # it says nothing about where it is
            self._ended(self.todo[0], reason)

    def _ended(self, number: int, why: str) -> None:
        self.todo.remove(number)
        self.send(frames.frame(frames.ENDED, number, why.encode()))

    def _note(self, number: int, content: bytes) -> None:
        if number in self.cells and number not in self.noted:
            self.noted.add(number)
            self.send(frames.frame(frames.NOTE, number, content[:1000]))
