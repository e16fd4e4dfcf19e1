"""Signal and concentration: ΔR2*(t) = −ln(S(t)/S0)/TE and back."""

import math
from typing import Any

from array_api_compat import array_namespace

Array = Any


def delta_r2star(signal: Array, s0: Array, te: float) -> Array:
    """Change of the transverse relaxation rate, ΔR2* = −ln(S/S0)/TE, in 1/s.

    ``signal`` and ``s0`` broadcast and must be positive (``clip_signal`` makes them so); ``te`` in
    s. With ``te`` = 1 the result is the dimensionless TE·ΔR2*, all that can be had when the echo
    time is unknown. Source: Østergaard et al., Magn Reson Med 1996;36:715.
    """
    xp = array_namespace(signal, s0)
    return -xp.log(signal / s0) / te


def signal_from_r2star(change: Array, s0: Array, te: float) -> Array:
    """Signal for a change of relaxation rate, S = S0·exp(−TE·ΔR2*); inverse of ``delta_r2star``."""
    xp = array_namespace(change)
    return s0 * xp.exp(-te * change)


def spoiled_gradient_echo(r1: Array, tr: float, flip: float) -> Array:
    """Steady-state signal over proton density, sin α·(1 − E1)/(1 − E1·cos α), E1 = e^(−TR·R1).

    ``r1`` in 1/s, ``tr`` in s, ``flip`` angle α in radians; the echo's decay is not in it.
    """
    e1 = array_namespace(r1).exp(-tr * r1)
    return math.sin(flip) * (1 - e1) / (1 - e1 * math.cos(flip))


def noise_gain(change: Array, te: float) -> Array:
    """How much noisier ΔR2* is than at the baseline, S0/S = exp(TE·ΔR2*), to first order.

    The noise of the signal is the same in all samples; its logarithm's grows as the signal falls.
    """
    xp = array_namespace(change)
    return xp.exp(te * change)


def clip_signal(signal: Array, s0: Array, fraction: float = 0.01) -> Array:
    """Signal held at or above ``fraction``·S0, so that its logarithm exists.

    A sample at the floor is worth ln(1/fraction)/TE at the most; whoever clips counts the samples.
    """
    xp = array_namespace(signal, s0)
    return xp.where(signal < fraction * s0, fraction * s0, signal)
