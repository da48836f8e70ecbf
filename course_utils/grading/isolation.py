"""The layers between a learner's code and the machine: namespaces, another root folder, another user, Landlock, limits.

`enter_house` is done once, by the fork server, and holds for all that it forks; `enter_cell` is done by each child
before a learner's code runs in it. Each layer may be missing on a machine; what holds is found out by trying
(`course_utils.grading.probe`), never by believing. Linux only.

Method: namespaces(7), pivot_root(2), mount_setattr(2), landlock(7); the same tools that bubblewrap uses.
"""

import contextlib
import ctypes
import os
import signal
import struct
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

if sys.platform != "win32":  # `Limits` is wanted everywhere
    import resource

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE, MS_BIND = 2, 4, 8, 1 << 14, 1 << 18, 1 << 12
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
SYS_MOUNT_SETATTR, SYS_LANDLOCK_CREATE, SYS_LANDLOCK_ADD, SYS_LANDLOCK_RESTRICT = 442, 444, 445, 446
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 1, 38, 36
READ_ONLY, FILES_ONLY = 1 | 4 | 8, 1 | 2 | 4 | 1 << 14
"""Landlock's rights: to execute, read files and list folders; those that a single file may be given."""

FIRST_USER = 61000
"""Users that own nothing. Each lane has one of its own, so that one lane's processes don't count against another's."""

WORK = "/submission"
"""Where a learner's code may write, in the root that it sees."""

DEVICES = ("null", "zero", "full", "random", "urandom")
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc")


class Unavailable(Exception):
    """A layer can't be had here."""


@dataclass(frozen=True)
class Limits:
    """What one submission may take."""

    memory: int = 3 << 30
    """Bytes of address space beyond what the fork server has."""
    file: int = 64 << 20
    """Bytes of one file, and of all files together where the root is another."""
    processes: int = 48
    seconds: float = 120.0
    """Of processor time, for all it does."""


@dataclass(frozen=True)
class House:
    """What the fork server could enter."""

    layers: tuple[str, ...]
    as_root: bool
    folder: str
    """Where children may write, as they see it."""
    shared_memory: bool = True
    """Whether processes could share memory by number, which outlives them and reaches other lanes."""
    own_processes: int = -1
    """The process namespace of the fork server itself, as an open file: the way back from a child's."""


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise Unavailable(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    given = [part.encode() if part is not None else None for part in (source, target, kind, data)]
    _checked(
        _library().mount(given[0], given[1], given[2], ctypes.c_ulong(flags), given[3]), f"mount {target}"
    )


def _unshare(flags: int) -> None:
    _checked(_library().unshare(flags), "unshare")


def what_python_needs() -> list[str]:
    """The folders that Python and its packages are read from, without the course's own."""
    paths = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}
    paths |= {path for path in sys.path if "site-packages" in path or "dist-packages" in path}
    there = {path for path in paths if os.path.isdir(path)}
    return sorted(there | {os.path.realpath(path) for path in there})


def _course() -> str:
    return str(Path(__file__).resolve().parents[1])


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def enter_house() -> House:
    """New namespaces and, in them, a root folder that holds Python, the system's libraries and nothing else.

    Must be called by a process with one thread. What can't be had is left out.
    """
    as_root = os.geteuid() == 0
    layers: list[str] = []
    own_processes = -1
    try:
        if not as_root:
            user, group = os.geteuid(), os.getegid()
            _unshare(NEWUSER)
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/uid_map", f"0 {user} 1")
            _write("/proc/self/gid_map", f"0 {group} 1")
            layers.append("user namespace")
        own_processes = _process_namespace()
        _unshare(NEWNS | NEWIPC | NEWUTS | NEWNET)
        layers += ["network namespace", "ipc namespace"]
        shared_memory = not _no_shared_memory()
        _mount(None, "/", None, MS_REC | MS_PRIVATE)
        _another_root()
        layers += ["mount namespace", "another root folder"]
        return House(tuple(layers), as_root, WORK, shared_memory, own_processes)
    except (Unavailable, OSError):
        folder = tempfile.mkdtemp(prefix="course-grading-")
        os.chmod(folder, 0o777)
        return House(tuple(layers), as_root, folder, own_processes=own_processes)


