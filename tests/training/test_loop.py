"""The loop learns, repeats itself, and leaves nothing else changed."""

import io
import math
import signal
import threading
from dataclasses import replace

import datasets
import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from course_utils import device, training
from course_utils.assets import checkpoints
from course_utils.training import History, Recipe, loop
from course_utils.training.processes import Alone

TEXTS = [f"{word} film about {i} {'very ' * (i % 7)}old dogs" for i in range(16) for word in ("good", "bad")]
DATA = datasets.Dataset.from_dict({"text": TEXTS, "label": [1, 0] * 16})
QUICK = Recipe(epochs=3, batch_size=8, learning_rate=5e-3, frozen_layers=None, branches=1, dropout=None)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """A model this small loses more to a second thread than it gains, the more so on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def tokenizer():
    return checkpoints.tokenizer(hub=False)


def tiny(
    seed: int = 0, num_labels: int = 2, dropout: float = 0.1, layers: int = 1
) -> BertForSequenceClassification:
    """A BERT small enough to train in a second."""
    with training.seeded(seed):
        return BertForSequenceClassification(
            BertConfig(
                hidden_size=16,
                num_hidden_layers=layers,
                num_attention_heads=2,
                intermediate_size=32,
                hidden_dropout_prob=dropout,
                attention_probs_dropout_prob=dropout,
                num_labels=num_labels,
            )
        ).eval()


def state(model) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in model.state_dict().values()]


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_it_learns(tokenizer):
    model = tiny()
    enough = replace(QUICK, epochs=12, learning_rate=2e-2)
    history = training.train(model, tokenizer, DATA, enough, progress=False)
    right = training.predict_logits(model, tokenizer, TEXTS).argmax(1) == np.array(DATA["label"])
    assert right.mean() == 1
    assert history.losses[-1] < 0.3 < history.losses[0]
    assert not model.training


def test_the_history_has_each_step(tokenizer):
    history = training.train(tiny(), tokenizer, DATA, replace(QUICK, batch_size=5, epochs=2), progress=False)
    assert len(history.losses) == len(history.learning_rates) == 2 * math.ceil(32 / 5)
    assert history.seconds > 0
    pieces = sum(len(ids) for ids in tokenizer(TEXTS)["input_ids"])
    assert 2 * pieces <= history.tokens < 2 * pieces * 1.4


def test_the_same_seed_gives_the_same_model_and_another_another(tokenizer):
    trained = {}
    for name, seed in [("first", 0), ("again", 0), ("other", 1)]:
        model = tiny()
        training.train(model, tokenizer, DATA, QUICK, seed=seed, progress=False)
        trained[name] = state(model)
    assert same(trained["first"], trained["again"])
    assert not same(trained["first"], trained["other"])


def test_the_callers_random_state_is_untouched(tokenizer):
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    numpy_before = np.random.get_state()[1].tolist()  # noqa: NPY002 (the state itself is what is asked about)
    training.train(tiny(), tokenizer, DATA, QUICK, progress=False)
    assert torch.equal(torch.rand(3), expected)
    assert np.random.get_state()[1].tolist() == numpy_before  # noqa: NPY002


def test_the_first_step_has_a_learning_rate_and_the_last_one_too(tokenizer):
    history = training.train(tiny(), tokenizer, DATA, replace(QUICK, warmup=0.25), progress=False)
    assert max(history.learning_rates) == pytest.approx(QUICK.learning_rate)
    assert history.learning_rates[-1] > 0


def test_gradients_are_clipped(tokenizer, monkeypatch):
    norms = []
    step = torch.optim.AdamW.step

    def spy(optimizer, *arguments, **named):
        gradients = [
            w.grad.flatten() for g in optimizer.param_groups for w in g["params"] if w.grad is not None
        ]
        norms.append(torch.cat(gradients).norm().item())
        return step(optimizer, *arguments, **named)

    monkeypatch.setattr(torch.optim.AdamW, "step", spy)
    training.train(tiny(), tokenizer, DATA, replace(QUICK, max_norm=0.01), progress=False)
    assert max(norms) <= 0.0101


def named_groups(model, recipe) -> dict[str, dict]:
    """Each trained weight's name, with its group's settings."""
    names = {id(weight): name for name, weight in model.named_parameters()}
    groups = training.parameter_groups(model, recipe)
    found = {names[id(weight)]: group for group in groups for weight in group["params"]}
    assert len(found) == sum(len(group["params"]) for group in groups)
    return found


def test_biases_and_layer_norms_do_not_decay():
    found = named_groups(tiny(), Recipe(weight_decay=0.3, frozen_layers=None))
    assert len(found) == len(list(tiny().parameters()))
    for name, group in found.items():
        expected = 0.0 if name.endswith(".bias") or "LayerNorm" in name else 0.3
        assert group["weight_decay"] == expected, name


def test_each_layer_learns_slower_than_the_one_above():
    found = named_groups(tiny(layers=3), Recipe(learning_rate=1.0, layer_decay=0.5, frozen_layers=None))
    assert found["classifier.weight"]["peak"] == found["bert.pooler.dense.bias"]["peak"] == 1
    assert [found[f"bert.encoder.layer.{i}.output.dense.weight"]["peak"] for i in (2, 1, 0)] == [1, 0.5, 0.25]
    assert found["bert.embeddings.word_embeddings.weight"]["peak"] == 0.125


@pytest.mark.parametrize("frozen", [None, 0, 1, 2])
def test_frozen_weights_stay_and_the_others_move(tokenizer, frozen):
    model = tiny(layers=2)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    training.train(model, tokenizer, DATA, replace(QUICK, frozen_layers=frozen), progress=False)
    moved = {name: not torch.equal(weight, before[name]) for name, weight in model.named_parameters()}
    assert moved["bert.embeddings.word_embeddings.weight"] is (frozen is None)
    assert moved["bert.encoder.layer.0.output.dense.weight"] is (frozen in {None, 0})
    assert moved["bert.encoder.layer.1.output.dense.weight"] is (frozen != 2)
    assert moved["classifier.weight"]
    assert all(
        weight.requires_grad for weight in model.parameters()
    )  # a later training is free to train them


@pytest.fixture
def seen(monkeypatch):
    """Some of the head's weights before and after each step of AdamW, and the learning rate of that step."""
    kept, step = [], torch.optim.AdamW.step

    def spy(optimizer, *arguments, **named):
        head = optimizer.param_groups[-1]["params"][0]
        before = head.detach().clone()
        given = step(optimizer, *arguments, **named)
        kept.append((before, head.detach().clone(), optimizer.param_groups[-1]["lr"]))
        return given

    monkeypatch.setattr(torch.optim.AdamW, "step", spy)
    return kept


