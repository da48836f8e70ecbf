"""The process that all submissions are forked from: it has imported what they need, and has computed nothing.

    python -m course_utils.grading.forkserver SOCKET [LIBRARY ...]

Started by `server.py`, which gives it one end of a socket. On it come, with each message, two pipes: the request and
the way back. One import then serves a whole class: a fork costs milliseconds, `import torch` seconds. It has one
thread and never runs PyTorch, since a fork of a process whose threads have worked may hang for ever; and it never reads
a request, since whatever it has read a child can find in its own memory.
"""

import contextlib
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from course_utils.grading import inside, isolation, probe, rooms, wire
from course_utils.grading.supervisor import Times, Watch

assert wire  # a child must not import it when the course is hidden


class Child:
    """A running submission, seen from its supervisor."""

    def __init__(self, request: dict[str, Any], house: isolation.House, lane: int) -> None:
        self.pipe, out = os.pipe()
        self.own_tree = isolation.new_process_tree(house)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self.pipe)
                os.setsid()
                nothing = os.open(os.devnull, os.O_RDWR)
                for standard in (0, 1, 2):
                    os.dup2(nothing, standard)
                os.closerange(3, out)  # no way to the parent but through the supervisor
                os.closerange(out + 1, 1024)
                isolation.enter_cell(house, isolation.Limits(**request["limits"]), lane, self.own_tree)
                inside.run(request, writer(out))
                os._exit(0)
            finally:
                os._exit(71)
        os.close(out)

    def receive(self, seconds: float) -> bytes | None:
        if seconds <= 0 or not select.select([self.pipe], [], [], seconds)[0]:
            return None
        return os.read(self.pipe, 1 << 20)

    def end(self) -> str:
        for kill in (os.kill, os.killpg):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.pipe)
        if not self.own_tree:
            end_orphans()
        return inside.how_it_ended(status)


def end_orphans() -> None:
    """Without a process namespace: kill what was left to this process, which is the one that orphans go to."""
    for _ in range(50):
        with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
            children = [int(pid) for pid in file.read().split()]
        if not children:
            return
        for pid in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def writer(out: int) -> Callable[[bytes], None]:
    """Sends all of it, however much it is."""

    def send(content: bytes) -> None:
        view = memoryview(content)
        while view:
            view = view[os.write(out, view[: 1 << 16]) :]

    return send


def supervise(request_pipe: int, out: int, house: isolation.House) -> None:
    """One submission, in a process of its own that runs none of it.

    Of its own, since what it was asked stays in its memory, and every child that it makes has a copy of that.
    """
    isolation._library().prctl(isolation.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with os.fdopen(request_pipe, "rb") as file:
        request = json.loads(file.read())
    Watch(
        request, lambda part: Child(part, house, request["lane"]), writer(out), Times(**request["times"])
    ).run()


def serve(control: socket.socket, house: isolation.House) -> None:
    """A fork for each message, until the other end is gone."""
    while True:
        _, pipes, _, _ = socket.recv_fds(control, 16, 2)
        if not pipes:
            return
        if os.fork() == 0:
            try:
                control.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                supervise(pipes[0], pipes[1], house)
                os._exit(0)
            finally:
                os._exit(72)
        for pipe in pipes:
            os.close(pipe)


def main() -> None:
    """Import, move into the house, and say what it is like."""
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the socket
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for name in (*rooms.ALWAYS, *(name for library in sys.argv[2:] for name in rooms.LIBRARIES[library])):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    targets = probe.before()
    house = isolation.enter_house()
    layers = probe.held(house, targets)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    inside.modules_of_the_course()
    rooms.not_loaded()
    gc.collect()
    gc.freeze()  # so that a child's garbage collector does not touch, and thereby copy, what is shared
    control.sendall(json.dumps({"layers": layers, "as_root": house.as_root}).encode())
    serve(control, house)


if __name__ == "__main__":
    main()
