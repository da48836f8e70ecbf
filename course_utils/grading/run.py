"""A whole folder: which files are new, which lane takes which, and what is written down when."""

import contextlib
import hashlib
import queue
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from course_utils.exercises import LESSONS
from course_utils.grading import submission
from course_utils.grading.cluster import grade_on_cluster
from course_utils.grading.grade import Grader, Record, file_digest
from course_utils.grading.gradebook import NAME, Gradebook, Progress, is_current, records, seed_of
from course_utils.grading.sandbox import Sandbox, lanes


@dataclass(frozen=True)
class Shard:
    """A part of the submissions, for a job array. Each file's name decides which part it is in, whoever else hands in."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """From "2/8".

        Raises:
            ValueError: it is no such part.
        """
        found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
        number, of = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= of:
            raise ValueError(f"A shard is a part such as 2/8: the second of eight. This is {text!r}.")
        return cls(number, of)

    def takes(self, key: str) -> bool:
        """Whether the submission of this name is this shard's."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1

    @property
    def gradebook(self) -> str:
        """The name of its gradebook."""
        return NAME if self.of == 1 else f"gradebook-{self.number}-of-{self.of}.jsonl"


@dataclass(frozen=True)
class Done:
    """What a grading did."""

    graded: int
    kept: int
    """Unchanged since they were last graded."""
    seed: int
    layers: tuple[str, ...]
    passed_over: tuple[str, ...] = ()
    """Files and folders without a notebook."""
    elsewhere: tuple[str, ...] = ()
    """Submissions that the gradebook has from before, and that are not in the folder."""


def grade_folder(
    folder: Path,
    out: Path,
    seed: int | None = None,
    workers: int | None = None,
    shard: Shard | None = None,
    progress: Progress | None = None,
    sandbox: Sandbox | None = None,
    scheduler: str | None = None,
) -> Done:
    """Grade every notebook of a folder into the gradebook in `out`.

    Args:
        folder: the submissions. Nothing in it is changed.
        out: a folder of its own, outside of `folder`.
        seed: settles the hidden inputs; the gradebook's, or a new one, if not given.
        workers: submissions at once; as many as there are processors, if not given.
        shard: the part to grade; all, if not given.
        progress: hears how many are done.
        sandbox: with other limits than the usual ones.
        scheduler: the address of a Dask scheduler, whose workers grade instead of this machine.

    Raises:
        ClusterError: the cluster can't be used.
        GradebookError: another grading writes there, or the gradebook is damaged.
        SandboxError: the sandbox does not work, or the reference solutions don't pass in it.
        ValueError: there is no such folder, there are no notebooks, or `out` lies in `folder`.
    """
    shard = shard or Shard()
    paths = _chosen(folder, out, shard)
    with Gradebook(out / shard.gradebook) as book:
        known = records(book.path)
        seed = seed_of(known.values(), seed)
        todo = [
            path for path in paths if not is_current(known.get(_key(path, folder)), file_digest(path), seed)
        ]
        kept = len(paths) - len(todo)

        def done(count: int) -> None:
            if progress:
                progress(kept + count, len(paths))

        done(0)
        layers: tuple[str, ...] = ()
        if todo and scheduler:
            layers = grade_on_cluster(scheduler, todo, folder, book, seed, done)
        elif todo:
            with sandbox or Sandbox() as box:
                grader = Grader(box, seed)
                prove(grader, todo)
                _all(grader, todo, folder, book, workers or lanes(), done)
                layers = box.layers
        elsewhere = sorted(known.keys() - {_key(path, folder) for path in submission.found(folder)})
        passed_over = tuple(submission.without_a_notebook(folder))
        return Done(len(todo), kept, seed, layers, passed_over, tuple(elsewhere))


def _chosen(folder: Path, out: Path, shard: Shard) -> list[Path]:
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}. Name the folder that holds the submitted notebooks.")
    if out.resolve().is_relative_to(folder.resolve()):
        raise ValueError(
            f"The results would lie in the folder of submissions ({out}). Choose another place with --out."
        )
    paths = list(submission.found(folder))
    if not paths:
        raise ValueError(f"There are no notebooks (*.ipynb) in {folder} or in the folders in it.")
    return [path for path in paths if shard.takes(_key(path, folder))]


def _key(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def prove(grader: Grader, paths: list[Path]) -> None:
    """Grade the reference solutions of every lesson that is named in the files."""
    named: set[bytes] = set()
    for path in paths:
        with contextlib.suppress(submission.Unreadable):  # whoever grades it will say so
            named |= set(re.findall(rb"\blesson_(\d+)", submission.read_bytes(path)))
    grader.sandbox.wait()
    grader.prove(number for number in LESSONS if str(number).encode() in named)


def _all(
    grader: Grader,
    paths: list[Path],
    folder: Path,
    book: Gradebook,
    workers: int,
    progress: Callable[[int], object],
) -> None:
    """Each lane takes the next file when it is free; this thread alone writes."""
    waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for path in paths:
        waiting.put(path)
    finished: queue.SimpleQueue[Record | BaseException] = queue.SimpleQueue()
    stop = threading.Event()

    def work(lane: int) -> None:
        while not stop.is_set():
            try:
                path = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                finished.put(grader.grade_file(path, folder, lane))
            except BaseException as error:
                finished.put(error)
                return

    threads = [threading.Thread(target=work, args=(lane,), daemon=True) for lane in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for done in range(1, len(paths) + 1):
            record = finished.get()
            if isinstance(record, BaseException):
                raise record
            book.add(record)
            progress(done)
    finally:
        stop.set()
