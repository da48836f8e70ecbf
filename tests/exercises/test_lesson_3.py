"""What is special about lesson 3: splits that differ by chance, and what `Trainer` hands over."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.model_selection import StratifiedKFold, train_test_split
from transformers import EvalPrediction

from course_utils.exercises import lesson_3 as ex
from course_utils.exercises.running import call
from course_utils.exercises.values import alike, copied, plain, unchanged
from tests.exercises.honest_answers import HONEST


def rows_of(labels):
    return np.arange(len(labels))


def plain_shuffle(labels, fraction, seed):
    rows = list(range(len(labels)))
    random.Random(seed).shuffle(rows)
    count = int(fraction * len(rows))
    return rows[count:], rows[:count]


def unstratified(labels, fraction, seed):
    return train_test_split(rows_of(labels), test_size=fraction, random_state=seed)


def labels_shuffled_in_step(labels, fraction, seed):
    order = np.random.RandomState(seed).permutation(len(labels))
    found = ex.stratified_split.reference(labels[order], fraction, seed)
    return found[0], found[1]


def the_last_rows(labels, fraction, seed):
    count = int(fraction * len(labels))
    rows = list(range(len(labels)))
    return rows[:-count], rows[-count:]


def the_last_of_each_class(labels, fraction, seed):
    train, held_out = [], []
    for label in set(labels.tolist()):
        rows = [row for row, other in enumerate(labels) if other == label]
        count = int(fraction * len(rows))
        train += rows[:-count]
        held_out += rows[-count:]
    return train, held_out


def no_random_state(labels, fraction, seed):
    return train_test_split(rows_of(labels), test_size=fraction, stratify=labels)


def random_state_42(labels, fraction, seed):
    return train_test_split(rows_of(labels), test_size=fraction, stratify=labels, random_state=42)


def first_fold(labels, fraction, seed):
    return next(StratifiedKFold(round(1 / fraction)).split(labels, labels))


def share_to_train_on(labels, fraction, seed):
    return train_test_split(rows_of(labels), train_size=fraction, stratify=labels, random_state=seed)


def np_random_seed(labels, fraction, seed):
    np.random.seed(seed)  # noqa: NPY002
    return no_random_state(labels, fraction, seed)


def labels_split(labels, fraction, seed):
    return train_test_split(labels, test_size=fraction, stratify=labels, random_state=seed)


def held_out_twice(labels, fraction, seed):
    return list(range(len(labels))), random_of_each_class(labels, fraction, seed)


def random_of_each_class(labels, fraction, seed):
    return train_test_split(rows_of(labels), test_size=fraction, stratify=labels, random_state=seed)[1]


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (plain_shuffle, "not_stratified"),
        (unstratified, "not_stratified"),
        (labels_shuffled_in_step, "not_stratified"),
        (the_last_rows, "cut_as_they_come"),
        (the_last_of_each_class, "not_shuffled"),
        (no_random_state, "no_seed"),
        (random_state_42, "seed_not_used"),
        (share_to_train_on, "changed_places"),
        (np_random_seed, "global_numpy_seed"),
        (labels_split, "labels_of_the_parts"),
        (held_out_twice, "trained_on_all"),
        (random_of_each_class, "held_out_alone"),
    ],
)
def test_a_split_is_told_what_is_wrong_with_it_whatever_it_drew(answer, mistake):
    for seed in range(5):
        assert ex.stratified_split.judge(answer, seed).mistake == mistake


def test_a_split_without_chance_is_never_right():
    for seed in range(5):
        assert not ex.stratified_split.judge(first_fold, seed).passed


@pytest.mark.parametrize("answer", HONEST["stratified_split"], ids=lambda answer: answer.__name__)
def test_an_honest_split_passes_whatever_is_drawn(answer):
    assert all(ex.stratified_split.judge(answer, seed).passed for seed in range(40))


def test_a_split_that_follows_the_global_random_numbers_does_not_pass():
    def answer(labels, fraction, seed):
        return ex.stratified_split.reference(labels, fraction, np.random.randint(10**6))  # noqa: NPY002

    verdict = ex.stratified_split.judge(answer, 0)
    assert (verdict.step, verdict.mistake) == ("unrepeatable", "no_seed")


def test_a_split_of_one_class_only_as_the_seed_says_passes_as_well():
    """The law asks for another split, not for another part of every class."""

    def answer(labels, fraction, seed):
        first, *_ = np.unique(labels)
        one = ex.stratified_split.reference(labels, fraction, seed)
        same = ex.stratified_split.reference(labels, fraction, 5)
        return tuple(
            np.concatenate([mine[labels[mine] == first], theirs[labels[theirs] != first]])
            for mine, theirs in zip(one, same, strict=True)
        )

    assert ex.stratified_split.judge(answer, 0).passed


# What Trainer hands over.


@pytest.mark.parametrize(
    "answer",
    [ex.compute_metrics.reference, *HONEST["compute_metrics"]],
    ids=lambda answer: answer.__name__,
)
def test_what_passes_also_works_with_what_the_trainer_hands_over(answer):
    """The cases hold a stand-in, as data. The real one gives the same figures."""
    for case in ex.compute_metrics.cases:
        (stand_in,) = case.arguments
        real = EvalPrediction(predictions=stand_in.predictions, label_ids=stand_in.label_ids)
        found, expected = (ex.compute_metrics.form.read(plain(answer(one)), {"accuracy": 1, "macro_f1": 1})
                           for one in (real, stand_in))  # fmt: skip
        assert alike(found, expected, (1e-6, 1e-6))


def test_the_stand_in_reads_like_the_real_one():
    (stand_in,) = ex.compute_metrics.cases[0].arguments
    real = EvalPrediction(*stand_in)
    for one in (stand_in, real):
        predictions, labels = one
        assert one[0] is one.predictions is predictions
        assert one[1] is one.label_ids is labels


def test_the_stand_in_is_plain_data():
    """It can cross to where answers are run: text, numbers, arrays, and lists of them."""

    def is_data(value):
        if isinstance(value, tuple | list):
            return all(map(is_data, value))
        return isinstance(value, int | float | str) or (
            isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
        )

    for exercise in ex.EXERCISES:
        assert all(is_data(case.arguments) for case in (*exercise.cases, *exercise.draw_cases(0)))


def test_a_stand_in_is_copied_and_compared():
    (stand_in,) = ex.compute_metrics.cases[0].arguments
    (own,) = copied((stand_in,))
    assert type(own) is type(stand_in)
    assert unchanged(stand_in, own)
    own.predictions[0, 0] += 1
    assert not unchanged(stand_in, own)


def test_logits_changed_in_place_are_noticed():
    def answer(eval_pred):
        value = ex.compute_metrics.reference(eval_pred)
        eval_pred.predictions[0][:] = 0
        return value

    verdict = ex.compute_metrics.judge(answer, 0)
    assert (verdict.outcome, verdict.step) == ("wrong", "changed")
    assert "`eval_pred`" in verdict.finding


# The others.


@pytest.mark.parametrize("number", [1e-15, 1e-10, 1e-8, 1e-7, 1e-6])
def test_a_small_number_before_the_logarithm_never_passes(number):
    def answer(logits, labels):
        probabilities = torch.softmax(torch.tensor(logits, dtype=torch.float64), 1).numpy()
        return -np.log(probabilities[np.arange(len(labels)), labels] + number).mean()

    verdict = ex.cross_entropy.judge(answer, 0)
    assert (verdict.outcome, verdict.step) == ("wrong", "law")
    assert "at least its largest logit less that of the true class" in verdict.finding


def test_the_least_a_loss_can_be_is_never_more_than_the_loss():
    (law,) = ex.cross_entropy.laws
    for seed in range(50):
        for case in ex.cross_entropy.draw_cases(seed):
            assert law(ex.cross_entropy.reference(*case.arguments), *case.arguments) is None


def test_weights_that_pass_without_being_transposed_are_shown_wrong_by_every_case():
    """A square weight fits either way round, so no error tells."""
    mistake = next(one for one in ex.classification_head.mistakes if one.name == "pool_weight_not_transposed")
    for case in ex.classification_head.cases[:-1]:
        found = call(mistake.answer, case.arguments, ex.classification_head.parameters).value
        assert not alike(found, ex.classification_head.reference(*case.arguments), (1e-3, 1e-3))


def test_the_catalogue_needs_neither_torch_nor_transformers():
    program = (
        "import sys, course_utils.exercises.lesson_3 as ex; [one.judge(one.reference) for one in ex.EXERCISES]; "
        "print(*sorted({'torch', 'transformers', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