def test_the_model_ends_as_the_mean_of_its_branches(tokenizer, seen):
    model = tiny()
    training.train(model, tokenizer, DATA, replace(QUICK, epochs=3, branches=3), progress=False)
    assert len(seen) == (2 + 3) * 4
    last = training.parameter_groups(model, QUICK)[-1]["params"][0]
    ends = [seen[index][1] for index in (11, 15, 19)]
    assert not torch.equal(ends[0], ends[1]), "each branch has an order of its own"
    torch.testing.assert_close(last.detach(), sum(ends) / 3)


def test_each_branch_starts_where_the_trunk_ended(tokenizer, seen):
    training.train(tiny(), tokenizer, DATA, replace(QUICK, epochs=2, branches=3), progress=False)
    end_of_trunk = seen[3][1]
    for start in (4, 8, 12):
        assert torch.equal(seen[start][0], end_of_trunk)
    rates = [rate for *_, rate in seen]
    assert rates[4:8] == rates[8:12] == rates[12:16], "each has the learning rates of the last epoch"
    assert rates[3] > rates[4] > rates[7] > 0


def test_branches_in_one_order_would_be_one_branch(tokenizer, monkeypatch):
    """What AdamW remembers is put back with the weights: the same order gives the same branch."""
    model, other = tiny(), tiny()
    in_order = lambda examples, size, generator: iter([list(range(0, 16)), list(range(16, 32))])  # noqa: E731
    monkeypatch.setattr(loop, "length_grouped", in_order)
    recipe = replace(QUICK, epochs=2, batch_size=16, dropout=0.0)
    training.train(model, tokenizer, DATA, recipe, progress=False)
    training.train(other, tokenizer, DATA, replace(recipe, branches=4), progress=False)
    for one, mean in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mean, one, atol=1e-6, rtol=1e-5)


def test_one_branch_is_a_training_like_any_other(tokenizer, seen):
    model = tiny()
    training.train(model, tokenizer, DATA, replace(QUICK, branches=1), progress=False)
    assert len(seen) == 3 * 4
    last = training.parameter_groups(model, QUICK)[-1]["params"][0]
    torch.testing.assert_close(last.detach(), seen[-1][1])


