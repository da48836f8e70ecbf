"""Which cells of a lesson have to run where answers are checked or graded, and whether these are enough."""

import ast
import builtins
import dis
import types
from collections.abc import Iterator

GIVEN = "course_utils.given"
"""The one module of the course that is there while answers are graded."""

NOT_THERE = (
    "What the lesson's own cells define is not there while answers are graded. An answer gets what it needs as arguments, "
    "or from a cell of your own."
)
"""Said to who uses a name that is not defined: in the notebook, where all cells have run, it was."""


def is_needed(source: str, answer: bool) -> bool:
    """Whether a cell has to run: it holds an answer, or it imports what answers use.

    All other cells of a lesson show something. They are tagged `demo`, and neither `course check` nor `course grade`
    runs them, so that judging a lesson that trains for minutes takes a moment.
    """
    if answer:
        return True
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # the set-up cell, which has a magic
        return False
    plain = all(
        isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        for node in statements
    )
    return plain and any(_is_there(module) for _, module in _imported(statements))


def missing(answers: list[str], others: list[str]) -> set[str]:
    """Names that answers use and that nothing which is there while they are graded defines.

    Args:
        answers: the cells that hold answers.
        others: the other cells that run then.
    """
    used = {name for source in answers for name in _names(source, "LOAD_")}
    there = set(dir(builtins)) | {name for source in answers for name in _names(source, "STORE_")}
    for source in others:
        statements = ast.parse(source).body
        there |= {name for name, module in _imported(statements) if _is_there(module)}
    return used - there


def _is_there(module: str) -> bool:
    return module == GIVEN or module.partition(".")[0] != "course_utils"


def _imported(statements: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """(name, module that it comes from) for each name that these imports bind."""
    for node in statements:
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, node.module or "") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name.split(".")[0], alias.name) for alias in node.names)


def _names(source: str, kind: str) -> Iterator[str]:
    """The global names that a cell reads (LOAD_) or binds (STORE_), those of its functions included."""
    codes: list[types.CodeType] = [compile(source, "<cell>", "exec", dont_inherit=True)]
    while codes:
        code = codes.pop()
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
        for step in dis.get_instructions(code):
            if step.opname in (f"{kind}NAME", f"{kind}GLOBAL"):
                yield str(step.argval)
