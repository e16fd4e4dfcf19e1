"""The published encoder made quick: folded, laid out for the machine, half of its input known."""

from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch.nn import functional

from bolus.estimators.paper.config import KERNEL_SIZE, PaperConfig
from bolus.estimators.paper.encoder import PaperEncoder, pooled, transit_times
from bolus.estimators.paper.normalise import EPSILON
from bolus.estimators.weights import Weights

BATCH = 256
"""Voxels at once; with channels last the activations of this many stay in the cache."""


def load_encoder(weights: Weights) -> PaperEncoder:
    """The network of some weights, in evaluation mode. Raises WeightsError when they do not fit."""
    encoder = PaperEncoder(PaperConfig.from_dict(weights.config))
    weights.check_shapes(encoder.config.shapes())
    encoder.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in weights.tensors.items()})
    return encoder.eval()


def folded(encoder: PaperEncoder) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Kernels (out, in, 1, width) and biases (out,) with the batch normalisation inside.

    With s = γ/√(σ² + ε): w' = s·w and b' = s·(b − μ) + β.
    """
    layers = []
    for convolution, norm in zip(encoder.convolutions, encoder.norms, strict=True):
        scale = norm.weight / torch.sqrt(norm.running_var + EPSILON)
        kernel = convolution.weight * scale[:, None, None]
        bias = scale * (convolution.bias - norm.running_mean) + norm.bias
        layers.append((kernel[:, :, None].contiguous(memory_format=torch.channels_last), bias))
    return layers


@torch.inference_mode()
def estimate_mtt(
    encoder: PaperEncoder,
    curves: Float[np.ndarray, "n t"],
    aif: Float[np.ndarray, " t"],
    peak: float,
) -> Float[np.ndarray, " n"]:
    """MTT (n,) in s of float32 curves (n, t); ``peak`` is the subject-wide maximum.

    The arterial input is the same for all voxels, so its part of the first layer is made once.
    """
    layers = folded(encoder)
    kernel, bias = layers[0]
    artery = torch.from_numpy((aif / peak).astype(np.float32))[None, None, None]
    known = functional.conv2d(artery, kernel[:, 1:], bias, padding=(0, KERNEL_SIZE // 2))
    known = known.contiguous(memory_format=torch.channels_last)
    first = kernel[:, :1].contiguous(memory_format=torch.channels_last)
    out = np.empty(len(curves), dtype=np.float32)
    for begin in range(0, len(curves), BATCH):
        rows = slice(begin, begin + BATCH)
        some = torch.from_numpy(curves[rows] / np.float32(peak))[:, None, None]
        x = functional.conv2d(some, first, padding=(0, KERNEL_SIZE // 2))
        x = x.contiguous(memory_format=torch.channels_last).add_(known)
        out[rows] = _rest(encoder, layers[1:], x).numpy()
    return out


def _rest(
    encoder: PaperEncoder, layers: list[tuple[torch.Tensor, torch.Tensor]], x: torch.Tensor
) -> torch.Tensor:
    slope = encoder.config.slope
    functional.leaky_relu_(x, slope)
    for kernel, bias in layers:
        x = functional.conv2d(x, kernel, bias, padding=(0, KERNEL_SIZE // 2))
        functional.leaky_relu_(x, slope)
    return transit_times(encoder.last(pooled(x, encoder.config))[:, 0], encoder.config)


def operations(config: PaperConfig, frames: int) -> int:
    """Multiplications and additions of one voxel, the arterial input's first layer left out."""
    sizes = (1, *config.channels)
    return (
        2 * frames * sum(KERNEL_SIZE * a * b for a, b in pairwise(sizes)) + 2 * config.channels[-1]
    )