@pytest.mark.parametrize("wanted", [True, False])
def test_the_pooler_starts_as_the_recipe_says(tokenizer, wanted):
    model = tiny()
    own = model.bert.pooler.dense.weight.detach().clone()
    still = replace(QUICK, identity_pooler=wanted, learning_rate=0.0)
    training.train(model, tokenizer, DATA, still, progress=False)
    expected = torch.eye(16) if wanted else own
    torch.testing.assert_close(model.bert.pooler.dense.weight.detach(), expected)
    inputs = tokenizer(TEXTS[:3], padding=True, return_tensors="pt")
    with torch.no_grad():
        out = model.bert(**inputs)
    handed_on = torch.allclose(out.pooler_output, out.last_hidden_state[:, 0].tanh(), atol=1e-6)
    assert handed_on is wanted


def test_dropout_is_as_the_recipe_says_and_then_as_it_was(tokenizer, monkeypatch):
    model, seen = tiny(dropout=0.3), set()
    layers = [layer for layer in model.modules() if isinstance(layer, torch.nn.Dropout)]
    monkeypatch.setattr(loop, "linear_schedule", lambda *_: seen.update(layer.p for layer in layers) or 1.0)
    training.train(model, tokenizer, DATA, replace(QUICK, dropout=0.0), progress=False)
    assert seen == {0.0}
    assert {layer.p for layer in layers} == {0.3}


def test_without_dropout_the_seed_settles_the_order_alone(tokenizer):
    """A recipe without dropout is told by its losses: the same batch gives the same loss, with or without a draw."""
    losses = []
    for used in (0, 7):
        recipe = replace(QUICK, dropout=0.0, epochs=1)
        model = tiny(dropout=0.5)
        torch.rand(used)
        losses.append(training.train(model, tokenizer, DATA, recipe, seed=3, progress=False).losses)
        plain = tiny(dropout=0.0)
        losses.append(training.train(plain, tokenizer, DATA, recipe, seed=3, progress=False).losses)
    assert losses[0] == losses[1] == losses[2] == losses[3]


def test_no_rows(tokenizer):
    with pytest.raises(ValueError, match="no rows"):
        training.train(tiny(), tokenizer, DATA.select([]), QUICK)


def test_a_loss_that_is_no_number_stops_the_training(tokenizer):
    model = tiny()
    torch.nn.init.constant_(model.classifier.weight, math.inf)
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        training.train(model, tokenizer, DATA, QUICK, progress=False)


class Looker:
    """A monitor that writes down what it is told, and stops the training after so many steps."""

    def __init__(self, until: float = math.inf) -> None:
        self.until, self.told = until, []
        self.history: History | None = None

    @property
    def stopped(self) -> bool:
        return sum(word == "step" for word, _ in self.told) >= self.until

    def begin(self, planned: int) -> None:
        self.told.append(("begin", planned))

    def step(self, history: History) -> None:
        self.told.append(("step", len(history.losses)))

    def end(self, history: History) -> None:
        self.told.append(("end", len(history.losses)))
        self.history = history


def usable(model) -> bool:
    """In evaluation mode, free to be trained again, with its dropout, and with finite weights."""
    return (
        not any(part.training for part in model.modules())
        and all(weight.requires_grad and weight.isfinite().all() for weight in model.parameters())
        and {part.p for part in model.modules() if isinstance(part, torch.nn.Dropout)} == {0.1}
    )


def head_of(model) -> torch.Tensor:
    return training.parameter_groups(model, QUICK)[-1]["params"][0].detach()


def test_a_monitor_sees_each_step_and_changes_nothing(tokenizer, capsys):
    model, other, looker = tiny(), tiny(), Looker()
    watched = training.train(model, tokenizer, DATA, QUICK, monitor=looker)
    assert capsys.readouterr().err == "", "it takes the place of the bar"
    alone = training.train(other, tokenizer, DATA, QUICK, progress=False)
    assert same(state(model), state(other))
    assert watched.losses == alone.losses
    assert not watched.stopped
    assert looker.told == [("begin", 12), *(("step", n) for n in range(1, 13)), ("end", 12)]


