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
BLOCK = 16
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
        parts = _Bank(_centred(bank), log_prior, _centred(leaks))

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
    """Vascular curves with their log prior and the traces of leaks, all centred."""

    vascular: Float[np.ndarray, "curves t"]
    log_prior: Float[np.ndarray, " curves"]
    leaks: Float[np.ndarray, "washouts t"]


def _averaged(
    tissue: Float[np.ndarray, "n t"], variance: Float[np.ndarray, "n 1"], bank: _Bank
) -> Float[np.ndarray, "n washouts"]:
    """Posterior mean of K2 by washout, which add up to K2.

    C = a·b − K2·l for every vascular curve b and leak l, of which one is no leak: evidence and
    mean in closed form, a flat and K2 of SD TYPICAL_K2 before the data, negative a excluded.
    """
    b = bank.vascular
    size, on_bank = np.einsum("ij,ij->i", b, b), tissue @ b.T
    evidence = [
        on_bank**2 / size / (2 * variance) - np.log(size) / 2 + np.log(1 / LEAKING - 1),
    ]
    amplitudes, rates = [on_bank], []
    for leak in bank.leaks:
        ridge, shared = leak @ leak + variance / TYPICAL_K2**2, b @ leak
        on_leak = (tissue @ leak)[:, None]
        determinant = size * ridge - shared**2
        amplitude = (on_bank * ridge - shared * on_leak) / determinant
        k2 = (shared * on_bank - size * on_leak) / determinant
        explained = (amplitude * on_bank - k2 * on_leak) / (2 * variance)
        prior = np.log(determinant * TYPICAL_K2**2 / variance) / 2 + np.log(len(bank.leaks))
        evidence.append(explained - prior)
        amplitudes.append(amplitude)
        rates.append(k2)
    weight = _weights(np.stack(evidence, axis=1) + bank.log_prior, np.stack(amplitudes, axis=1))
    return np.einsum("nwc,nwc->nw", weight[:, 1:], np.stack(rates, axis=1))


def _weights(
    log_weight: Float[np.ndarray, "n w c"], amplitude: Float[np.ndarray, "n w c"]
) -> Float[np.ndarray, "n w c"]:
    """Weights that add up to 1 over positive amplitudes; 0 where there are none."""
    allowed = np.where(amplitude > 0, log_weight, -np.inf)
    top = allowed.max(axis=(1, 2), keepdims=True)
    weight = np.exp(allowed - np.where(np.isfinite(top), top, 0))
    total = weight.sum(axis=(1, 2), keepdims=True)
    return weight / np.where(total > 0, total, 1)
