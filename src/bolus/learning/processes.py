"""Several processes that train one network: what each has to tell the others."""

import importlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import distributed

PATIENCE = timedelta(hours=24)
"""How long a process waits for the others; one of them may be reading a large cohort."""


@dataclass(frozen=True)
class Group:
    """Process ``rank`` of ``world`` that train together; alone, nothing is sent."""

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def wait(self) -> None:
        """Until every process has come here."""
        if self.world > 1:
            distributed.barrier()

    def share(self, tensors: Iterable[torch.Tensor]) -> None:
        """Everyone gets the first process's tensors, in place."""
        if self.world > 1:
            with torch.no_grad():
                for tensor in tensors:
                    distributed.broadcast(tensor, 0)

    def average_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Gradients of the mean loss over all shares, in place."""
        if self.world == 1:
            return
        own = [p for p in parameters if p.requires_grad]
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in own]
        flat = torch.cat([g.reshape(-1) for g in grads])
        distributed.all_reduce(flat)
        flat /= self.world
        pieces = flat.split([p.numel() for p in own])
        for parameter, piece in zip(own, pieces, strict=True):
            parameter.grad = piece.view_as(parameter)

    def mean(self, value: float) -> float:
        """Mean of a number over all processes."""
        if self.world == 1:
            return value
        total = torch.tensor([value], dtype=torch.float64)
        distributed.all_reduce(total)
        return float(total) / self.world

    def agreed(self, value: float) -> float:
        """The first process's number."""
        if self.world == 1:
            return value
        told = torch.tensor([value], dtype=torch.float64)
        distributed.broadcast(told, 0)
        return float(told)


@contextmanager
def joined() -> Iterator[Group]:
    """The group of processes: joined before, or described by torchrun's environment.

    A group that is joined here (gloo) is left when the block ends; without any, it is this process
    alone.
    """
    if distributed.is_available() and distributed.is_initialized():
        yield Group(distributed.get_rank(), distributed.get_world_size())
        return
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or "RANK" not in os.environ:
        yield Group()
        return
    # Its functions take the group there is when it is imported as a default argument. Adam imports
    # it; were it first imported within the group, the group's threads would outlive the block and
    # could abort the interpreter as it ends.
    importlib.import_module("torch.distributed.nn.functional")
    distributed.init_process_group("gloo", timeout=PATIENCE)
    try:
        yield Group(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()
