"""Calling an answer on one input and writing down what came of it, as data."""

import contextlib
import functools
import inspect
import io
import linecache
import random
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from course_utils.exercises.show import cut
from course_utils.exercises.values import copied, loaded, opaque, plain, unchanged

NOT_THEIRS = (
    str(Path(__file__).resolve().parents[1]),
    *(sysconfig.get_paths()[place] for place in ("stdlib", "platstdlib", "purelib", "platlib")),
)
"""Folders whose code is not the learner's: this package, Python's own library, what pip installed."""


@dataclass(frozen=True)
class Raised:
    """An exception as data: no frames, nothing that could still run."""

    kind: str
    """The exception's class, such as "TypeError"."""
    message: str
    line_number: int | None = None
    """The line of the learner's own code that raised, or None where none of it was reached."""
    line: str = ""
    helper: str = ""
    """The learner's function that this line is in, where it is another one, which the answer calls."""

    @property
    def is_stub(self) -> bool:
        """Whether it is the line that was there at the start: libraries raise NotImplementedError, too."""
        return self.kind == "NotImplementedError" and (not self.line or self.kind in self.line)


@dataclass(frozen=True)
class Result:
    """What one call gave."""

    value: Any = None
    raised: Raised | None = None
    printed: str = ""
    warned: str = ""
    """The first warning, as text."""
    changed: tuple[str, ...] = ()
    """Names of the arguments that the call changed."""
    disturbed: tuple[str, ...] = ()
    """Modules whose random numbers, which everyone shares, the call moved on."""


@dataclass(frozen=True)
class Attempt:
    """What an answer gave on all inputs of a check, as data: nothing in it can run, and no verdict is in it yet."""

    results: tuple[Result, ...] = ()
    """One for each input, then one for the first input again: an answer must not depend on what was asked before."""
    missing: bool = False
    """There is no function: None or `...` stands in its place."""
    instead: str = ""
    """The type of what was given instead of a function."""
    signature: str = ""
    """Why the function can't be called as the exercise calls it."""


KEPT = 10_000
"""Characters of what an answer prints that are kept from its beginning, and as many from its end."""


class _Printed(io.StringIO):
    """Takes what an answer prints, and keeps no more than can be shown. Closing it loses nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.room, self.end = KEPT, ""

    def write(self, text: str) -> int:
        super().write(text[: self.room])
        if len(text) > self.room:
            self.end = (self.end + text[self.room :][-KEPT:])[-KEPT:]
        self.room = max(0, self.room - len(text))
        return len(text)

    def getvalue(self) -> str:
        return super().getvalue() + self.end

    def close(self) -> None:
        pass


def attempt(
    answer: Any, inputs: Sequence[tuple[Any, ...]], names: tuple[str, ...], watch: bool = False
) -> Attempt:
    """Call an answer on each input, then on the first again. Whatever is given as the answer, an attempt comes back."""
    if answer is None or answer is Ellipsis:
        return Attempt(missing=True)
    if not callable(answer):
        return Attempt(instead=str(type(answer).__name__))
    by_count = {len(arguments): arguments for arguments in inputs}  # an optional argument may be left out
    for arguments in by_count.values():
        problem = signature_problem(answer, arguments, names)
        if problem:
            return Attempt(signature=problem)
    return Attempt(tuple(call(answer, arguments, names, watch) for arguments in (*inputs, *inputs[:1])))


def call(
    answer: Callable[..., Any], arguments: tuple[Any, ...], names: tuple[str, ...], watch: bool = False
) -> Result:
    """Call `answer` on copies of the arguments. Whatever it raises is caught, but for the learner's own interrupt.

    The value is a copy, too: an answer that fills one array again and again can't change what it gave before. `watch`
    looks whether the call moves random numbers that everyone shares, which takes longer than most answers.
    """
    own = copied(arguments)
    output = _Printed()
    value, raised = None, None
    before = _shared_randomness() if watch else {}
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(output),
        np.errstate(
            all="warn", under="ignore"
        ),  # whatever the notebook has set, and not for longer than the call
    ):
        warnings.simplefilter("always")
        try:
            value = answer(*own)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # sys.exit() in an answer must not end the notebook's kernel
            raised = _as_data(error, answer)
        try:
            value = plain(value)
        except Exception as error:  # a list that holds itself, a tensor without data
            value = opaque(value, error)
    changed = tuple(
        name for name, before, after in zip(names, arguments, own, strict=False) if not _same(before, after)
    )
    after = _shared_randomness() if watch else {}
    disturbed = tuple(name for name, state in before.items() if after[name] != state)
    warned = f"{caught[0].category.__name__}: {_text_of(caught[0].message)}" if caught else ""
    return Result(value, raised, cut(output.getvalue().rstrip()), cut(warned, 300), changed, disturbed)


def signature_problem(
    answer: Callable[..., Any], arguments: tuple[Any, ...], names: tuple[str, ...]
) -> str | None:
    """Why `answer` can't be called with these arguments, or None where it can, or where only a call can tell."""
    try:
        signature = inspect.signature(answer)
    except Exception:  # some built-ins have no signature to look at, and a class may say what it likes
        return None
    try:
        signature.bind(*arguments)
    except TypeError as error:
        name = getattr(answer, "__name__", type(answer).__name__)
        given = ", ".join(names[: len(arguments)])
        count = f"{len(arguments)} argument{'s' * (len(arguments) != 1)}"
        return f"Your function is `{name}{signature}`, and the check gives it {count} in this order: {given}. Python says: {error}."
    return None


