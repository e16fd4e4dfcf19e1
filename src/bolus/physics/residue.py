"""Residue functions R(t): R(0) = 1, non-increasing, with an area of exactly the mean transit time.

Every function takes ``t`` ≥ 0 in s, ``mtt`` in s and, where it has one, a dimensionless ``shape``;
all broadcast, and the result has the broadcast shape. Only array-API calls are used, so numpy and
torch arrays give the same numbers and torch can differentiate. R is the quantity Q.IC1.002 of
OSIPI's CAPLEX lexicon.

To add one: write a function here and enter it in ``RESIDUES``.
"""

import math
from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace

from bolus.physics.special import gamma_upper, log_gamma

Array = Any
Residue = Callable[..., Array]


def exponential(t: Array, mtt: Array) -> Array:
    """One well-mixed compartment: R = exp(−t/MTT). Meier & Zierler, J Appl Physiol 1954;6:731."""
    xp = array_namespace(t, mtt)
    return xp.exp(-t / mtt)


def lorentzian(t: Array, mtt: Array) -> Array:
    """Heavy tail: R = 1/(1 + (πt/2·MTT)²). Mehndiratta et al., NMR Biomed 2013;26:1516.

    In a window of 90 s its area is 2 to 7 % short of MTT, for MTT 4 to 16 s.
    """
    return 1 / (1 + (math.pi * t / (2 * mtt)) ** 2)


def box(t: Array, mtt: Array) -> Array:
    """Plug flow, one transit time: R = 1 for t < MTT, else 0. Its edge is known to ``jump``."""
    xp = array_namespace(t, mtt)
    one = 0 * (t + mtt) + 1
    return xp.where(t < mtt, one, 0 * one)


def gamma(t: Array, mtt: Array, shape: Array | float = 2.0) -> Array:
    """Gamma-distributed transit times of shape a: R = Q(a, a·t/MTT).

    a = 1 is the exponential, a → ∞ the box. Mouridsen et al., Neuroimage 2006;33:570.
    """
    a = shape + 0 * mtt
    return gamma_upper(a, a * t / mtt)


def weibull(t: Array, mtt: Array, shape: Array | float = 2.0) -> Array:
    """Weibull-distributed transit times of shape k: R = exp(−(Γ(1+1/k)·t/MTT)^k).

    k = 1 is the exponential, k → ∞ the box; smooth in k.
    """
    xp = array_namespace(t, mtt)
    k = shape + 0 * mtt
    scaled = xp.exp(log_gamma(1 + 1 / k)) * t / mtt
    positive = xp.where(scaled > 0, scaled, xp.ones_like(scaled))
    power = xp.where(scaled > 0, positive**k, xp.zeros_like(positive))
    return xp.exp(-power)


def biexponential(t: Array, mtt: Array, shape: Array | float = 0.2) -> Array:
    """Two parallel compartments of equal volume share: R = f·e^(−t/m₁) + (1−f)·e^(−t/m₂).

    ``shape`` is m₁/m₂ in (0, 1], fast over slow. Equal volumes mean f·m₁ = (1−f)·m₂ = MTT/2.
    """
    xp = array_namespace(t, mtt)
    f = 1 / (1 + shape)
    return f * xp.exp(-2 * f * t / mtt) + (1 - f) * xp.exp(-2 * (1 - f) * t / mtt)


def fermi(t: Array, mtt: Array, shape: Array | float = 3.0) -> Array:
    """Fermi function: R = (1 + e^(−s)) / (1 + e^(k·t − s)), with ``shape`` s the plateau over edge.

    Its area (1+e^(−s))·ln(1+e^s)/k fixes k. s → −∞ is the exponential, large s nears the box.
    Jerosch-Herold et al., Med Phys 1998;25:73.
    """
    xp = array_namespace(t, mtt)
    s = shape + 0 * mtt
    rate = (1 + xp.exp(-s)) * xp.log1p(xp.exp(s)) / mtt
    decay = xp.exp(-rate * t)
    return (1 + xp.exp(-s)) * decay / (decay + xp.exp(-s))


RESIDUES: dict[str, Residue] = {
    "exponential": exponential,
    "lorentzian": lorentzian,
    "box": box,
    "gamma": gamma,
    "weibull": weibull,
    "biexponential": biexponential,
    "fermi": fermi,
}


def jump(residue: Residue, mtt: Array) -> Array | None:
    """Time in s at which R drops to zero at once: MTT for the box, None for smooth residues.

    Quadrature must not integrate across it.
    """
    return mtt if residue is box else None
