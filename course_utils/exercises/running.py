"""Calling an answer on one input and writing down what came of it, as data."""

import contextlib
import inspect
import io
import linecache
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_utils.exercises.show import cut
from course_utils.exercises.values import copied, plain, unchanged

HERE = str(Path(__file__).resolve().parents[1])


@dataclass(frozen=True)
class Raised:
    """An exception as data: no frames, nothing that could still run."""

    kind: str
    """The exception's class, such as "TypeError"."""
    message: str
    line_number: int | None = None
    """The line of the learner's own code that raised, or None where none of it was reached."""
    line: str = ""


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


def call(answer: Callable[..., Any], arguments: tuple[Any, ...], names: tuple[str, ...]) -> Result:
    """Call `answer` on copies of the arguments. Whatever it raises is caught, but for the learner's own interrupt."""
    own = copied(arguments)
    output = io.StringIO()
    value, raised = None, None
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(output):
        warnings.simplefilter("always")
        try:
            value = plain(answer(*own))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # sys.exit() in an answer must not end the notebook's kernel
            raised = _as_data(error, answer)
    changed = tuple(
        name for name, before, after in zip(names, arguments, own, strict=False) if not unchanged(before, after)
    )
    warned = f"{caught[0].category.__name__}: {caught[0].message}" if caught else ""
    return Result(value, raised, cut(output.getvalue().rstrip()), warned, changed)


def signature_problem(answer: Callable[..., Any], arguments: tuple[Any, ...], signature: str) -> str | None:
    """Why `answer` can't be called with these arguments, or None where it can."""
    try:
        inspect.signature(answer).bind(*arguments)
    except TypeError as error:
        return f"Your function is `{_own_signature(answer)}`, and it is called as `{signature}`: {error}."
    except ValueError:  # some built-ins have no signature to look at
        return None
    return None


def _own_signature(answer: Callable[..., Any]) -> str:
    return f"{getattr(answer, '__name__', 'it')}{inspect.signature(answer)}"


def _as_data(error: BaseException, answer: Callable[..., Any]) -> Raised:
    own_file = getattr(getattr(answer, "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(error.__traceback__, limit=-200)
    own = [frame for frame in frames if frame.filename == own_file or _is_notebook_cell(frame.filename)]
    last = own[-1] if own else None
    message = cut(str(error), 300)
    if last is None:
        return Raised(type(error).__name__, message)
    line = (last.line or linecache.getline(last.filename, last.lineno or 0)).strip()
    return Raised(type(error).__name__, message, last.lineno, line)


def _is_notebook_cell(filename: str) -> bool:
    if filename.startswith((HERE, sys.prefix, sys.base_prefix)):
        return False
    return filename.startswith("<ipython-input") or "ipykernel_" in filename or filename.startswith("<cell")
