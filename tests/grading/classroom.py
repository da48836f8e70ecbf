"""A class to grade: notebooks as learners hand them in, with answers that are right and answers that are known mistakes."""

import ast
import builtins
import copy
import inspect
import random
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

from course_utils import build
from course_utils.exercises import catalogue
from course_utils.exercises.exercise import Exercise

IMPORTED = {"np", "torch", "math"}
IMPORTS = "import math\nimport numpy as np\nimport torch\n"
"""What the sources of known mistakes need."""


def lesson_notebook(lesson: int) -> Any:
    """The lesson as it is handed out."""
    return copy.deepcopy(_handed_out(lesson))


@cache
def _handed_out(lesson: int) -> Any:
    return build.handed_out(build.lessons(build.course_root(), str(lesson))[0])


def right_answers(lesson: int) -> dict[str, str]:
    """The source of each answer in the lesson's solution, in a dict of the caller's own."""
    return dict(_right_answers(lesson))


@cache
def _right_answers(lesson: int) -> dict[str, str]:
    root = build.course_root()
    notebook = nbformat.read(build.lessons(root, str(lesson))[0].solution, 4)
    names = {exercise.name for exercise in catalogue(lesson).EXERCISES}
    found = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and "### BEGIN SOLUTION" in cell.source:
            for name in names:
                if f"def {name}(" in cell.source:
                    found[name] = cell.source
    return found


def as_answer(exercise: Exercise, function: Callable[..., Any]) -> str | None:
    """The source of a known mistake as a learner would have written it, or None where it leans on other code."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return None
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef) or inspect.getclosurevars(function).nonlocals:
        return None
    globals_used = set(inspect.getclosurevars(function).globals)
    if globals_used - IMPORTED - set(dir(builtins)):
        return None
    definition.decorator_list, definition.name = [], exercise.name
    return ast.unparse(definition)


def known_mistakes(lesson: int) -> dict[str, list[tuple[str, str, Any]]]:
    """(name, source, function) of those of each exercise's mistakes that can be written as an answer."""
    return {
        exercise.name: [
            (mistake.name, source, mistake.answer)
            for mistake in exercise.mistakes
            if (source := as_answer(exercise, mistake.answer)) is not None
        ]
        for exercise in catalogue(lesson).EXERCISES
    }


def notebook_with(lesson: int, answers: dict[str, str]) -> Any:
    """The handed-out lesson with these answers in place of the stubs."""
    notebook = lesson_notebook(lesson)
    for cell in notebook.cells:
        for name, answer in answers.items():
            if (
                cell.cell_type == "code"
                and f"def {name}(" in cell.source
                and "NotImplementedError" in cell.source
            ):
                cell.source = answer
    return notebook


def make_class(folder: Path, size: int, lesson: int = 4, seed: int = 0, share_wrong: float = 0.15) -> None:
    """Write notebooks of a class of this size, a folder for each learner: most answers right, some known mistakes,
    some not attempted."""
    generator = random.Random(seed)
    wrong = {name: [source for _, source, _ in known] for name, known in known_mistakes(lesson).items()}
    for number in range(size):
        answers = {}
        for name, right in right_answers(lesson).items():
            luck = generator.random()
            if luck < share_wrong and wrong[name]:
                answers[name] = generator.choice(wrong[name])
            elif luck < 0.97:
                answers[name] = right
        place = folder / f"learner_{number:05d}"
        place.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook_with(lesson, answers), place / f"{lesson}.ipynb")
