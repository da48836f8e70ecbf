"""The one place that picks where tensors live, so that no lesson ever names a device."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

SETTING = "COURSE_DEVICE"
"""Environment variable that overrides the choice: cpu, cuda, cuda:1, mps."""


def pick() -> torch.device:
    """The device to compute on: `COURSE_DEVICE` if set, else a CUDA card, else Apple's GPU, else the processor.

    Raises:
        ValueError: `COURSE_DEVICE` names no device, or one that this machine lacks.
    """
    wanted = os.environ.get(SETTING, "").strip().lower()
    if wanted:
        return _named(wanted)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def _named(name: str) -> torch.device:
    """The device that the setting names, if it is there."""
    remedy = f"Set {SETTING} to cpu, or remove it and the course picks for itself."
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"{SETTING} is {name!r}; expected cpu, cuda, cuda:0 or mps. {remedy}") from None
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(device.type, False):
        raise ValueError(f"{SETTING} is {name!r}, but PyTorch finds no such device here. {remedy}")
    return device


def describe() -> str:
    """One short sentence for the first cell of a lesson."""
    device = pick()
    if device.type == "cuda":
        return f"Running on the GPU ({torch.cuda.get_device_name(device)})."
    if device.type == "mps":
        return "Running on the GPU (Apple)."
    threads = torch.get_num_threads()
    return f"Running on the processor ({threads} thread{'' if threads == 1 else 's'})."


def autocast(device: torch.device) -> AbstractContextManager[Any]:
    """bfloat16 arithmetic where the hardware has it; elsewhere a context that does nothing.

    bfloat16 keeps float32's range, so no loss scaling is needed. Without the instructions it would be emulated,
    slower than float32: AVX2 processors and Apple's GPU stay in float32.
    """
    if has_bfloat16(device):
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def for_trainer() -> dict[str, bool]:
    """The `TrainingArguments` with which `Trainer` computes where the course does, and in bfloat16 where it does.

    Left to itself, `Trainer` takes any GPU there is, whatever `COURSE_DEVICE` says.
    """
    device = pick()
    return {
        "use_cpu": device.type == "cpu",
        "bf16": has_bfloat16(device),
        "dataloader_pin_memory": device.type == "cuda",
    }


def attention(device: torch.device) -> AbstractContextManager[Any]:
    """The way to compute attention that trains fastest on the device; elsewhere a context that does nothing.

    PyTorch's fused attention saves memory, but on a processor its way back in bfloat16 takes longer than a whole layer
    does otherwise.
    """
    if device.type == "cpu" and has_bfloat16(device):
        return sdpa_kernel(SDPBackend.MATH)
    return nullcontext()


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)  # Ampere is the first with it
    if device.type == "cpu":
        return _processor_flag("_is_avx512_bf16_supported") or _processor_flag("_is_amx_tile_supported")
    return False


def _processor_flag(name: str) -> bool:
    # PyTorch has no public question for this over the versions we allow; a missing one means no.
    question = getattr(torch.cpu, name, None)
    return bool(question and question())


def wait() -> None:
    """Return once the device has finished what it was given: a GPU works on while Python goes ahead."""
    kind = pick().type
    if kind == "cuda":
        torch.cuda.synchronize()
    elif kind == "mps":
        torch.mps.synchronize()


def with_own_randomness() -> list[int]:
    """The CUDA cards by number, each of which has a random state besides the processor's."""
    return list(range(torch.cuda.device_count()))


def to_device(batch: Mapping[str, torch.Tensor], model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The batch's tensors, on the device where the model's weights are."""
    device = next(model.parameters()).device
    return {name: tensor.to(device) for name, tensor in batch.items()}
