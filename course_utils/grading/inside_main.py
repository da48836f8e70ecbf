"""The process of one submission where nothing can be forked: the request comes on stdin, frames go out on stdout.

    python -m course_utils.grading.inside_main

Started by `plainprocess.py`.
"""

import contextlib
import json
import os
import sys
from typing import Any

from course_utils.grading import inside


def main() -> None:
    """Run one request."""
    request = json.loads(sys.stdin.buffer.read())
    out = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.chdir(request["folder"])
    _limit(request["limits"])

    def send(content: bytes) -> None:
        view = memoryview(content)
        while view:
            view = view[os.write(out, view[: 1 << 16]) :]

    inside.run(request, send)
    os._exit(0)  # threads that a learner has left do not hold it up


def _limit(limits: dict[str, Any]) -> None:
    """As far as the system can: memory is not limited on macOS, and nothing is on Windows."""
    try:
        import resource
    except ImportError:
        return
    for name, value in (
        ("RLIMIT_AS", limits["memory"]),
        ("RLIMIT_FSIZE", limits["file"]),
        ("RLIMIT_CPU", int(limits["seconds"])),
        ("RLIMIT_NOFILE", 256),
        ("RLIMIT_CORE", 0),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (value, value))


if __name__ == "__main__":
    main()
