"""What runs a learner's code: their cells, then each answer on its inputs. It knows inputs, and nothing of what is right.

It is the untrusted side of the line. Whatever a learner changes here, they change for themselves alone: all that leaves
is data, and what that is worth is decided elsewhere.
"""

import __future__

import ast
import builtins
import contextlib
import importlib.abc
import importlib.machinery
import inspect
import json
import linecache
import os
import signal
import sys
import types
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from course_utils import given
from course_utils.exercises.running import Attempt, attempt
from course_utils.grading import frames, rooms, wire

OURS = "course_utils"
REFERENCE = f"{OURS}.reference"
GIVEN = given.__name__
"""What lessons give learners to build with is there."""
ANNOTATIONS = __future__.annotations.compiler_flag

Send = Callable[[bytes], None]


class TookTooLong(BaseException):
    """Raised in a cell that is still running when its time is over."""


def run(request: dict[str, Any], send: Send) -> None:
    """Run the cells, then ask each exercise's answer; with `apart`, each in a process that nobody else was asked in.

    Args:
        request: `cells`, [number, source] pairs; `exercises`, each with `number`, `name`, `parameters` and `inputs` as
            `wire.encode` writes them; `cell_seconds`; `apart`.
        send: takes the frames.
    """
    hide_the_course()
    sys.meta_path.insert(0, rooms.Later())
    answers = run_cells(request, send)
    end_what_is_left()
    for left, exercise in zip(reversed(range(len(request["exercises"]))), request["exercises"], strict=True):
        send(frames.frame(frames.BEGIN, exercise["number"]))
        if request["apart"] and left and hasattr(os, "fork"):  # the last one finds this process as it was
            in_a_fork(exercise, answers[exercise["name"]], send)
        else:
            ask(exercise, answers[exercise["name"]], send)
    send(frames.frame(frames.DONE))


def run_cells(request: dict[str, Any], send: Send) -> dict[str, list[Any]]:
    """Run the cells in one namespace. Gives every object that a function's name stood for in the end of some cell."""
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    namespace = main.__dict__
    shell = Shell(namespace)
    namespace.update(get_ipython=lambda: shell, display=lambda *shown, **how: None, In=[], Out={})
    names = [exercise["name"] for exercise in request["exercises"]]
    answers: dict[str, list[Any]] = {name: [] for name in names}
    this = os.getpid()
    for number, source in request["cells"]:
        send(frames.frame(frames.CELL, number))
        try:
            with time_limit(request["cell_seconds"]):
                run_cell(number, source, namespace)
        except BaseException as error:  # the next cell runs all the same
            if os.getpid() != this:
                os._exit(0)
            with contextlib.suppress(Exception):
                send(
                    frames.frame(
                        frames.NOTE,
                        number,
                        f"{type(error).__name__}: {error}"[:300].encode("utf-8", "replace"),
                    )
                )
        if os.getpid() != this:  # a second process, which the cell has made: it speaks for nobody
            os._exit(0)
        for name in names:
            there = namespace.get(name)
            if there is not None and not any(there is known for known in answers[name]):
                answers[name].append(there)
    return answers


def run_cell(number: int, source: str, namespace: dict[str, Any]) -> None:
    """One cell, whose lines a traceback can show, and which may `await` as in a notebook.

    A statement that fails does not keep those below it from being run: in the notebook, where the lesson's own cells had
    run as well, it may not have failed. The first failure is raised in the end.
    """
    file = f"<cell {number}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    failure: Exception | None = None
    code: types.CodeType | None = compile(
        source, file, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
    )
    while code is not None:
        try:
            if code.co_flags & inspect.CO_COROUTINE:
                import asyncio

                asyncio.run(types.FunctionType(code, namespace)())
            else:
                exec(code, namespace)
            break
        except Exception as error:
            code, again = _what_follows(error, code, source)
            failure = failure or (None if again else error)
    if failure is not None:
        raise failure


