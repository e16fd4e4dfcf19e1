"""Residue functions R(t): R(0) = 1, non-increasing, with an area of exactly the mean transit time.

A residue is a frozen object with two duties. Its call takes ``t`` ≥ 0 in s, ``mtt`` in s and, where
it has one, a dimensionless ``shape``; all broadcast, and the result has the broadcast shape. Its
``edge(mtt)`` says where R is not smooth, which the quadrature must know. Only array-API calls are
used, so numpy and torch arrays give the same numbers and torch can differentiate. R is the
quantity Q.IC1.002 of OSIPI's CAPLEX lexicon.

To add one: write a frozen dataclass here and enter it in ``RESIDUES``; ``bolus.testing`` checks it.
"""

import math
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from array_api_compat import array_namespace

from bolus.physics.special import gamma_upper, log_gamma

Array = Any


@runtime_checkable
class Residue(Protocol):
    """Share of the tracer that is still in the tissue, and where that share ends."""

    def __call__(self, t: Array, mtt: Array) -> Array:
        """R (broadcast shape), without a unit, at ``t`` ≥ 0 s; one with a shape takes it third."""
        ...

    def edge(self, mtt: Array) -> Array | None:
        """Time in s at which R drops to zero at once or ends, of the shape of ``mtt``.

        None where R is smooth at all t > 0. The quadrature integrates up to the edge and no
        further; across a drop it would lose or gain some percent of the area.
        """
        ...


@dataclass(frozen=True)
class Exponential:
    """One well-mixed compartment: R = exp(−t/MTT). Meier & Zierler, J Appl Physiol 1954;6:731."""

    def __call__(self, t: Array, mtt: Array) -> Array:
        """R at ``t`` s."""
        xp = array_namespace(t, mtt)
        return xp.exp(-t / mtt)

    def edge(self, mtt: Array) -> None:
        """Smooth."""


@dataclass(frozen=True)
class Lorentzian:
    """Heavy tail: R = 1/(1 + (πt/2·MTT)²). Mehndiratta et al., NMR Biomed 2013;26:1516.

    In a window of 90 s its area is 2 to 7 % short of MTT, for MTT 4 to 16 s.
    """

    def __call__(self, t: Array, mtt: Array) -> Array:
        """R at ``t`` s."""
        return 1 / (1 + (math.pi * t / (2 * mtt)) ** 2)

    def edge(self, mtt: Array) -> None:
        """Smooth."""


@dataclass(frozen=True)
class Box:
    """Plug flow, one transit time: R = 1 for t < MTT, else 0."""

    def __call__(self, t: Array, mtt: Array) -> Array:
        """R at ``t`` s."""
        xp = array_namespace(t, mtt)
        one = 0 * (t + mtt) + 1
        return xp.where(t < mtt, one, 0 * one)

    def edge(self, mtt: Array) -> Array:
        """MTT, where R drops from 1 to 0."""
        return mtt


@dataclass(frozen=True)
class Linear:
    """Transit times from 0 to 2·MTT, all as likely: R = 1 − t/(2·MTT), then 0."""

    def __call__(self, t: Array, mtt: Array) -> Array:
        """R at ``t`` s."""
        xp = array_namespace(t, mtt)
        left = 1 - t / (2 * mtt)
        return xp.where(left > 0, left, 0 * left)

    def edge(self, mtt: Array) -> Array:
        """2·MTT, where R has come down to 0."""
        return 2 * mtt


@dataclass(frozen=True)
class Gamma:
    """Gamma-distributed transit times of shape a: R = Q(a, a·t/MTT).

    a = 1 is the exponential, a → ∞ the box. Mouridsen et al., Neuroimage 2006;33:570.
    """

    shape: float = 2.0

    def __call__(self, t: Array, mtt: Array, shape: Array | float | None = None) -> Array:
        """R at ``t`` s; ``shape`` None takes the object's own."""
        a = _own(shape, self.shape) + 0 * mtt
        return gamma_upper(a, a * t / mtt)

    def edge(self, mtt: Array) -> None:
        """Smooth."""


@dataclass(frozen=True)
class Weibull:
    """Weibull-distributed transit times of shape k: R = exp(−(Γ(1+1/k)·t/MTT)^k).

    k = 1 is the exponential, k → ∞ the box; smooth in k.
    """

    shape: float = 2.0

    def __call__(self, t: Array, mtt: Array, shape: Array | float | None = None) -> Array:
        """R at ``t`` s; ``shape`` None takes the object's own."""
        xp = array_namespace(t, mtt)
        k = _own(shape, self.shape) + 0 * mtt
        scaled = xp.exp(log_gamma(1 + 1 / k)) * t / mtt
        positive = xp.where(scaled > 0, scaled, xp.ones_like(scaled))
        power = xp.where(scaled > 0, positive**k, xp.zeros_like(positive))
        return xp.exp(-power)

    def edge(self, mtt: Array) -> None:
        """Smooth."""


@dataclass(frozen=True)
class Biexponential:
    """Two parallel compartments of equal volume share: R = f·e^(−t/m₁) + (1−f)·e^(−t/m₂).

    ``shape`` is m₁/m₂ in (0, 1], fast over slow. Equal volumes mean f·m₁ = (1−f)·m₂ = MTT/2.
    """

    shape: float = 0.2

    def __call__(self, t: Array, mtt: Array, shape: Array | float | None = None) -> Array:
        """R at ``t`` s; ``shape`` None takes the object's own."""
        xp = array_namespace(t, mtt)
        f = 1 / (1 + _own(shape, self.shape))
        return f * xp.exp(-2 * f * t / mtt) + (1 - f) * xp.exp(-2 * (1 - f) * t / mtt)

    def edge(self, mtt: Array) -> None:
        """Smooth."""


@dataclass(frozen=True)
class Fermi:
    """Fermi function: R = (1 + e^(−s)) / (1 + e^(k·t − s)), with ``shape`` s the plateau over edge.

    Its area (1+e^(−s))·ln(1+e^s)/k fixes k. s → −∞ is the exponential, large s nears the box.
    Jerosch-Herold et al., Med Phys 1998;25:73.
    """

    shape: float = 3.0

    def __call__(self, t: Array, mtt: Array, shape: Array | float | None = None) -> Array:
        """R at ``t`` s; ``shape`` None takes the object's own."""
        xp = array_namespace(t, mtt)
        s = _own(shape, self.shape) + 0 * mtt
        rate = (1 + xp.exp(-s)) * xp.log1p(xp.exp(s)) / mtt
        decay = xp.exp(-rate * t)
        return (1 + xp.exp(-s)) * decay / (decay + xp.exp(-s))

    def edge(self, mtt: Array) -> None:
        """Smooth."""


RESIDUES: dict[str, Residue] = {
    "exponential": Exponential(),
    "lorentzian": Lorentzian(),
    "box": Box(),
    "linear": Linear(),
    "gamma": Gamma(),
    "weibull": Weibull(),
    "biexponential": Biexponential(),
    "fermi": Fermi(),
}
"""Name → residue."""


def _own(given: Array | float | None, default: float) -> Array | float:
    return default if given is None else given
