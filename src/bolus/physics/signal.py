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


TAIL = 15.0
"""s at the end of a series over which the recovered signal is averaged."""
PASSED = 30.0
"""s after the onset of the bolus from which the first pass is over."""


def signal_recovery(signal: Array, onset: int, dt: float) -> Array:
    """Percentage signal recovery (PSR), 100·(S_post − S_min)/(S_pre − S_min), (n,).

    How far the signal comes back after the bolus: 100 where it returns to the baseline, less where
    contrast agent stays or leaks out and shortens T2*, more where what leaks shortens T1.

    ``signal`` (n, t) begins in steady state, the bolus at frame ``onset``, ``dt`` s apart. S_pre is
    the mean before it, S_min the lowest sample from it on, S_post the mean of the last TAIL s. NaN
    where the signal does not drop, and for all where the tail begins less than PASSED s after the
    onset: the first pass is still in it. PSR depends on flip angle, TE, TR, dose and preload.

    Source: Cha et al., AJNR 2007;28:1078; Barajas et al., Radiology 2009;253:486. Their windows
    differ; this one is ours.
    """
    xp = array_namespace(signal)
    values = xp.astype(signal, xp.float64)
    tail = values.shape[1] - max(1, round(TAIL / dt))
    before = xp.mean(values[:, :onset], axis=1)
    if (tail - onset) * dt < PASSED:
        return xp.full_like(before, math.nan)
    lowest, after = xp.min(values[:, onset:], axis=1), xp.mean(values[:, tail:], axis=1)
    drop = before - lowest
    falls = drop > 0
    recovered = 100 * (after - lowest) / xp.where(falls, drop, 1.0)
    return xp.where(falls, recovered, math.nan)


FLOOR = 0.01
"""Smallest signal, as a fraction of S0, that is not clipped."""


def concentration(signal: Array, s0: Array, te: float) -> Array:
    """Concentration as ΔR2* in 1/s of a measured signal: ``delta_r2star`` of ``clip_signal``.

    ``signal`` (…, t) and ``s0``, positive, broadcast; samples under FLOOR·S0 count as that. ``te``
    in s, or 1 for the dimensionless TE·ΔR2*.
    """
    return delta_r2star(clip_signal(signal, s0), s0, te)


def clip_signal(signal: Array, s0: Array, fraction: float = FLOOR) -> Array:
    """Signal clamped to at least ``fraction``·S0, so that its logarithm exists.

    A sample at the floor is worth ln(1/fraction)/TE at the most; whoever clips counts the samples.
    """
    xp = array_namespace(signal, s0)
    return xp.where(signal < fraction * s0, fraction * s0, signal)
