"""A bolus in the blood: a first pass, its recirculation, and the slow tail that follows."""

import numpy as np
from jaxtyping import Float

Number = float | int


def bolus_height(
    s: Float[np.ndarray, "..."],
    r: Number,
    b: Number,
    recirculation: Number,
    return_time: Number,
    dispersion: Number,
    tail: Number,
    washout: Number,
) -> Float[np.ndarray, "..."]:
    """Height over the first pass's own peak, ``s`` seconds after the onset; 0 before it.

    Gamma-variates of the first pass, and of a second of ``recirculation`` times its height that
    begins ``return_time`` s after the onset and is ``dispersion`` times as wide; and agent that is
    spread over all blood, ``tail`` times the first pass's height, which fades in ``washout`` s.
    """
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
