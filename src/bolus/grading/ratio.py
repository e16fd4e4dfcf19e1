"""One map of one patient as a ratio: tumour over reference tissue."""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import InputError, MaskError, Quantity
from bolus.data.quantities import Ratio

SHARED = 0.03
"""Share of a voxel's error variance that the voxels of a region have in common.

Chosen on 64 simulated patients at four levels of noise: with it the 90 % intervals of the CBF
ratio by ``phae`` held the true one in 92 %. docs/study.md has other patients.
"""
SHARED_BY = {"joint": 0.3}
"""That of methods whose voxels err alike, for they are estimated with what their neighbours say.

Chosen on 20 simulated patients without added noise and at SNR 20: with it the 90 % intervals held
the true ratio of CBF in 90 and 100 %, that of CBV in 80 and 95 %; with SHARED in 40 and 80, 55 and
45 %.
"""
SHARED_OF = dict.fromkeys([("joint", name) for name in ("cbv_corrected", "nrcbv")], 0.1)
"""That of single maps of a method: the SD of corrected CBV holds what is not known of a voxel's
leakage, which is mostly its own.

Chosen on 140 simulated patients with a glioma (seeds 1300 and on): the 90 % intervals of the
tumour's ratio held the true one in 93 %, with 0.3 in 99 % and with 0.03 in 84 %.
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
    percentile. ``mean_sd`` is the SD of the error of ``mean``, None without voxel SDs.
    """

    voxels: int
    left_out: int
    mean: float
    median: float
    p95: float
    mean_sd: float | None


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


def shared_by(method: str, map: str) -> float:
    """SHARED of a method's map of that name."""
    return SHARED_OF.get((method, map), SHARED_BY.get(method, SHARED))


def roi_ratio(
    volume: Float[np.ndarray, "x y z"],
    tumor: Bool[np.ndarray, "x y z"],
    reference: Bool[np.ndarray, "x y z"],
    sd: Float[np.ndarray, "x y z"] | None = None,
    *,
    shared: float = SHARED,
    reference_sd: float = 0.0,
) -> RoiRatio:
    """Ratios of a map (x, y, z) between two masks; ``sd`` (x, y, z) are the voxels' SDs.

    Voxels without a finite value are left out. The errors of voxels are partly the same (arterial
    input, noise of neighbours; ``shared_by`` knows by how much): var(mean) =
    sd²·(1/n + (1 − 1/n)·``shared``) with sd² the mean variance of a voxel. The ratio's interval is
    symmetric for its logarithm, with sd² = (sd_t/mean_t)² + (sd_r/mean_r)² + sd_f², where sd_f is
    ``reference_sd``: how much the log of a reference that was found is off as a region.

    Raises MaskError for masks that overlap or hold fewer than MIN_VOXELS finite voxels, InputError
    for a reference whose mean or median is not above 0, and for SDs missing where values are not.
    """
    both = int((tumor & reference).sum())
    if both:
        raise MaskError(f"tumour and reference overlap in {both} voxels; they have none in common")
    top = region("tumour", volume, tumor, sd, shared=shared)
    base = region("reference", volume, reference, sd, shared=shared)
    for name, value in (("mean", base.mean), ("median", base.median)):
        if value <= 0:
            raise InputError(f"a ratio needs a reference above 0, found a {name} of {value:g}")
    hottest, voxels = hotspot(volume, tumor)
    mean = top.mean / base.mean
    log_sd = _log_sd(top, base, reference_sd) if mean > 0 else None
    return RoiRatio(
        tumor=top,
        reference=base,
        mean=mean,
        median=top.median / base.median,
        p95=top.p95 / base.median,
        hotspot=hottest / base.mean,
        hotspot_voxels=voxels,
        log_sd=log_sd,
        interval=None
        if log_sd is None
        else (mean * math.exp(-Z90 * log_sd), mean * math.exp(Z90 * log_sd)),
    )


def compared(
    quantity: Quantity,
    volume: Float[np.ndarray, "x y z"],
    tumor: Bool[np.ndarray, "x y z"],
    reference: Bool[np.ndarray, "x y z"],
    sd: Float[np.ndarray, "x y z"] | None = None,
    *,
    shared: float = SHARED,
    reference_sd: float = 0.0,
) -> RoiRatio:
    """``roi_ratio`` of a quantity's map, with the logarithms of ratios where it is read so.

    Raises as ``roi_ratio`` does.
    """
    found = roi_ratio(volume, tumor, reference, sd, shared=shared, reference_sd=reference_sd)
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


def region(
    name: str,
    volume: Float[np.ndarray, "x y z"],
    mask: Bool[np.ndarray, "x y z"],
    sd: Float[np.ndarray, "x y z"] | None = None,
    *,
    shared: float = SHARED,
) -> Region:
    """Summarise a map in a mask that errors call ``name``. Raises MaskError, InputError."""
    inside = volume[mask].astype(float)
    finite = np.isfinite(inside)
    values = inside[finite]
    if values.size < MIN_VOXELS:
        raise MaskError(
            f"{name}: at least {MIN_VOXELS} voxels with a finite value are expected, found "
            f"{values.size} of the mask's {inside.size}"
        )
    return Region(
        voxels=int(values.size),
        left_out=int(inside.size - values.size),
        mean=float(values.mean()),
        median=float(np.median(values)),
        p95=float(np.quantile(values, 0.95)),
        mean_sd=None if sd is None else _mean_sd(name, sd[mask][finite].astype(float), shared),
    )


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
