"""What is seen in code that is not run."""

import pytest

from course_utils.grading.looking import fingerprints, room_for, suspicions
from course_utils.grading.submission import Cell


def test_renaming_and_comments_leave_the_fingerprint() -> None:
    one = fingerprints([Cell(1, "def f(a, b):\n    c = a + b\n    return c")])
    other = fingerprints([Cell(1, "def f(x, y):\n    '''Sum.'''\n    z = x + y  # sum\n    return z")])
    third = fingerprints([Cell(1, "def f(x, y):\n    return x - y")])
    assert one == other != third


@pytest.mark.parametrize(
    ("source", "sign"),
    [
        ("import ctypes", "ctypes"),
        ("from os import _exit\n_exit(0)", "ends its process"),
        ("open('/proc/1/environ')", "names files"),
        ("import sys\nsys._getframe()", "frames"),
    ],
)
def test_signs_of_an_attempt_to_leave(source: str, sign: str) -> None:
    assert sign in " ".join(suspicions([Cell(1, source)], []))


def test_honest_code_is_not_suspected() -> None:
    source = "import numpy as np\nimport os\nkill = 1\ngc = 2\nprint(os.getcwd())"
    assert suspicions([Cell(1, source)], ["cell 1: ValueError: no"]) == []


@pytest.mark.parametrize(
    ("source", "room"),
    [
        ("import numpy as np", ()),
        ("import torch", ()),
        ("import torch\n# torch.softmax would do\n'torch'", ()),
        ("import torch\n\ndef softmax(x):\n    return torch.softmax(x, -1)", ("torch",)),
        ("import torch as t", ("torch",)),
        ("import torch.nn", ("torch",)),
        ("from torch import nn", ("torch",)),
        ("def f(x):\n    from torch import nn\n    return nn", ("torch",)),
        ("from scipy.optimize import minimize_scalar", ("scipy",)),
        ("import transformers, torch\ntransformers.logging\ntorch.no_grad()", ("torch", "transformers")),
        ("import torch; this is no Python", ()),
    ],
)
def test_a_library_is_needed_where_it_is_named_beyond_its_import(source: str, room: tuple[str, ...]) -> None:
    assert room_for([Cell(1, source)]) == room
    assert room_for([Cell(1, source)], tensors=True) == tuple(sorted({*room, "torch"}))


def test_cells_are_looked_at_together() -> None:
    cells = [
        Cell(1, "import torch"),
        Cell(2, "def f(x):\n    return torch.tensor(x)"),
        Cell(3, "import scipy.stats"),
    ]
    assert room_for(cells) == ("scipy", "torch")