def test_the_accuracies_are_those_of_the_batches_before_their_steps(tokenizer, monkeypatch):
    expected, gradient, model = [], loop.Steps.gradient, tiny()

    def spy(steps, rows):
        texts, labels = [TEXTS[row] for row in rows], np.array(DATA["label"])[rows]
        # In the arithmetic of the loop: what is rounded to bfloat16 may fall on the other side.
        with torch.no_grad(), device.autocast(model.device):
            before = model(**tokenizer(texts, padding=True, return_tensors="pt")).logits.float().numpy()
        expected.append((before.argmax(1) == labels).mean())
        return gradient(steps, rows)

    monkeypatch.setattr(loop.Steps, "gradient", spy)
    recipe = replace(QUICK, epochs=4, batch_size=5, dropout=0.0, learning_rate=2e-2)
    history = training.train(model, tokenizer, DATA, recipe, progress=False)
    assert history.accuracies == pytest.approx(expected)
    assert np.std(expected) > 0.05, "equal ones would tell nothing"


@pytest.mark.parametrize("steps", [0, 1, 3, 4, 7, 8])
def test_stopped_before_a_branch_is_done_the_model_is_what_its_steps_made_of_it(tokenizer, seen, steps):
    model = tiny()
    recipe = replace(QUICK, epochs=2, branches=3)
    history = training.train(model, tokenizer, DATA, recipe, monitor=Looker(steps))
    assert history.stopped
    assert len(history.losses) == len(history.accuracies) == len(history.learning_rates) == len(seen) == steps
    assert usable(model)
    if steps:
        assert torch.equal(head_of(model), seen[-1][1])


@pytest.mark.parametrize(("steps", "finished"), [(8, 1), (9, 1), (11, 1), (12, 2), (15, 2)])
def test_stopped_among_its_branches_the_model_is_the_mean_of_those_that_are_done(
    tokenizer, seen, steps, finished
):
    model = tiny()
    recipe = replace(QUICK, epochs=2, branches=3)
    history = training.train(model, tokenizer, DATA, recipe, monitor=Looker(steps))
    assert history.stopped
    assert len(history.losses) == steps
    assert usable(model)
    ends = [seen[4 * (1 + branch) + 3][1] for branch in range(finished)]
    torch.testing.assert_close(head_of(model), sum(ends) / finished)
    if steps % 4:
        assert not torch.allclose(head_of(model), seen[-1][1], atol=1e-7)


def test_stopped_after_its_last_step_it_is_whole(tokenizer):
    model, other = tiny(), tiny()
    recipe = replace(QUICK, epochs=2, branches=2)
    assert not training.train(model, tokenizer, DATA, recipe, monitor=Looker(12)).stopped
    training.train(other, tokenizer, DATA, recipe, progress=False)
    assert same(state(model), state(other))


