"""What lies around each voxel: sums over the voxels that touch it."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from bolus.estimators.joint.moments import PAIRS, Moments
from bolus.estimators.protocol import Places


class Box(NamedTuple):
    """Sums over the 26 voxels around each."""

    places: Places

    def __call__(self, values: Float[np.ndarray, "n c"]) -> Float[np.ndarray, "n c"]:
        """Sums (n, c) of values (n, c) of the neighbours that are among the voxels."""
        where = tuple(self.places.index.T)
        grid = np.zeros((*self.places.shape, values.shape[1]), dtype=values.dtype)
        grid[where] = values
        for axis in range(3):
            ahead, behind = (tuple(_cut(axis, part)) for part in (slice(1, None), slice(None, -1)))
            total = grid.copy()
            total[ahead] += grid[behind]
            total[behind] += grid[ahead]
            grid = total
        return grid[where] - values


def _cut(axis: int, part: slice) -> list[slice]:
    return [part if number == axis else slice(None) for number in range(3)]


class Points(NamedTuple):
    """What was ``found`` of points, mean curves that lie at the voxels ``which``."""

    which: Int[np.ndarray, " p"]
    found: Moments


class Around(NamedTuple):
    """What points say of the tissue around each of n voxels: log MTT, delay and log shape."""

    mean: Float[np.ndarray, "n three"]
    covariance: Float[np.ndarray, "n three three"]


def tissue_around(points: Points, places: Places) -> Around:
    """What was found of points, for all voxels at ``places``: the mixture of what is said near by.

    Where points differ, so does what may be between them: it is the covariance of a mixture.
    """
    found = points.found
    mean, products = found.mean.astype(float), found.covariance.astype(float)
    products += mean[:, :, None] * mean[:, None, :]
    told = [np.ones(len(mean)), *mean.T, *(products[:, i, k] for i, k in PAIRS)]
    every = np.zeros((len(places.index), len(told)))
    every[points.which] = np.stack(told, axis=1)
    total = every + Box(places)(every)
    there = total[:, 1:] / total[:, :1]
    middle = there[:, :3]
    covariance = np.empty((len(middle), 3, 3))
    for place, (i, k) in enumerate(PAIRS):
        spread = there[:, 3 + place] - middle[:, i] * middle[:, k]
        covariance[:, i, k] = covariance[:, k, i] = spread
    return Around(middle, covariance)