def _process_namespace() -> int:
    """Become the first process of a new namespace, where that can be had. Gives the namespace as an open file.

    Whatever ends the fork server then ends all that came from it. The process that was called waits for it, and ends
    as it does.
    """
    try:
        _unshare(NEWPID)
    except Unavailable:
        return -1
    child = os.fork()
    if child:
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _, status = os.waitpid(child, 0)
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        finally:
            os._exit(1)
    _library().prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)
    return os.open("/proc/thread-self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)


def _no_shared_memory() -> bool:
    """Forbid shared memory, semaphores and queues by number in this namespace, which must be a new one. False if that
    can't be had; each child then gets a namespace of its own, which takes longer."""
    try:
        for limit, none in (("kernel/shmmni", "0"), ("kernel/msgmni", "0"), ("kernel/sem", "0 0 0 0")):
            _write(f"/proc/sys/{limit}", none)
        _write("/proc/sys/fs/mqueue/queues_max", "0")
        return True
    except OSError:
        return False


def _another_root() -> None:
    """Build a root folder in memory, bind what may be read into it, and move in."""
    new = tempfile.mkdtemp(prefix="course-root-")
    above = os.open(os.path.dirname(new), os.O_RDONLY | os.O_DIRECTORY)
    _mount("tmpfs", new, "tmpfs", MS_NOSUID | MS_NODEV, "size=16m,mode=755")
    for path in (*SYSTEM, *what_python_needs()):
        _bind(path, new)
    for package in {os.path.join(path, "course_utils") for path in sys.path if "packages" in path}:
        if os.path.isdir(new + package):
            _mount("tmpfs", new + package, "tmpfs", MS_NOSUID | MS_NODEV, "size=4k")
    os.makedirs(f"{new}/dev", exist_ok=True)
    for device in DEVICES:
        Path(f"{new}/dev/{device}").touch()
        _mount(f"/dev/{device}", f"{new}/dev/{device}", None, MS_BIND)
    attributes = struct.pack("QQQQ", 1 | 2, 0, 0, 0)  # read-only, no set-user-id
    recursive = 0x8000
    for folder in ("proc", WORK.strip("/"), "tmp", "old"):
        os.makedirs(f"{new}/{folder}", exist_ok=True)
    with contextlib.suppress(Unavailable):
        # An ordinary user may only mount a list of processes where a whole one is in sight already.
        _mount("proc", f"{new}/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _checked(
        _library().syscall(SYS_PIVOT_ROOT[os.uname().machine], new.encode(), f"{new}/old".encode()),
        "pivot_root",
    )
    os.chdir("/")
    _checked(_library().umount2(b"/old", 2), "umount")
    os.rmdir(os.path.basename(new), dir_fd=above)  # the machine keeps no trace of it
    os.close(above)
    os.rmdir("/old")
    os.rmdir("/tmp")
    os.symlink(WORK, "/tmp")
    _checked(
        _library().syscall(
            SYS_MOUNT_SETATTR, -100, b"/", recursive, attributes, ctypes.c_size_t(len(attributes))
        ),
        "mount_setattr",
    )


def _bind(path: str, new: str) -> None:
    if os.path.islink(path):
        link = new + path
        if not os.path.lexists(link):
            os.makedirs(os.path.dirname(link), exist_ok=True)
            os.symlink(os.readlink(path), link)
        return
    if os.path.isdir(path) and not os.path.ismount(new + path):
        if not os.path.isdir(new + path):
            os.makedirs(new + path)
        elif os.listdir(new + path):
            return  # it lies in a folder that is bound already
        _mount(path, new + path, None, MS_BIND | MS_REC)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def new_process_tree(house: House) -> bool:
    """The next child is the first of a process namespace: when it ends, all that it started ends. False if not to be had.

    A process may leave for a new namespace once, and so has to come back first.
    """
    if house.own_processes < 0:
        return False
    try:
        _checked(_library().setns(house.own_processes, NEWPID), "setns")
        _unshare(NEWPID)
        return True
    except Unavailable:
        return False


def enter_cell(house: House, limits: Limits, lane: int, own_tree: bool) -> tuple[str, ...]:
    """The child's own layers: a process list and an empty folder of its own, limits, another user, Landlock.

    Returns:
        Those that it entered.
    """
    entered = ["process namespace"] if own_tree else []
    if own_tree and "another root folder" in house.layers:
        _unshare(NEWNS | NEWIPC if house.shared_memory else NEWNS)
        _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        _mount("tmpfs", WORK, "tmpfs", MS_NOSUID | MS_NODEV, f"size={limits.file},mode=777")
    folder = house.folder if house.folder == WORK else tempfile.mkdtemp(dir=house.folder)
    os.chdir(folder)
    os.environ.update(HOME=folder, TMPDIR=folder, MPLCONFIGDIR=folder)
    tempfile.tempdir = None
    with contextlib.suppress(Unavailable):
        landlock(folder, everything="another root folder" in house.layers)
        entered.append("Landlock")
    _limit(limits)
    if house.as_root:
        user = FIRST_USER + lane
        os.chown(folder, user, user)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        entered.append("another user")
    elif "user namespace" in house.layers:
        _drop_capabilities()
    _library().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _library().prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_NPROC, (limits.processes, limits.processes))
    return tuple(entered)


