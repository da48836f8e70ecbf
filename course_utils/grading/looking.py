"""Looking at code without running it: what it names and needs, and what two answers have in common."""

import ast
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from course_utils.grading.rooms import LIBRARIES, Room
from course_utils.grading.submission import Cell

TELLTALE = {
    "ctypes": "uses `ctypes`",
    "socket": "opens network connections (`socket`)",
    "urllib": "opens network connections (`urllib`)",
    "requests": "opens network connections (`requests`)",
    "subprocess": "starts other programs (`subprocess`)",
    "get_objects": "looks through memory (`gc.get_objects`)",
    "get_referrers": "looks through memory (`gc.get_referrers`)",
    "_getframe": "looks at the frames of its callers (`_getframe`)",
    "currentframe": "looks at the frames of its callers (`currentframe`)",
    "fork": "starts processes (`fork`)",
    "kill": "sends signals (`kill`)",
    "killpg": "sends signals (`killpg`)",
    "_exit": "ends its process (`_exit`)",
    "meta_path": "changes how Python imports (`meta_path`)",
}
"""Names that no answer of this course needs, and what they are for."""

REFERENCE_REFUSED = "The reference is not there"
REFUSED = (
    ("Permission denied", "was refused a file or folder"),
    ("PermissionError", "was refused a file or folder"),
    ("Read-only file system", "tried to write outside its folder"),
    ("Network is unreachable", "tried to reach the network"),
    ("Name or service not known", "tried to reach the network"),
    ("name resolution", "tried to reach the network"),
    (REFERENCE_REFUSED, "asked for the reference"),
    ("stopped the process", "ended or blocked the process that it ran in"),
)
"""What a cell's error says where the sandbox held it back."""


@dataclass(frozen=True)
class Look:
    """What is seen in one cell. Nothing is, where it is no Python."""

    names: frozenset[str] = frozenset()
    """Packages that it imports, and attributes that it uses."""
    used: frozenset[str] = frozenset()
    """Names that it reads, and packages that it imports a part of, or under another name."""
    bound: frozenset[str] = frozenset()
    """Names that it binds when it runs; "*" where it imports all that a module has."""
    prints: tuple[tuple[str, str], ...] = ()
    """(function, digest of its code) for each function that does more than raise."""


_seen: dict[bytes, Look] = {}
MOST_SEEN = 5000


def look(source: str) -> Look:
    """Look at one cell. A text that many have is looked at once."""
    key = hashlib.sha256(source.encode("utf-8", "surrogatepass")).digest()
    found = _seen.get(key)
    if found is None:
        if len(_seen) >= MOST_SEEN:
            _seen.clear()
        found = _seen[key] = _looked(source)
    return found


def _looked(source: str) -> Look:
    try:
        return _seen_in(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Look()


def _seen_in(tree: ast.Module) -> Look:
    names: set[str] = set()
    used: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
            used |= {alias.name.split(".")[0] for alias in node.names if alias.asname or "." in alias.name}
        elif isinstance(node, ast.ImportFrom):
            package = (node.module or "").split(".")[0]
            names |= {package, *(alias.name for alias in node.names)}
            used.add(package)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.Name):
            used.add(node.id)
    return Look(frozenset(names), frozenset(used), frozenset(_bound(tree)), tuple(_prints(tree)))


def _bound(node: ast.AST) -> Iterable[str]:
    """Names that are bound where this runs, and not in a function or class of its own."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.split(".")[0] for alias in child.names)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield child.name
        elif isinstance(child, ast.Name):
            if isinstance(child.ctx, ast.Store | ast.Del):
                yield child.id
        elif not isinstance(child, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            yield from _bound(child)


def _prints(tree: ast.Module) -> Iterable[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not _only_raises(node):
            yield node.name, _shape(node)


def suspicions(cells: Iterable[Cell], notes: Iterable[str]) -> list[str]:
    """Signs, for a person to look at, that a submission tried to leave the sandbox."""
    said: list[str] = []
    for cell in cells:
        names = look(cell.source).names
        said += [f"cell {cell.number} {what}" for name, what in TELLTALE.items() if name in names]
        if "/proc/" in cell.source or "course_utils/reference" in cell.source:
            said.append(f"cell {cell.number} names files that are not its own")
    innocent = {f"cell {cell.number}" for cell in cells if _imports_as_lessons_do(cell.source)}
    for note in notes:
        where = note.split(":")[0]
        said += [
            f"{where} {what}"
            for mark, what in REFUSED
            if mark in note and not (mark == REFERENCE_REFUSED and where in innocent)
        ]
    return list(dict.fromkeys(said))


def room_for(cells: Iterable[Cell], tensors: bool = False) -> Room:
    """The libraries that these cells name otherwise than in a bare `import`; with `tensors`, PyTorch in any case."""
    used = {name for cell in cells for name in look(cell.source).used}
    return tuple(sorted(used & LIBRARIES.keys() | ({"torch"} if tensors else set())))


def _imports_as_lessons_do(source: str) -> bool:
    """Whether it imports of the reference what a lesson's own cell does, under its name: a learner has edited that cell, or
    has another edition of the lesson."""
    lines = re.findall(r"^[^\S\n]*(?:from|import)\s+course_utils\.reference\b.*$", source, re.MULTILINE)
    return any(re.search(r"\bas reference\w*\s*$", line) for line in lines)


def as_it_was(cells: Sequence[Cell], name: str) -> Sequence[Cell] | None:
    """The cells up to the one that defines this function last, where one that follows binds a name anew that the
    function uses, or its own. None where none does.

    A learner checks an answer when they have written it. What they do below it, such as importing a library's function
    of the same name to compare, is no part of it.
    """
    places = [index for index, cell in enumerate(cells) if name in dict(look(cell.source).prints)]
    if not places:
        return None
    before = cells[: places[-1] + 1]
    wanted, more = {name}, {name}
    while more:
        more = {
            used for cell in before if look(cell.source).bound & more for used in look(cell.source).used
        } - wanted
        wanted |= more
    anew = {bound for cell in cells[len(before) :] for bound in look(cell.source).bound}
    return before if anew & (wanted | {"*"}) else None


def fingerprints(cells: Iterable[Cell]) -> dict[str, str]:
    """For each function, a digest of its code that renaming, comments and layout don't change. The last definition counts."""
    return {name: digest for cell in cells for name, digest in look(cell.source).prints}


def _only_raises(function: ast.FunctionDef) -> bool:
    body = [
        node
        for node in function.body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    return all(isinstance(node, ast.Raise | ast.Pass) for node in body)


def _shape(function: ast.FunctionDef) -> str:
    known: dict[str, str] = {}

    def anonymous(name: str) -> str:
        return known.setdefault(name, f"name{len(known)}")

    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            node.id = anonymous(node.id)
        elif isinstance(node, ast.arg):
            node.arg, node.annotation = anonymous(node.arg), None
    function.returns = None
    if (
        function.body
        and isinstance(function.body[0], ast.Expr)
        and isinstance(function.body[0].value, ast.Constant)
    ):
        function.body = function.body[1:]
    return hashlib.sha256(ast.dump(function).encode("utf-8", "surrogatepass")).hexdigest()[:16]
