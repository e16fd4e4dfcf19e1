"""A bolus in the blood: a first pass, its recirculation, and the slow tail that follows."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Number = float | int


class Passes(NamedTuple):
    """The shape of a bolus, all relative to its first pass.

    ``r`` (dimensionless) and ``b`` (s) shape the gamma-variate first pass, which peaks r·b after
    its onset. The second pass has ``recirculation`` of its height, starts ``return_time`` s after
    the onset and is ``dispersion`` times as wide; ``tail`` is the level that contrast agent spread
    over the whole blood volume leaves, washed out in ``washout`` s.
    """

    r: Number = 3.0
    b: Number = 1.8
    recirculation: Number = 0.15
    return_time: Number = 9.0
    dispersion: Number = 1.6
    tail: Number = 0.05
    washout: Number = 180.0


def bolus_height(s: Float[np.ndarray, "..."], passes: Passes) -> Float[np.ndarray, "..."]:
    """Height over the first pass's own peak, ``s`` seconds after the onset; 0 before it."""
    r, b, recirculation, return_time, dispersion, tail, washout = passes
    second = gamma_variate(s - return_time, r, dispersion * b)
    after = np.maximum(s, 0.0)
    mixed = (1 - np.exp(-after / (b * (r + 1)))) * np.exp(-after / washout)
    return gamma_variate(s, r, b) + recirculation * second + tail * mixed


def gamma_variate(s: Float[np.ndarray, "..."], r: Number, b: Number) -> Float[np.ndarray, "..."]:
    """Gamma-variate bolus s^r·e^(−s/b) with its peak, at s = r·b, scaled to 1; zero for s ≤ 0.

    Source: Thompson et al., Circ Res 1964;14:502.
    """
    x = np.maximum(s, 0.0) / (r * b)
    return (x * np.exp(1 - x)) ** r
