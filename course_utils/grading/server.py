"""The parent's end of one fork server: starts it, and hands submissions over."""

import json
import os
import socket
import subprocess
import sys
import threading

from course_utils.grading.rooms import Room

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class SandboxError(Exception):
    """The sandbox itself does not work. The message says why and what to do."""


class Server:
    """A fork server, and the way to it.

    Args:
        room: the libraries that it loads.
    """

    def __init__(self, room: Room) -> None:
        self.lock = threading.Lock()
        self.layers: tuple[str, ...] | None = None
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "course_utils.grading.forkserver", str(theirs.fileno()), *room],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **THREADS, "MPLBACKEND": "Agg", "TOKENIZERS_PARALLELISM": "false"},
                stdin=subprocess.DEVNULL,
            )

    def wait(self) -> tuple[str, ...]:
        """Until it is ready. Gives the layers that hold.

        Raises:
            SandboxError: it ended instead.
        """
        with self.lock:
            if self.layers is None:
                said = self.control.recv(1 << 16)
                if not said:
                    raise SandboxError(
                        "The process that runs submissions ended at its start. Run `course doctor`, which looks for what "
                        "is missing; what it printed stands above."
                    )
                self.layers = tuple(json.loads(said)["layers"])
            return self.layers

    def hand_over(self, pipes: list[int]) -> None:
        """Give it the next submission: the pipe with the request, and the way back.

        Raises:
            SandboxError: it is gone.
        """
        try:
            with self.lock:
                socket.send_fds(self.control, [b"run"], pipes)
        except OSError:
            raise SandboxError(
                "The process that runs submissions is gone. Start the grading again: it goes on."
            ) from None

    def close(self) -> None:
        """End it and all that it started."""
        self.control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
