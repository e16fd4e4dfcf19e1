"""Leakage correction after Boxerman, Schmainda and Weisskoff."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import AIF, CurveError, DSCSeries, InputError, MaskError, TissueCurves
from bolus.estimators.blocks import in_blocks, one_blas_thread
from bolus.physics import RESIDUES, leak_term, noise_gain, running_integral, tissue_curve

MARGIN = 10.0
"""Distance in mm from the tumour within which no reference is taken."""
LEAST_REFERENCE = 100
"""Voxels that a reference curve is averaged over at least."""
TAIL = 0.25
"""Share of the frames, the last ones, in which enhancement shows."""
TYPICAL_K2 = 0.05
"""SD in 1/s of K2 that is expected before a curve is seen."""
MTTS = np.geomspace(1.5, 20.0, 12)
DELAYS = np.arange(-2.0, 5.1, 0.75)
SHAPES = np.array([0.8, 1.3, 2.5])
"""Transit times and delays in s, and Weibull shapes, of the vascular curves that are tried."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LeakageFit:
    """``k2`` (n,) in 1/s, NaN for a curve that is not finite; the reference curve m (t,).

    ``model`` is the name in MODELS.
    """

    k2: Float[np.ndarray, " n"]
    reference: Float[np.ndarray, " t"]
    model: str


def correct_leakage(
    curves: TissueCurves,
    series: DSCSeries,
    aif: AIF,
    tumor: Bool[np.ndarray, "x y z"] | None = None,
    model: str = "free",
) -> tuple[TissueCurves, LeakageFit]:
    """The curves with what leakage took off them added, C + K2·∫m, and the fit.

    m is the mean curve of brain that does not leak (``reference_curve``). K2 is fitted in every
    voxel: ``model`` 'bsw' is the published C ≈ K1·m − K2·∫m, in which tissue that is slower or
    later than m looks leaky; 'free' has a vascular curve of any transit time, delay and shape in
    K1·m's place. Source: Boxerman et al., AJNR 2006;27:859.

    Raises InputError for another model, MaskError for a tumour that leaves no reference.
    """
    if model not in MODELS:
        raise InputError(f"the leakage model is one of {', '.join(MODELS)}, found '{model}'")
    reference = reference_curve(curves, series, tumor)
    good = np.isfinite(curves.curves).all(axis=1)
    k2 = np.full(len(good), np.nan)
    noise = curves.noise_sd[good]
    k2[good] = MODELS[model](
        _Problem(curves.curves[good], noise, reference, aif.curve, series.dt, series.te or 1.0)
    )
    mended = curves.curves + leak_term(np.nan_to_num(k2), reference, series.dt)
    mended = mended.astype(curves.curves.dtype)
    return replace(curves, curves=mended), LeakageFit(k2=k2, reference=reference, model=model)


def reference_curve(
    curves: TissueCurves, series: DSCSeries, tumor: Bool[np.ndarray, "x y z"] | None
) -> Float[np.ndarray, " t"]:
    """Mean curve (t,) of brain with a bolus, away from the tumour, that does not enhance.

    Enhancement is told by the mean over the last quarter of the frames: voxels more than 2 robust
    SDs from their median are left out. Raises MaskError for fewer than 100 voxels.
    """
    if series.mask is None:
        raise CurveError("the series has no mask yet: prepare it first")
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


def _away(tumor: Bool[np.ndarray, "x y z"] | None, series: DSCSeries) -> Bool[np.ndarray, "x y z"]:
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


def _bsw(problem: _Problem) -> Float[np.ndarray, " n"]:
    """K2 of the published model, by least squares."""
    m = problem.reference
    design = np.stack([m, -running_integral(m, problem.dt)], axis=1)
    return np.asarray(np.linalg.lstsq(design, problem.tissue.T.astype(float), rcond=None)[0][1])


def _free(problem: _Problem) -> Float[np.ndarray, " n"]:
    """Posterior mean of K2 over all vascular curves, amplitude free, K2 normal around 0."""
    bank, leak = _vascular(problem), running_integral(problem.reference, problem.dt)

    def block(tissue: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray]:
        gain = noise_gain(np.maximum(tissue, 0), problem.te)
        variance = noise**2 * np.square(gain).mean(axis=1)
        return (_mean_k2(tissue, variance, bank, leak),)

    with one_blas_thread():
        return in_blocks(block, problem.tissue.astype(float), problem.noise_sd, size=512)[0]


def _vascular(problem: _Problem) -> Float[np.ndarray, "curves t"]:
    """Curves of CBV 1 that do not leak."""
    grid = np.meshgrid(MTTS, DELAYS, SHAPES, indexing="ij")
    mtt, delay, shape = (axis.ravel() for axis in grid)
    return np.asarray(
        tissue_curve(problem.aif, problem.dt, 1 / mtt, mtt, RESIDUES["weibull"], delay, shape)
    )


def _mean_k2(
    tissue: Float[np.ndarray, "n t"],
    variance: Float[np.ndarray, " n"],
    bank: Float[np.ndarray, "curves t"],
    leak: Float[np.ndarray, " t"],
) -> Float[np.ndarray, " n"]:
    """K2 averaged over the vascular curves b, each weighted by its likelihood.

    C = a·b − K2·l with K2 of SD TYPICAL_K2 before the data: ridge regression for each b, and
    negative a excluded.
    """
    ridge = (leak @ leak + variance / TYPICAL_K2**2)[:, None]
    size, shared = np.einsum("ij,ij->i", bank, bank), bank @ leak
    on_bank, on_leak = tissue @ bank.T, (tissue @ leak)[:, None]
    determinant = size * ridge - shared**2
    amplitude = (on_bank * ridge - shared * on_leak) / determinant
    k2 = -(size * on_leak - shared * on_bank) / determinant
    explained = amplitude * on_bank - k2 * on_leak
    log_weight = np.where(amplitude > 0, explained / (2 * variance[:, None]), -np.inf)
    top = log_weight.max(axis=1, keepdims=True)
    weight = np.exp(log_weight - np.where(np.isfinite(top), top, 0))
    total = weight.sum(axis=1)
    found = np.einsum("ij,ij->i", weight, k2) / np.where(total > 0, total, 1)
    return np.where(total > 0, found, 0.0)


MODELS: dict[str, Callable[[_Problem], Float[np.ndarray, " n"]]] = {"free": _free, "bsw": _bsw}
"""Name → K2 of a problem."""
