"""A head that does not lie still."""

from typing import Literal

import numpy as np
from jaxtyping import Float

from bolus.data import Grid

Order = Literal[1, 3]
SMOOTH = 4.0
"""Frames over which the drift is smooth (SD of the kernel)."""
JUMP = 0.7
"""Size of the one jump, in SDs of the drift."""


def trajectory(
    rng: np.random.Generator, frames: int, size: float
) -> Float[np.ndarray, "frames six"]:
    """Three shifts in mm and three turns in degrees of every frame: drift of SD ``size``, one jump.

    Each has mean 0 over the frames, so that masks fit on average. Of size 0, nothing is drawn.
    """
    if size == 0:
        return np.zeros((frames, 6))
    from scipy.ndimage import gaussian_filter1d

    drift = gaussian_filter1d(rng.standard_normal((frames, 6)), SMOOTH, axis=0, mode="reflect")
    drift /= drift.std(axis=0)
    jump = np.arange(frames)[:, None] >= rng.integers(frames // 4, frames)
    path = drift + JUMP * jump * rng.standard_normal(6)
    return size * (path - path.mean(axis=0))


def moved(
    signal: Float[np.ndarray, "x y z t"],
    path: Float[np.ndarray, "t six"],
    grid: Grid,
    order: Order = 1,
) -> Float[np.ndarray, "x y z t"]:
    """Every frame shifted and turned about the middle of the grid, by splines of an ``order``.

    ``path`` is what brings the frames back (``bolus.preprocess.motion.rigid``): what was at
    c + R·(x − c) + s lies at x. Linear interpolation (order 1) never overshoots, but half a voxel
    away it takes half of an artery as thin as a voxel, which no scanner does.
    """
    frames = range(signal.shape[3])
    return np.stack([_frame(signal[..., k], path[k], grid, order) for k in frames], axis=3)


def _frame(
    volume: Float[np.ndarray, "x y z"], pose: Float[np.ndarray, " six"], grid: Grid, order: Order
) -> Float[np.ndarray, "x y z"]:
    from scipy.ndimage import affine_transform

    from bolus.preprocess.motion.rigid import rotation  # scipy comes with it

    linear = grid.affine[:3, :3]
    turn = np.linalg.solve(linear, rotation(np.deg2rad(pose[3:])) @ linear)
    middle = (np.array(volume.shape) - 1) / 2
    offset = middle - turn @ middle + np.linalg.solve(linear, pose[:3])
    return np.asarray(affine_transform(volume, turn, offset, order=order, mode="nearest"))
