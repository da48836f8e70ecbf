"""Stored figures: each has its script, and says so."""

import json
import re
from pathlib import Path

import pytest

from course_utils import measured

ROOT = Path(__file__).resolve().parents[1]
STORED = sorted(path.stem for path in measured.FOLDER.glob("*.json"))


def test_there_are_stored_figures():
    assert STORED == ["frozen_layers", "learning_rates"]


@pytest.mark.parametrize("name", STORED)
def test_each_names_a_script_that_is_there_and_that_makes_it(name):
    script, variant = measured.load(name)["script"].split()
    assert variant == name
    text = (ROOT / script).read_text(encoding="utf-8")
    assert f'"{name}": {{' in text


@pytest.mark.parametrize("name", STORED)
def test_each_was_made_with_several_seeds(name):
    runs = measured.load(name)["runs"]
    assert len(runs) == 5
    assert {len(each) for each in runs.values()} == {3}
    assert all(0 < run["accuracy"] < 1 and run["seconds"] > 0 for each in runs.values() for run in each)


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.py")), ids=lambda path: path.name)
def test_a_lesson_asks_only_for_figures_that_are_there(path):
    asked = re.findall(r'measured\.load\("(\w+)"\)', path.read_text(encoding="utf-8"))
    assert set(asked) <= set(STORED)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(FileNotFoundError, match=r"no figures called 'speed'.*frozen_layers, learning_rates"):
        measured.load("speed")


def test_what_is_kept_is_whole_or_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "FOLDER", tmp_path)
    measured.keep("speed", {"runs": [1, 2]})
    assert measured.load("speed") == {"runs": [1, 2]}
    with pytest.raises(TypeError):
        measured.keep("speed", {"runs": object()})
    assert json.loads((tmp_path / "speed.json").read_text()) == {"runs": [1, 2]}
    assert [path.name for path in tmp_path.iterdir()] == ["speed.json"]
