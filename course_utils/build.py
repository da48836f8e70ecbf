"""One source, two notebooks.

`solutions/NAME.py` (jupytext percent) is what an author edits. From it come

- `solutions/NAME.ipynb`: executed, with outputs;
- `lessons/NAME.ipynb`: without outputs, and with a stub in place of each solution.

In the source:

    def softmax(logits, axis=-1):
        ### BEGIN SOLUTION
        ...                              the lesson has `raise NotImplementedError("write softmax here")` instead
        ### END SOLUTION

    # %% tags=["solution-only"]          a cell that the lesson leaves out
    # {{SETUP}}                          the set-up cell, alone in its code cell
    {{COLAB_BADGE}}  {{REPOSITORY}}  {{NAME}}      anywhere

What is written depends on the source alone (outputs apart): cell ids come from the text of the cells, and
neither notebook holds widget state, timings or paths of the machine that built it.

It does not run the lesson: the tests do.
"""

import contextlib
import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import course_utils
from course_utils.needed import is_needed, missing

Notebook = Any
"""An nbformat notebook: a dict whose keys are attributes too."""

CELL_TIMEOUT = 1200
"""Seconds a cell may take: enough to fine-tune the classifier once on a slow machine."""

SETUP = """\
# On Colab this installs the course, which takes a few minutes. Anywhere else it does nothing.
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    %pip install --quiet "attention-to-labels[offline] @ git+{repository}"

from course_utils import device

print(device.describe())"""

DEMO = "demo"
"""The tag of cells that no answer needs."""

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
_NEAR_MARKER = re.compile(r"\s*#+\s*(BEGIN|END)[\s_]+SOLUTION", re.IGNORECASE)
_FUNCTION = re.compile(r"(\s*)(?:async\s+)?def\s+(\w+)")
_CELL = re.compile(r"# ?%%( |$)")
_CHECK = re.compile(r"ex\.(\w+)\.check\(\1\)")
_BLANK = re.compile(r"\{\{([A-Z][A-Z_]{3,})\}\}")
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


class BuildError(Exception):
    """Something in a source that an author has to put right. The message names the file and the line."""


@dataclass(frozen=True)
class Lesson:
    """Where one lesson's three files are."""

    root: Path
    name: str

    @property
    def source(self) -> Path:
        return self.root / "solutions" / f"{self.name}.py"

    @property
    def solution(self) -> Path:
        return self.root / "solutions" / f"{self.name}.ipynb"

    @property
    def lesson(self) -> Path:
        return self.root / "lessons" / f"{self.name}.ipynb"

    def shown(self, path: Path) -> str:
        """The path as a message names it."""
        return path.relative_to(self.root).as_posix()


def course_root() -> Path:
    """The clone that this package is installed from."""
    root = Path(course_utils.__file__).resolve().parent.parent
    if not (root / "solutions").is_dir():
        raise BuildError(
            f"There is no folder `solutions` in {root}. Lessons are built in a clone of the course in which "
            "`make` or `pip install -e .` has been run."
        )
    return root


def lessons(root: Path, name: str | None = None) -> list[Lesson]:
    """The lessons that have a source: all of them, or those whose name starts with `name`."""
    found = [Lesson(root, path.stem) for path in sorted((root / "solutions").glob("*.py"))]
    if name is None:
        chosen = found
    else:
        wanted = Path(name).stem if name.endswith((".py", ".ipynb")) else Path(name).name
        chosen = [lesson for lesson in found if lesson.name == wanted] or [
            lesson for lesson in found if lesson.name.startswith(wanted)
        ]
    if not chosen:
        have = ", ".join(lesson.name for lesson in found) or "none"
        raise BuildError(
            f"There is no source for {name or 'any lesson'} in {root / 'solutions'}. It has: {have}."
        )
    return chosen


# Reading the source


