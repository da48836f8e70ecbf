"""Wrong versions of right functions, made by machine: one small change each, as a slip of the hand would make it.

A mutant is compiled into fresh copies of the modules that its function lives in, so the real ones are never touched.
"""

import ast
import functools
import inspect
import signal
import textwrap
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

PACKAGE = "course_utils.reference."

LEFT_OUT = ("course_utils.reference._inputs",)
"""Not mutated: these helpers refuse what the exercises never ask for (nan, wrong shapes, ids outside). To weaken them
changes no result that is promised; to break them makes every call raise, which proves nothing about a check."""

COMPARISONS = {
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Pow)
SWAPS = {
    "max": "min", "min": "max", "argmax": "argmin", "argmin": "argmax", "sum": "mean", "mean": "sum",
    "left": "right", "right": "left", "exp": "exp2", "log": "log2", "zeros": "ones",
}  # fmt: skip
DROPPED = {"abs", "round", "exp", "log", "sqrt", "float", "int", "softmax", "log_softmax", "sigmoid"}


@dataclass(frozen=True)
class Mutant:
    """A function with one small change."""

    function: str
    """The function that was changed: the reference or one that it calls."""
    change: str
    answer: Callable[..., Any]

    def __repr__(self) -> str:
        return f"{self.function}: {self.change}"


class TooLong(BaseException):
    """A mutant is still running."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TooLong after so many seconds of processor time; a busy machine doesn't count.

    And again, should the first be lost: what is raised in a callback of the garbage collector is only noted, and a
    mutant that fills the memory without end is in there much of its time.
    """

    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 0.3)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def mutants(reference: Callable[..., Any]) -> list[Mutant]:
    """Every mutant of a reference function and of the reference functions that it calls."""
    family = family_of(reference)
    made = []
    for function in family:
        original = _parsed(function)
        seen = {source_of(function)}
        for change, source in _changed(original):
            if source not in seen:
                seen.add(source)
                made.append(Mutant(function.__name__, change, rebuilt(reference, family, function, source)))
    return made


def family_of(reference: Callable[..., Any]) -> list[types.FunctionType]:
    found: list[Any] = []
    waiting: list[Any] = [reference]
    while waiting:
        function = waiting.pop()
        if function in found:
            continue
        found.append(function)
        names = {node.id for node in ast.walk(_parsed(function)) if isinstance(node, ast.Name)}
        called = [function.__globals__[name] for name in sorted(names) if name in function.__globals__]
        waiting += [
            one
            for one in called
            if isinstance(one, types.FunctionType)
            and one.__module__.startswith(PACKAGE)
            and one.__module__ not in LEFT_OUT
        ]
    return found


def _parsed(function: Callable[..., Any]) -> ast.FunctionDef:
    """The function's tree without docstring, annotations and decorators."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(tree, ast.FunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.FunctionDef):
            node.returns, node.decorator_list = None, []
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:]
    return tree


@functools.cache
def source_of(function: Callable[..., Any]) -> str:
    return ast.unparse(_parsed(function))


def rebuilt(
    reference: Callable[..., Any], family: list[types.FunctionType], changed: types.FunctionType, source: str
) -> Callable[..., Any]:
    """The reference as it is when `changed` has another source."""
    spaces = {function.__module__: dict(function.__globals__) for function in family}
    new: dict[Any, Any] = {}
    for function in family:
        space = spaces[function.__module__]
        code = source if function is changed else source_of(function)
        made: dict[str, Any] = {}
        exec(compile(code, f"<mutant of {function.__name__}>", "exec"), space, made)
        new[function] = made[function.__name__]
    for space in spaces.values():
        for name, value in space.items():
            if isinstance(value, types.FunctionType) and value in new:
                space[name] = new[value]
    return new[reference]


def _changed(tree: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """(what was changed, source) for each small change. The tree is changed in place and put right again."""
    messages = {inner for node in ast.walk(tree) if isinstance(node, ast.Raise) for inner in ast.walk(node)}
    for parent in list(ast.walk(tree)):
        if parent in messages:
            continue
        for field, content in list(ast.iter_fields(parent)):
            if isinstance(content, list):
                for place, child in enumerate(content):
                    for words, new in _replacements(child, parent, field, len(content)):
                        content[place] = new
                        yield words, ast.unparse(ast.fix_missing_locations(tree))
                    content[place] = child
                if isinstance(parent, ast.Call) and field == "keywords":
                    for place, keyword in enumerate(list(content)):
                        del content[place]
                        yield f"without {ast.unparse(keyword)}", ast.unparse(tree)
                        content.insert(place, keyword)
            elif isinstance(content, ast.AST):
                for words, new in _replacements(content, parent, field, 1):
                    setattr(parent, field, new)
                    yield words, ast.unparse(ast.fix_missing_locations(tree))
                setattr(parent, field, content)


def _replacements(node: Any, parent: ast.AST, field: str, siblings: int) -> Iterator[tuple[str, ast.AST]]:
    """Other nodes to put in a node's place, with the change in words."""
    if isinstance(node, ast.stmt):
        if field == "body" and siblings > 1 and not isinstance(node, ast.FunctionDef):
            yield f"line dropped: {ast.unparse(node).splitlines()[0]}", ast.Pass()
        return
    if not isinstance(node, ast.expr):
        return
    for new in _others(node, parent, field):
        yield f"`{ast.unparse(node)}` became `{ast.unparse(new)}`", new


def _others(node: ast.expr, parent: ast.AST, field: str) -> Iterator[ast.expr]:
    if isinstance(parent, ast.If | ast.While | ast.IfExp) and field == "test":
        yield ast.UnaryOp(ast.Not(), node)
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            for other in {1 - value, value + 1, value - 1} - {value}:
                yield ast.Constant(other)
        case ast.Constant(value=float(value)):
            yield ast.Constant(value * 2)
            yield ast.Constant(value / 2)
        case ast.Constant(value=str(value)) if value in SWAPS:
            yield ast.Constant(SWAPS[value])
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=inner):
            yield inner
            if isinstance(inner, ast.Constant) and inner.value == 1:
                yield ast.Constant(0)
        case ast.BinOp(left=left, op=op, right=right):
            for kind in OPERATORS:
                if not isinstance(op, kind):
                    yield ast.BinOp(left, kind(), right)
            yield left
            yield right
            if isinstance(op, ast.Sub | ast.Div):
                yield ast.BinOp(right, op, left)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            yield from values
        case ast.Compare(left=left, ops=[op], comparators=comparators):
            for kind in COMPARISONS.get(type(op), ()):
                yield ast.Compare(left, [kind()], comparators)
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.Tuple(elts=[first, second, *others]) if isinstance(parent, ast.Return):
            yield ast.Tuple([second, first, *others], ast.Load())
            if others:
                yield ast.Tuple([first, others[0], second, *others[1:]], ast.Load())
        case ast.Call(func=func, args=args, keywords=keywords):
            name = func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")
            if name in SWAPS:
                yield ast.Call(_renamed(func, SWAPS[name]), args, keywords)
            if name in DROPPED and args:
                yield args[0]
            if name == "where" and len(args) == 3:
                yield args[1]
                yield args[2]
                yield ast.Call(func, [args[0], args[2], args[1]], keywords)
            if name == "flatnonzero":
                yield ast.Call(func, [ast.UnaryOp(ast.Invert(), args[0])], keywords)


def _renamed(func: ast.expr, name: str) -> ast.expr:
    if isinstance(func, ast.Attribute):
        return ast.Attribute(func.value, name, func.ctx)
    return ast.Name(name, ast.Load())
