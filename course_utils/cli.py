"""The command `course`. Each command imports what it needs when it runs, so that `course --help` is quick."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from course_utils.grading.summary import Summary

app = typer.Typer(
    help="Attention to Labels: a course on BERT classifiers whose outputs you can read, check and trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console(highlight=False, emoji=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def main() -> None:
    """Run a command. An interruption is no error of ours, so it shows no traceback."""
    try:
        app()
    except KeyboardInterrupt:
        fail("Stopped.", code=130)


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what was wrong, what was expected and what to do, and leave."""
    err.print(escape(message))
    raise SystemExit(code)


@app.command()
def lab(
    lesson: Annotated[
        str, typer.Argument(help="a number (4) or the start of a lesson's name; without it, the first")
    ] = "",
) -> None:
    """Open a lesson in JupyterLab."""
    import importlib.util

    folder = _lessons_folder()
    there = sorted(folder.glob("*.ipynb"))
    wanted = Path(lesson).stem if lesson.endswith(".ipynb") else lesson
    found = [path for path in there if path.stem == wanted] or [
        path for path in there if path.stem.startswith(wanted)
    ]
    if not found:
        names = ", ".join(path.stem for path in there) or "none"
        fail(f"There is no lesson {lesson or 'to open'} in {folder}. It has: {names}.")
    if importlib.util.find_spec("jupyterlab") is None:
        fail('JupyterLab is not installed here. Install it with: python -m pip install -e ".[lab,offline]"')
    command = [
        *(sys.executable, "-m", "jupyterlab", str(found[0])),
        f"--ServerApp.root_dir={folder.parent}",
        # The course needs no network, so neither does the editor that it opens in.
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container
    err.print(f"Opening {escape(found[0].name)}. To stop JupyterLab, press Ctrl-C here twice.")
    raise SystemExit(subprocess.call(command, cwd=folder.parent))


def _lessons_folder() -> Path:
    """The lessons of the clone one stands in, or of the clone the package is installed from."""
    import course_utils

    here = Path.cwd()
    for root in (here, *here.parents, Path(course_utils.__file__).resolve().parent.parent):
        if (root / "lessons").is_dir() and (root / "course_utils").is_dir():
            return root / "lessons"
    fail(f"There is no clone of the course here. Get one with: git clone {course_utils.REPOSITORY}")


@app.command()
def build(
    name: Annotated[str, typer.Argument(help="one lesson; without it, all")] = "",
    check: Annotated[
        bool, typer.Option("--check", help="write nothing; say which notebooks are stale")
    ] = False,
    no_run: Annotated[
        bool,
        typer.Option("--no-run", help="keep the outputs that are there; refused if any code has changed"),
    ] = False,
) -> None:
    """Write lessons/ and solutions/*.ipynb from solutions/*.py (for authors)."""
    _need("jupytext", "nbclient", "nbformat", extra="author")
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from course_utils import build as builder
    from course_utils.grading import own_cells

    try:
        chosen = builder.lessons(builder.course_root(), name or None)
        if check:
            problems = [problem for lesson in chosen for problem in builder.stale(lesson)]
            if own_cells.unknown(source for lesson in chosen for source in builder.own_cells(lesson)):
                problems.append(f"{own_cells.LIST.name} does not know all cells that graders leave out.")
            if problems:
                fail("\n".join([*problems, "Write them again with: course build"]))
            out.print(f"{len(chosen)} of {len(chosen)} lessons are as their sources say.")
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("cells"))
        with Progress(*columns, TimeElapsedColumn(), console=err) as progress:
            for lesson in chosen:
                task = progress.add_task(lesson.name, total=None)
                builder.build(
                    lesson,
                    lambda done, of, task=task: progress.update(task, completed=done, total=of),  # type: ignore[misc]
                    execute=not no_run,
                )
                own_cells.add(builder.own_cells(lesson))
                for path in (lesson.solution, lesson.lesson):
                    progress.console.print(f"wrote {lesson.shown(path)}")
    except builder.BuildError as error:
        fail(str(error))


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="a lesson with your answers, saved")],
    timeout: Annotated[int, typer.Option(help="seconds that one cell may take")] = 1200,
    as_json: Annotated[bool, typer.Option("--json", help="print the verdicts as JSON")] = False,
) -> None:
    """Run a notebook and say, exercise by exercise, what its own checks say."""
    _need("nbclient", "nbformat", extra="lab")
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from course_utils import build as builder
    from course_utils import check_notebook

    try:
        columns = (TextColumn("running"), BarColumn(), MofNCompleteColumn(), TextColumn("cells"))
        with Progress(*columns, TimeElapsedColumn(), console=err, transient=True) as progress:
            task = progress.add_task("", total=None)
            report = check_notebook.check(
                notebook, timeout, lambda done, of: progress.update(task, completed=done, total=of)
            )
    except (builder.BuildError, check_notebook.CheckError) as error:
        fail(str(error))
    if as_json:
        print(json.dumps([vars(verdict) for verdict in report.verdicts], indent=1))
    else:
        for note in report.notes:
            err.print(escape(note))
        for verdict in report.verdicts:
            out.print(f"{escape(verdict.text.strip())}\n")
        correct = [verdict for verdict in report.verdicts if verdict.outcome == "correct"]
        points = sum(verdict.points for verdict in report.verdicts)
        out.print(
            f"{len(correct)} of {len(report.verdicts)} exercises pass the checks here, "
            f"{sum(verdict.points for verdict in correct)} of {points} points."
        )
    raise SystemExit(0 if all(verdict.outcome == "correct" for verdict in report.verdicts) else 1)


