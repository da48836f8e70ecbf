"""One submission in a fresh process, for systems that have neither forks nor namespaces: macOS, Windows.

A learner's code runs here with that person's rights: time is limited, and memory where the system can limit it; files,
network and other processes are within reach. The report says "not isolated". What counts as right stays in the parent
all the same, so a mark can't be forged.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

from course_utils.grading.server import THREADS
from course_utils.grading.supervisor import Times, Watch


class Process:
    """A running submission, seen from the parent (a `supervisor.Running`)."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="course-submission-", ignore_cleanup_errors=True)
        own_group: dict[str, Any] = (
            {"start_new_session": True}
            if os.name == "posix"
            else {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "course_utils.grading.inside_main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(self.folder.name),
            **own_group,
        )
        self.chunks: queue.Queue[bytes] = queue.Queue(maxsize=64)
        self.over = threading.Event()
        content = json.dumps(request | {"folder": self.folder.name}).encode()
        for work, given in ((self._write, content), (self._read, b"")):
            threading.Thread(target=work, args=(given,), daemon=True).start()

    def _write(self, content: bytes) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError), self.process.stdin:  # one that has ended reads no more
            self.process.stdin.write(content)

    def _read(self, _: bytes) -> None:
        assert self.process.stdout is not None
        chunk = b"-"
        while chunk and not self.over.is_set():
            try:
                chunk = os.read(self.process.stdout.fileno(), 1 << 20)
            except (OSError, ValueError):
                chunk = b""
            self._put(chunk)

    def _put(self, chunk: bytes) -> None:
        while not self.over.is_set():
            with contextlib.suppress(queue.Full):
                self.chunks.put(chunk, timeout=1.0)
                return

    def receive(self, seconds: float) -> bytes | None:
        """The next bytes; none at the end; None where the time is over first."""
        try:
            return self.chunks.get(timeout=max(seconds, 0.001))
        except queue.Empty:
            return None

    def end(self) -> str:
        """Kill what still runs, and say in words how the process ended.

        A process that has left its group, as a daemon does, is out of reach.
        """
        self.over.set()
        if self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.2)  # one that is done is about to end by itself
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        code = self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.folder.cleanup()
        return f"signal {_signal(-code)}" if code < 0 else f"exit code {code}"


def _signal(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return str(number)


def _environment(folder: str) -> dict[str, str]:
    """What Python needs, and no more: keys and tokens often lie in the environment."""
    needed = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
    kept = {name: os.environ[name] for name in needed if name in os.environ}
    places = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "MPLCONFIGDIR"), folder)
    return {**kept, **THREADS, **places, "MPLBACKEND": "Agg", "TOKENIZERS_PARALLELISM": "false"}


def run(request: dict[str, Any], send: Callable[[bytes], None]) -> None:
    """One submission from start to end, watched over by the calling thread."""
    Watch(request, Process, send, Times(**request["times"])).run()
