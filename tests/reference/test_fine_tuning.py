"""Head, loss, schedule, decay groups, split and metrics: against torch, transformers and scikit-learn."""

import warnings

import numpy as np
import pytest
import sklearn.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split
from transformers import BertConfig, EvalPrediction, Trainer, get_linear_schedule_with_warmup
from transformers.models.bert.modeling_bert import BertPooler

from course_utils.assets.checkpoints import classifier
from course_utils.reference.fine_tuning import (
    classification_head,
    compute_metrics,
    cross_entropy,
    decay_groups,
    linear_schedule,
    stratified_split,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
thorough = settings(derandomize=True, deadline=None, max_examples=100)


@pytest.fixture(scope="module")
def model():
    return classifier(num_labels=3).cpu()


# The head.


def test_the_head_equals_that_of_a_real_classifier(model):
    hidden = torch.randn(4, 7, model.config.hidden_size, generator=torch.Generator().manual_seed(0))
    pooler, linear = model.bert.pooler.dense, model.classifier
    with torch.no_grad():
        expected = linear(model.bert.pooler(hidden))
        ours = classification_head(
            *(part.numpy() for part in (hidden[:, 0], pooler.weight, pooler.bias, linear.weight, linear.bias))
        )
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, expected.numpy(), atol=1e-5)


def test_the_head_gives_the_logits_of_the_whole_model(model):
    ids = torch.tensor([[101, 2143, 2204, 102], [101, 10634, 1012, 102]])
    with torch.no_grad():
        cls = model.bert(ids).last_hidden_state[:, 0]
        expected = model(ids).logits
    pooler, linear = model.bert.pooler.dense, model.classifier
    parts = (cls, pooler.weight, pooler.bias, linear.weight, linear.bias)
    ours = classification_head(*(part.detach().numpy() for part in parts))
    np.testing.assert_allclose(ours, expected.numpy(), atol=1e-5)


@thorough
@given(st.integers(0, 6), st.integers(1, 8), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_the_head_equals_torchs_pooler_and_linear(batch, width, classes, seed):
    generator = np.random.default_rng(seed)
    shapes = ((batch, width), (width, width), (width,), (classes, width), (classes,))
    parts = [generator.normal(0, 2, size=shape) for shape in shapes]
    pooler, linear = (
        BertPooler(BertConfig(hidden_size=width)).double(),
        torch.nn.Linear(width, classes).double(),
    )
    with torch.no_grad():
        for parameter, part in zip((*pooler.parameters(), *linear.parameters()), parts[1:], strict=True):
            parameter.copy_(torch.tensor(part))
        expected = linear(pooler(torch.tensor(parts[0])[:, None])).numpy()
    np.testing.assert_allclose(classification_head(*parts), expected, rtol=1e-12, atol=1e-12)


WIDE, SQUARE, FLAT = np.ones((2, 3)), np.ones((3, 3)), np.ones(3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((FLAT, SQUARE, FLAT, WIDE, FLAT[:2]), r"cls should have shape .* got \(3,\).*cls\[None, :\]"),
        ((np.ones((2, 5, 3)), SQUARE, FLAT, WIDE, FLAT[:2]), r"got \(2, 5, 3\).*\[CLS\] with \[:, 0\]"),
        (
            (WIDE, np.ones((3, 4)), FLAT, WIDE, FLAT[:2]),
            r"pool_weight should have shape \[out, 3\].*got \(3, 4\)",
        ),
        ((WIDE, SQUARE, FLAT[:1], WIDE, FLAT[:2]), r"pool_bias \[out\], but got \(3, 3\) and \(1,\)"),
        (
            (WIDE, SQUARE, FLAT, WIDE.T, FLAT[:2]),
            r"^weight should have shape \[out, 3\].*got \(3, 2\).*Linear",
        ),
        ((WIDE, SQUARE, FLAT, WIDE, FLAT), r"^weight .* got \(2, 3\) and \(3,\)"),
    ],
)
def test_the_head_says_which_shape_does_not_fit(arguments, words):
    with pytest.raises(ValueError, match=words):
        classification_head(*arguments)


# The loss.


