"""One place picks the device; a lesson only says what it found."""

import contextlib

import pytest
import torch

from course_utils import device


@pytest.fixture(autouse=True)
def no_setting(monkeypatch):
    monkeypatch.delenv("COURSE_DEVICE", raising=False)


def there(monkeypatch, *, cuda: bool, mps: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: int(cuda))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_the_fastest_device_is_picked(monkeypatch, cuda, mps, expected):
    there(monkeypatch, cuda=cuda, mps=mps)
    assert device.pick().type == expected


def test_the_setting_outranks_the_hardware(monkeypatch):
    there(monkeypatch, cuda=True, mps=True)
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    assert device.pick() == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_a_device_that_is_not_there(monkeypatch, name):
    there(monkeypatch, cuda=False, mps=False)
    monkeypatch.setenv("COURSE_DEVICE", name)
    with pytest.raises(
        ValueError, match=f"COURSE_DEVICE is '{name}'.*Set COURSE_DEVICE to cpu, or remove it"
    ):
        device.pick()


def test_a_second_card_that_is_not_there(monkeypatch):
    there(monkeypatch, cuda=True, mps=False)
    monkeypatch.setenv("COURSE_DEVICE", "cuda:1")
    with pytest.raises(ValueError, match="cuda:1"):
        device.pick()


def test_a_name_of_no_device(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "gpu")
    with pytest.raises(ValueError, match="expected cpu, cuda, cuda:0 or mps"):
        device.pick()


@pytest.mark.parametrize(("threads", "expected"), [(1, "(1 thread)."), (2, "(2 threads).")])
def test_describe_the_processor(monkeypatch, threads, expected):
    there(monkeypatch, cuda=False, mps=False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert device.describe() == f"Running on the processor {expected}"


def test_describe_a_card(monkeypatch):
    there(monkeypatch, cuda=True, mps=False)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Tesla T4")
    assert device.describe() == "Running on the GPU (Tesla T4)."


@pytest.mark.parametrize("hardware", [True, False])
def test_bfloat16_only_where_the_processor_has_it(monkeypatch, hardware):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: hardware, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False)
    weight = torch.ones(2, 2)
    with device.autocast(torch.device("cpu")):
        product = weight @ weight
    assert product.dtype == (torch.bfloat16 if hardware else torch.float32)


def test_a_pytorch_that_cannot_tell_computes_in_float32(monkeypatch):
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported", raising=False)
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported", raising=False)
    assert isinstance(device.autocast(torch.device("cpu")), contextlib.nullcontext)


@pytest.mark.parametrize(("capability", "expected"), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_bfloat16_on_cards(monkeypatch, capability, expected):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert device.has_bfloat16(torch.device("cuda")) is expected


def test_a_batch_goes_where_the_weights_are():
    model = torch.nn.Linear(2, 2, device="meta")
    moved = device.to_device({"input_ids": torch.zeros(1, 2), "attention_mask": torch.ones(1, 2)}, model)
    assert {name: tensor.device.type for name, tensor in moved.items()} == {
        "input_ids": "meta",
        "attention_mask": "meta",
    }


@pytest.mark.parametrize("hardware", [True, False])
def test_attention_is_written_out_only_where_the_fused_one_is_slow(monkeypatch, hardware):
    monkeypatch.setattr(device, "has_bfloat16", lambda _: hardware)
    before = torch.backends.cuda.flash_sdp_enabled()
    with device.attention(torch.device("cpu")):
        assert torch.backends.cuda.flash_sdp_enabled() is (before and not hardware)
    assert torch.backends.cuda.flash_sdp_enabled() is before


def test_attention_on_a_card_is_left_to_the_library():
    assert isinstance(device.attention(torch.device("meta")), contextlib.nullcontext)


@pytest.mark.parametrize("name", ["cpu", "cuda"])
def test_the_trainer_is_told_where_to_compute(monkeypatch, name):
    there(monkeypatch, cuda=True, mps=False)
    monkeypatch.setenv("COURSE_DEVICE", name)
    monkeypatch.setattr(device, "has_bfloat16", lambda _: False)
    assert device.for_trainer() == {
        "use_cpu": name == "cpu",
        "bf16": False,
        "dataloader_pin_memory": name == "cuda",
    }


@pytest.mark.parametrize("hardware", [True, False])
def test_the_trainer_takes_what_it_is_told(monkeypatch, tmp_path, hardware):
    from transformers import TrainingArguments

    there(monkeypatch, cuda=False, mps=False)
    monkeypatch.setattr(device, "has_bfloat16", lambda _: hardware)
    arguments = TrainingArguments(output_dir=tmp_path, **device.for_trainer())
    assert arguments.device.type == "cpu"
    assert arguments.bf16 is hardware
