"""Traces of leaks: what contrast agent outside the vessels takes off a curve."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float, Int

from bolus.data import LeakageProblem
from bolus.physics import (
    HEMATOCRIT_LARGE,
    R1,
    R2STAR,
    RESIDUES,
    ForwardModel,
    spoiled_gradient_echo,
)

WASHOUTS = np.array([0.1, 0.4, 0.8, 1.6]) / 60
"""Rates in 1/s at which the trace of a linear leak fades: agent returns, and its T1 effect
saturates. One that fades faster cannot be told from blood that is slow."""
TYPICAL_K2 = 0.05
"""SD in 1/s of K2 of a linear leak, before the voxels of a region are seen."""

RETURNS = np.geomspace(0.06, 1.6, 6) / 60
"""Rates Ktrans/v_e in 1/s at which agent returns from a tumour's tissue."""
TRANSFERS = np.geomspace(0.04, 0.4, 4) / 60
"""Ktrans in 1/s."""
VE = (0.06, 1.0)
"""Least and greatest share of a voxel that agent leaks into: other pairs of rates are left out."""
FLIPS = np.deg2rad([15.0, 35.0, 70.0])
"""Flip angles whose T1 effects are tried, from hardly any to a strong one. A preload weakens it as
a smaller angle does, so the angles are looked for in the curves, not in the header."""
T1 = 1.4
"""s, of tumour before the bolus."""
RELAXIVITY = (40.0, 30.0)
"""Mean and SD of r2* outside the vessels in 1/s/mM: it depends on how the cells lie."""
FIELD = 3.0
"""T at which r2* of blood is taken; another one scales Ktrans."""
BRAIN_CBV = 0.03
"""Blood volume of the reference, which makes of the arterial input's shape agent in mM."""
TYPICAL_TE = 0.03
"""s, where the echo time is unknown."""


@dataclass(frozen=True, eq=False)
class Traces:
    """Kinds of leaks. Each takes ``fixed`` − κ·``varied`` off a curve, κ about 0 ± 1 untold.

    ``fixed_k2`` and ``varied_k2`` are these as K2 in 1/s, of the trace that washes out alike.
    """

    fixed: Float[np.ndarray, "kinds t"]
    varied: Float[np.ndarray, "kinds t"]
    fixed_k2: Float[np.ndarray, " kinds"]
    varied_k2: Float[np.ndarray, " kinds"]

    @classmethod
    def of(
        cls,
        fixed: Float[np.ndarray, "kinds t"],
        varied: Float[np.ndarray, "kinds t"],
        unit: Float[np.ndarray, "kinds t"],
    ) -> "Traces":
        """Those, ``unit`` being the traces of K2 = 1/s."""
        size = np.square(unit).sum(axis=1)
        return cls(fixed, varied, (fixed * unit).sum(axis=1) / size,
                   (varied * unit).sum(axis=1) / size)  # fmt: skip

    def only(self, kinds: Int[np.ndarray, " some"]) -> "Traces":
        """Some kinds."""
        return Traces(self.fixed[kinds], self.varied[kinds], self.fixed_k2[kinds],
                      self.varied_k2[kinds])  # fmt: skip


def linear(problem: LeakageProblem) -> Traces:
    """K2·∫ c(τ)·e^(−w·(t−τ)) dτ of every washout w, c the arterial input with the area of m.

    Source: Leu et al., AJNR 2016;37:1440.
    """
    unit = _washed_out(_scaled(problem), problem.dt, WASHOUTS)
    return Traces.of(np.zeros_like(unit), -TYPICAL_K2 * unit, unit)


def saturating(problem: LeakageProblem) -> Traces:
    """Agent C_e in a tumour's tissue shortens T2* in proportion, and T1 until that saturates.

    C_e = Ktrans·∫ C_p(τ)·e^(−Ktrans·(t−τ)/v_e) dτ takes ln(S(R1)/S(R1₀))/TE − r2*·C_e off the
    curve, S the steady state of a spoiled gradient echo with R1 = R1₀ + r1·C_e. Linear in r2* only.
    C_p is the arterial input, such that the reference has a blood volume of BRAIN_CBV. Source:
    Tofts, J Magn Reson Imaging 1997;7:91; Schmainda et al., AJNR 2018;39:1997 (what protocols do).
    """
    c = _scaled(problem)
    te, seen = (TYPICAL_TE, 1 / TYPICAL_TE) if problem.te == 1.0 else (problem.te, 1.0)
    plasma = seen * c / (BRAIN_CBV * R2STAR[FIELD] * (1 - HEMATOCRIT_LARGE))
    outside, unit = (_washed_out(curve, problem.dt, RETURNS) for curve in (plasma, c))
    mean, sd = RELAXIVITY
    fixed, varied, units = [], [], []
    for angle, rate, back in product(FLIPS, TRANSFERS, range(RETURNS.size)):
        if VE[0] <= rate / RETURNS[back] <= VE[1]:
            agent = rate * outside[back]
            enhanced = np.log(
                _steady(agent, problem.dt, angle) / _steady(0 * agent, problem.dt, angle)
            )
            fixed.append((enhanced / te - mean * agent) / seen)
            varied.append(sd * agent / seen)
            units.append(unit[back])
    return Traces.of(np.stack(fixed), np.stack(varied), np.stack(units))


def _steady(agent: Float[np.ndarray, " t"], tr: float, angle: float) -> Float[np.ndarray, " t"]:
    return np.asarray(spoiled_gradient_echo(1 / T1 + R1 * agent, tr, angle))


def _scaled(problem: LeakageProblem) -> Float[np.ndarray, " t"]:
    """The arterial input with the area of the reference."""
    return problem.aif * (problem.reference.sum() / problem.aif.sum())


def _washed_out(
    curve: Float[np.ndarray, " t"], dt: float, rates: Float[np.ndarray, " w"]
) -> Float[np.ndarray, "w t"]:
    """∫ c(τ)·e^(−w·(t−τ)) dτ."""
    none = np.zeros(rates.size)
    return np.asarray(ForwardModel(curve, dt, RESIDUES["exponential"])(none + 1, 1 / rates, none))