@st.composite
def logits_and_labels(draw):
    examples, classes = draw(st.integers(1, 12)), draw(st.integers(1, 6))
    scale = draw(st.sampled_from([1e-3, 1.0, 30.0, 1e4]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    logits = generator.uniform(-scale, scale, size=(examples, classes))
    return logits, generator.integers(0, classes, size=examples)


@thorough
@given(logits_and_labels())
def test_cross_entropy_equals_torchs(case):
    logits, labels = case
    expected = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(labels)).item()
    ours = cross_entropy(logits, labels)
    assert type(ours) is float
    assert ours == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("logits", "loss"),
    [
        ([[1e4, -1e4]], 0.0),
        ([[-1e4, 1e4]], 2e4),
        ([[1e4, 1e4]], np.log(2)),
        ([[-1e4, -1e4, -1e4]], np.log(3)),
        ([[5.0]], 0.0),
        ([[2, 0, 1]], np.log(1 + np.exp(-2) + np.exp(-1))),
    ],
)
def test_cross_entropy_by_hand(logits, loss):
    assert cross_entropy(logits, [0]) == pytest.approx(loss, rel=1e-12, abs=1e-12)
    assert not np.signbit(cross_entropy(logits, [0])), "a loss of -0.0 would puzzle its reader"


def test_a_head_that_knows_nothing_costs_the_logarithm_of_the_number_of_classes():
    assert cross_entropy(np.zeros((5, 2)), [0, 1, 1, 0, 1]) == pytest.approx(np.log(2), rel=1e-12)


@pytest.mark.parametrize(
    ("logits", "labels", "words"),
    [
        (np.zeros((0, 2)), [], "0 examples.*Give at least one"),
        ([], [], "0 examples.*Give at least one"),
        ([[1.0, 2.0]], [2], "labels should lie between 0 and 1, but got 2"),
        ([[1.0, 2.0]], [-100], "leave out examples without a label"),
        ([[1.0, 2.0]], [0, 1], r"labels should have shape \(1,\)"),
        ([1.0, 2.0], [0], r"write logits\[None, :\]"),
        ([[1.0, np.nan]], [0], "nan"),
        ([[1.0, 2.0]], [0.5], "whole numbers"),
    ],
)
def test_cross_entropy_says_what_does_not_fit(logits, labels, words):
    with pytest.raises(ValueError, match=words):
        cross_entropy(logits, labels)


# The schedule.


def library_schedule(warmup, total):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    return get_linear_schedule_with_warmup(optimizer, warmup, total).lr_lambdas[0]


@thorough
@given(st.integers(0, 80), st.integers(0, 40), st.integers(0, 60))
def test_the_schedule_equals_the_librarys(step, warmup, total):
    ours = linear_schedule(step, warmup, total)
    assert type(ours) is float
    assert ours == pytest.approx(library_schedule(warmup, total)(step), rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "multiplier"),
    [
        ((0, 10, 100), 0), ((5, 10, 100), 0.5), ((10, 10, 100), 1), ((55, 10, 100), 0.5), ((100, 10, 100), 0),
        ((0, 0, 4), 1), ((1, 0, 4), 0.75), ((101, 10, 100), 0), ((4, 4, 4), 0), ((0, 0, 0), 0), ((7, 20, 5), 0.35),
    ],
)  # fmt: skip
def test_the_schedule_by_hand(arguments, multiplier):
    assert linear_schedule(*arguments) == pytest.approx(multiplier)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((-1, 2, 10), "step should be a whole number from 0 up, but got -1"),
        ((1, 0.1, 10), r"warmup_steps .* got 0.1.*int\(0.1 \* total_steps\)"),
        ((1, 2, True), "total_steps .* got True"),
    ],
)
def test_the_schedule_says_which_number_does_not_fit(arguments, words):
    with pytest.raises(ValueError, match=words):
        linear_schedule(*arguments)


# What decays.


def names_of(module):
    return [name for name, _ in module.named_parameters()]


def library_groups(module):
    decayed = set(Trainer.get_decay_parameter_names(None, module))
    names = names_of(module)
    return {
        "decay": [name for name in names if name in decayed],
        "no_decay": [name for name in names if name not in decayed],
    }


