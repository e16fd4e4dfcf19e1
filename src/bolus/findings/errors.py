"""Errors of the voxels of a map, in part alike, drawn at random."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import Grid


class Alike(NamedTuple):
    """How far errors of voxels are alike.

    A share ``shared`` of a voxel's error variance is common to all, and the rest is white noise
    smoothed by a Gaussian kernel whose SD is ``length`` mm: voxels that are d mm apart have
    exp(−d²/4·length²) of it in common.
    """

    shared: float
    length: float


def errors(
    where: Bool[np.ndarray, "x y z"], grid: Grid, alike: Alike, *, seed: int, draws: int
) -> Iterator[Float[np.ndarray, "x y z"]]:
    """So many ``draws`` of errors (x, y, z) in SDs of a voxel; the same for the same seed.

    Gaussian with variance 1. 0 outside the box around ``where``.
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    box = tuple(slice(int(n.min()), int(n.max()) + 1) for n in np.nonzero(where))
    shape = where[box].shape
    sigma = [alike.length / edge for edge in grid.voxel_size]
    pulse = np.zeros([2 * round(4 * s) + 1 for s in sigma])
    pulse[tuple(n // 2 for n in pulse.shape)] = 1.0
    size = float(np.sqrt(np.square(gaussian_filter(pulse, sigma, mode="constant")).sum()))
    for _ in range(draws):
        common = rng.standard_normal()
        smooth = gaussian_filter(rng.standard_normal(shape), sigma, mode="wrap") / size
        out = np.zeros(where.shape)
        out[box] = np.sqrt(alike.shared) * common + np.sqrt(1 - alike.shared) * smooth
        yield out
