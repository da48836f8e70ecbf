"""What a gradebook says about a class: who got what, which mistakes are shared, what a person should look at.

From records to data, and nothing else: no files, no HTML.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import mean, median

import numpy as np

from course_utils.exercises.verdict import CORRECT, NOT_ATTEMPTED, RAISED
from course_utils.grading.grade import GRADED, Mark, Record
from course_utils.grading.looking import fingerprints
from course_utils.grading.submission import Cell, Unreadable, code_cells, parsed

KNOWN, OTHER = "known mistake", "wrong otherwise"
CATEGORIES = (CORRECT, KNOWN, OTHER, RAISED, NOT_ATTEMPTED)
"""What can become of one exercise; `wrong` comes in two kinds."""

BINS = 10
"""Bars of a histogram of marks: each a tenth of the points."""

BY_CHANCE = 0.01
"""Pairs as much alike as these that a class may hold by chance, if its people wrote independently of each other."""

AT_LEAST_ALIKE = 3
"""Exercises that two learners must have alike before anybody looks at them."""


@dataclass(frozen=True)
class Handed:
    """What counts of one learner for one lesson."""

    lesson: int
    record: Record
    marks: tuple[Mark, ...]

    @property
    def points(self) -> int:
        return sum(mark.points for mark in self.marks)

    @property
    def possible(self) -> int:
        return sum(mark.possible for mark in self.marks)


@dataclass
class Learner:
    """One person, with all that they handed in."""

    name: str
    """For people to read, and different from everybody else's."""
    page: str
    """A name for their files, without a suffix: safe on any system, and different from everybody else's."""
    canvas_id: str = ""
    records: list[Record] = field(default_factory=list)
    lessons: dict[int, Handed] = field(default_factory=dict)
    """By lesson, in order: the better one where a lesson was handed in twice."""
    set_aside: list[tuple[int, str]] = field(default_factory=list)
    """(lesson, file) of those that don't count, since a better one does."""

    @property
    def unreadable(self) -> list[Record]:
        return [record for record in self.records if record.status != GRADED]

    @property
    def points(self) -> int:
        return sum(handed.points for handed in self.lessons.values())

    @property
    def possible(self) -> int:
        return sum(handed.possible for handed in self.lessons.values())


@dataclass(frozen=True)
class ExerciseCounts:
    """What became of one exercise in the class."""

    name: str
    title: str
    possible: int
    counts: Mapping[str, int]
    """By category, all of `CATEGORIES`."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def attempted(self) -> int:
        return self.total - self.counts[NOT_ATTEMPTED]


@dataclass(frozen=True)
class LessonSummary:
    """The marks of one lesson."""

    lesson: int
    points: tuple[int, ...]
    """One for each learner who handed it in."""
    possible: int
    bins: tuple[int, ...]
    """How many learners have from 0 to 10 % of the points, from 10 to 20 %, ...; the last bin has its upper end, too."""
    exercises: tuple[ExerciseCounts, ...]

    @property
    def mean(self) -> float:
        return mean(self.points)

    @property
    def median(self) -> float:
        return median(self.points)


@dataclass(frozen=True)
class Misconception:
    """A known mistake that learners made."""

    lesson: int
    exercise: str
    mistake: str
    cause: str
    next_step: str
    learners: tuple[Learner, ...]
    attempted: int
    """Learners who attempted the exercise."""

    @property
    def share(self) -> float:
        return len(self.learners) / self.attempted


@dataclass(frozen=True)
class Unexplained:
    """A way to be wrong that is no known mistake, as far as a class shares it."""

    lesson: int
    exercise: str
    what: str
    example: str
    count: int


@dataclass(frozen=True)
class Alike:
    """Learners whose code is the same in most of what they wrote themselves."""

    learners: tuple[Learner, ...]
    exercises: tuple[str, ...]
    """Those in which two of them at least have the same code."""
    fewest: int
    """Exercises that a pair among them has alike, at the least."""


@dataclass(frozen=True)
class Summary:
    """All that the reports show."""

    learners: tuple[Learner, ...]
    lessons: tuple[LessonSummary, ...]
    misconceptions: tuple[Misconception, ...]
    """Most common first."""
    unexplained: tuple[Unexplained, ...]
    alike: tuple[Alike, ...]
    suspicious: tuple[tuple[Learner, Record], ...]
    """Those that show signs of having tried to leave the sandbox."""
    unreadable: tuple[tuple[Learner, Record], ...]
    seeds: tuple[int, ...]
    versions: int
    """How many versions of the exercises graded these. More than one: marks may not be comparable."""
    isolation: Mapping[tuple[str, ...], int]
    """Submissions by the layers that were between them and the machine."""

    @property
    def graded(self) -> int:
        return sum(self.isolation.values())

    @property
    def not_isolated(self) -> int:
        return self.isolation.get((), 0)

    @property
    def mean_share(self) -> float | None:
        """The mean of the learners' shares of the points that they could get, or None where nothing is graded."""
        shares = [learner.points / learner.possible for learner in self.learners if learner.possible]
        return mean(shares) if shares else None