@pytest.fixture
def interrupted(monkeypatch):
    """Interrupt the process in the middle of the third step, as Ctrl+C and a notebook's ■ do."""
    clip, calls = torch.nn.utils.clip_grad_norm_, []

    def spy(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        return clip(*arguments)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", spy)


def test_an_interrupt_stops_a_watched_training_after_its_step(tokenizer, seen, interrupted):
    handler = signal.getsignal(signal.SIGINT)
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    model = tiny()
    history = training.train(model, tokenizer, DATA, QUICK, monitor=Looker())
    assert history.stopped
    assert len(history.losses) == len(seen) == 3
    assert torch.equal(head_of(model), seen[2][1])
    assert usable(model)
    assert torch.equal(torch.rand(3), expected)
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_second_interrupt_goes_through(tokenizer, monkeypatch):
    def twice(*_):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", twice)
    model, looker = tiny(), Looker()
    with pytest.raises(KeyboardInterrupt):
        training.train(model, tokenizer, DATA, QUICK, monitor=looker)
    assert looker.told[-1] == ("end", 0)
    assert usable(model)


def test_without_a_monitor_an_interrupt_goes_through(tokenizer, seen, interrupted):
    model = tiny()
    with pytest.raises(KeyboardInterrupt):
        training.train(model, tokenizer, DATA, QUICK, progress=False)
    assert len(seen) == 2
    assert usable(model)


def test_it_can_be_watched_in_another_thread(tokenizer):
    model, looker = tiny(), Looker(2)
    arguments = (model, tokenizer, DATA, QUICK)
    thread = threading.Thread(target=training.train, args=arguments, kwargs={"monitor": looker})
    thread.start()
    thread.join()
    assert looker.history is not None
    assert looker.history.stopped
    assert usable(model)


def test_several_processes_have_no_monitor(tokenizer):
    team = Alone()
    team.size = 2
    with pytest.raises(ValueError, match="here are 2, which would wait for it: leave it out"):
        training.train(tiny(), tokenizer, DATA, QUICK, team=team, monitor=Looker())


def test_a_monitor_is_told_of_a_loss_that_is_no_number(tokenizer):
    model, looker = tiny(), Looker()
    torch.nn.init.constant_(model.classifier.weight, math.inf)
    with pytest.raises(FloatingPointError, match="at step 1: lower the learning rate"):
        training.train(model, tokenizer, DATA, QUICK, monitor=looker)
    assert looker.told == [("begin", 12), ("end", 1)]
    assert not model.training


@pytest.mark.parametrize("n", [1, 7, 64, 1000])
def test_length_grouped_batches_hold_every_row_once(n):
    lengths = torch.randint(3, 60, (n,), generator=torch.Generator().manual_seed(n)).tolist()
    examples = [torch.zeros(length) for length in lengths]
    batches = list(training.length_grouped(examples, 8, torch.Generator().manual_seed(0)))
    assert sorted(row for batch in batches for row in batch) == list(range(n))
    assert max(map(len, batches)) <= 8
    assert sum(len(batch) < 8 for batch in batches) <= 1


def test_length_grouping_saves_padding_and_stays_random():
    lengths = torch.randint(3, 60, (2000,), generator=torch.Generator().manual_seed(0)).tolist()
    examples = [torch.zeros(length) for length in lengths]
    generator = torch.Generator().manual_seed(0)
    first, second = (list(training.length_grouped(examples, 16, generator)) for _ in range(2))
    padded = sum(max(lengths[row] for row in batch) * len(batch) for batch in first)
    assert padded < 1.1 * sum(lengths)
    assert first != second
    longest = [max(lengths[row] for row in batch) for batch in first]
    assert longest != sorted(longest)


def test_padding_reaches_the_longest_of_the_batch_only():
    batch = training.pad([torch.tensor([5, 6, 7]), torch.tensor([8])], pad_id=0)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


def test_a_real_zero_is_not_taken_for_padding():
    batch = training.pad([torch.tensor([0, 0, 7]), torch.tensor([8])], pad_id=3)
    assert batch["input_ids"].tolist() == [[0, 0, 7], [8, 3, 3]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_logits_come_in_the_callers_order(tokenizer, batch_size):
    model = tiny(num_labels=3)
    logits = training.predict_logits(model, tokenizer, TEXTS[:9], batch_size=batch_size)
    assert logits.shape == (9, 3)
    assert logits.dtype == np.float32
    for text, row in zip(TEXTS[:9], logits, strict=True):
        with torch.no_grad():
            alone = model(**tokenizer(text, return_tensors="pt")).logits[0].numpy()
        np.testing.assert_allclose(row, alone, atol=1e-5)


def test_no_texts_give_no_rows(tokenizer):
    assert training.predict_logits(tiny(num_labels=3), tokenizer, []).shape == (0, 3)


def test_one_string_is_not_a_list_of_letters(tokenizer):
    with pytest.raises(TypeError, match=r"put the one text in a list"):
        training.predict_logits(tiny(), tokenizer, "a fine film")


def test_a_dataset_column_and_a_long_text_are_fine(tokenizer):
    logits = training.predict_logits(tiny(), tokenizer, DATA["text"])
    assert logits.shape == (32, 2)
    assert np.isfinite(training.predict_logits(tiny(), tokenizer, ["word " * 2000, ""])).all()


@pytest.mark.parametrize("mode", [True, False])
def test_prediction_is_without_dropout_and_leaves_the_mode(tokenizer, mode):
    model = tiny(dropout=0.5).train(mode)
    one, other = (training.predict_logits(model, tokenizer, TEXTS) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert model.training is mode


def test_the_bar_shows_loss_and_time_left(tokenizer, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    training.train(tiny(), tokenizer, DATA, QUICK)
    assert "Training: 100%" in screen.getvalue()
    assert "left , loss 0." in screen.getvalue()


def test_no_bar_when_none_is_wanted_or_the_work_is_short(tokenizer, capsys):
    model = tiny()
    training.train(model, tokenizer, DATA, QUICK, progress=False)
    training.predict_logits(model, tokenizer, TEXTS)
    assert capsys.readouterr().err == ""


def test_the_real_checkpoint_learns_a_few_sentences(tokenizer):
    model = checkpoints.classifier(hub=False)
    few = DATA.select(range(16))
    history = training.train(model, tokenizer, few, replace(Recipe(), epochs=4, batch_size=8), progress=False)
    assert history.losses[-1] < history.losses[0]
