"""Exercise: stratified_split.

Any fair split is right, so laws say whether one is. Each law also tells one way to be wrong from the others; those that
a chance draw could break by itself speak only where the chance is below one in a thousand million.
"""

import random
from math import comb, prod
from typing import Any

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Rows
from course_utils.reference.fine_tuning import stratified_split as reference

Split = tuple[list[int], list[int]]

NO_CHANCE = 10**9
"""Where so many splits are possible, none comes up by chance."""


def mixed(counts: dict[int, int], seed: int) -> np.ndarray:
    labels = np.repeat(list(counts), list(counts.values()))
    return np.random.default_rng(seed).permutation(labels)


def draw(generator: np.random.Generator) -> tuple[np.ndarray, float, int]:
    classes = int(generator.integers(2, 6))
    counts = generator.integers(8, 20, size=classes)
    # The share of all texts is a whole number: otherwise `train_test_split` rounds it up, and a class may get more.
    counts[0] += 20 * int(generator.integers(5, 8)) - int(counts.sum())
    labels = np.repeat(generator.permutation(classes + 2)[:classes], counts)
    fraction = float(generator.choice([0.15, 0.2, 0.25, 0.3, 0.4, 0.5]))
    return generator.permutation(labels), fraction, int(generator.integers(10_000))


def rows_by_class(labels: np.ndarray) -> dict[int, list[int]]:
    return {int(label): np.flatnonzero(labels == label).tolist() for label in np.unique(labels)}


def row_numbers_not_labels(split: Split, labels: np.ndarray, fraction: float, seed: int) -> str | None:
    together = sorted(split[0] + split[1])
    if together == sorted(labels.tolist()) and together != list(range(len(labels))):
        return "Your parts hold the labels of the rows, where their numbers were expected."
    return None


def one_numbering_for_all(split: Split, labels: np.ndarray, fraction: float, seed: int) -> str | None:
    anew = [place for rows in rows_by_class(labels).values() for place in range(len(rows))]
    together = sorted(split[0] + split[1])
    if together == sorted(anew) and together != list(range(len(labels))):
        return "Your row numbers begin at 0 in every class, so that several rows share a number."
    return None


def numbers_of_rows(split: Split, labels: np.ndarray, fraction: float, seed: int) -> str | None:
    odd = [row for row in split[0] + split[1] if not 0 <= row < len(labels)]
    if odd:
        return f"Your split holds the row number {odd[0]}; there are {len(labels)} rows, numbered from 0."
    return None


def no_row_twice(split: Split, labels: np.ndarray, fraction: float, seed: int) -> str | None:
    for name, part in zip(("train", "held-out"), split, strict=True):
        if len(set(part)) < len(part):
            return f"{len(part) - len(set(part))} of your {len(part)} {name} rows come more than once."
    return None


def no_row_in_both(split: Split, labels: np.ndarray, fraction: float, seed: int) -> str | None:
    both = set(split[0]) & set(split[1])
    return f"{len(both)} rows are in both parts, row {min(both)} for instance." if both else None


def no_row_missing(split: Split, labels: np.ndarray, fraction: float, seed: int) -> str | None:
    missing = set(range(len(labels))) - set(split[0]) - set(split[1])
    if not missing:
        return None
    whole = [label for label, rows in rows_by_class(labels).items() if missing.issuperset(rows)]
    if whole:
        return f"All rows of class {whole[0]} are missing: they are in neither part."
    return f"{len(missing)} of the {len(labels)} rows are in neither part, row {min(missing)} for instance."


def parts_in_their_places(split: Split, labels: np.ndarray, fraction: float, seed: int) -> str | None:
    asked, slack = fraction * len(labels), len(np.unique(labels))
    if abs(len(split[0]) - asked) <= slack < abs(len(split[1]) - asked):
        return f"The second part has {len(split[1])} of {len(labels)} rows, where {fraction:g} of them are to be held out."
    return None


