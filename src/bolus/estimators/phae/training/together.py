"""Several processes that train one network, each on its share of every batch."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import distributed


@contextmanager
def process_group() -> Iterator[tuple[int, int]]:
    """Join the processes of ``torchrun``, if there are any: (rank, world).

    The back end is gloo, or nccl where every process has a GPU of its own.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or distributed.is_initialized():
        yield rank_and_world()
        return
    distributed.init_process_group("gloo")
    try:
        yield rank_and_world()
    finally:
        distributed.destroy_process_group()


def rank_and_world() -> tuple[int, int]:
    """Number of this process and how many there are; (0, 1) alone."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def average(tensors: Iterable[torch.Tensor]) -> None:
    """Replace tensors by their mean over all processes, in place, in one message."""
    _, world = rank_and_world()
    every = list(tensors)
    if world == 1 or not every:
        return
    flat = torch.cat([t.reshape(-1) for t in every])
    distributed.all_reduce(flat)
    flat /= world
    begun = 0
    for tensor in every:
        tensor.copy_(flat[begun : begun + tensor.numel()].view_as(tensor))
        begun += tensor.numel()