def summary(records: Iterable[Record]) -> Summary:
    """What the records say. Their order does not matter."""
    records = sorted(records, key=lambda record: record.key)
    people = learners(records)
    numbers = sorted({lesson for learner in people for lesson in learner.lessons})
    graded = [record for record in records if record.status == GRADED]
    owned = [(learner, record) for learner in people for record in learner.records]
    return Summary(
        tuple(people),
        tuple(_lesson(number, people) for number in numbers),
        _misconceptions(people),
        _unexplained(people),
        alike(people),
        tuple((learner, record) for learner, record in owned if record.suspicions),
        tuple((learner, record) for learner, record in owned if record.status != GRADED),
        tuple(sorted({record.seed for record in graded})),
        len({record.exercises for record in graded}),
        Counter(tuple(record.isolation) for record in graded),
    )


def category(mark: Mark) -> str:
    """Which of `CATEGORIES` a mark is."""
    if mark.outcome in (CORRECT, RAISED, NOT_ATTEMPTED):
        return mark.outcome
    return KNOWN if mark.mistake else OTHER


# Who is who


MOODLE = re.compile(r"(?P<name>[^_].*?)_(?P<id>\d+)_assignsubmission_.*", re.DOTALL)
"""Moodle's download of all submissions names a folder, or a file, for each participant."""

CANVAS = re.compile(
    r"(?P<name>.+?)(?:_LATE)?_(?P<user>[1-9]\d*)_(?P<file>[1-9]\d*)_.+\.ipynb", re.DOTALL | re.IGNORECASE
)
"""Canvas's download of all submissions names its files so: https://github.com/instructure/canvas-lms `lib/content_zipper.rb`."""


def moodle_name(key: str) -> re.Match[str] | None:
    """The participant's `name` and `id` in a submission's key, where it comes from Moodle."""
    found = (MOODLE.fullmatch(part) for part in key.split("/"))
    return next((match for match in found if match), None)


def canvas_name(key: str) -> re.Match[str] | None:
    """The `name` and the `user` id in a submission's key, where it comes from Canvas."""
    return CANVAS.fullmatch(key.rsplit("/", 1)[-1])


def learners(records: Sequence[Record]) -> list[Learner]:
    """The people who handed in, by name. Of the same lesson twice the better one counts."""
    owners: dict[tuple[str, str], list[Record]] = defaultdict(list)
    owner_of = _owners(records)
    for record in records:
        owners[owner_of[record.key]].append(record)
    names = [_shown_name(owner, theirs[0]) for owner, theirs in owners.items()]
    often = Counter(name.casefold() for name in names)
    unique = [
        name if often[name.casefold()] == 1 else f"{name} ({printable(owner[1])})"
        for name, owner in zip(names, owners, strict=True)
    ]
    pages = file_names([("/".join(owner), name) for owner, name in zip(owners, unique, strict=True)])
    found = []
    for (owner, theirs), name, page in zip(owners.items(), unique, pages, strict=True):
        learner = Learner(name, page, owner[1] if owner[0] == "canvas" else "", theirs)
        _count_lessons(learner)
        found.append(learner)
    return sorted(found, key=lambda learner: (learner.name.casefold(), learner.page))