def not_the_first_or_last(split: Split, labels: np.ndarray, fraction: float, seed: int) -> str | None:
    rows, held_out = list(range(len(labels))), split[1]
    chosen = set(held_out)
    if comb(len(rows), len(held_out)) < NO_CHANCE:
        return None
    if _at_an_end(rows, held_out):
        return "The held-out rows all lie together, at one end of the texts."
    classes = [(rows, [row for row in rows if row in chosen]) for rows in rows_by_class(labels).values()]
    if prod(comb(len(rows), len(held)) for rows, held in classes) < NO_CHANCE:
        return None
    if all(_at_an_end(rows, held) for rows, held in classes):
        return "The held-out rows are the first of each class, or the last: nothing has been shuffled."
    return None


def _at_an_end(rows: list[int], held: list[int]) -> bool:
    return held in (rows[: len(held)], rows[len(rows) - len(held) :])


def as_many_as_asked(split: Split, labels: np.ndarray, fraction: float, seed: int) -> str | None:
    asked = fraction * len(labels)
    if abs(len(split[1]) - asked) > len(np.unique(labels)):
        return (
            f"You hold out {len(split[1])} of {len(labels)} rows, where a share of {fraction:g} is asked for."
        )
    return None


def the_share_of_each_class(split: Split, labels: np.ndarray, fraction: float, seed: int) -> str | None:
    held_out = set(split[1])
    counts = {
        label: (len(held_out.intersection(rows)), len(rows)) for label, rows in rows_by_class(labels).items()
    }
    off = [label for label, (held, of) in counts.items() if abs(held - fraction * of) > 1 + 1e-9]
    if not off:
        return None
    most = max(held for held, _ in counts.values())
    if len(counts) > 1 and all(held == min(most, of) for held, of in counts.values()):
        return f"Of every class the same number is held out, {most}, however large the class is."
    held, of = counts[off[0]]
    return (
        f"Of class {off[0]} you hold out {held} of {of} rows. A share of {fraction:g} is {fraction * of:g}, "
        "give or take one."
    )


def another_seed_another_split(answers: list[tuple[tuple[Any, ...], Split]]) -> str | None:
    for place, ((labels, fraction, seed), split) in enumerate(answers):
        for (others, share, another), again in answers[:place]:
            same_task = np.array_equal(labels, others) and fraction == share and seed != another
            if same_task and split == again:
                return f"For the seeds {another} and {seed} your function gives one and the same split."
    return None


BALANCED = mixed({0: 24, 1: 24}, 1)

exercise = Exercise(
    lesson=3,
    title="An honest split",
    points=2,
    reference=reference,
    form=Rows(("train part", "held-out part")),
    returns="two lists of row numbers, those to train on and those held out. Of each class the share `fraction` is held "
    "out, give or take one row, drawn at random: the same seed gives the same split, another seed another. The random "
    "numbers that all code shares (`np.random`, `random`) stay as they are",
    cases=(
        Case((BALANCED, 0.25, 1), "two classes of 24 texts"),
        Case((BALANCED, 0.25, 2), "the same texts with another seed"),
        Case((mixed({0: 120, 1: 30, 2: 10}, 2), 0.2, 0), "a rare class"),
        Case((np.repeat([0, 1], [30, 30]), 0.3, 5), "texts sorted by class"),
        Case((mixed(dict.fromkeys(range(20), 30), 3), 0.25, 3), "twenty classes"),
        Case((mixed({3: 25, 7: 19, 9: 36}, 4), 0.3, 42), "ids with gaps between them"),
        Case((mixed({0: 53, 1: 37}, 5), 0.1, 7), "a tenth held out"),
        Case((mixed({1: 39, 0: 41}, 6), 0.5, 11), "one half"),
    ),
    draw=draw,
    laws=(
        row_numbers_not_labels,
        one_numbering_for_all,
        numbers_of_rows,
        no_row_twice,
        no_row_in_both,
        no_row_missing,
        parts_in_their_places,
        not_the_first_or_last,
        as_many_as_asked,
        the_share_of_each_class,
    ),
    many_right=True,
    together=(another_seed_another_split,),
    hints=(
        "One class at a time: `np.flatnonzero(labels == label)` gives the numbers of its rows.",
        "Shuffle the rows of a class, then cut the list in two. How long is the part that is held out?",
        "`np.random.default_rng(seed)` makes a source of random numbers that is your function's own; "
        "its method `permutation` gives rows in a random order.",
        "Both parts grow from class to class: start with two empty lists before the loop.",
    ),
)


