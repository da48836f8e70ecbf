"""Which layers of isolation hold: a child that has entered all of them tries to get out, and what it can't do is reported.

Called by the fork server before it says that it is ready. `before` is called outside of the house, `held` inside.
"""

import contextlib
import json
import os
import signal
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from course_utils.grading import isolation

MEMORY, PROCESSES = 1 << 30, 6
"""Small limits for the probe alone: that they are kept is what is looked at."""

SECRET = b"outside"


@dataclass
class Targets:
    """What the child will try to reach. All of it would be open to any user of this machine."""

    folder: str
    """Anybody may read and write here; it holds a file."""
    place: int
    """The folder, as an open file: the way to it from inside the house."""
    reference: str
    listener: socket.socket
    port: int
    parent: int
    """The process that started the grading."""


def before() -> Targets:
    """Lay out what is to be out of reach."""
    folder = tempfile.mkdtemp(prefix="course-probe-")
    Path(folder).chmod(0o777)
    Path(folder, "secret").write_bytes(SECRET)
    Path(folder, "secret").chmod(0o666)
    listener = socket.create_server(("127.0.0.1", 0))
    reference = str(Path(__file__).resolve().parents[1] / "reference" / "softmax.py")
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    return Targets(folder, place, reference, listener, listener.getsockname()[1], os.getppid())


def held(house: isolation.House, targets: Targets) -> tuple[str, ...]:
    """The layers that held, each with how. Takes the targets away. Empty where the child could not be run at all."""
    out, into = os.pipe()
    supervisor = os.fork()  # whoever makes a process namespace has no children after its first one
    if supervisor == 0:
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(out)
            _supervise(house, targets, into)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        raw = pipe.read()
    with contextlib.suppress(OSError):  # where its end is ignored, there is nothing to wait for
        os.waitpid(supervisor, 0)
    changed = _take_away(targets)
    try:
        said = json.loads(raw)
    except ValueError:
        return ()
    return _in_words(set(said["entered"]), {*said["open"], *(["files"] if changed else [])})


def _supervise(house: isolation.House, targets: Targets, into: int) -> None:
    own_tree = isolation.new_process_tree(house)
    child = os.fork()
    if child == 0:
        try:
            os.close(targets.place)
            targets.listener.close()
            limits = isolation.Limits(memory=MEMORY, processes=PROCESSES, seconds=10)
            entered = isolation.enter_cell(house, limits, 0, own_tree)
            os.write(
                into, json.dumps({"entered": [*house.layers, *entered], "open": _open(targets)}).encode()
            )
            os._exit(0)
        finally:
            os._exit(1)
    os.close(into)
    os.waitpid(child, 0)


HOW = {
    "files": ("another root folder", "Landlock"),
    "processes": ("process namespace", "another user", "Landlock"),
    "network": ("network namespace", "Landlock"),
    "memory": ("limit",),
    "number of processes": ("limit",),
}
"""What each layer may rest on."""


def _in_words(entered: set[str], open_to_it: set[str]) -> tuple[str, ...]:
    layers = []
    for layer, means in HOW.items():
        if layer not in open_to_it:
            used = [how for how in means if how in entered or how == "limit"]
            layers.append(f"{layer}: {', '.join(used)}" if used else layer)
    return tuple(layers)


def _open(targets: Targets) -> list[str]:
    """What the child could do. The processes come last: after them it has none to spare."""
    return [layer for layer, tries in TRIES.items() if any(_succeeds(one, targets) for one in tries)]


def _succeeds(one: Callable[[Targets], bool], targets: Targets) -> bool:
    try:
        return one(targets)
    except Exception:  # whatever holds it back
        return False


def _reads(targets: Targets) -> bool:
    return Path(targets.folder, "secret").read_bytes() == SECRET


def _reads_the_reference(targets: Targets) -> bool:
    return bool(Path(targets.reference).read_bytes())


def _writes(targets: Targets) -> bool:
    with open(f"{targets.folder}/secret", "ab") as file:  # noqa: PTH123
        return file.write(b"!") > 0


def _makes_a_file(targets: Targets) -> bool:
    os.close(os.open(f"{targets.folder}/new", os.O_CREAT | os.O_WRONLY))
    return True


def _signals(targets: Targets) -> bool:
    if targets.parent <= 1:  # the number says nothing from outside
        return False
    os.kill(targets.parent, 0)
    return True


def _looks_at_it(targets: Targets) -> bool:
    return targets.parent > 1 and bool(Path(f"/proc/{targets.parent}/environ").read_bytes())


def _connects(targets: Targets) -> bool:
    with socket.socket() as line:
        line.settimeout(1.0)
        line.connect(("127.0.0.1", targets.port))
    return True


def _hoards(targets: Targets) -> bool:
    return len(bytearray(2 * MEMORY)) > 0


def _multiplies(targets: Targets) -> bool:
    made = []
    try:
        for _ in range(PROCESSES + 4):
            child = os.fork()
            if child == 0:
                while True:
                    signal.pause()
            made.append(child)
        return True
    finally:
        for child in made:
            os.kill(child, signal.SIGKILL)


TRIES: dict[str, tuple[Callable[[Targets], bool], ...]] = {
    "files": (_reads, _reads_the_reference, _writes, _makes_a_file),
    "processes": (_signals, _looks_at_it),
    "network": (_connects,),
    "memory": (_hoards,),
    "number of processes": (_multiplies,),
}


def _take_away(targets: Targets) -> bool:
    """Remove the targets. Gives whether anything in the folder had changed."""
    names = os.listdir(targets.place)  # noqa: PTH208
    with os.fdopen(os.open("secret", os.O_RDONLY, dir_fd=targets.place), "rb") as file:
        changed = set(names) != {"secret"} or file.read() != SECRET
    with contextlib.suppress(OSError):
        for name in names:
            os.unlink(name, dir_fd=targets.place)
        above = os.open("..", os.O_RDONLY, dir_fd=targets.place)
        os.rmdir(Path(targets.folder).name, dir_fd=above)
        os.close(above)
    os.close(targets.place)
    targets.listener.close()
    return changed
