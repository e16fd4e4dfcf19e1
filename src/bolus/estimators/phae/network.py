"""The encoder: features in, quantiles of the posterior and the residue's shape out."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from array_api_compat import array_namespace

Array = Any

LEVELS = (0.025, 0.05, 0.1587, 0.5, 0.8413, 0.95, 0.975)
"""Quantiles that are learned; the rest is interpolated."""
MEDIAN = LEVELS.index(0.5)
QUANTITIES = ("mtt", "cbv", "delay", "cbf")
"""Order of the outputs: logarithms for mtt (s), cbv (over the scale) and cbf, delay in s."""
CALIBRATION = "width"
"""Name in files of the tensor that is no layer: how every quantity's intervals are stretched.

It is part of a checksum, by which results find the weights they were made with."""
MEDIANS = 3
OFFSETS = len(QUANTITIES) * (len(LEVELS) - 1)
OUTPUTS = MEDIANS + OFFSETS + 1
"""Three medians, the steps to the other quantiles of four quantities, and log shape."""
SHAPE_CENTRE, SHAPE_REACH = 0.8, 1.5
"""The Weibull shape lies within e^(0.8 ± 1.5): 0.5 to 10."""


class Outputs(NamedTuple):
    """What the encoder says of n voxels.

    ``log_mtt`` (log s), ``log_cbv`` (over the scale) and ``delay`` (s) are medians, that of log CBF
    is log_cbv − log_mtt; ``offsets`` (n, quantities, levels − 1) in their raw form, see
    ``steps``; ``log_shape`` of the Weibull residue. All (n,).
    """

    log_mtt: Array
    log_cbv: Array
    delay: Array
    offsets: Array
    log_shape: Array


def encode(parameters: Mapping[str, Array], x: Array) -> Outputs:
    """Outputs for features (n, size): affine layers with rectifiers between, numpy or torch.

    ``parameters`` are ``weight0`` (in, out), ``bias0`` (out,), …, in order.
    """
    xp = array_namespace(x)
    layers = len(parameters) // 2
    for layer in range(layers):
        if layer:
            x = xp.maximum(x, 0 * x[:1, :1])
        x = x @ parameters[f"weight{layer}"] + parameters[f"bias{layer}"]
    log_shape = SHAPE_CENTRE + SHAPE_REACH * xp.tanh(x[:, -1])
    offsets = xp.reshape(x[:, MEDIANS:-1], (x.shape[0], len(QUANTITIES), len(LEVELS) - 1))
    return Outputs(x[:, 0], x[:, 1], x[:, 2], offsets, log_shape)


def quantiles(median: Array, offsets: Array) -> list[Array]:
    """Values at LEVELS of one quantity, never crossing: median (n,), raw offsets (n, levels − 1).

    Each level lies a softplus of its raw offset beyond the one nearer to the median.
    """
    below, above = [median], [median]
    for place in range(MEDIAN):
        below.append(below[-1] - softplus(offsets[:, place]))
        above.append(above[-1] + softplus(offsets[:, MEDIAN + place]))
    return [*below[:0:-1], *above]


def softplus(x: Array) -> Array:
    """log(1 + e^x) without overflow."""
    xp = array_namespace(x)
    return xp.maximum(x, 0 * x[:1]) + xp.log1p(xp.exp(-xp.abs(x)))
