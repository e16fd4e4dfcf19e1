"""One frame put back onto the grid of the reference."""

from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Num
from scipy import ndimage

from bolus.data import Grid
from bolus.preprocess.motion.rigid import rigid_of

UNKNOWN = 0.01
"""A voxel of which so much would come from samples that are not finite is not known."""
EDGE = 0.5
"""Voxels beyond the outermost centres that still lie in the field of view."""


def brought_back(
    volume: Num[np.ndarray, "x y z"], pose: Float[np.ndarray, "6"], grid: Grid
) -> Float[np.ndarray, "x y z"]:
    """The frame as it would look had the head stayed at the reference, float32.

    Cubic B-splines, held within the frame's own lowest and highest value, as splines overshoot. A
    voxel is NaN where more than 1 % of it, by linear interpolation, would come from samples that
    are not finite, and where it was outside the field of view; within the outer half of an edge
    voxel the edge is continued. Samples that are not finite are filled from the nearest finite one
    before the splines, which would carry them through the volume.
    """
    finite = np.isfinite(volume)
    if not finite.any():
        return np.full(volume.shape, np.nan, dtype=np.float32)
    known = filled(volume)
    out = np.clip(moved_back(known, pose, grid, 3), known.min(), known.max())
    if not finite.all():
        out[moved_back((~finite).astype(np.float32), pose, grid, 1) > UNKNOWN] = np.nan
    out[_unseen(volume.shape, *_on_indices(pose, grid))] = np.nan
    return out


def moved_back(
    volume: Float[np.ndarray, "x y z"],
    pose: Float[np.ndarray, "6"],
    grid: Grid,
    order: Literal[1, 3],
) -> Float[np.ndarray, "x y z"]:
    """A finite volume on the reference's grid by splines of an ``order``, edges continued."""
    turn, offset = _on_indices(pose, grid)
    moved = ndimage.affine_transform(volume, turn, offset, order=order, mode="nearest")
    return np.asarray(moved)


def filled(volume: Num[np.ndarray, "x y z"]) -> Float[np.ndarray, "x y z"]:
    """The volume as float32, samples that are not finite taken from the nearest finite one."""
    finite = np.isfinite(volume)
    if finite.all():
        return np.asarray(volume, dtype=np.float32)
    nearest = ndimage.distance_transform_edt(~finite, return_distances=False, return_indices=True)
    return np.asarray(volume[tuple(nearest)], dtype=np.float32)


def _on_indices(
    pose: Float[np.ndarray, "6"], grid: Grid
) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"]]:
    """From a voxel's indices in the reference to those in the frame: matrix and offset."""
    linear, middle = grid.affine[:3, :3], (np.array(grid.shape) - 1) / 2
    back = rigid_of(pose).back
    turn = np.linalg.solve(linear, back.turn @ linear)
    return turn, middle - turn @ middle + np.linalg.solve(linear, back.shift)


def _unseen(
    shape: tuple[int, ...], turn: Float[np.ndarray, "3 3"], offset: Float[np.ndarray, "3"]
) -> Bool[np.ndarray, "x y z"]:
    """Voxels whose place in the frame is outside of its field of view."""
    out = np.zeros(shape, dtype=bool)
    for axis, size in enumerate(shape):
        terms = [turn[axis, k] * np.arange(n) for k, n in enumerate(shape)]
        place = terms[0][:, None, None] + terms[1][:, None] + terms[2] + offset[axis]
        out |= (place < -EDGE) | (place > size - 1 + EDGE)
    return out
