"""Signal and concentration: ΔR2*(t) = −ln(S(t)/S0)/TE and back."""

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


def clip_signal(signal: Array, s0: Array, fraction: float = 0.01) -> Array:
    """Signal held at or above ``fraction``·S0, so that its logarithm exists.

    A sample at the floor is worth ln(1/fraction)/TE at the most; whoever clips counts the samples.
    """
    xp = array_namespace(signal, s0)
    return xp.where(signal < fraction * s0, fraction * s0, signal)
