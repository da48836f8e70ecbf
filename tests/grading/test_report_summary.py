import random
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from course_utils.grading.looking import fingerprints
from course_utils.grading.submission import Cell
from course_utils.grading.summary import (
    CATEGORIES,
    alike,
    course_prints,
    file_names,
    learners,
    printable,
    summary,
)
from tests.grading.classroom import right_answers
from tests.grading.made_up import mark, mistaken, record, unreadable

EXERCISES = [f"exercise_{number}" for number in range(8)]


def random_class(size: int, seed: int = 0) -> list:
    generator = random.Random(seed)
    found = []
    for number in range(size):
        marks = []
        for exercise in EXERCISES:
            kind = generator.choice(
                ["correct", "mistake", "wrong", "raised", "raised mistake", "not attempted"]
            )
            if kind == "mistake":
                marks.append(mistaken(exercise, generator.choice("abc")))
            elif kind == "raised mistake":
                marks.append(mark(exercise, "raised", mistake="d", cause="c", advice="n", step="raised"))
            else:
                marks.append(mark(exercise, kind))
        found.append(record(f"learner {number}/4.ipynb", *marks))
    return found


def test_counts_agree_with_pandas() -> None:
    records = random_class(57)
    rows = pd.DataFrame(
        [(one.learner, m.exercise, m.outcome, m.mistake, m.points) for one in records for m in one.marks],
        columns=["learner", "exercise", "outcome", "mistake", "points"],
    )
    found = summary(records)
    (lesson,) = found.lessons
    points = rows.groupby("learner")["points"].sum()
    assert sorted(lesson.points) == sorted(points)
    assert lesson.mean == pytest.approx(points.mean())
    assert lesson.median == points.median()
    assert found.mean_share == pytest.approx((points / lesson.possible).mean())
    bins, _ = np.histogram(points / lesson.possible, bins=10, range=(0, 1))
    assert list(lesson.bins) == list(bins)

    for one in lesson.exercises:
        here = rows[rows.exercise == one.name]
        assert one.counts["correct"] == (here.outcome == "correct").sum()
        assert one.counts["known mistake"] == ((here.outcome == "wrong") & here.mistake.notna()).sum()
        assert one.counts["wrong otherwise"] == ((here.outcome == "wrong") & here.mistake.isna()).sum()
        assert one.counts["raised"] == (here.outcome == "raised").sum()
        assert set(one.counts) == set(CATEGORIES)
        assert one.total == 57

    counted = Counter(rows[rows.mistake.notna()].groupby(["exercise", "mistake"]).size().to_dict())
    assert {(one.exercise, one.mistake): len(one.learners) for one in found.misconceptions} == counted
    many = [len(one.learners) for one in found.misconceptions]
    assert many == sorted(many, reverse=True)
    for one in found.misconceptions:
        assert one.attempted == ((rows.exercise == one.exercise) & (rows.outcome != "not attempted")).sum()
    unexplained = rows[rows.mistake.isna() & rows.outcome.isin(["wrong", "raised"])]
    assert sum(one.count for one in found.unexplained) == len(unexplained)


def test_the_order_of_the_records_does_not_matter() -> None:
    records = random_class(20)
    assert summary(records) == summary(records[::-1])


def test_of_the_same_lesson_twice_the_better_one_counts() -> None:
    worse = record("ana/first.ipynb", mark("softmax", "wrong"), mark("decode"))
    better = record("ana/second.ipynb", mark("softmax"), mark("decode"))
    other = record("ana/lesson3.ipynb", mark("cross_entropy", lesson=3))
    (ana,) = learners([worse, better, other])
    assert list(ana.lessons) == [3, 4]
    assert ana.lessons[4].record is better
    assert (ana.points, ana.possible) == (6, 6)
    assert ana.set_aside == [(4, "ana/first.ipynb")]
    assert summary([worse, better, other]).lessons[1].points == (4,)


def test_an_empty_class_and_a_class_of_one_have_their_summary() -> None:
    assert summary([]).mean_share is None
    alone = summary([record("ana/4.ipynb", mark(), mistaken("decode", "swapped"))])
    assert alone.lessons[0].bins == (0, 0, 0, 0, 0, 1, 0, 0, 0, 0)
    assert alone.misconceptions[0].share == 1
    nothing = summary([unreadable("ana/4.ipynb")])
    assert (nothing.lessons, nothing.mean_share, nothing.graded) == ((), None, 0)