def cut_by_class(labels, fraction, generator, *, labels_of=np.unique, count=None, shuffle=True):
    """The reference, with other classes, another count, or unshuffled."""
    train, held_out = [], []
    for label in labels_of(labels):
        rows = np.flatnonzero(labels == label)
        if shuffle:
            rows = generator.permutation(rows)
        size = round(fraction * len(rows)) if count is None else count(len(rows))
        held_out.extend(rows[:size].tolist())
        train.extend(rows[size:].tolist())
    return train, held_out


@exercise.mistake(
    "all rows are shuffled together, whatever their class",
    "count the classes among the rows that you hold out, for a rare class above all. What has to be cut by itself?",
)
def not_stratified(labels, fraction, seed):
    rows = np.random.default_rng(seed).permutation(len(labels))
    count = round(fraction * len(labels))
    return rows[count:], rows[:count]


@exercise.mistake(
    "the rows are cut as they come, without shuffling and whatever their class",
    "what if the texts are sorted by class, as files often are?",
)
def cut_as_they_come(labels, fraction, seed):
    count = round(fraction * len(labels))
    return list(range(count, len(labels))), list(range(count))


@exercise.mistake(
    "each class is cut by itself, but nothing is shuffled",
    "texts that stand together often come from one source: where does the seed come in?",
)
def not_shuffled(labels, fraction, seed):
    return cut_by_class(labels, fraction, None, shuffle=False)


@exercise.mistake(
    "the two parts have changed places, or `fraction` is taken for the share to train on",
    "for a fraction of 0.2, how many of ten rows are held out, and which of your two parts is that?",
)
def changed_places(labels, fraction, seed):
    train, held_out = reference(labels, fraction, seed)
    return held_out, train


@exercise.mistake(
    "the held-out rows are still among those to train on",
    "a model that has seen a text knows its label: how do you take the held-out rows away?",
)
def trained_on_all(labels, fraction, seed):
    return np.arange(len(labels)), reference(labels, fraction, seed)[1]


@exercise.mistake(
    "rows are drawn with replacement, so that one may come twice",
    "does `choice` put back what it has drawn? Look at its argument `replace`.",
)
def with_replacement(labels, fraction, seed):
    generator = np.random.default_rng(seed)
    held_out = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        held_out.extend(generator.choice(rows, size=round(fraction * len(rows))).tolist())
    return np.setdiff1d(np.arange(len(labels)), held_out), held_out


@exercise.mistake(
    "both parts are rounded down, and a row is lost between them",
    "how long do your two parts of a class come out together, for 30 rows and a fraction of 0.25? Where does one part end "
    "and the other begin?",
)
def both_rounded_down(labels, fraction, seed):
    generator = np.random.default_rng(seed)
    train, held_out = [], []
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        kept = int((1 - fraction) * len(rows))
        train.extend(rows[:kept].tolist())
        held_out.extend(rows[kept : kept + int(fraction * len(rows))].tolist())
    return train, held_out


@exercise.mistake(
    "the parts of one class replace those of the class before",
    "what do your two lists hold when the loop comes to its second class, and what when it has passed it?",
)
def last_class_alone(labels, fraction, seed):
    generator = np.random.default_rng(seed)
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        count = round(fraction * len(rows))
        train, held_out = rows[count:], rows[:count]
    return train, held_out


