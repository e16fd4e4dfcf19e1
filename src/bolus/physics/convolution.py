"""The one quadrature: a piecewise-linear arterial input convolved with a residue function.

Between its samples the arterial input is taken as linear, so the convolution integral is a sum
over samples, C(i·dt) = CBF·Σⱼ AIF[j]·K(i−j), with K(n) = ∫ hat((n·dt − d − s)/dt)·R(s) ds and hat
the unit triangle. K is integrated by Gauss-Legendre on each smooth piece: K(0) ≈ dt/2 where a
rectangle sum has dt (which would inflate the area of R by 1 + dt/(2·MTT)), the area of R is kept
at any dt, and the result is smooth in the delay d.
"""

import math
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from bolus.physics.residue import Residue

Array = Any
_NODES, _WEIGHTS = (v.tolist() for v in np.polynomial.legendre.leggauss(5))


def kernel(
    lags: Array,
    dt: float,
    mtt: Array,
    delay: Array,
    residue: Residue,
    shape: Array | float | None = None,
) -> Array:
    """Weights K, in s, of the arterial samples ``lags`` frames back: (voxels, lags).

    ``lags`` (l,) in frames, signed; ``mtt``, ``delay`` and ``shape`` (voxels,) or scalar arrays, in
    s and dimensionless; ``shape`` None leaves the residue's own. Sums over all lags to the area of
    R. Raises TypeError for a residue that does not know its edge.
    """
    mtt, delay = mtt[..., None], delay[..., None]
    extra = () if shape is None else (_column(shape),)
    centre = lags - delay / dt
    edge = _edge(residue, mtt)
    total = 0 * centre
    for start in (-1.0, 0.0):
        low = _clip(-centre, start, start + 1)
        high = start + 1 if edge is None else _clip(edge / dt - centre, start, start + 1)
        half, middle = (high - low) / 2, (high + low) / 2
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            x = middle + half * node
            hat = 1 + x if start < 0 else 1 - x
            past = _clip(dt * (centre + x), 0.0, math.inf)
            total = total + weight * half * hat * residue(past, mtt, *extra)
    return dt * total


def plain_kernel(
    lags: Array,
    dt: float,
    mtt: Array,
    delay: Array,
    residue: Residue,
    shape: Array | float | None = None,
) -> Array:
    """Weights of the plain rectangle sum, dt·R(n·dt − d) and 0 before: (voxels, lags) in s.

    What much of the literature computes; arguments as for ``kernel``. Kept for comparison: its
    full first sample inflates the area of R by 1 + dt/(2·MTT).
    """
    mtt, delay = mtt[..., None], delay[..., None]
    extra = () if shape is None else (_column(shape),)
    past = dt * lags - delay
    response = residue(_clip(past, 0.0, math.inf), mtt, *extra)
    xp = array_namespace(past)
    return dt * xp.where(past < 0, 0 * response, response)


QUADRATURES = {"piecewise-linear": kernel, "plain-sum": plain_kernel}
"""Name → weights. The first is the package's own."""


def convolve(aif: Array, weights: Array, lead: int) -> Array:
    """Causal and anti-causal sum Σⱼ AIF[j]·K(i−j) for every frame i: (voxels, t).

    ``aif`` (t,) or (voxels, t); ``weights`` (voxels, lags) for the lags −lead, …, t−1. The arterial
    input counts as zero outside its window.
    """
    xp = array_namespace(aif, weights)
    n = aif.shape[-1]
    length = n + weights.shape[-1]
    spectrum = xp.fft.rfft(aif, n=length, axis=-1) * xp.fft.rfft(weights, n=length, axis=-1)
    return xp.fft.irfft(spectrum, n=length, axis=-1)[..., lead : lead + n]


def _edge(residue: object, mtt: Array) -> Array | None:
    """Where the residue drops or ends; asked of itself, whatever its name."""
    if not isinstance(residue, Residue) or isinstance(residue, type):
        raise TypeError(
            f"a residue is an object with a call and edge(mtt), found {residue!r}; without its "
            "edge a residue that drops at once would lose area"
        )
    return residue.edge(mtt)


def _column(shape: Array | float) -> Array | float:
    return shape if isinstance(shape, int | float) else shape[..., None]


def _clip(x: Array, low: float, high: float) -> Array:
    xp = array_namespace(x)
    x = xp.where(x < low, low * xp.ones_like(x), x)
    return x if math.isinf(high) else xp.where(x > high, high * xp.ones_like(x), x)
