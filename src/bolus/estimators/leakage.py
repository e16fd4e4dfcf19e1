"""Leakage correction after Boxerman, Schmainda and Weisskoff."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import AIF, CurveError, InputError, MaskError, PreparedSeries, TissueCurves
from bolus.estimators.blocks import in_blocks, one_blas_thread
from bolus.physics import RESIDUES, leak_term, noise_gain, running_integral, tissue_curve

MARGIN = 10.0
"""Distance in mm from the tumour within which no reference is taken."""
LEAST_REFERENCE = 100
"""Voxels that a reference curve is averaged over at least."""
TAIL = 0.25
"""Share of the frames, the last ones, in which enhancement shows."""
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


@dataclass(frozen=True, kw_only=True, eq=False)
class LeakageFit:
    """``k2`` (n,) in 1/s, NaN for a curve that is not finite; the reference curve m (t,).

    ``model`` is the name in MODELS.
    """

    k2: Float[np.ndarray, " n"]
    reference: Float[np.ndarray, " t"]
    model: str


def check_leakage_model(model: str) -> None:
    """Raise InputError for a model that there is not."""
    if model not in MODELS:
        raise InputError(f"the leakage model is one of {', '.join(MODELS)}, found '{model}'")


def correct_leakage(
    curves: TissueCurves,
    series: PreparedSeries,
    aif: AIF,
    tumor: Bool[np.ndarray, "x y z"] | None = None,
    model: str = "free",
) -> tuple[TissueCurves, LeakageFit]:
    """The curves with what leakage took off them added, and the fit.

    m is the mean curve of brain that does not leak (``reference_curve``). K2 is fitted in every
    voxel: ``model`` 'bsw' is the published C ≈ K1·m − K2·∫m, in which tissue that is slower or
    later than m looks leaky and agent that has left never returns. 'free' has a vascular curve of
    any transit time, delay and shape in K1·m's place and lets the leak wash out,
    K2·∫ c(τ)·e^(−w·(t−τ)) dτ with c the arterial input with the area of m; it averages over all of
    these and over no leak at all. Source: Boxerman et al., AJNR 2006;27:859; washout after Leu et
    al., AJNR 2016;37:1440.

    Raises InputError for another model, CurveError for an arterial input that does not fit,
    MaskError for a tumour that leaves no reference.
    """
    check_leakage_model(model)
    if aif.curve.shape != curves.time.shape or not aif.curve.sum() > 0:
        raise CurveError(
            f"the arterial input needs the curves' {curves.time.size} frames and a positive area, "
            f"found shape {aif.curve.shape} and a sum of {aif.curve.sum():g}"
        )
    reference = reference_curve(curves, series, tumor)
    good = np.isfinite(curves.curves).all(axis=1) & np.isfinite(curves.noise_sd)
    k2, mended = np.full(len(good), np.nan), curves.curves.copy()
    noise = curves.noise_sd[good]
    k2[good], taken = MODELS[model](
        _Problem(curves.curves[good], noise, reference, aif.curve, series.dt, series.te or 1.0)
    )
    mended[good] += taken.astype(mended.dtype)
    return replace(curves, curves=mended), LeakageFit(k2=k2, reference=reference, model=model)


def reference_curve(
    curves: TissueCurves, series: PreparedSeries, tumor: Bool[np.ndarray, "x y z"] | None
) -> Float[np.ndarray, " t"]:
    """Mean curve (t,) of brain with a bolus, away from the tumour, that does not enhance.

    Enhancement is told by the mean over the last quarter of the frames: voxels more than 2 robust
    SDs from their median are left out. Raises MaskError for fewer than 100 voxels.
    """
    usable = np.flatnonzero((curves.quality == 0) & _away(tumor, series)[series.mask])
    if usable.size >= LEAST_REFERENCE:
        last = round(TAIL * curves.time.size)
        level = curves.curves[usable, -last:].mean(axis=1, dtype=float)
        middle = np.median(level)
        spread = 1.4826 * np.median(np.abs(level - middle))
        usable = usable[np.abs(level - middle) <= 2 * spread]
    if usable.size < LEAST_REFERENCE:
        raise MaskError(
            f"{usable.size} brain voxels are left to take a reference without leakage from, at "
            f"least {LEAST_REFERENCE} are needed; is the tumour mask right?"
        )
    return np.asarray(curves.curves[usable].mean(axis=0, dtype=float))


def _away(
    tumor: Bool[np.ndarray, "x y z"] | None, series: PreparedSeries
) -> Bool[np.ndarray, "x y z"]:
    """Voxels more than MARGIN from the tumour; all without one."""
    from scipy.ndimage import distance_transform_edt

    if tumor is None or not tumor.any():
        return np.ones(series.grid.shape, dtype=bool)
    if tumor.shape != series.grid.shape:
        raise MaskError(f"tumour mask of shape {tumor.shape} on a grid of {series.grid.shape}")
    return np.asarray(distance_transform_edt(~tumor, sampling=series.grid.voxel_size) > MARGIN)


@dataclass(frozen=True, eq=False)
class _Problem:
    """Finite curves (n, t) with noise (n,), reference (t,), AIF (t,); ``dt``, ``te`` s."""

    tissue: Float[np.ndarray, "n t"]
    noise_sd: Float[np.ndarray, " n"]
    reference: Float[np.ndarray, " t"]
    aif: Float[np.ndarray, " t"]
    dt: float
    te: float


Taken = tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n t"]]
"""K2 (n,) in 1/s and what leakage took off the curves (n, t)."""


def _bsw(problem: _Problem) -> Taken:
    """The published model, by least squares."""
    m = problem.reference
    design = np.stack([m, -running_integral(m, problem.dt)], axis=1)
    k2 = np.linalg.lstsq(design, problem.tissue.T.astype(float), rcond=None)[0][1]
    return k2, np.asarray(leak_term(k2, m, problem.dt))


def _free(problem: _Problem) -> Taken:
    """Posterior means over all vascular curves, leak or none, and washouts; see ``_averaged``."""
    (bank, log_prior), leaks = _vascular(problem), _leaks(problem)
    parts = _Bank(_centred(bank), log_prior, _centred(leaks))

    def block(tissue: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray]:
        gain = noise_gain(np.maximum(tissue, 0), problem.te)
        variance = noise**2 * np.square(gain).mean(axis=1)
        return (_averaged(_centred(tissue), variance[:, None], parts),)

    with one_blas_thread():
        rates = in_blocks(block, problem.tissue.astype(float), problem.noise_sd, size=BLOCK)[0]
        return rates.sum(axis=1), rates @ leaks


def _centred(curves: Float[np.ndarray, "n t"]) -> Float[np.ndarray, "n t"]:
    """Curves without their means: the baseline signal is then a free constant, as noisy as it is.

    An error of it lifts the whole curve after the bolus, which looks like a leak.
    """
    return curves - curves.mean(axis=1, keepdims=True)


def _vascular(problem: _Problem) -> tuple[Float[np.ndarray, "curves t"], Float[np.ndarray, " c"]]:
    """Curves of CBV 1 that do not leak, and the logarithm of their prior."""
    grid = np.meshgrid(MTTS, DELAYS, SHAPES, indexing="ij")
    mtt, delay, shape = (axis.ravel() for axis in grid)
    curves = tissue_curve(problem.aif, problem.dt, 1 / mtt, mtt, RESIDUES["weibull"], delay, shape)
    middle, sd = TYPICAL_MTT
    return np.asarray(curves), -(np.log(mtt / middle) ** 2) / (2 * sd**2)


def _leaks(problem: _Problem) -> Float[np.ndarray, "washouts t"]:
    """∫ c(τ)·e^(−w·(t−τ)) dτ of every washout w, c the arterial input with the area of m."""
    scaled = problem.aif * (problem.reference.sum() / problem.aif.sum())
    stay, none = 1 / WASHOUTS, np.zeros(WASHOUTS.size)
    return np.asarray(
        tissue_curve(scaled, problem.dt, none + 1, stay, RESIDUES["exponential"], none)
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


MODELS: dict[str, Callable[[_Problem], Taken]] = {"free": _free, "bsw": _bsw}
"""Name → fit of a problem."""
