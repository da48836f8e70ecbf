"""What SoftmaxExplorer shows, against torch."""

import base64
import io
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from course_utils.widgets import SoftmaxExplorer
from course_utils.widgets.softmax import softmax_view


@settings(deadline=None)
@given(st.lists(st.floats(-1000, 1000), min_size=2, max_size=8), st.floats(0.1, 10), st.integers(-1000, 1000))
def test_against_torch(logits: list[float], temperature: float, shift: int) -> None:
    view = softmax_view(logits, temperature, shift)
    scaled = (torch.tensor(logits, dtype=torch.float64) + shift) / temperature
    np.testing.assert_allclose(view["scaled"], scaled)
    np.testing.assert_allclose(view["softmax"], scaled.softmax(-1), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(view["sigmoid"], scaled.sigmoid(), rtol=1e-9, atol=1e-300)
    powers = scaled.exp()
    np.testing.assert_allclose(view["naive"], powers / powers.sum(), rtol=1e-9, atol=1e-300)


def test_it_tells_when_the_formula_as_written_breaks() -> None:
    explorer = SoftmaxExplorer([2.0, 1.0, -1.0])
    assert "The formula as written gives the same." in explorer.sentence()
    explorer.shift = 1000
    assert "Softmax: A 0.71, B 0.26, C 0.04. The formula as written gives nan." in explorer.sentence()
    explorer.shift = -740
    assert "gives other numbers" in explorer.sentence()


def test_it_tells_softmax_from_sigmoid() -> None:
    explorer = SoftmaxExplorer([4.0, 4.0, 4.0], names=["acting", "story", "music"])
    assert "acting 0.33, story 0.33, music 0.33" in explorer.sentence()
    assert "Sigmoid, each alone: 0.98, 0.98, 0.98, in all 2.95." in explorer.sentence()


@pytest.mark.parametrize("shift", [0, 1000])
def test_it_leaves_a_picture_and_a_sentence(shift: int) -> None:
    explorer = SoftmaxExplorer([2.0, 1.0, -1.0], shift=shift)
    bundle, _ = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == explorer.sentence()
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert min(image.size) > 100
    assert np.asarray(image.convert("L")).std() > 10


@pytest.mark.parametrize(
    ("given_values", "said"),
    [
        ({"logits": [float("nan"), 1.0]}, "Number 1 of yours is nan"),
        ({"logits": [1.0, float("inf")]}, "Number 2 of yours is inf"),
        ({"logits": [1.0, 1e30]}, "Number 2 of yours is 1e+30"),
        ({"logits": [1.0]}, "a list of 2 to 8 numbers"),
        ({"logits": range(9)}, "a list of 2 to 8 numbers"),
        ({"logits": 3}, "a list of 2 to 8 numbers"),
        ({"logits": "logits"}, "finite numbers"),
        ({"logits": [[1, 2], [3, 4]]}, "finite numbers"),
        ({"names": ["one"]}, "There are 3 logits and 1 names"),
        ({"temperature": 0}, "The temperature is a number from 0.1 to 10"),
        ({"shift": 2000}, "The shift is a number from -1000 to 1000"),
    ],
)
def test_bad_input_gets_a_message_and_the_last_good_value_stays(
    given_values: dict[str, Any], said: str
) -> None:
    explorer = SoftmaxExplorer(**({"logits": [3.0, 1.0, 0.0]} | given_values))
    assert said in explorer.problem
    assert "image/png" in explorer.still()
    if "names" not in given_values:
        good = SoftmaxExplorer([3.0, 1.0, 0.0])
        setattr(good, *given_values.popitem())
        assert said in good.problem
        assert (good.logits, good.temperature, good.shift) == ([3.0, 1.0, 0.0], 1.0, 0.0)
        good.temperature = 2
        assert good.problem == ""
