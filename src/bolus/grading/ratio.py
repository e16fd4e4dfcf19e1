"""One map of one patient as a ratio: tumour over reference tissue."""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import InputError, MaskError, Quantity
from bolus.data.quantities import Ratio
from bolus.grading.voxels import Voxels

POOLED = 0.3
"""SD, relative, by which a region of a map whose voxels are drawn to others is off as a whole.

Of 8 simulated patients with a glioma CBV of white matter was drawn up by 11 to 24 % at SNR 10, that
of the tumour down by 2 to 23 %.
"""
MIN_VOXELS = 5
"""A region with fewer finite voxels is refused."""
HOT = 3
"""Edge of the hot spot's neighbourhood in voxels."""
Z90 = 1.6448536269514722
"""Standard normal quantile of 0.95: an interval of ± this many SDs holds 90 %."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """A map within a mask, in the map's unit.

    ``voxels`` are counted in, ``left_out`` are those without a finite value. ``p95`` is the 95th
    percentile. ``mean_sd`` is the SD of the error of ``mean``, None without voxel SDs. ``factor``
    is what the map's own mean, median and percentile were multiplied with (``region``).
    """

    voxels: int
    left_out: int
    mean: float
    median: float
    p95: float
    mean_sd: float | None
    factor: float = 1.0


@dataclass(frozen=True, kw_only=True)
class RoiRatio:
    """Tumour over reference, plain ratios.

    ``mean`` is mean over mean, ``median`` median over median, ``p95`` the tumour's 95th percentile
    over the reference's median, ``hotspot`` the tumour's hot spot, of ``hotspot_voxels`` voxels,
    over the reference's mean. ``log_sd`` is the SD of ln(mean) and ``interval`` the 90 % interval
    of ``mean``; both None without voxel SDs, and for a ratio that is not above 0.
    """

    tumor: Region
    reference: Region
    mean: float
    median: float
    p95: float
    hotspot: float
    hotspot_voxels: int
    log_sd: float | None
    interval: tuple[float, float] | None


def roi_ratio(
    voxels: Voxels,
    tumor: Bool[np.ndarray, "x y z"],
    reference: Bool[np.ndarray, "x y z"],
    *,
    reference_sd: float = 0.0,
) -> RoiRatio:
    """Ratios of a map between two masks (x, y, z).

    Voxels without a finite value are left out. Both regions are as ``region`` has them. The ratio's
    interval is symmetric for its logarithm, with sd² = (sd_t/mean_t)² + (sd_r/mean_r)² + sd_f²,
    where sd_f is ``reference_sd``: how much the log of a reference that was found is off as a
    region.

    Raises MaskError for masks that overlap or hold fewer than MIN_VOXELS finite voxels, InputError
    for a reference whose mean or median is not above 0, and for SDs missing where values are not.
    """
    both = int((tumor & reference).sum())
    if both:
        raise MaskError(f"tumour and reference overlap in {both} voxels; they have none in common")
    top = region("tumour", voxels, tumor)
    base = region("reference", voxels, reference)
    for name, value in (("mean", base.mean), ("median", base.median)):
        if value <= 0:
            raise InputError(f"a ratio needs a reference above 0, found a {name} of {value:g}")
    hottest, count = hotspot(voxels.volume, tumor)
    mean = top.mean / base.mean
    log_sd = _log_sd(top, base, reference_sd) if mean > 0 else None
    return RoiRatio(
        tumor=top,
        reference=base,
        mean=mean,
        median=top.median / base.median,
        p95=top.p95 / base.median,
        hotspot=top.factor * hottest / base.mean,
        hotspot_voxels=count,
        log_sd=log_sd,
        interval=None
        if log_sd is None
        else (mean * math.exp(-Z90 * log_sd), mean * math.exp(Z90 * log_sd)),
    )


def compared(
    quantity: Quantity,
    voxels: Voxels,
    tumor: Bool[np.ndarray, "x y z"],
    reference: Bool[np.ndarray, "x y z"],
    *,
    reference_sd: float = 0.0,
) -> RoiRatio:
    """``roi_ratio`` of a quantity's map, with the logarithms of ratios where it is read so.

    Raises as ``roi_ratio`` does.
    """
    found = roi_ratio(voxels, tumor, reference, reference_sd=reference_sd)
    return logarithms(found) if quantity.ratio is Ratio.LOGARITHM else found


def logarithms(ratio: RoiRatio) -> RoiRatio:
    """The natural logarithms of all ratios: 0 where the tumour is as the reference.

    NaN for a ratio that is not above 0.
    """
    interval = (
        None if ratio.interval is None else (_log(ratio.interval[0]), _log(ratio.interval[1]))
    )
    return replace(
        ratio,
        mean=_log(ratio.mean),
        median=_log(ratio.median),
        p95=_log(ratio.p95),
        hotspot=_log(ratio.hotspot),
        interval=interval,
    )


def _log(value: float) -> float:
    return math.log(value) if value > 0 else math.nan


def region(name: str, voxels: Voxels, mask: Bool[np.ndarray, "x y z"]) -> Region:
    """Summarise a map in a mask that errors call ``name``.

    A map whose voxels are drawn to their neighbours is off as a whole wherever most neighbours are
    other tissue, and what voxels say ``alone`` is not: their mean a, of SD s, takes that of the map
    m to m·(a/m)^k with k = p²/(p² + (s/m)²), p = POOLED. Median and percentile go along
    (``factor``). The errors of voxels are partly the same (arterial input, noise of neighbours):
    var(mean) = sd²·(1/n + (1 − 1/n)·noise) + (k·s)² + (form·mean)² with sd² the mean variance of a
    voxel, and noise and form of ``Shared``.

    Source: benchmarking of shrunken estimates, Datta et al., TEST 2011;20:574. Raises MaskError for
    fewer than MIN_VOXELS finite voxels, InputError for SDs missing where values are not.
    """
    inside = voxels.volume[mask].astype(float)
    finite = np.isfinite(inside)
    values = inside[finite]
    if values.size < MIN_VOXELS:
        raise MaskError(
            f"{name}: at least {MIN_VOXELS} voxels with a finite value are expected, found "
            f"{values.size} of the mask's {inside.size}"
        )
    factor, unsure = (
        (1.0, 0.0) if voxels.alone is None else _told(values, voxels.alone[mask][finite])
    )
    mean_sd = None
    if voxels.sd is not None:
        own = _mean_sd(name, voxels.sd[mask][finite].astype(float), voxels.shared.noise)
        mean_sd = math.hypot(own, unsure, voxels.shared.form * factor * float(values.mean()))
    return Region(
        voxels=int(values.size),
        left_out=int(inside.size - values.size),
        mean=factor * float(values.mean()),
        median=factor * float(np.median(values)),
        p95=factor * float(np.quantile(values, 0.95)),
        mean_sd=mean_sd,
        factor=factor,
    )


def _told(values: Float[np.ndarray, " n"], alone: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """By what voxels' own answers move a region, and the SD of its mean that comes of their noise.

    Voxels without an answer are left out. 1 and 0 where their mean is not above 0, or fewer than
    MIN_VOXELS have one: then they say nothing.
    """
    known = np.isfinite(alone)
    values, alone = values[known], alone[known]
    if values.size < MIN_VOXELS:
        return 1.0, 0.0
    mean, own = float(values.mean()), float(alone.mean(dtype=float))
    if not (mean > 0 and own > 0):
        return 1.0, 0.0
    noise = float((alone - values).std(ddof=1)) / math.sqrt(values.size)
    worth = POOLED**2 / (POOLED**2 + (noise / mean) ** 2)
    return (own / mean) ** worth, worth * noise


def hotspot(
    volume: Float[np.ndarray, "x y z"], mask: Bool[np.ndarray, "x y z"]
) -> tuple[float, int]:
    """Highest mean over 3 × 3 voxels of a slice (z) within the mask, and its number of voxels.

    The neighbourhood lies wholly within the mask and has no missing value. In a mask too small or
    too thin for that, the neighbourhoods compared are those with the most voxels of the mask, each
    around one of its voxels: fewer than 9 are then averaged. Raises MaskError for no finite voxel.
    """
    inside = mask & np.isfinite(volume)
    if not inside.any():
        raise MaskError("hot spot: the mask has no finite voxel")
    number = _sums(inside.astype(float))
    total = _sums(np.where(inside, volume, 0.0).astype(float))
    most = number[inside].max()
    full = inside & (number == most)
    return float((total[full] / most).max()), round(float(most))


def _sums(values: Float[np.ndarray, "x y z"]) -> Float[np.ndarray, "x y z"]:
    """Sums over each voxel's neighbourhood in its slice, 0 beyond the edge."""
    wide = np.pad(values, ((HOT // 2,) * 2, (HOT // 2,) * 2, (0, 0)))
    x, y, _ = values.shape
    shifts = ((i, j) for i in range(HOT) for j in range(HOT))
    return np.sum([wide[i : i + x, j : j + y] for i, j in shifts], axis=0)


def _mean_sd(name: str, sd: Float[np.ndarray, " n"], shared: float) -> float:
    lost = int((~np.isfinite(sd)).sum())
    if lost or (sd < 0).any():
        raise InputError(f"{name}: every voxel with a value needs an SD of at least 0, found "
                         f"{lost} of {sd.size} missing")  # fmt: skip
    own = 1 / sd.size
    return math.sqrt(float((sd**2).mean()) * (own + (1 - own) * shared))


def _log_sd(top: Region, base: Region, reference_sd: float) -> float | None:
    if top.mean_sd is None or base.mean_sd is None:
        return None
    return math.hypot(top.mean_sd / top.mean, base.mean_sd / base.mean, reference_sd)
