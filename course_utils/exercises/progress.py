"""What a learner has done so far, in one small file of theirs.

Two notebooks may write at once: each change holds a lock, reads, changes, and puts a whole new file in place.
A file that can't be read is set aside, never thrown away. Where nothing can be written, the course goes on without.
"""

import copy
import json
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from platformdirs import user_data_path

from course_utils.exercises.verdict import CORRECT, NOT_ATTEMPTED

Entry = dict[str, Any]
FOLDER_SETTING = "COURSE_DATA_DIR"
COUNTS = ("attempts", "hints")

_unsaved: dict[Path, dict[str, Entry]] = {}
"""What could not be written, by file: hints and solutions work on from memory until the kernel ends."""


def path() -> Path:
    """Where the progress is kept: the folder named by COURSE_DATA_DIR, or the user's data folder."""
    folder = os.environ.get(FOLDER_SETTING)
    return (Path(folder) if folder else user_data_path("attention-to-labels")) / "progress.json"


def load() -> dict[str, Entry]:
    """Progress by exercise key, such as "lesson_4.softmax": outcome, attempts, last mistake, hints seen.

    A file that can't be read counts as empty; it is moved aside with the next change.
    """
    target = path()
    return _unsaved[target] if target in _unsaved else _read(target) or {}


def record(key: str, outcome: str, mistake: str | None = None) -> None:
    """Write down the outcome of a check. A later failure doesn't take back an earlier success."""

    def change(content: dict[str, Entry]) -> None:
        entry = content.setdefault(key, {})
        entry["attempts"] = entry.get("attempts", 0) + (outcome != NOT_ATTEMPTED)
        entry["last"] = outcome
        entry["mistake"] = mistake
        if entry.get("outcome") != CORRECT:
            entry["outcome"] = outcome

    _change(change)


def attempted(key: str) -> bool:
    """Whether a check has seen a real attempt at the exercise."""
    return load().get(key, {}).get("attempts", 0) > 0


def next_hint(key: str, available: int) -> int:
    """One step up the ladder of hints, from 1 to `available`. Remembered; works from the start where nothing can be."""
    level = 1

    def change(content: dict[str, Entry]) -> None:
        nonlocal level
        entry = content.setdefault(key, {})
        level = min(entry.get("hints", 0) + 1, available)
        entry["hints"] = level

    _change(change)
    return level


def reset(key: str | None = None) -> None:
    """Forget one exercise, named by its key or by its function's name, or all of them.

    Raises:
        KeyError: there is no progress for such an exercise.
    """

    def change(content: dict[str, Entry]) -> None:
        if key is None:
            content.clear()
            return
        matches = [one for one in content if one == key or one.split(".")[-1] == key]
        if not matches:
            known = ", ".join(content) or "none"
            raise KeyError(f"No progress is kept for {key!r}; there is progress for: {known}.")
        for one in matches:
            del content[one]

    _change(change)


def _change(change: Callable[[dict[str, Entry]], None]) -> None:
    target = path()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(str(target) + ".lock", timeout=10):
            _set_aside_if_broken(target)
            content = copy.deepcopy(_unsaved[target]) if target in _unsaved else _read(target) or {}
            change(content)
            _replace(target, json.dumps(content, indent=1, sort_keys=True))
            _unsaved.pop(target, None)
    except (
        OSError,
        Timeout,
        NotImplementedError,
    ) as error:  # NotImplementedError: a disk that knows no locks
        content = load()
        change(content)
        _unsaved[target] = content
        warnings.warn(
            f"Your progress is not kept: {error}. The checks work all the same. To keep it, set {FOLDER_SETTING} "
            "to a folder that you can write to, then restart the kernel.",
            stacklevel=3,
        )


def _read(target: Path) -> dict[str, Entry] | None:
    """The content of the file, or None where there is none or none that makes sense."""
    try:
        content = json.loads(target.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return (
        content if isinstance(content, dict) and all(_is_entry(entry) for entry in content.values()) else None
    )


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and all(type(entry.get(count, 0)) is int for count in COUNTS)


def _set_aside_if_broken(target: Path) -> None:
    if not target.exists() or _read(target) is not None or not target.read_bytes().strip():
        return
    taken = 1
    while (broken := target.with_suffix(f".unreadable-{taken}.json")).exists():
        taken += 1
    target.replace(broken)
    warnings.warn(
        f"{target.name} could not be read; it was kept as {broken} and a new one begun.", stacklevel=4
    )


def _replace(target: Path, text: str) -> None:
    """Write beside the file, then rename: a reader sees the old content or the new, never half."""
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
