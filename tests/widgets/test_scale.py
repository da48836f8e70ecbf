"""ScaleExplorer's numbers, against torch and SciPy, and the picture it leaves."""

import base64
import io
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image
from scipy.stats import entropy

from course_utils.reference.attention import attention_scores
from course_utils.widgets import ScaleExplorer
from course_utils.widgets.scale import (
    DRAWS,
    KEYS,
    TRIES,
    WIDTHS,
    averages,
    dot_products,
    ordinary_first,
    scale_view,
    score_limit,
)

DOTS = arrays(float, array_shapes(max_dims=2, min_side=2, max_side=12), elements=st.floats(-200, 200))


@given(DOTS, st.sampled_from(WIDTHS), st.booleans())
def test_it_agrees_with_torch_and_scipy(dots: np.ndarray, width: int, scaled: bool) -> None:
    view = scale_view(dots, width, scaled)
    scores = torch.from_numpy(dots) / (width**0.5 if scaled else 1)
    np.testing.assert_allclose(view["scores"], scores, rtol=1e-12)
    np.testing.assert_allclose(view["softmax"], scores.softmax(-1), atol=1e-12)
    np.testing.assert_allclose(view["spread"], scores.std(-1), atol=1e-9)
    np.testing.assert_allclose(view["share"], scores.softmax(-1).amax(-1), atol=1e-12)
    np.testing.assert_allclose(view["entropy"], entropy(scores.softmax(-1).numpy(), axis=-1), atol=1e-9)
    assert (np.take_along_axis(dots, np.asarray(view["winner"])[..., None], -1)[..., 0] == dots.max(-1)).all()


def test_divided_they_are_the_scores_of_attention() -> None:
    query, keys = torch.randn(1, 64), torch.randn(10, 64)
    dots = (query @ keys.T)[0]
    np.testing.assert_allclose(
        scale_view(dots, 64, True)["scores"], attention_scores(query, keys)[0], rtol=1e-5, atol=1e-6
    )


def test_dot_products_spread_like_the_root_of_the_width() -> None:
    dots = dot_products(0)
    assert dots.shape == (len(WIDTHS), TRIES, KEYS)
    # The standard error of such a spread is below 5 %, for ten scores share a query.
    np.testing.assert_allclose(dots.std(axis=(1, 2)), np.sqrt(WIDTHS), rtol=0.1)
    assert abs(dots / np.sqrt(WIDTHS)[:, None, None]).mean() == pytest.approx(
        math.sqrt(2 / math.pi), abs=0.05
    )


def test_a_wider_vector_goes_on_where_the_narrower_one_ends() -> None:
    dots = dot_products(0)
    # Half of the terms are the same, so the correlation is the root of a half.
    found = [
        np.corrcoef(dots[place].ravel(), dots[place + 1].ravel())[0, 1] for place in range(len(WIDTHS) - 1)
    ]
    np.testing.assert_allclose(found, math.sqrt(0.5), atol=0.06)


def test_undivided_wide_vectors_saturate_and_divided_they_do_not() -> None:
    dots = dot_products(0)
    plain = [averages(row, width, False)["entropy"] for width, row in zip(WIDTHS, dots, strict=True)]
    scaled = [averages(row, width, True)["entropy"] for width, row in zip(WIDTHS, dots, strict=True)]
    assert plain == sorted(plain, reverse=True)
    assert plain[-1] < 0.15
    assert max(scaled) - min(scaled) < 0.15
    assert min(scaled) > 1.8


def test_the_averages_are_of_many_queries() -> None:
    dots = dot_products(3)[4]
    found = averages(dots, 64, True)
    shares = torch.from_numpy(dots / 8).softmax(-1)
    assert found["spread"] == pytest.approx(float(torch.from_numpy(dots / 8).std()))
    assert found["share"] == pytest.approx(float(shares.amax(-1).mean()))
    assert found["entropy"] == pytest.approx(float(entropy(shares.numpy(), axis=-1).mean()))


def test_the_same_draws_come_with_the_most_ordinary_first() -> None:
    dots = dot_products(0)[:, :DRAWS]
    ordered = ordinary_first(dots)
    assert sorted(map(tuple, ordered[0])) == sorted(map(tuple, dots[0]))
    shares = torch.from_numpy(ordered.copy()).softmax(-1).amax(-1)
    distances = ((shares - shares.mean(1, keepdim=True)) ** 2).sum(0)
    assert (distances.diff() >= 0).all()


def test_each_draw_and_each_seed_differs_and_a_seed_repeats() -> None:
    assert len({ScaleExplorer(draw=draw).sentence() for draw in range(1, DRAWS + 1)}) == DRAWS
    assert ScaleExplorer(seed=1).sentence() != ScaleExplorer(seed=2).sentence()
    assert ScaleExplorer(seed=1).data == ScaleExplorer(seed=1).data


@pytest.mark.parametrize(("largest", "limit"), [(0.0, 5), (5.0, 5), (-5.1, 10), (87.0, 100), (501.0, 500)])
def test_the_axis_of_the_scores_grows_in_steps(largest: float, limit: int) -> None:
    assert score_limit([0.0, largest]) == limit


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("width", 65, "a power of two from 4 to 1024. This is 65"),
        ("width", 2048, "a power of two"),
        ("width", "", "a power of two"),
        ("width", "w" * 10_000, "a power of two"),
        ("width", float("nan"), "This is nan"),
        ("scaled", "yes", "one of True, False"),
        ("scaled", 1, "one of True, False"),
        ("draw", 0, "a whole number from 1 to 20"),
        ("draw", 21, "a whole number from 1 to 20"),
        ("draw", 1.5, "a whole number from 1 to 20"),
    ],
)
def test_bad_settings_are_explained_and_the_old_ones_stay(name: str, value: Any, said: str) -> None:
    explorer = ScaleExplorer()
    before = explorer.sentence()
    setattr(explorer, name, value)
    assert said in explorer.problem
    assert len(explorer.problem) < 200
    assert explorer.sentence() == before
    explorer.width = 128
    assert explorer.problem == ""
    assert said in ScaleExplorer(**{name: value}).problem


@pytest.mark.parametrize("seed", [-1, 1.5, "🎲", None, 2**32])
def test_a_bad_seed_is_explained_and_another_taken(seed: Any) -> None:
    explorer = ScaleExplorer(seed=seed)
    assert "The seed is a whole number from 0 to 4294967295" in explorer.problem
    assert explorer.sentence() == ScaleExplorer(seed=0).sentence()


@pytest.mark.parametrize("scaled", [True, False])
def test_it_leaves_a_picture_and_a_sentence(scaled: bool) -> None:
    explorer = ScaleExplorer(256, scaled)
    bundle, _ = explorer._repr_mimebundle_()
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert image.format == "PNG"
    assert image.width > 500
    assert len(image.convert("L").getcolors()) > 10
    assert bundle["text/plain"] == explorer.sentence()
    assert ("divided by √256 = 16.00" if scaled else "not divided by √d") in explorer.sentence()
