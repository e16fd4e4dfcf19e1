"""Volumes of one grid on another, where a rigid movement lies between them."""

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from bolus.data import Grid

KNOWN = 0.5
"""A voxel is not known of which less than this share comes from voxels with a value."""
EDGE = 0.5
"""Voxels beyond the outermost centres that still lie in the field of view."""
SPREAD = 0.5
"""Voxels²: a larger variance is that of a sampled Gaussian."""


def carried(
    volume: Float[np.ndarray, "x y z"],
    source: Grid,
    target: Grid,
    transform: Float[np.ndarray, "4 4"],
) -> Float[np.ndarray, "i j k"]:
    """A volume of the ``source`` grid on the ``target`` grid, by linear interpolation.

    ``transform`` takes places of the target's patient space to the source's, mm (RAS+). Of voxels
    without a value the neighbours that have one stand in; NaN where less than KNOWN of a voxel is
    known, and outside the field of view.
    """
    index = _indices(source, target, transform)
    finite = np.isfinite(volume)
    filled = np.where(finite, volume, 0.0).astype(np.float64)
    known = ndimage.map_coordinates(finite.astype(np.float64), index, order=1, mode="nearest")
    total = ndimage.map_coordinates(filled, index, order=1, mode="nearest")
    there = (known >= KNOWN) & _seen(index, source)
    return np.where(there, total / np.where(there, known, 1.0), np.nan)


def carried_mask(
    mask: Bool[np.ndarray, "x y z"],
    source: Grid,
    target: Grid,
    transform: Float[np.ndarray, "4 4"],
) -> Bool[np.ndarray, "i j k"]:
    """A region likewise: the voxels of the target at whose centre it is."""
    index = _indices(source, target, transform)
    near = ndimage.map_coordinates(mask.astype(np.uint8), index, order=0, mode="nearest")
    return (near > 0) & _seen(index, source)


def blur_of(
    source: Grid,
    target: Grid,
    transform: Float[np.ndarray, "4 4"],
    where: Bool[np.ndarray, "i j k"],
) -> Float[np.ndarray, "3"]:
    """SD in mm along the axes of the source of what linear interpolation blurs ``where`` by.

    A place at a share f from one voxel to the next is weighed 1 − f and f, which has the variance
    f·(1 − f) of a voxel's edge squared; their mean over the voxels.
    """
    index = _indices(source, target, transform)[:, where]
    share = index - np.floor(index)
    return np.asarray(np.sqrt((share * (1 - share)).mean(axis=1)) * source.voxel_size)


def blurred(
    volume: Float[np.ndarray, "x y z"], sd: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "x y z"]:
    """A volume blurred by so many SDs in voxels, among voxels that have a value; NaN stays.

    By three weights (v/2, 1 − v, v/2) along an axis, whose variance is v as linear interpolation's
    is; a Gaussian that is sampled at voxels would blur by half of that or less. Above SPREAD by a
    Gaussian.
    """
    finite = np.isfinite(volume)
    filled = np.where(finite, volume, 0.0).astype(np.float64)
    total, known = _spread(filled, sd), _spread(finite.astype(np.float64), sd)
    return np.where(finite, total / np.where(finite, known, 1.0), np.nan)


def _spread(volume: Float[np.ndarray, "x y z"], sd: Float[np.ndarray, "3"]) -> np.ndarray:
    out = volume
    for axis, variance in enumerate(np.square(sd).tolist()):
        if variance > SPREAD:
            out = ndimage.gaussian_filter1d(out, variance**0.5, axis=axis, mode="nearest")
        elif variance > 0:
            weights = [variance / 2, 1 - variance, variance / 2]
            out = ndimage.convolve1d(out, weights, axis=axis, mode="nearest")
    return np.asarray(out)


def inside_of(
    source: Grid, target: Grid, transform: Float[np.ndarray, "4 4"]
) -> Bool[np.ndarray, "i j k"]:
    """Voxels of the target that lie in the field of view of the source."""
    return _seen(_indices(source, target, transform), source)


def gradient(volume: Float[np.ndarray, "x y z"], grid: Grid) -> Float[np.ndarray, "3 x y z"]:
    """Change of a volume per mm along the axes of its grid; 0 where a neighbour is not known."""
    found = np.gradient(np.asarray(volume, dtype=float), *grid.voxel_size)
    return np.nan_to_num(np.stack(found), nan=0.0)


def _indices(
    source: Grid, target: Grid, transform: Float[np.ndarray, "4 4"]
) -> Float[np.ndarray, "3 i j k"]:
    step = np.linalg.inv(source.affine) @ transform @ target.affine
    index = np.indices(target.shape, dtype=float)
    return np.asarray(np.tensordot(step[:3, :3], index, axes=1) + step[:3, 3, None, None, None])


def _seen(index: Float[np.ndarray, "3 i j k"], grid: Grid) -> Bool[np.ndarray, "i j k"]:
    most = np.array(grid.shape)[:, None, None, None] - 1 + EDGE
    return np.asarray(((index >= -EDGE) & (index <= most)).all(axis=0))
