"""Where batches are computed: on a GPU where there is one, else on the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

import torch

CPU = torch.device("cpu")


def training_device(processes: int = 1) -> torch.device:
    """The GPU that CUDA shows first; the CPU without one, and for several processes.

    ``CUDA_VISIBLE_DEVICES`` chooses among GPUs, or none.
    """
    return torch.device("cuda" if processes == 1 and torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """For people and for the record."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


@contextmanager
def lent(
    module: torch.nn.Module, optimizer: torch.optim.Optimizer, device: torch.device
) -> Iterator[None]:
    """Within, parameters, buffers and the optimizer's moments are on the device; then on the CPU.

    The parameters stay the same objects, so that the optimizer keeps knowing them.
    """
    if device == CPU:
        yield
        return
    _put(module, optimizer, device)
    try:
        yield
    finally:
        _put(module, optimizer, CPU)


def _put(module: torch.nn.Module, optimizer: torch.optim.Optimizer, device: torch.device) -> None:
    module.to(device)
    for slots in optimizer.state.values():
        for name, value in slots.items():
            if name != "step":  # Adam counts on the CPU
                slots[name] = value.to(device)


def moved(batch: Any, device: torch.device) -> Any:
    """A batch with all its tensors on the device: tuples and dataclasses of tensors and numbers."""
    if device == CPU:
        return batch
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, tuple):
        parts = [moved(part, device) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else tuple(parts)
    if is_dataclass(batch) and not isinstance(batch, type):
        return type(batch)(**{f.name: moved(getattr(batch, f.name), device) for f in fields(batch)})
    return batch
