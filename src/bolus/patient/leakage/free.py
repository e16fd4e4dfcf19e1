"""Leakage correction with any vascular curve, and a leak that may wash out."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.data import Citation, LeakageEstimate, LeakageProblem
from bolus.data.codes import PRIVATE, Concept
from bolus.estimators.blocks import in_blocks, one_blas_thread
from bolus.patient.leakage.boxerman import BOXERMAN
from bolus.patient.leakage.neighbours import averaged_with_neighbours
from bolus.patient.leakage.population import (
    ELSEWHERE,
    TUMOR,
    TYPICAL_K2,
    Evidence,
    among,
    learn_leaks,
)
from bolus.physics import RESIDUES, ForwardModel, noise_gain

WASHOUTS = np.array([0.1, 0.4, 0.8, 1.6]) / 60
"""Rates in 1/s at which a leak's trace fades: agent returns, and its T1 effect saturates. One that
fades faster cannot be told from blood that is slow."""
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

LEU = Citation(
    "Leu K, Boxerman JL, Cloughesy TF, et al. Improved leakage correction for single-echo dynamic "
    "susceptibility contrast perfusion MRI estimates of relative cerebral blood volume in "
    "high-grade gliomas by accounting for bidirectional contrast agent exchange. AJNR Am J "
    "Neuroradiol 2016;37:1440–1446.",
    "AJNR 2016;37:1440",
)


@dataclass(frozen=True)
class Free:
    """Posterior means over all vascular curves, leak or none, and washouts, by region.

    A vascular curve of any transit time, delay and shape stands in the place of K1·m, and the leak
    washes out: K2·∫ c(τ)·e^(−w·(t−τ)) dτ with c the arterial input with the area of the reference
    m. Source: Boxerman et al., AJNR 2006;27:859; washout after Leu et al., AJNR 2016;37:1440.
    """

    name: ClassVar[str] = "free"
    sentence: ClassVar[str] = (
        "after Boxerman, Schmainda and Weisskoff [boxerman], with a vascular curve of any transit "
        "time and delay and a leak that may wash out [washout], fitted to the mean signal of a "
        "voxel and its neighbours and expected to be like the leaks of its region"
    )
    citations: ClassVar[dict[str, Citation]] = {"boxerman": BOXERMAN, "washout": LEU}
    code: ClassVar[Concept] = Concept(
        "leakage-free", PRIVATE, "Leakage correction, any vascular curve, washout"
    )

    def fit(self, problem: LeakageProblem) -> LeakageEstimate:
        """Mean K2 of every curve and the mean of its leak's trace.

        They are fitted to the mean signal of a voxel and its neighbours, and expected to be like
        the leaks of the tumour, or of what is no tumour.
        """
        tissue, noise_sd = problem.tissue.astype(float), problem.noise_sd
        tumor = np.ones(len(tissue), dtype=bool)
        if problem.places is not None:
            tumor = problem.places.tumor
            tissue, noise_sd = averaged_with_neighbours(
                tissue, noise_sd, problem.te, problem.places
            )
        leaks = _leaks(problem)
        with one_blas_thread():
            evidence = _evidence(problem, leaks, tissue, noise_sd)
            rates = np.zeros((len(tissue), len(leaks)))
            for region, expected in ((tumor, TUMOR), (~tumor, ELSEWHERE)):
                own = evidence.some(region)
                found = among(own, learn_leaks(own, expected))
                rates[region] = found.probability[:, 1:] * found.mean
            return LeakageEstimate(rates.sum(axis=1), rates @ leaks)


def _evidence(
    problem: LeakageProblem,
    leaks: Float[np.ndarray, "washouts t"],
    tissue: Float[np.ndarray, "n t"],
    noise_sd: Float[np.ndarray, " n"],
) -> Evidence:
    """What curves say of leaks, whatever their vascular curve; see ``_marginal``."""
    parts = _Bank.of(*_vascular(problem), leaks)

    def block(curves: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, ...]:
        gain, centred = noise_gain(np.maximum(curves, 0), problem.te), _centred(curves)
        variance = noise**2 * np.square(gain).mean(axis=1)
        variance += DOUBT**2 * np.square(centred).mean(axis=1)
        return _marginal(centred, variance[:, None], parts)

    return Evidence(*in_blocks(block, tissue, noise_sd, size=BLOCK))


def _centred(curves: Float[np.ndarray, "n t"]) -> Float[np.ndarray, "n t"]:
    """Curves without their means: the baseline signal is then a free constant, as noisy as it is.

    An error of it lifts the whole curve after the bolus, which looks like a leak.
    """
    return curves - curves.mean(axis=1, keepdims=True)


def _vascular(
    problem: LeakageProblem,
) -> tuple[Float[np.ndarray, "curves t"], Float[np.ndarray, " c"]]:
    """Curves of CBV 1 that do not leak, and the logarithm of their prior."""
    grid = np.meshgrid(MTTS, DELAYS, SHAPES, indexing="ij")
    mtt, delay, shape = (axis.ravel() for axis in grid)
    curves = ForwardModel(problem.aif, problem.dt, RESIDUES["weibull"])(1 / mtt, mtt, delay, shape)
    middle, sd = TYPICAL_MTT
    return np.asarray(curves), -(np.log(mtt / middle) ** 2) / (2 * sd**2)


def _leaks(problem: LeakageProblem) -> Float[np.ndarray, "washouts t"]:
    """∫ c(τ)·e^(−w·(t−τ)) dτ of every washout w, c the arterial input with the area of m."""
    scaled = problem.aif * (problem.reference.sum() / problem.aif.sum())
    stay, none = 1 / WASHOUTS, np.zeros(WASHOUTS.size)
    return np.asarray(
        ForwardModel(scaled, problem.dt, RESIDUES["exponential"])(none + 1, stay, none)
    )


@dataclass(frozen=True, eq=False)
class _Bank:
    """Vascular curves with their log prior and the traces of leaks, all centred.

    ``size`` is the sum of squares of each vascular curve, ``shared`` its product with every leak.
    """

    vascular: Float[np.ndarray, "curves t"]
    log_prior: Float[np.ndarray, " curves"]
    leaks: Float[np.ndarray, "washouts t"]
    size: Float[np.ndarray, " curves"]
    shared: Float[np.ndarray, "washouts curves"]

    @classmethod
    def of(
        cls,
        vascular: Float[np.ndarray, "curves t"],
        log_prior: Float[np.ndarray, " curves"],
        leaks: Float[np.ndarray, "washouts t"],
    ) -> "_Bank":
        """The bank of curves as they are."""
        b, leak = _centred(vascular), _centred(leaks)
        size, shared = np.einsum("ij,ij->i", b, b), leak @ b.T
        return cls(b, log_prior, leak, size, shared)


def _marginal(
    tissue: Float[np.ndarray, "n t"], variance: Float[np.ndarray, "n 1"], bank: _Bank
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log evidence of no leak and of each, mean and variance of K2, over all vascular curves.

    C = a·b − K2·l for every vascular curve b and leak l: evidence and mean in closed form, a flat
    and K2 of SD TYPICAL_K2 before the data, negative a excluded. With r = C·l − C·b·(b·l)/|b|² and
    d = |l|² + (σ/TYPICAL_K2)² − (b·l)²/|b|²: K2 = −r/d ± σ/√d.
    """
    b, size = bank.vascular, bank.size
    on_bank = tissue @ b.T
    along = on_bank / size
    alone = on_bank * along
    alone /= 2 * variance
    alone += bank.log_prior - np.log(size) / 2
    log = [_log_sum(np.where(on_bank > 0, alone, -np.inf))[1]]
    means, variances = [], []
    for leak, shared in zip(bank.leaks, bank.shared, strict=True):
        ridge = leak @ leak + variance / TYPICAL_K2**2
        rate = shared * along
        rate -= (tissue @ leak)[:, None]
        left = ridge - shared**2 / size
        log_weight = np.square(rate)
        rate /= left
        log_weight /= left * variance
        log_weight -= np.log(left * TYPICAL_K2**2 / variance)
        log_weight /= 2
        log_weight += alone
        log_weight[on_bank + shared * rate <= 0] = -np.inf
        weight, total = _log_sum(log_weight)
        mean = np.einsum("ij,ij->i", weight, rate)
        spread = np.square(rate) + variance / left
        means.append(mean)
        variances.append(np.einsum("ij,ij->i", weight, spread) - mean**2)
        log.append(total)
    nothing = np.finfo(float).tiny
    return (
        np.stack(log, axis=1),
        np.stack(means, axis=1),
        np.maximum(np.stack(variances, axis=1), nothing),
    )


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