def solved(lesson: Lesson) -> tuple[Notebook, list[int]]:
    """The notebook that the source describes, solutions included and not run, and the line each cell starts on."""
    import jupytext
    import nbformat

    text = lesson.source.read_text(encoding="utf-8")
    lines = text.split("\n")
    file = lesson.shown(lesson.source)
    _check_markers(file, lines)
    starts = [number for number, line in enumerate(lines, 1) if _CELL.match(line)]
    parsed = jupytext.reads(text, fmt="py:percent")
    if len(parsed.cells) != len(starts):
        raise BuildError(
            f"{file}: {len(starts)} lines start with `# %%`, but jupytext reads {len(parsed.cells)} cells. "
            "Start the file with `# %%` or `# %% [markdown]`, and keep `# %%` out of strings."
        )

    values = _values(lesson.name)
    ids: set[str] = set()
    cells = []
    for cell, start in zip(parsed.cells, starts, strict=True):
        source = _fill(cell.source, values, file, start)
        new = {
            "id": _cell_id(cell.cell_type, _stubbed(source), ids),
            "cell_type": cell.cell_type,
            "metadata": {key: value for key, value in cell.metadata.items() if key != "lines_to_next_cell"},
            "source": source,
        }
        if cell.cell_type == "code":
            new |= {"execution_count": None, "outputs": []}
            if not is_needed(source, answer=BEGIN in source):
                new["metadata"]["tags"] = sorted({*new["metadata"].get("tags", []), DEMO})
            new["metadata"] |= _for_nbgrader(source)
        cells.append(new)
    _check_needs(cells, file)
    notebook = nbformat.from_dict({"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5})
    _validate(notebook, file)
    return notebook, starts


def _check_needs(cells: list[dict[str, Any]], file: str) -> None:
    """Answers find what they use where nothing but them and plain imports has run.

    Raises:
        BuildError: they don't.
    """
    run = [cell["source"] for cell in cells if cell["cell_type"] == "code" and not _is_demo(cell)]
    answers = [source for source in run if BEGIN in source]
    lost = sorted(missing(answers, [source for source in run if BEGIN not in source]))
    if lost:
        raise BuildError(
            f"{file}: answers use {', '.join(f'`{name}`' for name in lost)}, which is not there while they are graded: "
            "then only they and cells of plain imports run, and of the course there is `course_utils.given` alone. "
            "Import it in such a cell; put a helper of the course's own into `course_utils/given.py`."
        )


def _is_demo(cell: dict[str, Any]) -> bool:
    return DEMO in cell["metadata"].get("tags", [])


def _for_nbgrader(source: str) -> dict[str, Any]:
    """The metadata by which nbgrader knows an answer's cell, and the locked cell that checks it and gives its points.

    Source: nbgrader's documentation, "Cell metadata schema", version 3.
    """
    common = {"schema_version": 3, "task": False}
    if BEGIN in source:
        lines = source.split("\n")
        first = next(index for index, line in enumerate(lines) if line.strip() == BEGIN)
        name = _enclosing_function(lines[:first], _indent(lines[first]))
        return {"nbgrader": {**common, "grade": False, "grade_id": name, "locked": False, "solution": True}}
    if (check := _CHECK.fullmatch(source.strip())) and (points := _points().get(check[1])):
        grade = {
            "grade": True,
            "grade_id": f"check-{check[1]}",
            "locked": True,
            "points": points,
            "solution": False,
        }
        return {"nbgrader": {**common, **grade}}
    return {}


@cache
def _points() -> dict[str, int]:
    from course_utils.exercises import LESSONS, catalogue

    return {exercise.name: exercise.points for lesson in LESSONS for exercise in catalogue(lesson).EXERCISES}


def handed_out(lesson: Lesson) -> Notebook:
    """The notebook a learner gets: no outputs, no `solution-only` cells, stubs in place of solutions."""
    notebook, _ = solved(lesson)
    notebook.cells = [cell for cell in notebook.cells if "solution-only" not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = _stubbed(cell.source)
    return notebook


def own_cells(lesson: Lesson) -> list[str]:
    """The code cells that a learner gets and that no answer needs."""
    cells: list[Any] = handed_out(lesson).cells
    return [cell.source for cell in cells if cell.cell_type == "code" and _is_demo(cell)]


def _check_markers(file: str, lines: list[str]) -> None:
    opened = 0
    for number, line in enumerate(lines, 1):
        marker = line.strip()
        if _CELL.match(line) and opened:
            raise BuildError(
                f"{file}, line {opened}: `{BEGIN}` is not closed before the cell ends. "
                f"Add `{END}` after the last line of the solution."
            )
        if marker == BEGIN:
            if opened:
                raise BuildError(
                    f"{file}, line {number}: `{BEGIN}` inside the block opened on line {opened}. "
                    f"Close that one with `{END}` first."
                )
            if _enclosing_function(lines[: number - 1], _indent(line)) is None:
                raise BuildError(
                    f"{file}, line {number}: `{BEGIN}` is not inside a function. Only the body of a function "
                    "can be handed out as a stub: the lesson has to run from top to bottom."
                )
            opened = number
        elif marker == END:
            if not opened:
                raise BuildError(
                    f"{file}, line {number}: `{END}` closes nothing. Add `{BEGIN}`, or take it out."
                )
            opened = 0
        elif _NEAR_MARKER.match(line):
            raise BuildError(
                f"{file}, line {number}: `{marker}` looks like a marker and is none, so the lesson would give the "
                f"solution away. Write `{BEGIN}` or `{END}`, and nothing else on the line."
            )
    if opened:
        raise BuildError(
            f"{file}, line {opened}: `{BEGIN}` is not closed before the file ends. "
            f"Add `{END}` after the last line of the solution."
        )


def _stubbed(source: str) -> str:
    kept: list[str] = []
    inside = False
    for line in source.split("\n"):
        marker = line.strip()
        if marker == BEGIN:
            name = _enclosing_function(kept, _indent(line))
            kept.append(f'{_indent(line)}raise NotImplementedError("write {name} here")')
            inside = True
        elif marker == END:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _enclosing_function(above: list[str], indent: str) -> str | None:
    """The name of the nearest function above whose `def` is indented less."""
    for line in reversed(above):
        if _CELL.match(line):
            return None
        found = _FUNCTION.match(line)
        if found and len(found[1]) < len(indent):
            return found[2]
    return None


def _values(name: str) -> dict[str, str]:
    repository = course_utils.REPOSITORY
    colab = f"https://colab.research.google.com/github/{repository.split('github.com/')[-1]}/blob/main/lessons/{name}.ipynb"
    return {
        "COLAB_BADGE": f"[Open in Colab]({colab})",
        "COLAB_URL": colab,
        "NAME": name,
        "REPOSITORY": repository,
        "SETUP": SETUP.format(repository=repository),
    }


def _fill(source: str, values: dict[str, str], file: str, start: int) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            line = start + 1 + source[: found.start()].count("\n")
            raise BuildError(
                f"{file}, line {line}: nothing is known by the name {found[0]}. "
                f"There are: {', '.join(f'{{{{{name}}}}}' for name in values)}."
            )
        return values[found[1]]

    # In a code cell the set-up stands behind a `#`, so that the source stays plain Python.
    return _BLANK.sub(value, source.replace("# {{SETUP}}", "{{SETUP}}"))


def _cell_id(kind: str, source: str, taken: set[str]) -> str:
    """A cell's id, from what the lesson says in it: it stays when other cells move, and when a solution changes."""
    copy = 0
    while True:
        digest = hashlib.sha256(f"{kind}\n{copy}\n{source}".encode()).hexdigest()[:12]
        if digest not in taken:
            taken.add(digest)
            return digest
        copy += 1


def _validate(notebook: Notebook, file: str) -> None:
    import nbformat

    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise BuildError(f"{file} does not give a valid notebook: {error.message}") from error


# Running it


def run(
    lesson: Lesson, notebook: Notebook, starts: list[int], progress: Callable[[int, int], None] | None = None
) -> None:
    """Execute the notebook in place, in a fresh kernel, and tidy what it printed.

    `progress(done, of)` is called as cells finish. Progress made in exercises goes to a temporary folder.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    current = 0

    def started(cell: Notebook, cell_index: int) -> None:
        nonlocal current
        current = cell_index
        if progress:
            progress(cell_index, len(notebook.cells))

    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(lesson.root)}},
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--Application.log_level=40"],
        on_cell_start=started,
    )
    with tempfile.TemporaryDirectory(prefix="course-build-") as folder:
        try:
            client.execute(env=kernel_environment(folder))
        except CellExecutionError as error:
            line = _failing_line(notebook.cells[current], error.traceback)
            where = _place(lesson, notebook, starts, current, line)
            raise BuildError(
                f"{where}: {error.ename}: {error.evalue}\n"
                "If the cell is meant to fail, give it the tag raises-exception."
            ) from error
        except CellTimeoutError as error:
            where = _place(lesson, notebook, starts, current)
            raise BuildError(f"{where}: not finished after {CELL_TIMEOUT} seconds.") from error
        except DeadKernelError as error:
            where = _place(lesson, notebook, starts, current)
            raise BuildError(
                f"{where}: the kernel died here. Too little memory is the usual reason."
            ) from error
    if progress:
        progress(len(notebook.cells), len(notebook.cells))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                tidied for output in cell.outputs if (tidied := _tidy(output, lesson.root)) is not None
            ]
    notebook.metadata = type(notebook)(_METADATA)
    _validate(notebook, lesson.shown(lesson.solution))


def kernel_environment(data_folder: str) -> dict[str, str]:
    """The environment of a kernel that must not touch the user's own progress."""
    return {**os.environ, "COURSE_DATA_DIR": data_folder, "TOKENIZERS_PARALLELISM": "false"}


def _place(lesson: Lesson, notebook: Notebook, starts: list[int], index: int, line: int = 1) -> str:
    """Where in the source a line of a cell is. The cell number counts what JupyterLab shows, from 1."""
    length = notebook.cells[index].source.count("\n") + 1
    return f"{lesson.shown(lesson.source)}, line {starts[index] + min(line, length)} (cell {index + 1})"


def _failing_line(cell: Notebook, traceback: str) -> int:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", traceback)
    count = cell.execution_count
    frames = re.findall(rf"(?:Cell )?In ?\[{count}\], line (\d+)", plain)
    return int(frames[0]) if frames else 1


_PROGRESS_BAR = re.compile(r"\d+%\||\d+(\.\d+)?(it/s|s/it)\b")
_KERNEL_FILE = re.compile(r"[^\s\"']{0,200}ipykernel_\d+[/\\]\d+\.py")


def _tidy(output: Notebook, root: Path) -> Notebook | None:
    """The output as it is worth keeping, or None."""
    if output.output_type == "stream":
        output.text = _without_paths(_last_state(output.text), root)
        return output if output.text.strip() else None
    if output.output_type == "error":
        output.evalue = _without_paths(output.evalue, root)
        output.traceback = [_without_paths(part, root) for part in output.traceback]
        return output
    was_widget = output.data.pop("application/vnd.jupyter.widget-view+json", None) is not None
    for kind in ("text/plain", "text/html", "text/markdown"):
        if kind in output.data:
            output.data[kind] = _without_paths(output.data[kind], root)
    if was_widget and set(output.data) <= {"text/plain"}:
        # Without state a widget is only its name. Of a progress bar and a bare box nothing is left to read.
        text = output.data.get("text/plain", "")
        if not text or _PROGRESS_BAR.search(text) or re.match(r"\w+\(", text):
            return None
    return output


def _last_state(text: str) -> str:
    """What a terminal would show in the end: what was overwritten is gone, and so are progress bars."""
    kept = []
    for line in re.split(r"(?<=\n)", text):
        states = [state for state in re.split(r"[\r\n]", line) if state.strip()]
        last = states[-1] if states else ""
        bar = _PROGRESS_BAR.search(last) and ("|" in last or len(states) > 1)
        if not bar and (last or "\r" not in line):
            kept.append(last + ("\n" if line.endswith("\n") else ""))
    return "".join(kept)


def _without_paths(text: str, root: Path) -> str:
    """Paths of this machine shortened to what a reader elsewhere can use: `transformers/models/bert.py`."""
    text = _KERNEL_FILE.sub("<cell>", text)
    home = str(Path.home())
    folders = {str(root), *(folder for folder in sys.path if Path(folder).is_dir() and len(folder) > 3)}
    for folder in sorted(folders, key=len, reverse=True):
        text = text.replace(folder + os.sep, "")
        if folder.startswith(home):  # IPython writes the home folder as ~
            text = text.replace("~" + folder.removeprefix(home) + os.sep, "")
    return text.replace(home + os.sep, "~" + os.sep)


# Writing and comparing


def build(lesson: Lesson, progress: Callable[[int, int], None] | None = None, execute: bool = True) -> None:
    """Write both notebooks. With `execute=False` the outputs that are there are kept, if no code has changed."""
    notebook, starts = solved(lesson)
    lesson_notebook = handed_out(lesson)
    if execute:
        run(lesson, notebook, starts, progress)
    else:
        _keep_outputs(lesson, notebook)
    _write(lesson.solution, notebook)
    _write(lesson.lesson, lesson_notebook)


def stale(lesson: Lesson) -> list[str]:
    """What is wrong with the two notebooks, one sentence each: nothing if both are as the source says."""
    expected, _ = solved(lesson)
    problems = []
    for path, wanted in ((lesson.lesson, handed_out(lesson)), (lesson.solution, expected)):
        shown = lesson.shown(path)
        if not path.exists():
            problems.append(f"{shown} is missing.")
            continue
        try:
            found = read(path)
        except BuildError as error:
            problems.append(str(error))
            continue
        if path == lesson.solution:
            not_run = [
                number
                for number, cell in enumerate(found.cells, 1)
                if cell.cell_type == "code" and cell.source.strip() and cell.get("execution_count") is None
            ]
            if not_run:
                problems.append(f"{shown} is stale: cell {not_run[0]} has not been run.")
                continue
            found = _without_outputs(found)
        if found != wanted:
            problems.append(f"{shown} is stale: {_first_difference(found, wanted)}.")
        elif path == lesson.lesson and path.read_text(encoding="utf-8") != _text(wanted):
            problems.append(f"{shown} is stale: its JSON is written differently.")
    return problems


def read(path: Path) -> Notebook:
    """A notebook file in today's format, or a BuildError that says why it can't be one."""
    import nbformat

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BuildError(
            f"There is no file {path}. Give the path of a notebook, which ends in .ipynb."
        ) from None
    except IsADirectoryError:
        raise BuildError(f"{path} is a folder. Give the path of one notebook in it.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BuildError(f"{path} cannot be read as a notebook: {error}") from None
    try:
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # nbformat raises a different one for every way in which a file can be broken
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise BuildError(
            f"{path} is not a notebook: {reason}\nOpen it in JupyterLab and save it again, or take another copy."
        ) from None
    return notebook


def _keep_outputs(lesson: Lesson, notebook: Notebook) -> None:
    ran = [cell for cell in read(lesson.solution).cells if cell.cell_type == "code"]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [_as_run(cell) for cell in ran] != [_as_run(cell) for cell in code]:
        raise BuildError(
            f"The code in {lesson.shown(lesson.source)} is not the code that "
            f"{lesson.shown(lesson.solution)} was run with. Build it without --no-run."
        )
    for cell, old in zip(code, ran, strict=True):
        cell.outputs, cell.execution_count = old.outputs, old.execution_count


def _as_run(cell: Notebook) -> tuple[str, list[str]]:
    """What of a cell its outputs depend on."""
    return cell.source, [tag for tag in cell.metadata.get("tags", []) if tag != DEMO]


def _without_outputs(notebook: Notebook) -> Notebook:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _first_difference(found: Notebook, wanted: Notebook) -> str:
    for number, (here, there) in enumerate(zip(found.cells, wanted.cells, strict=False), 1):
        for part in ("cell_type", "source", "metadata", "id", "outputs", "execution_count"):
            if here.get(part) != there.get(part):
                return f"cell {number} differs in its {part.replace('_', ' ')}"
    if len(found.cells) != len(wanted.cells):
        return f"it has {len(found.cells)} cells, and the source gives {len(wanted.cells)}"
    return "its metadata differ"


def _text(notebook: Notebook) -> str:
    import nbformat

    text: str = nbformat.writes(notebook)
    return text if text.endswith("\n") else text + "\n"


def _write(path: Path, notebook: Notebook) -> None:
    """All of the file or none of it: a build that is interrupted leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _temporary_beside(path) as temporary:
        temporary.write_text(_text(notebook), encoding="utf-8", newline="\n")
        temporary.replace(path)


@contextlib.contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
