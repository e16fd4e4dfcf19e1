"""The leaks of a region: how many of its voxels leak, how much, and for how long."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

SEEN_BEFORE = 100.0
"""Voxels that leak, on average as expected, that a region is thought to have besides its own: what
is wrong with the vascular curves is wrong in all voxels alike, so many of them say little more."""
LEAST_SD = 0.6
"""Smallest SD of the strength: no region is more even, or weak leaks that nothing can tell from
slow blood would be found everywhere."""
ROUNDS = 60
"""Of expectation and maximisation."""
LEARNED_FROM = 600
"""Voxels of a region that its leaks are learned from at least, evenly taken, if it has as many."""
NEGLIGIBLE = 0.01
"""Share of the leaks of a region that kinds may have together which are then left out."""


class Expected(NamedTuple):
    """Share of voxels that leak, and the number of voxels whose word that is worth."""

    share: float
    worth: float


TUMOR = Expected(0.5, 10.0)
ELSEWHERE = Expected(0.02, 1e6)
"""The reference of a correction is brain that does not leak; errors of the model must not show."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the curves say of each kind of leak, its strength κ being N(0, 1) before.

    ``log`` likelihood of no leak and of w kinds; ``mean`` and ``variance`` of κ if it is that kind.
    """

    log: Float[np.ndarray, "n kinds"]
    mean: Float[np.ndarray, "n w"]
    variance: Float[np.ndarray, "n w"]

    def some(self, rows: np.ndarray | slice) -> "Evidence":
        """That of some of the curves."""
        return Evidence(self.log[rows], self.mean[rows], self.variance[rows])


@dataclass(frozen=True, eq=False)
class Leaks:
    """``share`` of voxels without leak and with one of w kinds; κ has ``middle`` and ``sd``."""

    share: Float[np.ndarray, " kinds"]
    middle: float
    sd: float

    @classmethod
    def before(cls, expected: Expected, kinds: int) -> "Leaks":
        """Those of a region before its voxels are seen."""
        leaking = np.full(kinds, expected.share / kinds)
        return cls(np.append(1 - expected.share, leaking), 0.0, 1.0)

    def common(self) -> Int[np.ndarray, " some"]:
        """The kinds of leaks that are not NEGLIGIBLE together, in order."""
        leaking = self.share[1:]
        order = np.argsort(leaking, kind="stable")
        rare = np.cumsum(leaking[order]) <= NEGLIGIBLE * leaking.sum()
        return np.sort(order[~rare])

    def only(self, kinds: Int[np.ndarray, " some"]) -> "Leaks":
        """Of some kinds, whose shares take over those of the others."""
        leaking = self.share[1:]
        some = leaking[kinds] * (leaking.sum() / leaking[kinds].sum())
        return Leaks(np.append(self.share[0], some), self.middle, self.sd)


def sample(count: int) -> slice:
    """Rows that the leaks of a region of ``count`` voxels are learned from."""
    return slice(None, None, max(1, count // LEARNED_FROM))


class Among(NamedTuple):
    """Posterior of a region's curves: ``probability`` of each kind, mean and variance of κ."""

    probability: Float[np.ndarray, "n kinds"]
    mean: Float[np.ndarray, "n w"]
    variance: Float[np.ndarray, "n w"]


def learn_leaks(evidence: Evidence, expected: Expected) -> Leaks:
    """The leaks of a region from its voxels, by EM on their evidence.

    How many voxels are of each kind, and the mean and SD that κ has in all of them: tissue of one
    tumour is alike. Empirical Bayes; every figure is drawn to what is expected as by so many more
    voxels. Source: Efron & Morris, J Am Stat Assoc 1973;68:117; Dempster et al., J R Stat Soc B
    1977;39:1.
    """
    before = leaks = Leaks.before(expected, evidence.mean.shape[1])
    for _ in range(ROUNDS):
        probability, mean, variance = among(evidence, leaks)
        count, leaking = len(probability), probability[:, 1:]
        share = (probability.sum(axis=0) + expected.worth * before.share) / (count + expected.worth)
        worth = leaking.sum() + SEEN_BEFORE
        middle = float((leaking * mean).sum() / worth)
        spread = (leaking * (variance + (mean - middle) ** 2)).sum() + SEEN_BEFORE
        leaks = Leaks(share, middle, float(np.clip(np.sqrt(spread / worth), LEAST_SD, 1)))
    return leaks


def among(evidence: Evidence, leaks: Leaks) -> Among:
    """Posterior of curves whose leaks are those of a region.

    κ ~ N(m, s²) takes the place of N(0, 1), in closed form: with the curve's precision λ = 1/v − 1
    and P = λ + 1/s², κ is (μ/v + m/s²)/P ± 1/√P.
    """
    own, middle, sd = evidence.mean / evidence.variance, leaks.middle, leaks.sd
    curve = np.maximum(1 / evidence.variance - 1, 0)
    precision = curve + 1 / sd**2
    mean = (own + middle / sd**2) / precision
    gained = precision * mean**2 - own * evidence.mean - (middle / sd) ** 2
    gained -= np.log(precision * evidence.variance * sd**2)
    log = evidence.log + np.log(leaks.share)
    log[:, 1:] += gained / 2
    top = log.max(axis=1, keepdims=True)
    probability = np.exp(log - np.where(np.isfinite(top), top, 0))
    total = probability.sum(axis=1, keepdims=True)
    return Among(probability / np.where(total > 0, total, 1), mean, 1 / precision)
