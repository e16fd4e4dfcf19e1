"""Noise of single voxels, from few baseline frames."""

import numpy as np
from jaxtyping import Float, Int, Num
from scipy.special import gammainc, gammaincinv

PRIOR_FRAMES = 10
"""Weight of the volume's typical variance, in degrees of freedom."""

VOXELS_A_BIN = 200
MAX_BINS = 10


def pooled_sd(
    own: Float[np.ndarray, " n"], s0: Float[np.ndarray, " n"], frames: int | Int[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Standard deviation of every voxel, shrunk towards that of voxels of similar baseline.

    ``own`` (n,) is the SD over so many baseline ``frames``, a number or (n,); ``s0`` (n,) the
    baseline signal, NaN or ≤ 0 where unusable (those get NaN). Concentration noise goes with 1/S0,
    so what is typical is the variance of the signal, (own·S0)²: its median in up to ten quantile
    bins of S0, divided by the median of χ²/ν, linear in log S0 between the bins. With
    ν = frames − 1 and ν₀ = 10:
    sd² = (ν·own² + ν₀·typical²)/(ν + ν₀).
    Source: Smyth, Stat Appl Genet Mol Biol 2004;3:3, with ν₀ held fixed.
    """
    usable = np.isfinite(own) & np.isfinite(s0) & (s0 > 0)
    if not usable.any():
        return np.full(own.shape, np.nan)
    counts, kind = np.unique(frames, return_inverse=True)
    medians = chi2_median(counts - 1) / (counts - 1)
    scale, fewer = medians[-1], (medians / medians[-1])[kind]  # 1 where most frames are
    nu = np.asarray(frames) - 1
    log_s0 = np.log(s0, where=usable, out=np.zeros(own.shape))
    centres, variances = _typical(log_s0[usable], ((own * s0) ** 2 / fewer)[usable])
    level = np.interp(log_s0, centres, variances / scale)
    typical = level / np.where(usable, s0, np.nan) ** 2
    pooled = np.sqrt((nu * own**2 + PRIOR_FRAMES * typical) / (nu + PRIOR_FRAMES))
    return np.where(usable, pooled, np.nan)


def chi2_median(freedom: float | Num[np.ndarray, " n"]) -> float | Float[np.ndarray, " n"]:
    """Median of χ² of so many degrees of freedom."""
    return 2 * gammaincinv(np.asarray(freedom) / 2, 0.5)  # scipy.stats takes long to import


FITTED = 3
"""Numbers that a model of a voxel fits to its curve: volume, transit time, delay."""


def explained_share(frames: int, baseline: int) -> float:
    """Share of curves of which a perfect model leaves no more than their noise, a misfit of 1.

    Of ``frames`` samples, so many of the ``baseline``. What is left over its true variance is
    χ²(frames − FITTED)/frames, the variance that ``pooled_sd`` finds (χ²(ν) + ν₀)/(ν + ν₀) of the
    true one, where that of similar voxels is known; its quantiles are summed over.
    """
    nu, left = baseline - 1, frames - FITTED
    chi2 = 2 * gammaincinv(nu / 2, (np.arange(500) + 0.5) / 500)
    found = (chi2 + PRIOR_FRAMES) / (nu + PRIOR_FRAMES)
    return float(gammainc(left / 2, frames * found / 2).mean())


def _typical(
    log_s0: Float[np.ndarray, " n"], variance: Float[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " b"], Float[np.ndarray, " b"]]:
    """Median log S0 and median variance of quantile bins of S0."""
    bins = int(np.clip(log_s0.size // VOXELS_A_BIN, 1, MAX_BINS))
    parts = np.array_split(np.argsort(log_s0, kind="stable"), bins)
    centres = np.array([np.median(log_s0[part]) for part in parts])
    return centres, np.array([np.median(variance[part]) for part in parts])