def _owners(records: Sequence[Record]) -> dict[str, tuple[str, str]]:
    """By a submission's key: the system that names its owner ("moodle", "canvas" or "folder"), and their name there."""
    moodle = {record.key: match for record in records if (match := moodle_name(record.key))}
    # Moodle numbers the participants of each assignment anew, so over several lessons the name has to join them.
    ids: dict[tuple[str, int], set[str]] = defaultdict(set)
    for record in records:
        if record.key in moodle:
            for lesson in record.lessons or [0]:
                ids[moodle[record.key]["name"], lesson].add(moodle[record.key]["id"])
    namesakes = {name for (name, _), theirs in ids.items() if len(theirs) > 1}
    canvas = _canvas(records)
    owners = {}
    for record in records:
        if match := moodle.get(record.key):
            number = f" {match['id']}" if match["name"] in namesakes else ""
            owners[record.key] = "moodle", match["name"] + number
        elif match := canvas.get(record.key):
            owners[record.key] = "canvas", match["user"]
        else:
            owners[record.key] = "folder", record.learner
    return owners


def _canvas(records: Sequence[Record]) -> dict[str, re.Match[str]]:
    """The names that Canvas gave; none where these only look like it ("lab_2026_1_anna.ipynb"): then most "ids" of a
    lesson would be the same, or one id would have two names."""
    found = {record.key: match for record in records if (match := canvas_name(record.key))}
    names: dict[str, set[str]] = defaultdict(set)
    users: dict[int, list[str]] = defaultdict(list)
    for record in records:
        if match := found.get(record.key):
            names[match["user"]].add(match["name"])
            for lesson in record.lessons:
                users[lesson].append(match["user"])
    if any(len(theirs) > 1 for theirs in names.values()):
        return {}
    if any(2 * len(set(theirs)) <= len(theirs) for theirs in users.values()):
        return {}
    return found


def _shown_name(owner: tuple[str, str], record: Record) -> str:
    if owner[0] == "moodle" and (match := moodle_name(record.key)):
        return printable(match["name"])
    if owner[0] == "canvas" and (match := canvas_name(record.key)):
        return printable(match["name"])
    return printable(owner[1])


