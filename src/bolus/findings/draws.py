"""What the normalised CBV of a tumour may be: draws of its voxels' errors, partly in common."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import InputError, PerfusionMaps
from bolus.grading import MIN_VOXELS, region, shared_by

DRAWS = 400
SEED = 15
LOW, HIGH = 0.05, 0.95
"""Quantiles between which the central 90 % lie."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TumorVolume:
    """Normalised CBV of a tumour's voxels.

    ``values`` (n,) over the reference's mean, their ``sd`` (n,) apart from the reference, both None
    for a method without; ``where`` (x, y, z) marks them, ``off`` is the SD of the log of the
    reference, and ``shared`` the share of error variance that voxels have in common.
    """

    values: Float[np.ndarray, " n"]
    sd: Float[np.ndarray, " n"] | None
    where: Bool[np.ndarray, "x y z"]
    off: float
    shared: float

    def draws(self) -> Iterator[Float[np.ndarray, " n"]]:
        """DRAWS times what the true values may be; the same every time.

        value + sd·(√shared·c + √(1 − shared)·u) with one normal c a draw and a u a voxel, over a
        reference that is off by a factor. Maps with a posterior are its mean: draws about it are
        spread as the truth is, which the map itself is not.
        """
        if self.sd is None:
            return
        random = np.random.default_rng(SEED)
        for _ in range(DRAWS):
            common, scale = random.standard_normal(2)
            own = random.standard_normal(self.values.size)
            error = math.sqrt(self.shared) * common + math.sqrt(1 - self.shared) * own
            yield (self.values + self.sd * error) * math.exp(-self.off * scale)


def tumor_volume(maps: PerfusionMaps) -> TumorVolume:
    """Normalised CBV of the tumour of maps that have one and a reference.

    Raises InputError and MaskError for regions that give no ratio (``roi_ratio``).
    """
    name, shared = maps.corrected_of("cbv"), shared_by(maps.method)
    volume, own = maps.volumes[name], maps.own_sd(name)
    base = region("reference", volume, maps.rois["reference"], own, shared=shared)
    if not base.mean > 0:
        raise InputError(f"a ratio needs a reference above 0, found a mean of {base.mean:g}")
    where = maps.rois["tumor"] & np.isfinite(volume)
    if own is not None:
        where &= np.isfinite(own)
    if int(where.sum()) < MIN_VOXELS:
        raise InputError(
            f"a tumour of at least {MIN_VOXELS} voxels with a value is expected, found "
            f"{int(where.sum())}"
        )
    known = base.mean_sd is not None
    return TumorVolume(
        values=volume[where].astype(float) / base.mean,
        sd=None if own is None else own[where].astype(float) / base.mean,
        where=where,
        off=math.hypot((base.mean_sd or 0.0) / base.mean, maps.reference_sd) if known else 0.0,
        shared=shared,
    )


def expected(values: list[float]) -> tuple[float, tuple[float, float]]:
    """Mean and central 90 % of draws, widened to the mean where rare draws take that out of it."""
    mean, (low, high) = float(np.mean(values)), np.quantile(values, [LOW, HIGH])
    return mean, (min(float(low), mean), max(float(high), mean))