def test_a_real_classifiers_groups_are_those_of_the_trainer(model):
    groups = decay_groups(names_of(model))
    assert groups == library_groups(model)
    assert "bert.embeddings.word_embeddings.weight" in groups["decay"]
    assert "bert.encoder.layer.0.output.LayerNorm.weight" in groups["no_decay"]
    assert all(type(name) is str for group in groups.values() for name in group)


class Block(torch.nn.Module):
    def __init__(self, parts):
        super().__init__()
        for name, kind in parts.items():
            setattr(self, name, kind())


KINDS = {
    "dense": lambda: torch.nn.Linear(2, 2),
    "projection": lambda: torch.nn.Linear(2, 2, bias=False),
    "LayerNorm": lambda: torch.nn.LayerNorm(2),
    "embeddings": lambda: torch.nn.Embedding(2, 2),
}
blocks = st.recursive(
    st.sets(st.sampled_from(sorted(KINDS))).map(lambda names: Block({name: KINDS[name] for name in names})),
    lambda inner: st.lists(inner, max_size=3).map(
        lambda parts: Block({f"layer_{index}": lambda part=part: part for index, part in enumerate(parts)})
    ),
    max_leaves=5,
)


@thorough
@given(blocks)
def test_the_groups_are_those_of_the_trainer_whatever_the_model(module):
    assert decay_groups(names_of(module)) == library_groups(module)


def test_groups_at_the_edges():
    assert decay_groups([]) == {"decay": [], "no_decay": []}
    assert decay_groups(iter(["weight", "bias"])) == {"decay": ["weight"], "no_decay": ["bias"]}
    assert decay_groups(("bias_projection.weight",))["no_decay"] == []


def test_groups_are_made_from_names_alone(model):
    with pytest.raises(ValueError, match=r"list of names, but got 'classifier.bias'"):
        decay_groups("classifier.bias")
    with pytest.raises(ValueError, match=r"list of names, but got \('bert.*named_parameters"):
        decay_groups(model.named_parameters())


# The split.


@st.composite
def splits(draw):
    counts = draw(st.lists(st.integers(1, 30), min_size=1, max_size=6))
    names = draw(st.sampled_from([range(6), (3, 7, 9, 11, 20, 40), ("b", "a", "z", "x", "k", "e")]))
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    labels = generator.permutation(np.repeat(list(names)[: len(counts)], counts))
    return labels, draw(st.floats(0, 1)), draw(st.integers(0, 2**32 - 1))


@thorough
@given(splits())
def test_a_split_takes_each_row_once_and_its_share_of_each_class(case):
    labels, fraction, seed = case
    train, held_out = stratified_split(labels, fraction, seed)
    assert train.dtype == held_out.dtype == np.int64
    assert sorted([*train, *held_out]) == list(range(len(labels)))
    for label in np.unique(labels):
        asked = fraction * (labels == label).sum()
        assert abs((labels[held_out] == label).sum() - asked) <= 0.5 + 1e-9
    again = stratified_split(labels, fraction, seed)
    assert all(np.array_equal(one, other) for one, other in zip((train, held_out), again, strict=True))


@thorough
@given(splits())
def test_a_split_holds_out_as_many_of_each_class_as_scikit_learn_give_or_take_one(case):
    labels, fraction, seed = case
    labels = np.repeat(labels, 6)
    fraction = 0.2 + 0.6 * fraction
    _, theirs = train_test_split(np.arange(len(labels)), test_size=fraction, stratify=labels, random_state=0)
    _, ours = stratified_split(labels, fraction, seed)
    for label in np.unique(labels):
        assert abs((labels[ours] == label).sum() - (labels[theirs] == label).sum()) <= 1


def test_each_row_is_held_out_as_often_as_any_other():
    labels = np.repeat([0, 1], [12, 36])
    times = np.bincount(
        np.concatenate([stratified_split(labels, 0.25, seed)[1] for seed in range(2000)]), minlength=48
    )
    spread = np.sqrt(2000 * 0.25 * 0.75)
    assert np.abs(times - 500).max() < 5 * spread


