"""Who looks on while a model trains, and how a training ends early with a model that is whole."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from course_utils.training.recipe import History


class Watcher(Protocol):
    """What `train` takes as its `monitor`. It is called from the thread that trains, so it should be quick."""

    @property
    def stopped(self) -> bool:
        """Whether the training should end; asked before each step."""

    def begin(self, planned: int) -> None:
        """The training starts, and will take so many steps if nobody stops it."""

    def step(self, history: History) -> None:
        """One more step is in the history."""

    def end(self, history: History) -> None:
        """The training is over, in whatever way, and the model is as it will stay."""


@contextmanager
def held_interrupt(wanted: bool) -> Iterator[Callable[[], bool]]:
    """Inside, the first interrupt (a notebook's ■, Ctrl+C) is only noted, so that no step is cut in two.

    Yields a function that says whether there was one. A second interrupt goes through, for a step that hangs. Only
    the main thread is ever interrupted, and only it may change how; elsewhere nothing is held.
    """
    before = signal.getsignal(signal.SIGINT)
    came = False

    def note(number: int, frame: Any) -> None:
        nonlocal came
        if came:
            signal.default_int_handler(number, frame)
        came = True

    # A handler that is None was not set from Python, and could not be put back.
    if not wanted or before is None or threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGINT, before)