def printable(text: str) -> str:
    """The text on one line, without characters that show nothing, and that UTF-8 can hold."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    return " ".join(text.split()) or "(no name)"


def file_names(people: Sequence[tuple[str, str]]) -> list[str]:
    """A file name, without a suffix, for each (identity, name): safe on any system, and different in any letter case.

    A name that is safe as it is stays so. Any other gets a digest of the identity, so that it stays the same when
    others come and go.
    """
    import hashlib

    plain = [_safe(name) for _, name in people]
    often = Counter(_folded(name) for name in plain)
    chosen = []
    for (identity, name), safe in zip(people, plain, strict=True):
        if safe != name or often[_folded(safe)] > 1:
            digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:10]
            safe = f"{safe}-{digest}"
        chosen.append(safe)
    return chosen


LONGEST_NAME = 80
"""Bytes of a file's name before its digest and suffix. Most systems take 255, and some count the whole path."""

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices."""


def _safe(name: str) -> str:
    name = re.sub(r"[^\w .@+-]", "_", unicodedata.normalize("NFC", name)).strip(" .")
    name = name.encode()[:LONGEST_NAME].decode("utf-8", "ignore").strip(" .")
    return f"_{name}" if not name or RESERVED.fullmatch(name) or name[0] in "-+@" else name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _count_lessons(learner: Learner) -> None:
    handed: dict[int, list[Handed]] = defaultdict(list)
    for record in learner.records:
        for lesson in record.lessons:
            marks = tuple(mark for mark in record.marks if mark.lesson == lesson)
            handed[lesson].append(Handed(lesson, record, marks))
    for lesson, several in sorted(handed.items()):
        best = max(several, key=lambda one: one.points)  # the first of equals
        learner.lessons[lesson] = best
        learner.set_aside += [(lesson, other.record.key) for other in several if other is not best]


# What the class shares


def _lesson(lesson: int, people: Iterable[Learner]) -> LessonSummary:
    handed = [learner.lessons[lesson] for learner in people if lesson in learner.lessons]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    about: dict[str, Mark] = {}
    for one in handed:
        for mark in one.marks:
            about[mark.exercise] = mark
            counts[mark.exercise][category(mark)] += 1
    exercises = tuple(
        ExerciseCounts(name, mark.title, mark.possible, {kind: counts[name][kind] for kind in CATEGORIES})
        for name, mark in about.items()
    )
    bins = Counter(_bin(one.points, one.possible) for one in handed)
    return LessonSummary(
        lesson,
        tuple(one.points for one in handed),
        max(one.possible for one in handed),
        tuple(bins[number] for number in range(BINS)),
        exercises,
    )


def _bin(points: int, possible: int) -> int:
    return min(BINS - 1, points * BINS // possible) if possible else 0


def _marks(people: Iterable[Learner]) -> Iterable[tuple[Learner, Mark]]:
    return ((learner, mark) for learner in people for one in learner.lessons.values() for mark in one.marks)


def _misconceptions(people: Sequence[Learner]) -> tuple[Misconception, ...]:
    who: dict[tuple[int, str, str], list[Learner]] = defaultdict(list)
    about: dict[tuple[int, str, str], Mark] = {}
    attempted: Counter[tuple[int, str]] = Counter()
    for learner, mark in _marks(people):
        attempted[mark.lesson, mark.exercise] += mark.outcome != NOT_ATTEMPTED
        if mark.mistake:
            key = mark.lesson, mark.exercise, mark.mistake
            who[key].append(learner)
            about[key] = mark
    found = [
        Misconception(*key, about[key].cause, about[key].advice, tuple(theirs), attempted[key[0], key[1]])
        for key, theirs in who.items()
    ]
    return tuple(sorted(found, key=lambda one: (-len(one.learners), -one.share, one.lesson, one.exercise)))


STEPS = {
    "none": "it returns None",
    "type": "another type than asked for",
    "shape": "another shape, or other parts, than asked for",
    "length": "another length than asked for",
    "non-finite": "values that are not finite",
    "law": "a law of the answer is broken",
    "differs": "other values than expected",
    "table": "made for the visible inputs alone",
    "changed": "it changes its input",
    "unrepeatable": "two calls, two answers",
    "disturbed": "it uses random numbers that all code shares",
    "together": "answers that don't go together",
    "signature": "another list of arguments",
    "time": "still running when its time was over",
    "ended": "it ended its process",
}


def _unexplained(people: Iterable[Learner]) -> tuple[Unexplained, ...]:
    counts: Counter[tuple[int, str, str]] = Counter()
    example: dict[tuple[int, str, str], str] = {}
    for _, mark in _marks(people):
        if mark.mistake or mark.outcome in (CORRECT, NOT_ATTEMPTED):
            continue
        what = STEPS.get(mark.step, mark.step)
        if mark.step == "raised":
            kind = re.match(r"\w+", mark.finding)
            what = f"it raises {kind[0] if kind else 'an error'}"
        key = mark.lesson, mark.exercise, what
        counts[key] += 1
        example.setdefault(key, mark.finding)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Unexplained(*key, example[key], count) for key, count in ordered)


# Who is alike


def alike(people: Sequence[Learner], own: frozenset[tuple[str, str]] | None = None) -> tuple[Alike, ...]:
    """Groups of learners whose code is the same in most of what they wrote, beyond what chance would give.

    Two learners are looked at together where, leaving out answers that are the course's own solution, the same code
    stands in at least half of the exercises that both answered, and in `AT_LEAST_ALIKE` or more; and where that would
    hardly happen by chance: the shares of the class that have each of those codes, multiplied, times the number of
    pairs in the class, give less than `BY_CHANCE`. So what many write alike says little, and where few are compared
    nothing is said.

    Args:
        people: the class.
        own: (exercise, fingerprint) of the course's own solutions; those that are found, if not given.
    """
    own = course_prints() if own is None else own
    columns = _columns(people, own)
    vectors: dict[tuple[int, ...], list[int]] = defaultdict(list)
    codes = (
        np.stack([codes for _, codes, _ in columns], axis=1) if columns else np.zeros((len(people), 0), int)
    )
    for row, vector in enumerate(map(tuple, codes.tolist())):
        if sum(code >= 0 for code in vector) >= AT_LEAST_ALIKE:
            vectors[vector].append(row)
    if not vectors:
        return ()
    limit = math.log(BY_CHANCE / max(1, math.comb(len(people), 2)))
    rows = list(vectors)
    links, evidence = _links(np.array(rows), [surprise for _, _, surprise in columns], limit)
    names = [name for name, _, _ in columns]
    groups = []
    for group in _joined(len(rows), links):
        members = sorted(row for index in group for row in vectors[rows[index]])
        pairs = [
            evidence[pair]
            for pair in evidence
            if pair[0] in group and (pair[0] != pair[1] or len(vectors[rows[pair[0]]]) > 1)
        ]
        if len(members) < 2:
            continue
        which = np.any(pairs, axis=0)
        groups.append(
            Alike(
                tuple(people[row] for row in members),
                tuple(name for name, same in zip(names, which, strict=True) if same),
                int(min(same.sum() for same in pairs)),
            )
        )
    return tuple(sorted(groups, key=lambda group: (-group.fewest, group.learners[0].name)))


def _columns(
    people: Sequence[Learner], own: frozenset[tuple[str, str]]
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """For each exercise its name, the number of each learner's code (-1 for none, or the course's own), and for each
    number the logarithm of the share of learners that have it, of those who answered."""
    prints: dict[tuple[int, str], dict[int, str]] = defaultdict(dict)
    place = {id(learner): row for row, learner in enumerate(people)}
    for learner, mark in _marks(people):
        if mark.fingerprint:
            prints[mark.lesson, mark.exercise][place[id(learner)]] = mark.fingerprint
    columns = []
    for (_, exercise), theirs in sorted(prints.items()):
        counts = Counter(theirs.values())
        shared = [text for text in counts if (exercise, text) not in own]
        number = {text: index for index, text in enumerate(shared)}
        codes = np.full(len(people), -1)
        for row, text in theirs.items():
            codes[row] = number.get(text, -1)
        if shared:
            columns.append((exercise, codes, np.log([counts[text] / len(theirs) for text in shared])))
    return columns


def _links(
    codes: np.ndarray, surprises: list[np.ndarray], limit: float, block: int = 256
) -> tuple[list[tuple[int, int]], dict[tuple[int, int], np.ndarray]]:
    """Pairs of rows, each with itself too, that are alike beyond chance, and in which exercises each pair is."""
    found: dict[tuple[int, int], np.ndarray] = {}
    weights = [
        np.where(codes[:, j] >= 0, one[codes[:, j]], 0.0).astype(np.float32)
        for j, one in enumerate(surprises)
    ]
    written = codes >= 0
    for start in range(0, len(codes), block):
        rows = slice(start, start + block)
        chance = np.zeros((len(codes[rows]), len(codes)), np.float32)
        same = np.zeros(chance.shape, np.int16)
        both = np.zeros(chance.shape, np.int16)
        for column, weight in enumerate(weights):
            equal = (codes[rows, column, None] == codes[None, :, column]) & written[rows, column, None]
            chance += equal * weight[rows, None]
            same += equal
            both += written[rows, column, None] & written[None, :, column]
        hits = (chance < limit) & (same >= AT_LEAST_ALIKE) & (2 * same >= both)
        for row, other in np.argwhere(hits):
            one, two = int(row) + start, int(other)
            if one <= two:
                found[one, two] = (codes[one] == codes[two]) & written[one]
    return list(found), found


def _joined(size: int, links: Iterable[tuple[int, int]]) -> list[set[int]]:
    """The groups that links make of 0 .. size - 1; what is linked to nothing, not even to itself, is in none."""
    group = {number: {number} for number in range(size)}
    linked = set()
    for one, two in links:
        linked.add(one)
        if group[one] is not group[two]:
            larger, smaller = sorted((group[one], group[two]), key=len, reverse=True)
            larger |= smaller
            for number in smaller:
                group[number] = larger
    seen: dict[int, set[int]] = {}
    for number in sorted(linked):
        seen[id(group[number])] = group[number]
    return list(seen.values())


@cache
def course_prints() -> frozenset[tuple[str, str]]:
    """(exercise, fingerprint) of the course's own solutions: its reference, and its solved lessons where they are."""
    import course_utils
    from course_utils import build

    reference = Path(course_utils.__file__).parent / "reference"
    cells = [[Cell(0, path.read_text(encoding="utf-8"))] for path in sorted(reference.glob("*.py"))]
    try:
        solved = [lesson.solution for lesson in build.lessons(build.course_root())]
    except build.BuildError:
        solved = []
    for path in solved:
        try:
            sources = code_cells(parsed(path.read_bytes()))
        except (OSError, Unreadable):
            continue
        cells.append([Cell(number, source) for number, source, _ in sources])
    return frozenset(item for several in cells for item in fingerprints(several).items())
