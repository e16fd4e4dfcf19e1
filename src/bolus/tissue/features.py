"""What tells tissues apart in a DSC series: numbers of every voxel, free of scale."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import PerfusionMaps

LEAST = 0.03
"""CBV over its median below which a voxel is as good as without blood."""
COIL = 30.0
"""mm over which the brightness of the coil varies."""
SMOOTH_FROM, SMOOTH_TO = 0.72, 0.86
"""Roughness of a map from which it is smoothed, and at which it is most."""
WIDEST = 1.2
"""SD in voxels of the widest smoothing."""
NAMES = ("volume", "baseline", "transit", "delay", "width")


class Features(NamedTuple):
    """Numbers (n, f) of the voxels of ``where`` (x, y, z), in the order of NAMES.

    The logarithm of CBV over its median; that of the baseline signal, free of the coil's
    brightness; that of MTT; the delay in s; and the width of the first pass, ΔR2* area over height
    in s, as a logarithm over its median. What a voxel does not have is that of the median voxel.
    """

    values: Float[np.ndarray, "n f"]
    where: Bool[np.ndarray, "x y z"]


def features_of(maps: PerfusionMaps, apart: Bool[np.ndarray, "x y z"]) -> Features:
    """Features of the brain's voxels with a CBV that are not ``apart`` (a lesion)."""
    volume = maps.volumes["cbv"]
    where = maps.mask & np.isfinite(volume) & ~apart
    if not where.any():
        return Features(np.empty((0, len(NAMES))), where)
    sigma = smoothing(volume, where)
    cbv, mtt, delay = (
        smooth(maps.volumes[name], where, sigma)[where] for name in ("cbv", "mtt", "delay")
    )
    middle = float(np.median(cbv))
    if not middle > 0:
        return Features(np.empty((0, len(NAMES))), np.zeros_like(where))
    columns = (
        np.log(np.maximum(cbv / middle, LEAST)),
        _flat_baseline(maps, where),
        np.log(np.maximum(mtt, 0.1)),
        delay,
        smooth(_width(maps, where), where, sigma)[where],
    )
    return Features(np.stack([_filled(one) for one in columns], axis=1), where)


def smoothing(volume: Float[np.ndarray, "x y z"], where: Bool[np.ndarray, "x y z"]) -> float:
    """SD in voxels of a Gaussian that takes off the noise of a map, by its roughness in a slice.

    Roughness is the median difference of neighbours over that of voxels two apart: 1 for noise
    alone, 0.6 to 0.7 for brain at 3 mm without; 0 up to SMOOTH_FROM, then rising to WIDEST at 0.9.
    """
    near, far = (_difference(volume, where, step) for step in (1, 2))
    rough = near / far if far > 0 else 0.0
    share = (rough - SMOOTH_FROM) / (SMOOTH_TO - SMOOTH_FROM)
    return WIDEST * float(np.clip(share, 0, 1))


def smooth(
    volume: Float[np.ndarray, "x y z"], where: Bool[np.ndarray, "x y z"], sigma: float
) -> Float[np.ndarray, "x y z"]:
    """Gaussian mean in the slice over voxels of ``where`` with a value; NaN where there is none."""
    from scipy.ndimage import gaussian_filter

    if sigma == 0:
        return np.where(where, volume, np.nan).astype(float)
    known = where & np.isfinite(volume)
    width = (sigma, sigma, 0)
    total = gaussian_filter(np.where(known, volume, 0.0).astype(float), width)
    weight = gaussian_filter(known.astype(float), width)
    return np.where(known, total / np.maximum(weight, 1e-9), np.nan)


def _difference(
    volume: Float[np.ndarray, "x y z"], where: Bool[np.ndarray, "x y z"], step: int
) -> float:
    """Median absolute difference of voxels ``step`` apart in a slice; 0 without any."""
    found = []
    for one, other in ((np.s_[step:], np.s_[:-step]), (np.s_[:, step:], np.s_[:, :-step])):
        both = where[one] & where[other]
        found.append(np.abs(volume[one][both].astype(float) - volume[other][both]))
    every = np.concatenate(found)
    return float(np.median(every)) if every.size else 0.0


def _filled(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """The median for what is missing, and nothing beyond four robust SDs of it."""
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros_like(values)
    middle = np.median(values[finite])
    spread = 4 * 1.4826 * np.median(np.abs(values[finite] - middle))
    kept = np.where(finite, values, middle)
    return np.clip(kept, middle - spread, middle + spread) if spread > 0 else kept


def _flat_baseline(
    maps: PerfusionMaps, where: Bool[np.ndarray, "x y z"]
) -> Float[np.ndarray, " n"]:
    """Log of the baseline over its mean within COIL, which the coil's sensitivity makes."""
    from scipy.ndimage import gaussian_filter

    signal = np.where(where, np.log(np.maximum(maps.series.baseline, 1e-12)), 0.0)
    sigma = [COIL / edge for edge in maps.grid.voxel_size]
    weight = gaussian_filter(where.astype(float), sigma)
    return (signal - gaussian_filter(signal, sigma) / np.maximum(weight, 1e-6))[where]


def _width(maps: PerfusionMaps, where: Bool[np.ndarray, "x y z"]) -> Float[np.ndarray, "x y z"]:
    """Log of area over height of −ln(S/S0) from the onset on."""
    frames = maps.series.frames
    signal = maps.series.signal[..., frames.onset : frames.stop][where].astype(np.float32)
    base = np.maximum(maps.series.baseline[where], 1e-12)[:, None]
    change = -np.log(np.maximum(signal, 0.01 * base) / base)
    height = change.max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.log(np.maximum(change.sum(axis=1) * maps.series.dt, 0) / height)
    width[~np.isfinite(width)] = np.nan
    out = np.full(where.shape, np.nan)
    out[where] = width
    return out
