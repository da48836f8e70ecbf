"""The parent's end of one fork server: starts it, and hands each lane's submissions over."""

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
    """A fork server, and the way to each of its lanes.

    Args:
        room: the libraries that it loads.
    """

    def __init__(self, room: Room) -> None:
        self.lock = threading.Lock()
        self.ways: dict[int, socket.socket] = {}
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

    def hand_over(self, lane: int, pipes: list[int]) -> None:
        """Give the lane's process its next submission. Where it is gone, another one takes its place.

        Raises:
            SandboxError: the server itself is gone.
        """
        try:
            try:
                socket.send_fds(self._way_to(lane), [b"run"], pipes)
            except (BrokenPipeError, ConnectionError):
                self.ways.pop(lane).close()
                socket.send_fds(self._way_to(lane), [b"run"], pipes)
        except OSError:
            raise SandboxError(
                "The process that runs submissions is gone. Start the grading again: it goes on."
            ) from None

    def _way_to(self, lane: int) -> socket.socket:
        with self.lock:
            if lane not in self.ways:
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                with theirs:
                    socket.send_fds(self.control, [b"lane"], [theirs.fileno()])
                self.ways[lane] = ours
            return self.ways[lane]

    def close(self) -> None:
        """End it and all that it started."""
        for way in (self.control, *self.ways.values()):
            way.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
