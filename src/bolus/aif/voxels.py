"""Voxels numbered within a mask: their place on the grid, their neighbours, which agree."""

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import convolve, gaussian_filter1d

from bolus.aif.shape import SMOOTHING, shape_of
from bolus.data import TissueCurves

MIN_CORRELATION = 0.85
"""Correlation of a voxel's curve with the median one from which they agree."""


def agreeing(
    curves: TissueCurves, voxels: Int[np.ndarray, " k"], dt: float, late: Float[np.ndarray, " n"]
) -> Int[np.ndarray, " m"]:
    """Those whose curve correlates with the median of all and rises within a frame (1 s) of it.

    ``late`` (n,) are the seconds from the start of a frame to each voxel of the curves.
    """
    own = gaussian_filter1d(np.asarray(curves.curves[voxels], dtype=float), SMOOTHING / dt, axis=1)
    relative = own / own.max(axis=1, keepdims=True)
    median = np.median(relative, axis=0)
    correlation = np.array([np.corrcoef(row, median)[0, 1] for row in relative])
    rise = shape_of(own, dt).rise + late[voxels]
    near = np.abs(rise - np.median(rise)) <= max(dt, 1.0)
    return voxels[(correlation >= MIN_CORRELATION) & near]


def on_grid(
    mask: Bool[np.ndarray, "x y z"], voxels: Int[np.ndarray, " c"]
) -> Bool[np.ndarray, "x y z"]:
    """Mask of voxels that are numbered within ``mask``."""
    chosen = np.zeros(int(mask.sum()), dtype=bool)
    chosen[voxels] = True
    grid = np.zeros(mask.shape, dtype=bool)
    grid[mask] = chosen
    return grid


def support(
    mask: Bool[np.ndarray, "x y z"], voxels: Int[np.ndarray, " c"]
) -> Int[np.ndarray, " c"]:
    """How many of the 26 neighbours of each voxel are among the voxels."""
    marked = on_grid(mask, voxels).astype(np.int64)
    around = convolve(marked, np.ones((3, 3, 3), dtype=np.int64), mode="constant") - marked
    return np.asarray(around[mask][voxels])