def _shared_randomness() -> dict[str, Any]:
    """Where the random numbers stand that all code shares."""
    numpys = np.random.get_state()  # noqa: NPY002
    states: dict[str, Any] = {
        "np.random": [part.tobytes() if isinstance(part, np.ndarray) else part for part in numpys],
        "random": random.getstate(),
    }
    torch = loaded("torch")
    return states if torch is None else states | {"torch": torch.get_rng_state().numpy().tobytes()}


def _same(before: Any, after: Any) -> bool:
    try:
        return unchanged(before, after)
    except Exception:  # an object put into the argument that can't be read: it wasn't there before
        return False


def _as_data(error: BaseException, answer: Callable[..., Any]) -> Raised:
    try:
        files = _own_files(answer)
    except Exception:  # an object that says what it likes about itself
        files = set()
    frames = traceback.extract_tb(error.__traceback__, limit=-200)
    own = [frame for frame in frames if frame.filename in files or _is_notebook_cell(frame.filename)]
    last = own[-1] if own else None
    kind, message = type(error).__name__, cut(_text_of(error), 300)
    if last is None:
        return Raised(kind, message)
    line = (last.line or linecache.getline(last.filename, last.lineno or 0)).strip()
    called = {own[0].name, getattr(answer, "__name__", "")}
    helper = "" if last.name in called or last.name.startswith("<") else cut(last.name, 60)  # no <listcomp>
    return Raised(kind, message, last.lineno, cut(line, 200), helper)


def _text_of(thing: Any) -> str:
    try:
        return str(thing)
    except Exception as error:
        return f"(its message can't be read: {type(error).__name__})"


def _own_files(answer: Any) -> set[str]:
    """The files that the answer is written in: of the function, of what it wraps, of its class."""
    files: set[str] = set()
    for _ in range(20):
        for thing in (answer, getattr(type(answer), "__call__", None), getattr(answer, "__init__", None)):  # noqa: B004
            code = getattr(thing, "__code__", None)
            if inspect.iscode(code):
                files.add(code.co_filename)
        inner = answer.func if isinstance(answer, functools.partial) else getattr(answer, "__wrapped__", None)
        if inner is None:
            break
        answer = inner
    return {file for file in files if not file.startswith(NOT_THEIRS[1:])}


def _is_notebook_cell(filename: str) -> bool:
    if filename.startswith(NOT_THEIRS):
        return False
    return "ipython-input-" in filename or "ipykernel_" in filename or filename.startswith("<cell")