@exercise.mistake(
    "the classes are taken to be numbered 0, 1, 2 and so on, without gaps",
    "which ids do occur? Ask the labels, not their number.",
)
def ids_without_gaps(labels, fraction, seed):
    generator = np.random.default_rng(seed)
    return cut_by_class(
        labels, fraction, generator, labels_of=lambda labels: range(len(set(labels.tolist())))
    )


@exercise.mistake(
    "the seed is not used: the generator always starts from the same number",
    "follow the argument `seed` through your code: where does it go?",
)
def seed_not_used(labels, fraction, seed):
    return cut_by_class(labels, fraction, np.random.default_rng(0))


@exercise.mistake(
    "the generator has no seed",
    "tomorrow nobody can tell which texts you have tested on: what makes a generator start from the same place again?",
)
def no_seed(labels, fraction, seed):
    return cut_by_class(labels, fraction, np.random.default_rng())


@exercise.mistake(
    "NumPy's global random numbers are seeded and used",
    "that decides what all other code draws from now on. Which NumPy function makes a generator of your own?",
)
def global_numpy_seed(labels, fraction, seed):
    np.random.seed(seed)  # noqa: NPY002
    return cut_by_class(labels, fraction, np.random)


@exercise.mistake(
    "the random numbers of Python's own module are seeded and used",
    "that decides what all other code draws from now on. `random.Random` has a source of its own; so has NumPy.",
)
def global_python_seed(labels, fraction, seed):
    random.seed(seed)
    train, held_out = [], []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label).tolist()
        random.shuffle(rows)
        count = round(fraction * len(rows))
        held_out += rows[:count]
        train += rows[count:]
    return train, held_out


@exercise.mistake(
    "the parts hold labels, not row numbers",
    "with row numbers one can pick texts and labels alike: what can one pick with labels?",
)
def labels_of_the_parts(labels, fraction, seed):
    train, held_out = reference(labels, fraction, seed)
    return labels[train], labels[held_out]


@exercise.mistake(
    "the parts are masks, with True and False for every row",
    "which NumPy function turns a mask into the numbers of the rows where it is True?",
)
def masks(labels, fraction, seed):
    held_out = np.isin(np.arange(len(labels)), reference(labels, fraction, seed)[1])
    return ~held_out, held_out


@exercise.mistake(
    "the numbers count within a class, where they should count all rows",
    "you shuffle the places 0, 1, 2 in the list of a class's rows: which row stands at each place?",
)
def places_within_the_class(labels, fraction, seed):
    generator = np.random.default_rng(seed)
    train, held_out = [], []
    for label in np.unique(labels):
        places = generator.permutation(int((labels == label).sum()))
        count = round(fraction * len(places))
        held_out.extend(places[:count].tolist())
        train.extend(places[count:].tolist())
    return train, held_out


@exercise.mistake(
    "rows are numbered from 1",
    "which number has the first row in Python?",
)
def numbered_from_one(labels, fraction, seed):
    train, held_out = reference(labels, fraction, seed)
    return train + 1, held_out + 1


@exercise.mistake(
    "every class gives the same number of rows",
    "a class three times as large should give three times as many: of what do you take the fraction?",
)
def as_many_of_each_class(labels, fraction, seed):
    number = int(fraction * len(labels) / len(np.unique(labels)))
    return cut_by_class(labels, fraction, np.random.default_rng(seed), count=lambda _: number)


@exercise.mistake(
    "`fraction` is not used, and a fifth is held out every time",
    "follow the argument `fraction` through your code.",
)
def always_a_fifth(labels, fraction, seed):
    return cut_by_class(labels, 0.2, np.random.default_rng(seed))


@exercise.mistake(
    "only the held-out rows are given back",
    "the rows to train on are asked for as well, and come first.",
)
def held_out_alone(labels, fraction, seed):
    return reference(labels, fraction, seed)[1]