def _what_follows(error: Exception, code: types.CodeType, source: str) -> tuple[types.CodeType | None, bool]:
    """The statements of the cell below the one that failed, None where there are none or nobody knows which failed; and
    whether that one is among them, to be tried once more."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code is not code:
        trace = trace.tb_next
    if trace is None or code.co_flags & inspect.CO_COROUTINE:
        return None, False
    statements = ast.parse(source).body
    rest = [statement for statement in statements if _first_line(statement) > trace.tb_lineno]
    failed = [statement for statement in statements if _first_line(statement) <= trace.tb_lineno][-1:]
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | code.co_flags & ANNOTATIONS
    # It may be no more than a type in a signature that nobody has imported, or that the `from __future__ import
    # annotations` of an earlier cell makes nobody look up: without these, once more.
    again = isinstance(error, NameError) and not flags & ANNOTATIONS
    again = again and bool(failed) and isinstance(failed[0], ast.FunctionDef | ast.ClassDef)
    if again:
        flags, rest = flags | ANNOTATIONS, [*failed, *rest]
    if not rest or not failed:
        return None, False
    return compile(ast.Module(rest, []), code.co_filename, "exec", flags, dont_inherit=True), again


def _first_line(statement: ast.stmt) -> int:
    return min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", []))])


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise in the code inside once the seconds are over, again and again: it may catch what is raised."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def over(number: int, place: Any) -> None:
        raise TookTooLong(f"stopped: still running after {seconds:g} seconds")

    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)


def in_a_fork(exercise: dict[str, Any], answers: list[Any], send: Send) -> None:
    """Ask in a child, so that what one answer does to its process is no other's loss."""
    child = os.fork()
    if child == 0:
        try:
            ask(exercise, answers, send)
            os._exit(0)
        finally:
            os._exit(70)
    _, status = os.waitpid(child, 0)
    end_what_is_left()
    if status:
        send(frames.frame(frames.ENDED, exercise["number"], how_it_ended(status).encode()))


def end_what_is_left() -> None:
    """In a process namespace of its own, whose first process this is: end all others, so that they take no time and no
    place from the answers that follow."""
    if os.getpid() == 1:
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)


def how_it_ended(status: int) -> str:
    """A wait status in words."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(number).name}"
        return f"signal {number}"
    return f"exit code {os.waitstatus_to_exitcode(status)}"


def ask(exercise: dict[str, Any], answers: list[Any], send: Send) -> None:
    """Call the last answer that is not the stub on every input, and send what came of it."""
    inputs = [wire.decode(arguments) for arguments in exercise["inputs"]]
    parameters = tuple(exercise["parameters"])
    made = Attempt(missing=True)
    this = os.getpid()
    for answer in reversed(answers):
        made = attempt(answer, inputs, parameters, exercise["watch"])
        if os.getpid() != this:
            os._exit(0)
        if not is_stub(made):
            break
    content = json.dumps(wire.encode_attempt(made)).encode()
    send(frames.frame(frames.RESULT, exercise["number"], content))


def is_stub(made: Attempt) -> bool:
    """Whether the answer is still the line that was there at the start."""
    raised = [result.raised for result in made.results]
    return bool(raised) and all(one is not None and one.is_stub and not one.helper for one in raised)


class Shell:
    """Stands where IPython's shell stands. Lines for the shell and magics do nothing, but for a statement that is timed."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.user_ns = namespace

    def run_line_magic(self, name: str, line: str, *more: Any) -> None:
        if name == "time":
            exec(compile(line, "<line magic>", "exec", dont_inherit=True), self.user_ns)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()


class Nothing:
    """Stands for whatever of the course a cell uses for itself: it can be called, read and walked through."""

    def __call__(self, *arguments: Any, **named: Any) -> "Nothing":
        return self

    def __getattr__(self, name: str) -> "Nothing":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: Any) -> "Nothing":
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __enter__(self) -> "Nothing":
        return self

    def __exit__(self, *error: Any) -> None:
        return None


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives an empty module for every module of the course, and none for the reference."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != OURS and not name.startswith(f"{OURS}."):
            return None
        if name == REFERENCE or name.startswith(f"{REFERENCE}."):
            raise ImportError(
                "The reference is not there while answers are graded: an answer stands by itself."
            )
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: Any) -> Any:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        nothing = Nothing()

        def attribute(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            if f"{module.__name__}.{name}" == REFERENCE:
                raise AttributeError("The reference is not there while answers are graded.")
            return given if f"{module.__name__}.{name}" == GIVEN else nothing

        module.__dict__["__getattr__"] = attribute


@cache
def modules_of_the_course() -> list[str]:
    """Those that are loaded. A fork server asks before it forks: to walk through the thousands of names of all modules
    makes a child copy every page that one of them lies in."""
    ours = (name for name in sys.modules if name == OURS or name.startswith(f"{OURS}."))
    return [name for name in ours if name != GIVEN]


def hide_the_course() -> None:
    """From here on a cell that imports the course gets stand-ins. What this module needs is loaded already."""
    for name in modules_of_the_course():
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, StandIns())
    builtins.input = _no_input


def _no_input(*prompt: Any) -> str:
    raise EOFError("input() has nobody to ask while answers are graded.")
