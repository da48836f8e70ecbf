"""Grading on a Dask cluster: the same marks, from as many machines as there are.

Each worker holds a fork server of its own and never runs a learner's code in its own process. What goes out is a file's
bytes, what comes back is a record. A worker that dies costs nothing: Dask gives its submissions to others, and each is
written down once.
"""

import atexit
import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from course_utils.grading.grade import Grader, Record, exercises_digest, unreadable
from course_utils.grading.gradebook import Gradebook
from course_utils.grading.sandbox import Sandbox
from course_utils.grading.server import SandboxError
from course_utils.grading.submission import Unreadable, read_bytes

AHEAD = 4
"""Submissions that wait for each thread of the cluster, so that neither it nor this process holds the whole class."""


class ClusterError(Exception):
    """The cluster can't be used. The message says why and what to do."""


class _Here:
    """What one worker process keeps from one submission to the next."""

    lock = threading.Lock()
    grader: Grader | None = None
    lanes = itertools.count()
    own = threading.local()


def grade_there(raw: bytes, key: str, seed: int, exercises: str) -> dict[str, Any]:
    """Runs on a worker: grade one file.

    Raises:
        ClusterError: the worker has another version of the course.
        SandboxError: the sandbox doesn't work there.
    """
    if exercises != exercises_digest():
        raise ClusterError(
            "A worker has other exercises than this machine, so its marks would differ. Install the same version of the "
            "course on both."
        )
    if not hasattr(_Here.own, "lane"):
        _Here.own.lane = next(_Here.lanes)
    return _grader(seed).grade_raw(raw, key, _Here.own.lane).written()


def _grader(seed: int) -> Grader:
    """The worker's grader; another seed needs another one."""
    with _Here.lock:
        if _Here.grader is None or _Here.grader.seed != seed:
            if _Here.grader is None:
                sandbox = Sandbox()
                sandbox.__enter__()
                atexit.register(sandbox.__exit__, None, None, None)
                sandbox.wait()
            else:
                sandbox = _Here.grader.sandbox
            _Here.grader = Grader(sandbox, seed)
        return _Here.grader


def grade_on_cluster(
    address: str,
    paths: list[Path],
    folder: Path,
    book: Gradebook,
    seed: int,
    progress: Callable[[int], object],
) -> tuple[str, ...]:
    """Grade these files on the cluster, and write each record down as it comes.

    Args:
        address: of the scheduler, such as "tcp://10.0.0.1:8786".
        paths: the files.
        folder: that they lie in.
        book: the open gradebook.
        seed: settles the hidden inputs.
        progress: hears how many are done.

    Returns:
        The layers of isolation that every record so far had.

    Raises:
        ClusterError: `distributed` is not installed, there is no scheduler at the address, or it has no workers.
        SandboxError: the sandbox of a worker does not work.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise ClusterError(
            'Grading on a cluster needs Dask. Install it with: python -m pip install -e ".[cluster]"'
        ) from None
    try:
        client = Client(address, timeout="15s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"There is no Dask scheduler at {address} ({error}). Start one with `dask scheduler`, and workers with "
            "`dask worker ADDRESS`, in environments that have the course."
        ) from None
    layers: tuple[str, ...] | None = None
    with client, client.as_current():
        threads = sum(client.nthreads().values())
        if not threads:
            raise ClusterError(
                f"The cluster at {address} has no workers. Start some with: dask worker {address}"
            )
        waiting = _submitted(client, paths, folder, seed, book)
        running = as_completed(list(itertools.islice(waiting, AHEAD * threads)))
        for done, future in enumerate(running, 1):
            record = Record.from_written(_result(future))
            book.add(record)
            layers = tuple(name for name in layers or record.isolation if name in record.isolation)
            progress(done)
            if (following := next(waiting, None)) is not None:
                running.add(following)
    return layers or ()


def _submitted(client: Any, paths: list[Path], folder: Path, seed: int, book: Gradebook) -> Iterator[Any]:
    for path in paths:
        try:
            raw = read_bytes(path)
        except Unreadable as error:
            book.add(unreadable(path, folder, str(error)))
            continue
        key = path.relative_to(folder).as_posix()
        # Not pure, or Dask would take two equal files for one task.
        yield client.submit(grade_there, raw, key, seed, exercises_digest(), pure=False, retries=2)


def _result(future: Any) -> dict[str, Any]:
    try:
        return future.result()
    except (ClusterError, SandboxError):
        raise
    except Exception as error:
        raise ClusterError(
            f"The cluster gave up on a submission ({type(error).__name__}: {error}). What is graded is kept: look at the "
            "workers' logs, then start the grading again."
        ) from None
