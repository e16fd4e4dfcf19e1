"""Leakage correction with any vascular curve, and a leak that may wash out."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.data import Citation, LeakageEstimate, LeakageProblem
from bolus.data.codes import PRIVATE, Concept
from bolus.estimators.blocks import in_blocks, one_blas_thread
from bolus.patient.leakage.boxerman import BOXERMAN
from bolus.physics import RESIDUES, ForwardModel, noise_gain

LEAKING = 0.1
"""Share of the voxels that is expected to leak before a curve is seen."""
TYPICAL_K2 = 0.05
"""SD in 1/s of K2 of those."""
WASHOUTS = np.array([0.01, 0.5, 1.0, 2.0, 4.0, 8.0]) / 60
"""Rates in 1/s at which a leak's trace fades: agent returns, and its T1 effect saturates."""
TYPICAL_MTT = (5.0, 0.4)
"""Median in s of the transit time, and SD of its logarithm, before a curve is seen."""
MTTS = np.geomspace(1.5, 20.0, 9)
DELAYS = np.arange(-2.0, 5.1, 0.75)
SHAPES = np.array([0.8, 1.0, 1.3, 2.5])
"""Transit times and delays in s, and Weibull shapes, of the vascular curves that are tried."""
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
    """Posterior means over all vascular curves, leak or none, and washouts.

    A vascular curve of any transit time, delay and shape stands in the place of K1·m, and the leak
    washes out: K2·∫ c(τ)·e^(−w·(t−τ)) dτ with c the arterial input with the area of the reference
    m. Source: Boxerman et al., AJNR 2006;27:859; washout after Leu et al., AJNR 2016;37:1440.
    """

    name: ClassVar[str] = "free"
    sentence: ClassVar[str] = (
        "after Boxerman, Schmainda and Weisskoff [boxerman], with a vascular curve of any transit "
        "time and delay and a leak that may wash out [washout]"
    )
    citations: ClassVar[dict[str, Citation]] = {"boxerman": BOXERMAN, "washout": LEU}
    code: ClassVar[Concept] = Concept(
        "leakage-free", PRIVATE, "Leakage correction, any vascular curve, washout"
    )

    def fit(self, problem: LeakageProblem) -> LeakageEstimate:
        """Mean K2 of every curve and the mean of its leak's trace; see ``_averaged``."""
        (bank, log_prior), leaks = _vascular(problem), _leaks(problem)
        parts = _Bank.of(bank, log_prior, leaks)

        def block(tissue: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray]:
            gain = noise_gain(np.maximum(tissue, 0), problem.te)
            variance = noise**2 * np.square(gain).mean(axis=1)
            return (_averaged(_centred(tissue), variance[:, None], parts),)

        with one_blas_thread():
            rates = in_blocks(block, problem.tissue.astype(float), problem.noise_sd, size=BLOCK)[0]
            return LeakageEstimate(rates.sum(axis=1), rates @ leaks)


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


def _averaged(
    tissue: Float[np.ndarray, "n t"], variance: Float[np.ndarray, "n 1"], bank: _Bank
) -> Float[np.ndarray, "n washouts"]:
    """Posterior mean of K2 by washout, which add up to K2.

    C = a·b − K2·l for every vascular curve b and leak l, of which one is no leak: evidence and
    mean in closed form, a flat and K2 of SD TYPICAL_K2 before the data, negative a excluded. With
    r = C·l − C·b·(b·l)/|b|² and d = |l|² + (σ/TYPICAL_K2)² − (b·l)²/|b|²: K2 = −r/d.
    """
    b, size = bank.vascular, bank.size
    on_bank = tissue @ b.T
    along = on_bank / size
    alone = on_bank * along
    alone /= 2 * variance
    alone += bank.log_prior - np.log(size) / 2
    weight = np.empty((1 + len(bank.leaks), *on_bank.shape), dtype=on_bank.dtype)
    weight[0] = np.where(on_bank > 0, alone + np.log(1 / LEAKING - 1), -np.inf)
    rates = np.empty_like(weight[1:])
    for leak, shared, rate, log_weight in zip(
        bank.leaks, bank.shared, rates, weight[1:], strict=True
    ):
        ridge = leak @ leak + variance / TYPICAL_K2**2
        rest = shared * along
        rest -= (tissue @ leak)[:, None]
        left = ridge - shared**2 / size
        np.divide(rest, left, out=rate)
        np.log(left, out=left)
        rest *= rate
        rest /= variance
        rest -= left
        rest /= 2
        np.add(alone, rest, out=log_weight)
        log_weight += np.log(variance / TYPICAL_K2**2) / 2 - np.log(len(bank.leaks))
        log_weight[on_bank + shared * rate <= 0] = -np.inf
    top = weight.max(axis=(0, 2))[:, None]
    weight -= np.where(np.isfinite(top), top, 0)
    np.exp(weight, out=weight)
    total = weight.sum(axis=(0, 2))
    rates *= weight[1:]
    return (rates.sum(axis=2) / np.where(total > 0, total, 1)).T