@app.command()
def grade(
    folder: Annotated[
        Path, typer.Argument(help="the folder of submitted notebooks; nothing in it is changed")
    ],
    out_folder: Annotated[
        Path, typer.Option("--out", help="where gradebook and reports go; not inside FOLDER")
    ] = Path("grades"),
    seed: Annotated[
        int | None, typer.Option(help="settles the hidden inputs; the same seed gives the same marks")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="submissions at once; as many as processors")] = None,
    shard: Annotated[
        str, typer.Option(help="grade one part of the folder, such as 2/8, for job arrays", metavar="I/N")
    ] = "1/1",
    executor: Annotated[
        str, typer.Option(help="`local`, or `dask` for the workers of a Dask cluster", metavar="local|dask")
    ] = "local",
    scheduler: Annotated[
        str, typer.Option(help="the address of the Dask scheduler, such as tcp://10.0.0.1:8786")
    ] = "",
) -> None:
    """Grade a folder of notebooks on hidden inputs, each in a sandbox. Goes on where it stopped."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from course_utils.grading.cluster import ClusterError
    from course_utils.grading.gradebook import GradebookError
    from course_utils.grading.run import Shard, grade_folder
    from course_utils.grading.server import SandboxError

    if executor not in ("local", "dask") or (executor == "dask") != bool(scheduler):
        fail(
            "The executor is `local` or `dask`, and `dask` needs the address of a scheduler: "
            "course grade FOLDER --executor dask --scheduler tcp://10.0.0.1:8786"
        )
    try:
        part = Shard.parse(shard)
        columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TextColumn("submissions"))
        with Progress(*columns, TimeRemainingColumn(), console=err, transient=True) as bar:
            task = bar.add_task("", total=None)
            done = grade_folder(
                folder,
                out_folder,
                seed,
                workers,
                part,
                lambda n, of: bar.update(task, completed=n, total=of),
                scheduler=scheduler or None,
            )
    except (ClusterError, GradebookError, SandboxError, ValueError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("Stopped. What is graded is kept: the same command goes on from there.", code=130)
    out.print(f"{done.graded} graded, {done.kept} unchanged since the last time. Seed {done.seed}.")
    if done.passed_over:
        out.print(f"Without a notebook, and so without a mark: {_some(done.passed_over)}.")
    if done.elsewhere:
        out.print(
            f"Graded before, and not in this folder any more: {_some(done.elsewhere)}. They stay in the reports; with "
            "another --out they are left out."
        )
    if part.of > 1:
        out.print(f"When all {part.of} shards are done: course report {_printable_path(out_folder)}")
    else:
        _report(out_folder, out_folder)


@app.command()
def report(
    grades: Annotated[Path, typer.Argument(help="the folder that `course grade` wrote into")] = Path(
        "grades"
    ),
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="where the reports go; into GRADES, if not given")
    ] = None,
) -> None:
    """Write marks, feedback pages and the class page from a gradebook, or from the shards of one."""
    _report(grades, out_folder or grades)


@app.command()
def export(
    system: Annotated[str, typer.Argument(help="`gradescope`", metavar="gradescope")],
    out_file: Annotated[Path, typer.Option("--out", help="the archive to write")] = Path("autograder.zip"),
    version: Annotated[
        str, typer.Option(help="a branch, tag or commit of the course that the system will install")
    ] = "main",
    seed: Annotated[
        int | None, typer.Option(help="settles the hidden inputs; a new one, if not given")
    ] = None,
) -> None:
    """Write the archive with which another system grades the course."""
    from course_utils.grading.export import gradescope_archive

    if system != "gradescope":
        fail(f"There is no export for {system!r}. There is one for: gradescope.")
    used = gradescope_archive(out_file, version, seed)
    out.print(f"wrote {_printable_path(out_file)}: upload it as the autograder. Seed {used}.")


UNREADABLE_SHOWN = 5
NAMES_SHOWN = 10


def _some(names: Sequence[str]) -> str:
    """The first of these names of files, and how many more there are."""
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return escape(_printable(", ".join(names[:NAMES_SHOWN]))) + more


def _report(grades: Path, folder: Path) -> None:
    from course_utils.grading.gradebook import GradebookError
    from course_utils.grading.report import write_reports

    try:
        with _progress_if_slow("reports", "learners") as progress:
            done = write_reports(grades, folder, progress)
    except (GradebookError, OSError) as error:
        fail(str(error))
    for note in done.notes:
        err.print(escape(note))
    _show_summary(done.summary)
    for learner, record in done.summary.unreadable[:UNREADABLE_SHOWN]:
        out.print(escape(f"Could not be graded: {learner.name}. {record.why}"))
    if (more := len(done.summary.unreadable) - UNREADABLE_SHOWN) > 0:
        out.print(f"... and {more} more: the class page names them.")
    if done.summary.not_isolated:
        out.print(
            f"Not isolated: {done.summary.not_isolated} of {done.summary.graded} submissions ran with limits alone, "
            "without a sandbox. They could read files and use the network."
        )
    where = _printable_path(folder)
    out.print(f"Class page: {where}/class.html")
    out.print(f"Marks: {where}/marks.csv; to import: canvas.csv, moodle*.csv, gradescope/ beside it")
    out.print(f"For the learners: {where}/feedback/")


def _printable(text: str) -> str:
    """Text from a file's name, whatever it is made of."""
    return text.encode("utf-8", "replace").decode()


