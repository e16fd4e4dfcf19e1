"""What a curve says of leaks whatever its vascular part: all vascular curves are tried."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.data import LeakageProblem
from bolus.estimators.blocks import in_blocks
from bolus.patient.leakage.population import Evidence
from bolus.patient.leakage.traces import Traces
from bolus.physics import RESIDUES, ForwardModel, noise_gain

TYPICAL_MTT = (5.0, 0.4)
"""Median in s of the transit time, and SD of its logarithm, before a curve is seen."""
MTTS = np.geomspace(1.5, 20.0, 9)
DELAYS = np.arange(-2.0, 5.1, 0.75)
SHAPES = np.array([0.8, 1.0, 1.3, 2.5])
"""Transit times and delays in s, and Weibull shapes, of the vascular curves that are tried."""
DOUBT = 0.02
"""Error of the vascular curves, as a share of a curve's SD over time."""
BLOCK = 64
"""Curves fitted at a time, few enough to stay in the cache."""


@dataclass(frozen=True, eq=False)
class Vascular:
    """Centred ``curves`` of CBV 1 that do not leak, and the logarithm of their ``prior``.

    ``size`` is the sum of squares of each; the prior has that of a flat amplitude in it.
    """

    curves: Float[np.ndarray, "curves t"]
    prior: Float[np.ndarray, " curves"]
    size: Float[np.ndarray, " curves"]

    @classmethod
    def of(cls, problem: LeakageProblem) -> "Vascular":
        """Those of a patient's arterial input."""
        grid = np.meshgrid(MTTS, DELAYS, SHAPES, indexing="ij")
        mtt, delay, shape = (axis.ravel() for axis in grid)
        model = ForwardModel(problem.aif, problem.dt, RESIDUES["weibull"])
        curves = _centred(np.asarray(model(1 / mtt, mtt, delay, shape)))
        size = np.einsum("ij,ij->i", curves, curves)
        middle, sd = TYPICAL_MTT
        prior = -(np.log(mtt / middle) ** 2) / (2 * sd**2) - np.log(size) / 2
        return cls(curves, prior, size)

    def evidence(
        self,
        tissue: Float[np.ndarray, "n t"],
        noise_sd: Float[np.ndarray, " n"],
        te: float,
        traces: Traces,
    ) -> Evidence:
        """What curves say of kinds of leaks, whatever their vascular curve; see ``_marginal``."""
        kinds = [_Kind.of(self, *each) for each in zip(traces.fixed, traces.varied, strict=True)]

        def block(curves: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, ...]:
            gain, centred = noise_gain(np.maximum(curves, 0), te), _centred(curves)
            variance = noise**2 * np.square(gain).mean(axis=1)
            variance += DOUBT**2 * np.square(centred).mean(axis=1)
            return _marginal(centred, variance[:, None], self, kinds)

        return Evidence(*in_blocks(block, tissue, noise_sd, size=BLOCK))


def _centred(curves: Float[np.ndarray, "n t"]) -> Float[np.ndarray, "n t"]:
    """Curves without their means: the baseline signal is then a free constant, as noisy as it is.

    An error of it lifts the whole curve after the bolus, which looks like a leak.
    """
    return curves - curves.mean(axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class _Kind:
    """A kind of leak, centred, and its products with the vascular curves.

    ``apart`` is the sum of squares of the varied trace that no vascular curve takes up.
    """

    fixed: Float[np.ndarray, " t"]
    varied: Float[np.ndarray, " t"]
    fixed_on: Float[np.ndarray, " curves"]
    varied_on: Float[np.ndarray, " curves"]
    apart: Float[np.ndarray, " curves"]

    @classmethod
    def of(cls, vascular: Vascular, fixed: np.ndarray, varied: np.ndarray) -> "_Kind":
        fixed, varied = _centred(np.stack([fixed, varied]))
        on = vascular.curves @ varied
        apart = varied @ varied - on**2 / vascular.size
        return cls(fixed, varied, vascular.curves @ fixed, on, apart)


def _marginal(
    tissue: Float[np.ndarray, "n t"],
    variance: Float[np.ndarray, "n 1"],
    vascular: Vascular,
    kinds: list[_Kind],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log evidence of no leak and of each kind, mean and variance of κ, over vascular curves.

    C + o = a·b + κ·l for every vascular curve b, fixed o and varied l: evidence and mean in closed
    form, a flat and κ ~ N(0, 1) before the data, negative a excluded. With p = (b·l)/|b|²,
    r = (C + o)·(l − p·b) and d = |l|² + σ² − p²·|b|²: κ = r/d ± σ/√d.
    """
    on_bank = tissue @ vascular.curves.T
    alone = _vascular_alone(on_bank, variance, vascular)
    none = _log_sum(np.where(on_bank > 0, alone, -np.inf))[1]
    found = [_of_kind(tissue, variance, vascular, kind, (on_bank, alone)) for kind in kinds]
    log, means, variances = (np.stack(column, axis=1) for column in zip(*found, strict=True))
    nothing = np.finfo(float).tiny
    return np.column_stack([none, log]), means, np.maximum(variances, nothing)


def _vascular_alone(
    on: Float[np.ndarray, "n curves"], variance: Float[np.ndarray, "n 1"], vascular: Vascular
) -> Float[np.ndarray, "n curves"]:
    """Log evidence of a vascular curve, the tissue's product with it being ``on``."""
    alone = np.square(on)
    alone *= 0.5 / vascular.size
    alone *= 1 / variance
    alone += vascular.prior
    return alone


def _of_kind(
    tissue: Float[np.ndarray, "n t"],
    variance: Float[np.ndarray, "n 1"],
    vascular: Vascular,
    kind: _Kind,
    without: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log evidence of one kind of leak, mean and variance of κ, over vascular curves.

    In place, a product at a time: this is where the time of a correction goes. ``without`` are the
    products and the evidence without any leak.
    """
    on, log_weight = without[0], without[1].copy()
    if kind.fixed.any():
        on = on + kind.fixed_on
        log_weight = _vascular_alone(on, variance, vascular)
        taken = 2 * (tissue @ kind.fixed) + kind.fixed @ kind.fixed
        log_weight -= taken[:, None] / (2 * variance)
    free = variance / (kind.apart + variance)
    kappa = on * (-kind.varied_on / vascular.size)
    kappa += (tissue @ kind.varied + kind.fixed @ kind.varied)[:, None]
    work = np.square(kappa)
    work *= free
    work *= 0.5 / variance**2
    log_weight += work
    kappa *= free
    kappa *= 1 / variance
    np.log(free, out=work)
    work *= 0.5
    log_weight += work
    np.multiply(kappa, kind.varied_on, out=work)
    log_weight[on <= work] = -np.inf
    weight, total = _log_sum(log_weight)
    mean = np.einsum("ij,ij->i", weight, kappa)
    np.square(kappa, out=kappa)
    kappa += free
    return total, mean, np.einsum("ij,ij->i", weight, kappa) - mean**2


def _log_sum(
    log_weight: Float[np.ndarray, "n c"],
) -> tuple[Float[np.ndarray, "n c"], Float[np.ndarray, " n"]]:
    """Weights that add up to 1, and the log of their sum; all zero and −∞ where none is."""
    top = log_weight.max(axis=1, keepdims=True)
    top[~np.isfinite(top)] = 0
    weight = np.exp(log_weight - top)
    total = weight.sum(axis=1)
    some = total > 0
    weight /= np.where(some, total, 1)[:, None]
    return weight, np.where(some, np.log(np.where(some, total, 1)) + top[:, 0], -np.inf)
