"""The reference curve of a leakage correction: brain with a bolus that does not leak."""

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import MaskError, PreparedSeries, TissueCurves

MARGIN = 10.0
"""Distance in mm from the tumour within which no reference is taken."""
LEAST_REFERENCE = 100
"""Voxels that a reference curve is averaged over at least."""
TAIL = 0.25
"""Share of the frames, the last ones, in which enhancement shows."""


def reference_curve(
    curves: TissueCurves, series: PreparedSeries, tumor: Bool[np.ndarray, "x y z"] | None
) -> Float[np.ndarray, " t"]:
    """Mean curve (t,) of brain with a bolus, away from the tumour, that does not enhance.

    Enhancement is measured by the mean over the last quarter of the frames: voxels more than 2
    robust SDs from their median are left out. Raises MaskError for fewer than 100 voxels.
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