def _printable_path(path: Path) -> str:
    return escape(_printable(str(path)))


def _show_summary(summary: "Summary") -> None:
    """The class in a few lines."""
    from rich.table import Table

    mean = summary.mean_share
    table = Table(show_header=False)
    table.add_row("learners", f"{len(summary.learners)}")
    table.add_row("graded", f"{summary.graded}")
    table.add_row("mean mark", "none" if mean is None else f"{100 * mean:.0f} %")
    for one in summary.misconceptions[:3]:
        said = f"{len(one.learners)} in {one.exercise}: it looks as if {one.cause}"
        table.add_row("common mistake", escape(said))
    table.add_row("could not be graded", f"{len(summary.unreadable)}")
    table.add_row(
        "to look at", f"{len(summary.suspicious)} for the sandbox, {len(summary.alike)} groups alike"
    )
    for layers, many in sorted(summary.isolation.items()):
        table.add_row("isolation", f"{'; '.join(layers) or 'NOT ISOLATED: limits alone'} ({many})")
    out.print(table)


@contextlib.contextmanager
def _progress_if_slow(what: str, unit: str, patience: float = 2.0) -> Iterator[Callable[[int, int], None]]:
    """A function to call with (done, of); a bar appears once that has gone on for so many seconds."""
    import time

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    bar = Progress(*columns, console=err, transient=True)
    task, began = bar.add_task("", total=None), time.monotonic()

    def told(done: int, of: int) -> None:
        bar.update(task, completed=done, total=of)
        if not bar.live.is_started and time.monotonic() - began > patience:
            bar.start()

    try:
        yield told
    finally:
        bar.stop()


@app.command()
def progress(
    reset: Annotated[
        str, typer.Option(help="forget one exercise by its name, or `all`", metavar="NAME|all")
    ] = "",
) -> None:
    """Show how far you are in the exercises."""
    from rich.table import Table

    from course_utils.exercises import LESSONS, catalogue
    from course_utils.exercises import progress as kept

    lessons = {number: catalogue(number).EXERCISES for number in LESSONS}
    if reset:
        names = [exercise.name for exercises in lessons.values() for exercise in exercises]
        if reset == "all":
            kept.reset()
            out.print("All progress is forgotten.")
        elif reset in names:
            with contextlib.suppress(KeyError):  # there was none
                kept.reset(reset)
            out.print(f"Progress in {reset} is forgotten.")
        else:
            fail(f"There is no exercise {reset}. There are: {', '.join(names)}; or `all`.")
        return
    known = kept.load()
    for number, exercises in lessons.items():
        table = Table("exercise", "outcome", title=f"Lesson {number}", title_justify="left")
        table.add_column("attempts", justify="right")
        table.add_column("points", justify="right")
        for exercise in exercises:
            entry = known.get(exercise.key, {})
            outcome = str(entry.get("outcome", "not attempted"))
            earned = exercise.points if outcome == "correct" else 0
            table.add_row(
                exercise.name, outcome, str(entry.get("attempts", 0)), f"{earned} of {exercise.points}"
            )
        out.print(table)


@app.command()
def doctor() -> None:
    """Look at Python, packages, device, assets and disk, and say what to do about each problem."""
    from course_utils import doctor as examine

    problems = 0
    for finding in examine.findings():
        problems += finding.state == "problem"
        out.print(f"{finding.state:8}{escape(finding.what)}")
        if finding.remedy:
            out.print(f"        To do: {escape(finding.remedy)}")
    out.print("Nothing has to be fixed." if not problems else f"{problems} to be fixed.")
    raise SystemExit(1 if problems else 0)


def _need(*modules: str, extra: str) -> None:
    import importlib.util

    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        fail(
            f'This command needs {", ".join(missing)}. Install it with: python -m pip install -e ".[{extra}]"'
        )
