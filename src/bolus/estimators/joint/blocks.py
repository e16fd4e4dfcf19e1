"""A brain at lower resolution: blocks of voxels, which noise harms less, and what they say."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.ndimage import map_coordinates

from bolus.estimators.baseline import baseline_noise
from bolus.estimators.joint.moments import PAIRS, Moments
from bolus.estimators.joint.noise import LEAST
from bolus.estimators.protocol import Places

SIDE = 2
BLOCK = np.array([SIDE, SIDE, 1])
"""A block is so many voxels wide, in the plane of a slice: slices have times of their own."""
TIMES = 2
"""How often blocks are joined to larger ones."""
ENOUGH = 100
"""Blocks that are enough to learn anything from."""


class Curves(NamedTuple):
    """Curves and the noise of their samples, in units of the arterial peak."""

    tissue: Float[np.ndarray, "n t"]
    noise_sd: Float[np.ndarray, "n k"]


class Level(NamedTuple):
    """A brain at one resolution: curves, and the places where they lie."""

    curves: Curves
    places: Places


def levels(curves: Curves, places: Places, aif: Float[np.ndarray, " t"]) -> list[Level]:
    """The voxels themselves, then ever larger blocks of them, as long as those are ENOUGH.

    Where neighbours share their noise, as in images that were interpolated, that of a block is as
    much larger than expected as it is before the bolus of the arterial input ``aif`` (t,).
    """
    found = [Level(curves, places)]
    if len(places.index) < ENOUGH:
        return found
    usual = _excess(curves, aif)
    for _ in range(TIMES):
        coarser = _joined(*found[-1])
        if len(coarser.places.index) < ENOUGH:
            break
        tissue, noise_sd = coarser.curves
        shared = max(1.0, _excess(coarser.curves, aif) / usual)
        found.append(Level(Curves(tissue, noise_sd * noise_sd.dtype.type(shared)), coarser.places))
    return found


def _excess(curves: Curves, aif: Float[np.ndarray, " t"]) -> float:
    """Noise before the bolus over what it is taken to be, in the middle curve."""
    expected = np.maximum(curves.noise_sd.min(axis=1), LEAST)
    return float(np.median(baseline_noise(curves.tissue, aif)[:, 0] / expected))


def _joined(curves: Curves, places: Places) -> Level:
    """Blocks, with the mean curve of the voxels of each, in which their noise averages out."""
    shape = (-(-places.shape[0] // SIDE), -(-places.shape[1] // SIDE), places.shape[2])
    keys = np.ravel_multi_index(tuple((places.index // BLOCK).T), shape)
    kept, first, number = np.unique(keys, return_index=True, return_counts=True)
    index = np.stack(np.unravel_index(kept, shape), axis=1)
    late = None if places.late is None else places.late[first]
    order, starts = np.argsort(keys, kind="stable"), np.cumsum(number) - number
    total = np.add.reduceat(curves.tissue[order], starts, axis=0)
    power = np.add.reduceat(np.square(curves.noise_sd[order]), starts, axis=0)
    count = number[:, None].astype(total.dtype)
    return Level(Curves(total / count, np.sqrt(power) / count), Places(index, shape, late))


class Around(NamedTuple):
    """What blocks say of the tissue around each of n voxels: log MTT, delay and log shape."""

    mean: Float[np.ndarray, "n three"]
    covariance: Float[np.ndarray, "n three three"]


def tissue_around(found: Moments, coarse: Places, fine: Places) -> Around:
    """What was ``found`` of blocks, between their middles on straight lines.

    Where blocks differ, so does what may be between them: it is the covariance of a mixture.
    """
    mean, products = found.mean.astype(float), found.covariance.astype(float)
    products += mean[:, :, None] * mean[:, None, :]
    told = [np.ones(len(mean)), *mean.T, *(products[:, i, k] for i, k in PAIRS)]
    at = ((fine.index + 0.5) / BLOCK - 0.5).T
    grid = np.zeros(coarse.shape)
    values = []
    for one in told:
        grid[tuple(coarse.index.T)] = one
        values.append(map_coordinates(grid, at, order=1, mode="nearest"))
    weight, *rest = values
    there = np.stack([value / weight for value in rest], axis=1)
    middle = there[:, :3]
    covariance = np.empty((len(middle), 3, 3))
    for place, (i, k) in enumerate(PAIRS):
        spread = there[:, 3 + place] - middle[:, i] * middle[:, k]
        covariance[:, i, k] = covariance[:, k, i] = spread
    return Around(middle, covariance)
