"""Batch normalisation over the whole batch, also when processes share it."""

import torch
from torch import distributed, nn

from bolus.estimators.paper.config import EPSILON

MOMENTUM = 0.1


class BatchNorm(nn.Module):
    """Normalise channels (n, c, …) by their mean and variance over the batch and all else.

    In training the statistics are those of the batch, summed over all processes (torch's own does
    that on GPUs only), and running ones are kept; in evaluation the running ones are used.
    Source: Ioffe & Szegedy, arXiv:1502.03167.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised channels, same shape."""
        alone = not (distributed.is_available() and distributed.is_initialized())
        if alone or not self.training:
            return nn.functional.batch_norm(
                x,
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                self.training,
                MOMENTUM,
                EPSILON,
            )
        return self._together(x)

    def _together(self, x: torch.Tensor) -> torch.Tensor:
        axes = [0, *range(2, x.ndim)]
        count = x.new_tensor([x.numel() / x.shape[1]])
        sums = torch.cat([x.sum(axes), x.square().sum(axes), count])
        every = total(sums)
        size = x.shape[1]
        n = every[-1]
        mean = every[:size] / n
        variance = every[size : 2 * size] / n - mean.square()
        with torch.no_grad():
            self.running_mean.lerp_(mean, MOMENTUM)
            self.running_var.lerp_(variance * n / (n - 1), MOMENTUM)
        column = (1, -1, *[1] * (x.ndim - 2))
        scale = self.weight / torch.sqrt(variance + EPSILON)
        return x * scale.view(column) + (self.bias - mean * scale).view(column)


class _Total(torch.autograd.Function):
    """A sum over all processes, whose gradient is the sum of theirs."""

    @staticmethod
    def forward(_: object, own: torch.Tensor) -> torch.Tensor:
        total = own.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_: object, *gradients: torch.Tensor) -> torch.Tensor:
        total = gradients[0].contiguous().clone()
        distributed.all_reduce(total)
        return total


def total(own: torch.Tensor) -> torch.Tensor:
    """Sum of a tensor over all processes, which can be differentiated through."""
    return _Total.apply(own)
