"""Folders in the user's cache that are either whole or not there, whoever else is writing and whatever stops us."""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from platformdirs import user_cache_dir

from .errors import CacheError

SETTING = "COURSE_CACHE_DIR"
"""Environment variable that moves the cache."""

RECORD = "record.json"
"""Written last into each folder: what the folder is, and the checksum of each of its files."""


def root() -> Path:
    """The folder under which the course keeps what it can make again."""
    return Path(os.environ.get(SETTING) or user_cache_dir("attention-to-labels"))


@dataclass(frozen=True)
class Entry:
    """One folder of the cache."""

    folder: Path
    identity: Mapping[str, Any]
    """what distinguishes its content from other entries'; the folder's name ends in a digest of it"""

    def is_whole(self) -> bool:
        """Whether the folder is there as it was written; a damaged one is said to be, on stderr."""
        if not self.folder.exists():
            return False
        damage = self._damage()
        if damage:
            print(
                f"The saved model in {self.folder} is damaged ({damage}). It is made again now.",
                file=sys.stderr,
            )
        return damage is None

    def _damage(self) -> str | None:
        try:
            record = json.loads((self.folder / RECORD).read_text())
            if record["identity"] != dict(self.identity):
                return f"{RECORD} is about another model"
            for name, expected in record["files"].items():
                if _checksum(self.folder / name) != expected:
                    return f"{name} has changed since it was written"
        except FileNotFoundError as error:
            return f"{Path(error.filename).name} is missing"
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return f"{RECORD} cannot be read"
        return None

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """A temporary folder to fill, which takes its place in the cache only if nothing goes wrong inside."""
        prefix = f".unfinished-{self.folder.name}-"
        for leftover in self.folder.parent.glob(
            f"{prefix}*"
        ):  # of a process that was killed: we have the lock
            shutil.rmtree(leftover, ignore_errors=True)
        temporary = Path(tempfile.mkdtemp(prefix=prefix, dir=self.folder.parent))
        try:
            yield temporary
            files = {path.name: _checksum(path) for path in sorted(temporary.iterdir())}
            record = {"identity": dict(self.identity), "files": files}
            (temporary / RECORD).write_text(json.dumps(record, indent=2))
            if self.folder.exists():
                shutil.rmtree(self.folder)
            temporary.replace(self.folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def place(name: str, identity: Mapping[str, Any]) -> Entry:
    """The entry for this identity, to be read: nothing is locked and nothing is made."""
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
    return Entry(root() / f"{name}-{digest}", identity)


@contextmanager
def entry(name: str, identity: Mapping[str, Any]) -> Iterator[Entry]:
    """The entry for this identity, locked: a second kernel waits here for the first to finish, then finds it whole.

    Raises:
        CacheError: the cache's folder cannot be written to.
    """
    found = place(name, identity)
    folder = found.folder
    lock = FileLock(folder.with_suffix(".lock"))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=1)
    except Timeout:
        print("Another kernel is making this model; waiting for it to finish.", file=sys.stderr)
        lock.acquire()
    except OSError as error:
        raise CacheError(
            f"The course cannot write to its cache {folder.parent} ({type(error).__name__}). It expects a folder "
            f"it may write to: set the environment variable {SETTING} to one."
        ) from error
    try:
        yield found
    finally:
        lock.release()


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