def test_what_was_not_isolated_and_mixed_gradings_are_counted() -> None:
    found = summary(
        [
            record("a/4.ipynb", mark(), isolation=[]),
            record("b/4.ipynb", mark(), seed=8),
            record("c/4.ipynb", mark(), exercises="f"),
        ]
    )
    assert (found.not_isolated, found.graded, found.seeds, found.versions) == (1, 3, (7, 8), 2)


# Who is who


def test_moodles_folders_carry_name_and_id() -> None:
    keys = ["Ana Lee_1234567_assignsubmission_file/4.ipynb", "Ben O_7_assignsubmission_file_4.ipynb"]
    assert [one.name for one in learners([record(key, mark()) for key in keys])] == ["Ana Lee", "Ben O"]


def test_moodle_numbers_people_anew_for_each_assignment() -> None:
    lesson_3 = record("Ana Lee_11_assignsubmission_file/3.ipynb", mark("cross_entropy", lesson=3))
    lesson_4 = record("Ana Lee_22_assignsubmission_file/4.ipynb", mark())
    (ana,) = learners([lesson_3, lesson_4])
    assert list(ana.lessons) == [3, 4]


def test_two_people_of_one_name_stay_two() -> None:
    keys = ["Ana Lee_11_assignsubmission_file/4.ipynb", "Ana Lee_22_assignsubmission_file/4.ipynb"]
    names = [one.name for one in learners([record(key, mark()) for key in keys])]
    assert names == ["Ana Lee (Ana Lee 11)", "Ana Lee (Ana Lee 22)"]


def test_canvas_names_carry_the_users_id() -> None:
    records = [
        record("leeana_4711_88001_softmax.ipynb", mark("cross_entropy", lesson=3)),
        record("leeana_LATE_4711_88002_decode.ipynb", mark()),
        record("obiben_815_88003_4_logits_to_labels-2.ipynb", mark()),
    ]
    found = learners(records)
    assert [(one.name, one.canvas_id, list(one.lessons)) for one in found] == [
        ("leeana", "4711", [3, 4]),
        ("obiben", "815", [4]),
    ]


def test_canvas_names_are_known_in_a_folder_too() -> None:
    """What an archive unpacks into, or a folder for each assignment."""
    names = ["leeana_4711_88001_softmax", "obiben_815_88003_softmax"]
    found = learners([record(f"submissions/{name}.ipynb", mark(), learner="submissions") for name in names])
    assert [(one.name, one.canvas_id) for one in found] == [("leeana", "4711"), ("obiben", "815")]


@pytest.mark.parametrize(
    "names",
    [
        ["lab_2026_1_ana", "lab_2026_2_ben", "lab_2026_3_cem"],
        ["ana_2026_1_lab", "ben_2026_1_lab"],
    ],
)
def test_names_that_only_look_like_canvas_join_nobody(names: list[str]) -> None:
    found = learners([record(f"{name}.ipynb", mark(), learner=name) for name in names])
    assert [one.name for one in found] == names
    assert not any(one.canvas_id for one in found)


HARD = [
    "../../etc/passwd", "", ".", "...", "a/b", "a\\b", "CON", "nul.txt", "😀", "😁", "Ana", "ana", "ANA", "é", "e\u0301",
    "x" * 400, "x" * 401, "=cmd()", "-rf", "a\nb", "a\x00b", "a:b", "a*b", "\udcff", "ｎａｍｅ", "name", " lead", "trail. ",
]  # fmt: skip


def test_file_names_are_safe_and_unique() -> None:
    names = file_names([(name, name) for name in HARD])
    assert len({name.casefold() for name in names}) == len(HARD)
    for name in names:
        assert 0 < len(name.encode()) < 200
        assert not set(name) & set('/\\:*?"<>|\0\n')
        assert not name.startswith((".", " ", "-", "="))
        assert not name.endswith((".", " "))
        assert name.upper().split(".")[0] not in {"CON", "NUL"}
    assert file_names([("Ana Lee", "Ana Lee")]) == ["Ana Lee"]


