"""Run under `accelerate launch`: each process takes its share of a batch; the first prints the gradient as JSON."""

import json

import torch
from accelerate import Accelerator

from course_utils.training.processes import Alone, Several

ROWS = 5


def gradient(team: Alone) -> tuple[list[float], float]:
    """The gradient of a batch's mean loss, and that loss, with each process computing its own rows."""
    generator = torch.Generator().manual_seed(0)
    inputs, targets = torch.randn(ROWS, 3, generator=generator, dtype=torch.float64), torch.arange(ROWS) % 2
    model = torch.nn.Linear(3, 2).double()
    with torch.no_grad():
        model.weight.copy_(torch.arange(6).reshape(2, 3) / 3)
        model.bias.zero_()
    shared = team.prepare(model)
    mine, counts = team.share(list(range(ROWS)))
    losses = torch.nn.functional.cross_entropy(shared(inputs[mine]), targets[mine], reduction="none")
    loss = (losses * counts).sum() / ROWS
    team.backward(loss)
    assert model.weight.grad is not None
    return model.weight.grad.flatten().tolist(), team.sum(loss)


if __name__ == "__main__":
    accelerator = Accelerator(cpu=True)
    found = gradient(Several(accelerator))
    if accelerator.is_main_process:
        print(json.dumps([accelerator.num_processes, *found]))
    accelerator.end_training()
