"""The published encoder on new curves: matrix products, with half of its input known."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from scipy.linalg.blas import sgemm

from bolus.estimators.blocks import in_blocks
from bolus.estimators.paper.config import EPSILON, KERNEL_SIZE, PaperConfig
from bolus.estimators.weights import Weights

BATCH = 128
"""Voxels at once: their activations stay in the cache."""
HALF = KERNEL_SIZE // 2
"""Frames of zeros before and after a curve."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A convolution over time: ``kernel`` (width, inputs, outputs), ``bias`` (outputs,), float32.

    Batch normalisation is inside: with s = γ/√(σ² + ε), w' = s·w and b' = s·(b − μ) + β.
    """

    kernel: Float[np.ndarray, "width inputs outputs"]
    bias: Float[np.ndarray, " outputs"]


@dataclass(frozen=True, eq=False)
class Encoder:
    """The published network for estimates: ``layers``, then one affine map ``last`` (c,)."""

    config: PaperConfig
    layers: tuple[Layer, ...]
    last: Float[np.ndarray, " c"]
    offset: float


def load_encoder(weights: Weights) -> Encoder:
    """The network of some weights. Raises WeightsError when they do not fit."""
    config, tensors = PaperConfig.from_dict(weights.config), weights.tensors
    weights.check_shapes(config.shapes())
    layers = tuple(_folded(tensors, number) for number in range(len(config.channels)))
    return Encoder(config, layers, tensors["last.weight"][0], float(tensors["last.bias"][0]))


def _folded(tensors: Mapping[str, np.ndarray], number: int) -> Layer:
    weight, bias = (tensors[f"convolutions.{number}.{name}"] for name in ("weight", "bias"))
    gain, shift, mean, variance = (
        tensors[f"norms.{number}.{name}"]
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gain / np.sqrt(variance + np.float32(EPSILON))
    kernel = np.ascontiguousarray((weight * scale[:, None, None]).transpose(2, 1, 0))
    return Layer(kernel, scale * (bias - mean) + shift)


def estimate_mtt(
    encoder: Encoder,
    curves: Float[np.ndarray, "n t"],
    aif: Float[np.ndarray, " t"],
    peak: float,
) -> Float[np.ndarray, " n"]:
    """MTT (n,) in s of float32 curves (n, t); ``peak`` is the subject-wide maximum.

    The arterial input is the same for all voxels, so its part of the first layer is made once.
    """
    if not len(curves):
        return np.empty(0, dtype=np.float32)
    first, *rest = encoder.layers
    known = _windows((aif / peak).astype(np.float32)[None])[0] @ first.kernel[:, 1] + first.bias
    own = np.ascontiguousarray(first.kernel[:, 0])
    slope, relative = encoder.config.slope, curves / np.float32(peak)

    def block(rows: np.ndarray) -> tuple[np.ndarray]:
        x = _padded(rows, own.shape[1])
        x[:, HALF:-HALF] = _windows(rows) @ own + known
        _rectified(x, slope)
        for layer in rest:
            x = _convolved(x, layer, slope)
        return (transit_times(_pooled(x, encoder.config) @ encoder.last + encoder.offset, encoder),)

    return in_blocks(block, relative, size=BATCH)[0]


def _padded(rows: Float[np.ndarray, "n t ..."], channels: int) -> Float[np.ndarray, "n more c"]:
    """Room for so many channels of every frame, and zeros around."""
    return np.zeros((len(rows), rows.shape[1] + 2 * HALF, channels), dtype=np.float32)


def _windows(rows: Float[np.ndarray, "n t"]) -> Float[np.ndarray, "n t width"]:
    """What a convolution sees of curves at each frame."""
    around = np.pad(rows, ((0, 0), (HALF, HALF)))
    return np.lib.stride_tricks.sliding_window_view(around, KERNEL_SIZE, axis=1)


def _convolved(
    x: Float[np.ndarray, "n more c"], layer: Layer, slope: float
) -> Float[np.ndarray, "n more out"]:
    """The next layer's activations, zeros around them.

    All curves stand one after the other, so a step of the kernel is one matrix product of rows
    that begin a frame later; what it makes of the zeros between curves is put back to zero.
    """
    n, more, channels = x.shape
    flat = x.reshape(n * more, channels)
    out = np.empty((n, more, layer.bias.size), dtype=np.float32)
    inside = out.reshape(n * more, layer.bias.size)[HALF:-HALF]
    inside[:] = layer.bias
    for step, weight in enumerate(layer.kernel):
        rows = flat[step : step + len(inside)]
        sgemm(1.0, weight.T, rows.T, 1.0, inside.T, overwrite_c=1)
    _rectified(inside, slope)
    out[:, :HALF] = out[:, -HALF:] = 0
    return out


def _rectified(x: Float[np.ndarray, "..."], slope: float) -> None:
    """Leaky rectifier, in place."""
    np.maximum(x, np.float32(slope) * x, out=x)


def _pooled(x: Float[np.ndarray, "n more c"], config: PaperConfig) -> Float[np.ndarray, "n c"]:
    """Channels over all frames: their mean, or their maximum."""
    frames = x[:, HALF:-HALF]
    return frames.mean(axis=1) if config.pooling == "mean" else frames.max(axis=1)


def transit_times(raw: Float[np.ndarray, " n"], encoder: Encoder) -> Float[np.ndarray, " n"]:
    """MTT in s from the network's last number."""
    config = encoder.config
    if config.positive == "none":
        return raw
    return np.float32(config.floor) + np.logaddexp(np.float32(0), raw)


def operations(config: PaperConfig, frames: int) -> int:
    """Multiplications and additions of one voxel, the arterial input's first layer left out."""
    sizes = (1, *config.channels)
    return (
        2 * frames * sum(KERNEL_SIZE * a * b for a, b in pairwise(sizes)) + 2 * config.channels[-1]
    )
