"""The published encoder and its decoder as they are trained, on torch."""

import math
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from bolus.estimators.paper.config import KERNEL_SIZE, PaperConfig
from bolus.estimators.weights import Weights
from bolus.learning.paper.normalise import BatchNorm


class PaperEncoder(nn.Module):
    """Curves and arterial inputs (n, 2, t), over one maximum, to MTT (n,) in s.

    Per layer: convolution over time, batch normalisation, leaky rectifier; then the mean over time
    and one affine map.
    """

    def __init__(self, config: PaperConfig) -> None:
        super().__init__()
        self.config = config
        sizes = (2, *config.channels)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(a, b, KERNEL_SIZE, padding=KERNEL_SIZE // 2) for a, b in pairwise(sizes)
        )
        self.norms = nn.ModuleList(BatchNorm(size) for size in config.channels)
        self.last = nn.Linear(config.channels[-1], 1)
        with torch.no_grad():
            begin = config.start - config.floor
            soft = config.positive == "softplus"
            self.last.bias.fill_(math.log(math.expm1(begin)) if soft else config.start)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """MTT (n,) in s."""
        x = x[:, :, None].contiguous(memory_format=torch.channels_last)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            kernel = convolution.weight[:, :, None]
            x = functional.conv2d(x, kernel, convolution.bias, padding=(0, KERNEL_SIZE // 2))
            x = functional.leaky_relu(norm(x), self.config.slope)
        return transit_times(self.last(pooled(x, self.config))[:, 0], self.config)


def load_encoder(weights: Weights) -> PaperEncoder:
    """The network of some weights, in evaluation mode. Raises WeightsError when they do not fit."""
    encoder = PaperEncoder(PaperConfig.from_dict(weights.config))
    weights.check_shapes(encoder.config.shapes())
    encoder.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in weights.tensors.items()})
    return encoder.eval()


def pooled(x: torch.Tensor, config: PaperConfig) -> torch.Tensor:
    """Channels (n, c) of the last layer's (n, c, 1, t)."""
    return x.mean(dim=(2, 3)) if config.pooling == "mean" else x.amax(dim=(2, 3))


def transit_times(raw: torch.Tensor, config: PaperConfig) -> torch.Tensor:
    """MTT in s from the network's last number."""
    if config.positive == "none":
        return raw
    return config.floor + functional.softplus(raw)


def decode(
    aif: torch.Tensor, dt: float, cbv: torch.Tensor, mtt: torch.Tensor, config: PaperConfig
) -> torch.Tensor:
    """Tissue curves (n, t) by the forward model: aif (t,) or (n, t), CBF = CBV/MTT, no delay."""
    return config.forward(aif, dt)(cbv / mtt, mtt, torch.zeros_like(mtt), config.shape)
