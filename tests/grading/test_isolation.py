"""The layers between a learner's code and the machine: those that hold are reported, those that don't are not."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from course_utils.grading.probe import HOW

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the layers are Linux's")

WITHOUT_LAYERS = """
import json, os, sys, tempfile
from course_utils.grading import isolation, probe

def unavailable(*arguments, **named):
    raise isolation.Unavailable("taken away for a test")

for name in sys.argv[2:]:
    setattr(isolation, name, unavailable if name == "landlock" else lambda *arguments: None)
folder = sys.argv[1]
os.chmod(folder, 0o777)
targets = probe.before()
house = isolation.House((), os.geteuid() == 0, folder)
print(json.dumps([probe.held(house, targets), os.path.exists(targets.folder)]))
"""

READY = """
import json, os
from course_utils.grading.sandbox import Asked, Sandbox
from course_utils.grading.submission import Cell
from course_utils.exercises import catalogue

exercise = catalogue(4).EXERCISES[0]
ends = "import os\\ndef softmax(logits, axis=-1):\\n    os._exit(3)"
right = (
    "import numpy as np\\ndef softmax(logits, axis=-1):\\n"
    "    e = np.exp(logits - logits.max(axis, keepdims=True))\\n    return e / e.sum(axis, keepdims=True)"
)
with Sandbox() as sandbox:
    asked = [Asked(exercise, exercise.cases)]
    first = sandbox.run([Cell(1, "import os; os._exit(4)"), Cell(2, right)], asked)
    second = sandbox.run([Cell(1, ends)], asked)
    print(json.dumps([sandbox.layers, os.geteuid(), list(first.given), second.ended]))
"""


def run(*command: str, **environment: str) -> object:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        kept = {
            **os.environ,
            "COURSE_DATA_DIR": folder,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            **environment,
        }
        done = subprocess.run(command, capture_output=True, text=True, env=kept, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def names(layers: list[str]) -> set[str]:
    return {layer.split(":")[0] for layer in layers}


def test_a_layer_that_does_not_hold_is_not_reported(tmp_path: Path) -> None:
    tmp_path.parent.chmod(0o755)
    with tempfile.TemporaryDirectory() as folder:
        layers, left = run(sys.executable, "-c", WITHOUT_LAYERS, folder, "landlock", "_limit")  # type: ignore[misc]
    assert not names(layers) & {"files", "network", "memory"}
    assert not left, "the probe takes its targets away"


def test_landlock_alone_is_named_as_what_holds() -> None:
    with tempfile.TemporaryDirectory() as folder:
        layers, _ = run(sys.executable, "-c", WITHOUT_LAYERS, folder)  # type: ignore[misc]
    if not any("Landlock" in layer for layer in layers):
        pytest.skip("this kernel has no Landlock")
    assert "files: Landlock" in layers
    assert "memory: limit" in layers


def assert_it_works(answer: object) -> None:
    layers, _, attempted, ended = answer  # type: ignore[misc]
    assert names(layers) <= set(HOW)
    assert attempted == ["softmax"], "a cell that ends its process is left out, and the rest is run"
    assert ended == {"softmax": "exit code 3"}


def test_the_sandbox_works_as_whoever_runs_the_tests() -> None:
    assert_it_works(run(sys.executable, "-c", READY))


TOOLS = ("unshare", "setpriv", "mount")
IN_SIGHT = """
set -e
work=$(mktemp -d)
mount --bind "$1" "$work"
mount -t tmpfs -o mode=755 tmpfs "$2"
mkdir -p "$1"
mount --bind "$work" "$1"
shift 2
exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
"""
"""Python may lie in a home that only its owner sees: show it, in mounts of its own, to another user."""


@pytest.mark.skipif(os.geteuid() != 0, reason="the test above runs as an ordinary user already")
def test_the_sandbox_works_as_an_ordinary_user() -> None:
    if any(shutil.which(tool) is None for tool in TOOLS):
        pytest.skip(f"needs {', '.join(TOOLS)}")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("namespaces are not to be had here")
    command = [sys.executable, "-c", READY]
    home, base = Path.home(), Path(sys.base_prefix).resolve()
    if base.is_relative_to(home):
        inside = home / base.relative_to(home).parts[0]
        command = ["sh", "-c", IN_SIGHT, "sh", str(inside), str(home), *command]
    else:
        command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *command]
    answer = run("unshare", "-m", *command)
    assert_it_works(answer)
    assert answer[1] == 65534  # type: ignore[index]
