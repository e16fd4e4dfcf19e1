"""The leaks of a region: how many of its voxels leak, how much, and for how long."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

TYPICAL_K2 = 0.05
"""SD in 1/s of K2 of voxels that leak, before those of the region are seen."""
SEEN_BEFORE = 5.0
"""Voxels with such leaks, on average none, that a region is thought to have besides its own."""
LEAST_SD = 0.01
"""SD in 1/s of K2 below which no region is believed to be even."""
ROUNDS = 60
"""Of expectation and maximisation."""
LEARNED_FROM = 2000
"""Voxels of a region that its leaks are learned from at most, evenly taken."""


class Expected(NamedTuple):
    """Share of voxels that leak, and the number of voxels whose word that is worth."""

    share: float
    worth: float


TUMOR = Expected(0.5, 10.0)
ELSEWHERE = Expected(0.02, 1e6)
"""The reference of a correction is brain that does not leak; errors of the model must not show."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the curves say of each leak, K2 having an SD of TYPICAL_K2 about zero.

    ``log`` likelihood of no leak and of leaks of w washouts; ``mean`` 1/s and ``variance`` of K2
    if it is that leak.
    """

    log: Float[np.ndarray, "n kinds"]
    mean: Float[np.ndarray, "n w"]
    variance: Float[np.ndarray, "n w"]

    def some(self, rows: np.ndarray | slice) -> "Evidence":
        """That of some of the curves."""
        return Evidence(self.log[rows], self.mean[rows], self.variance[rows])


@dataclass(frozen=True, eq=False)
class Leaks:
    """``share`` of voxels without leak and with one of w washouts; K2 has ``middle``, ``sd``."""

    share: Float[np.ndarray, " kinds"]
    middle: Float[np.ndarray, " w"]
    sd: Float[np.ndarray, " w"]

    @classmethod
    def before(cls, expected: Expected, washouts: int) -> "Leaks":
        """Those of a region before its voxels are seen."""
        leaking = np.full(washouts, expected.share / washouts)
        none = np.zeros(washouts)
        return cls(np.append(1 - expected.share, leaking), none, none + TYPICAL_K2)


class Among(NamedTuple):
    """Posterior of a region's curves: ``probability`` of each kind, mean and variance of K2."""

    probability: Float[np.ndarray, "n kinds"]
    mean: Float[np.ndarray, "n w"]
    variance: Float[np.ndarray, "n w"]


def learn_leaks(evidence: Evidence, expected: Expected) -> Leaks:
    """The leaks of a region from its voxels, by EM on their evidence.

    Empirical Bayes; every figure is drawn to what is expected as by so many more voxels.
    Source: Efron & Morris, J Am Stat Assoc 1973;68:117; Dempster et al., J R Stat Soc B 1977;39:1.
    """
    before = leaks = Leaks.before(expected, evidence.mean.shape[1])
    seen = evidence.some(slice(None, None, 1 + len(evidence.log) // LEARNED_FROM))
    for _ in range(ROUNDS):
        probability, mean, variance = among(seen, leaks)
        count, leaking = len(probability), probability[:, 1:]
        worth = leaking.sum(axis=0) + SEEN_BEFORE
        share = (probability.sum(axis=0) + expected.worth * before.share) / (count + expected.worth)
        middle = (leaking * mean).sum(axis=0) / worth
        spread = (leaking * (variance + (mean - middle) ** 2)).sum(axis=0)
        sd = np.sqrt((spread + SEEN_BEFORE * TYPICAL_K2**2) / worth)
        leaks = Leaks(share, middle, np.clip(sd, LEAST_SD, TYPICAL_K2))
    return leaks


def among(evidence: Evidence, leaks: Leaks) -> Among:
    """Posterior of curves whose leaks are those of a region.

    K2 ~ N(m, s²) takes the place of N(0, T²), T being TYPICAL_K2, in closed form: with the curve's
    precision λ = 1/v − 1/T² and P = λ + 1/s², K2 is (μ/v + m/s²)/P ± 1/√P.
    """
    own, middle, sd = evidence.mean / evidence.variance, leaks.middle, leaks.sd
    curve = np.maximum(1 / evidence.variance - 1 / TYPICAL_K2**2, 0)
    precision = curve + 1 / sd**2
    mean = (own + middle / sd**2) / precision
    gained = precision * mean**2 - own * evidence.mean - (middle / sd) ** 2
    gained -= np.log(precision * evidence.variance * (sd / TYPICAL_K2) ** 2)
    log = evidence.log + np.log(leaks.share)
    log[:, 1:] += gained / 2
    top = log.max(axis=1, keepdims=True)
    probability = np.exp(log - np.where(np.isfinite(top), top, 0))
    total = probability.sum(axis=1, keepdims=True)
    return Among(probability / np.where(total > 0, total, 1), mean, 1 / precision)
