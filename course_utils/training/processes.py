"""One process, or several that share each batch, on as many GPUs, machines or processors.

Several processes take the same steps as one would: each works on its part of every batch, and the gradients are put
together before the weights move. So a recipe means the same however many share it.
"""

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from accelerate import Accelerator


class Alone:
    """The only process, which has each batch to itself."""

    rank: int = 0
    """the number of this process, from 0"""
    size: int = 1
    """how many there are"""

    def prepare(self, model: torch.nn.Module) -> Any:
        """The model, made to share its gradients with the other processes."""
        return model

    def share(self, rows: list[int]) -> tuple[list[int], torch.Tensor]:
        """This process's rows of a batch, and how much each counts [rows].

        A batch with fewer rows than there are processes leaves some without. These take a row that counts 0, for all
        processes have to meet at each step.
        """
        mine = rows[self.rank :: self.size]
        return (mine, torch.ones(len(mine))) if mine else (rows[:1], torch.zeros(1))

    def backward(self, loss: torch.Tensor) -> None:
        """The gradients of the whole batch, from this process's part of the batch's loss."""
        loss.backward()

    def sum(self, numbers: torch.Tensor) -> Any:
        """A number of each process, added up; of a tensor of numbers, each by itself. Floats, nested as the tensor."""
        return numbers.tolist()


class Several(Alone):
    """Processes that `accelerate launch` started, one of which is this."""

    def __init__(self, accelerator: "Accelerator") -> None:
        self.accelerator = accelerator
        self.rank = accelerator.process_index
        self.size = accelerator.num_processes

    def prepare(self, model: torch.nn.Module) -> Any:
        return self.accelerator.prepare(model)

    def backward(self, loss: torch.Tensor) -> None:
        # The library takes the *mean* of the processes' gradients, and the parts of a loss are to be added up.
        self.accelerator.backward(loss * self.size)

    def sum(self, numbers: torch.Tensor) -> Any:
        total = self.accelerator.reduce(numbers.detach().to(self.accelerator.device), reduction="sum")
        return total.tolist()
