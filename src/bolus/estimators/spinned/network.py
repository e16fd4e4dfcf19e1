"""The network: curve and arterial input in, flow, delay and the falls of a residue out."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace, device

from bolus.estimators.spinned.inputs import SAMPLES, SIZE

Array = Any

NODES = np.array(
    [0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0, 10.5, 13.5, 17.0, 22.0, 28.0, 36.0, 48.0, 70.0]
)
"""Times in s after arrival at which the residue is given; straight lines between them."""
SPANS = np.diff(NODES)
OUTPUTS = 2 + SPANS.size
TYPICAL = 5.0
"""s in which a residue falls by e where the network says nothing."""
AREAS = np.convolve(SPANS, [0.5, 0.5])
"""∫ of the lines by the residue's values at NODES, s."""


class Response(NamedTuple):
    """What the network says of n voxels.

    ``log_flow`` of CBF times the arterial area over the curve's scale; ``delay`` in s; ``residue``
    (n, NODES) falls from 1.
    """

    log_flow: Array
    delay: Array
    residue: Array


def respond(parameters: Mapping[str, Array], x: Array) -> Response:
    """Response to inputs (n, SIZE): affine layers with rectifiers between, numpy or torch."""
    return _last(parameters, x @ parameters["weight0"] + parameters["bias0"])


def respond_shared(parameters: Mapping[str, Array], own: Array, known: Array) -> Response:
    """The same for inputs whose last SIZE − SAMPLES numbers are ``known`` of all voxels alike."""
    first = parameters["weight0"]
    same = known @ first[SAMPLES:] + parameters["bias0"]
    return _last(parameters, own @ first[:SAMPLES] + same)


def shapes(widths: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Name → shape of every tensor of a network with such hidden layers."""
    sizes = (SIZE, *widths, OUTPUTS)
    found: dict[str, tuple[int, ...]] = {}
    for layer in range(len(sizes) - 1):
        found[f"weight{layer}"] = (sizes[layer], sizes[layer + 1])
        found[f"bias{layer}"] = (sizes[layer + 1],)
    return found


def _last(parameters: Mapping[str, Array], x: Array) -> Response:
    xp = array_namespace(x)
    for layer in range(1, len(parameters) // 2):
        x = xp.maximum(x, 0 * x[:1, :1])
        x = x @ parameters[f"weight{layer}"] + parameters[f"bias{layer}"]
    spans = xp.asarray(SPANS, dtype=x.dtype, device=device(x)) / TYPICAL
    raw = x[:, 2:]
    rate = xp.maximum(raw, 0 * raw[:1]) + xp.log1p(xp.exp(-xp.abs(raw)))
    left = xp.exp(-xp.cumulative_sum(rate * spans, axis=1))
    return Response(x[:, 0], x[:, 1], xp.concat([0 * left[:, :1] + 1, left], axis=1))