def _drop_capabilities() -> None:
    """Take all rights of the user namespace's own root away, for good."""
    library = _library()
    for capability in range(64):
        library.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
    header = struct.pack("II", 0x20080522, 0)
    _checked(library.capset(header, struct.pack("IIIIII", *[0] * 6)), "capset")


def _limit(limits: Limits) -> None:
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # where memory runs out all the same, this process goes first
    with open("/proc/self/statm") as file:
        have = int(file.read().split()[0]) * resource.getpagesize()
    for name, value in (
        ("RLIMIT_AS", have + limits.memory),
        ("RLIMIT_FSIZE", limits.file),
        ("RLIMIT_CPU", int(limits.seconds)),
        ("RLIMIT_NOFILE", 256),
        ("RLIMIT_CORE", 0),
    ):
        resource.setrlimit(getattr(resource, name), (value, value))


def landlock(folder: str, everything: bool) -> None:
    """Files: read what Python needs (or all, where the root holds nothing else), write only in the folder. No TCP.

    Raises:
        Unavailable: the kernel has no Landlock.
    """
    library = _library()
    version = _checked(library.syscall(SYS_LANDLOCK_CREATE, None, 0, 1), "landlock")
    files = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    attributes = struct.pack("QQQ", files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _checked(
        library.syscall(SYS_LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), 0), "landlock rules"
    )

    def allow(path: str, rights: int) -> None:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        if not os.path.isdir(path):
            rights &= FILES_ONLY
        library.syscall(SYS_LANDLOCK_ADD, rules, 1, struct.pack("=Qi", rights & files, place), 0)
        os.close(place)

    readable = ["/"] if everything else [*SYSTEM, *_packages_without_the_course(), "/proc/self"]
    for path in readable:
        allow(path, READ_ONLY)
    for device in DEVICES:
        allow(f"/dev/{device}", 2 | 4)
    allow(folder, files)
    library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _checked(library.syscall(SYS_LANDLOCK_RESTRICT, rules, 0), "landlock restrict")
    os.close(rules)


def _packages_without_the_course() -> list[str]:
    """What Python needs, folder by folder where the course's own code lies in one of them."""
    open_folders = []
    for path in what_python_needs():
        if _within(_course(), path):
            open_folders += [
                os.path.join(path, name)
                for name in os.listdir(path)
                if not _within(_course(), os.path.join(path, name))
            ]
        else:
            open_folders.append(path)
    return open_folders