def test_a_file_name_stays_when_others_come() -> None:
    alone = file_names([("😀", "😀")])
    assert file_names([("😁", "😁"), ("😀", "😀")])[1] == alone[0]


def test_printable_text_is_one_line_of_utf_8() -> None:
    assert printable("a\n\tb\u2028c\x07") == "a b c"
    assert printable("\udcff").encode() == b"?"
    assert printable("\n") == "(no name)"


# Alike


def a_class(*codes: str) -> list:
    """A learner for each text: letter after letter the fingerprint of an exercise, `.` where it is the course's own."""
    return learners(
        [
            record(
                f"{number:03d}/4.ipynb",
                *(mark(name, fingerprint=code) for name, code in zip(EXERCISES, text, strict=False)),
            )
            for number, text in enumerate(codes)
        ]
    )


OWN = frozenset((name, ".") for name in EXERCISES)


def strangers(size: int, seed: int = 0, choices: str = "abcdefghijklmnop") -> list[str]:
    generator = random.Random(seed)
    return ["".join(generator.choice(choices) for _ in EXERCISES) for _ in range(size)]


def names_of(groups: tuple) -> list[list[str]]:
    return [[one.name for one in group.learners] for group in groups]


def test_a_pair_with_the_same_rare_code_is_looked_at() -> None:
    found = alike(a_class(*strangers(20), "XYXYXYXY", "XYXYXYab"), OWN)
    assert names_of(found) == [["020", "021"]]
    assert found[0].fewest == 6
    assert found[0].exercises == tuple(EXERCISES[:6])


def test_a_ring_is_one_group_whatever_it_leaves_unattempted() -> None:
    found = alike(a_class(*strangers(30), *["ZYXWVUTS"] * 5, "ZYXWVUT"), OWN)
    assert names_of(found) == [["030", "031", "032", "033", "034", "035"]]


def test_the_courses_own_solution_accuses_nobody() -> None:
    assert alike(a_class(*["........"] * 30), OWN) == ()
    assert names_of(alike(a_class(*["abcdefgh"] * 2, *strangers(30)), OWN)) == [["000", "001"]]


def test_code_that_many_write_accuses_nobody() -> None:
    generator = random.Random(3)
    common = ["".join(generator.choice("aaaab") for _ in EXERCISES) for _ in range(60)]
    assert alike(a_class(*common), OWN) == ()


def test_two_exercises_alike_are_too_few() -> None:
    assert alike(a_class(*strangers(40), "XYabcdef", "XYponmlk"), OWN) == ()


def test_less_than_half_alike_is_too_little() -> None:
    people = a_class(*strangers(500, 5, "".join(map(chr, range(0x4E00, 0x4F00)))), "XYZabcde", "XYZfghij")
    assert alike(people, OWN) == ()


def test_in_a_class_of_two_nobody_is_accused() -> None:
    assert alike(a_class("abcdefgh", "abcdefgh"), OWN) == ()
    assert alike(a_class("abcdefgh"), OWN) == ()
    assert alike([], OWN) == ()


def test_a_large_class_of_strangers_is_quiet() -> None:
    assert alike(a_class(*strangers(400)), OWN) == ()


def test_alike_agrees_with_pairs_worked_out_one_by_one() -> None:
    texts = [*strangers(25, 8, "abcd."), "XYXYabab", "XYXYabcd", "XYXY....", "abab...."]
    people = a_class(*texts)
    shares = [Counter(text[j] for text in texts) for j in range(len(EXERCISES))]
    pairs = len(texts) * (len(texts) - 1) / 2
    expected = set()
    for i, one in enumerate(texts):
        for k in range(i):
            both = [j for j in range(len(EXERCISES)) if "." not in (one[j], texts[k][j])]
            same = [j for j in both if one[j] == texts[k][j]]
            chance = np.prod([shares[j][one[j]] / len(texts) for j in same]) * pairs
            if len(same) >= 3 and 2 * len(same) >= len(both) and chance < 0.01:
                expected |= {f"{i:03d}", f"{k:03d}"}
    assert expected
    assert {name for group in names_of(alike(people, OWN)) for name in group} == expected


def test_the_courses_own_prints_hold_its_solutions() -> None:
    for name, source in right_answers(4).items():
        assert (name, fingerprints([Cell(1, source)])[name]) in course_prints()