def test_another_seed_gives_another_split():
    labels = np.repeat([0, 1], 30)
    kinds = {tuple(stratified_split(labels, 0.5, seed)[1].tolist()) for seed in range(50)}
    assert len(kinds) == 50


def test_the_global_random_numbers_are_left_alone():
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    split = stratified_split(np.repeat([0, 1], 20), 0.5, 1)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    np.random.seed(4)  # noqa: NPY002
    again = stratified_split(np.repeat([0, 1], 20), 0.5, 1)
    assert all(np.array_equal(one, other) for one, other in zip(split, again, strict=True))


def test_splits_at_the_edges():
    for part in stratified_split([], 0.5, 0):
        assert part.shape == (0,)
        assert part.dtype == np.int64
    assert [len(part) for part in stratified_split([1, 1, 0], 0, 0)] == [3, 0]
    assert [len(part) for part in stratified_split([1, 1, 0], 1, 0)] == [0, 3]
    assert [len(part) for part in stratified_split(["one"] * 10, 0.3, 0)] == [7, 3]


@pytest.mark.parametrize(
    ("labels", "fraction", "words"),
    [
        ([0, 1], 20, "fraction should lie between 0 and 1, but got 20.*a fifth is 0.2"),
        ([0, 1], -0.1, "got -0.1"),
        ([0, 1], float("nan"), "got nan"),
        ([[0, 1]], 0.5, r"labels should be a list with one label per example, but got shape \(1, 2\)"),
    ],
)
def test_a_split_says_what_does_not_fit(labels, fraction, words):
    with pytest.raises(ValueError, match=words):
        stratified_split(labels, fraction, 0)


# The metrics.


@thorough
@given(logits_and_labels())
def test_metrics_equal_scikit_learns(case):
    logits, labels = case
    ours = compute_metrics(EvalPrediction(predictions=logits, label_ids=labels))
    chosen = logits.argmax(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f1 = sklearn.metrics.f1_score(
            labels, chosen, labels=range(logits.shape[1]), average="macro", zero_division=0
        )
    assert set(ours) == {"accuracy", "macro_f1"}
    assert all(type(value) is float for value in ours.values())
    assert ours["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(labels, chosen), rel=1e-12)
    assert ours["macro_f1"] == pytest.approx(f1, rel=1e-12)
    assert ours == compute_metrics((logits, labels))
    assert ours == compute_metrics(EvalPrediction(predictions=(logits, np.ones((3, 2))), label_ids=labels))


def test_metrics_at_the_edges():
    assert compute_metrics((np.ones((3, 1)), np.zeros(3, dtype=int))) == {"accuracy": 1, "macro_f1": 1}
    never = compute_metrics((np.eye(3)[[0, 1]], np.array([0, 1])))
    assert never == {"accuracy": 1, "macro_f1": pytest.approx(2 / 3)}


@pytest.mark.parametrize(
    ("logits", "labels", "words"),
    [
        (np.zeros((0, 2)), np.zeros(0, dtype=int), "0 examples.*Give at least one"),
        (np.zeros((1, 2)), np.array([-100]), "without a label"),
        (np.zeros(2), np.array([0]), r"write logits\[None, :\]"),
        (np.zeros((2, 2)), np.array([0]), r"should have shape \(1,\)"),
    ],
)
def test_metrics_say_what_does_not_fit(logits, labels, words):
    with pytest.raises(ValueError, match=words):
        compute_metrics((logits, labels))


def test_the_trainer_takes_the_metrics_as_they_are(model, tmp_path):
    from datasets import Dataset
    from transformers import TrainingArguments

    rows = Dataset.from_dict({"input_ids": [[101, 2204, 102]] * 4, "labels": [0, 1, 2, 1]})
    arguments = TrainingArguments(tmp_path, report_to="none", disable_tqdm=True, use_cpu=True)
    trainer = Trainer(model, arguments, eval_dataset=rows, compute_metrics=compute_metrics)
    found = trainer.evaluate()
    logits, labels, _ = trainer.predict(rows)
    assert found["eval_accuracy"] == sklearn.metrics.accuracy_score(labels, logits.argmax(axis=1))
    assert found["eval_macro_f1"] > 0
