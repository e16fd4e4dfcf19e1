"""A brain at lower resolution: blocks of voxels, which noise harms less."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from bolus.estimators.baseline import baseline_noise
from bolus.estimators.joint.noise import LEAST
from bolus.estimators.protocol import Places

SIDE = 2
BLOCK = np.array([SIDE, SIDE, 1])
"""A block is so many voxels wide, in the plane of a slice: slices have times of their own."""
ENOUGH = 100
"""Blocks that are enough to learn anything from."""


class Curves(NamedTuple):
    """Curves and the noise of their samples, in units of the arterial peak."""

    tissue: Float[np.ndarray, "n t"]
    noise_sd: Float[np.ndarray, "n k"]

    def uncensored(self) -> "Curves":
        """The same, 0 where a sample is censored: what it holds there means nothing."""
        return self._replace(tissue=self.tissue * np.isfinite(self.noise_sd))


class Level(NamedTuple):
    """A brain at one resolution: curves, and the places where they lie."""

    curves: Curves
    places: Places


class Blocks(NamedTuple):
    """The blocks that voxels make: of each the first of its voxels by place, ``first`` (blocks,).

    ``of`` (n,) is the block that each of n voxels is in, ``places`` is where the blocks lie.
    """

    of: Int[np.ndarray, " n"]
    first: Int[np.ndarray, " blocks"]
    places: Places


def blocks(places: Places) -> Blocks:
    """The blocks of voxels at ``places``."""
    shape = (-(-places.shape[0] // SIDE), -(-places.shape[1] // SIDE), places.shape[2])
    order = np.argsort(np.ravel_multi_index(tuple(places.index.T), places.shape))
    keys = np.ravel_multi_index(tuple((places.index // BLOCK).T), shape)
    kept, first = np.unique(keys[order], return_index=True)
    first, of = order[first], np.searchsorted(kept, keys)
    index = np.stack(np.unravel_index(kept, shape), axis=1)
    late = None if places.late is None else places.late[first]
    return Blocks(of, first, Places(index, shape, late))


def joined(curves: Curves, made: Blocks, aif: Float[np.ndarray, " t"]) -> Curves:
    """The mean curve of the voxels of each block, in which their noise averages out.

    As far as it does: where neighbours share it, as in images that were interpolated, that of a
    block is larger than expected, as it is before the bolus of the arterial input ``aif`` (t,).
    """
    order = np.argsort(made.of, kind="stable")
    number = np.bincount(made.of)
    starts = np.cumsum(number) - number
    total = np.add.reduceat(curves.tissue[order], starts, axis=0)
    power = np.add.reduceat(np.square(curves.noise_sd[order]), starts, axis=0)
    count = number[:, None].astype(total.dtype)
    return with_shared_noise(Curves(total / count, np.sqrt(power) / count), curves, aif)


def with_shared_noise(mean: Curves, single: Curves, aif: Float[np.ndarray, " t"]) -> Curves:
    """Mean curves with the noise that they have, if larger than that of ``single`` ones says."""
    shared = max(1.0, _excess(mean, aif) / _excess(single, aif))
    return mean._replace(noise_sd=mean.noise_sd * mean.noise_sd.dtype.type(shared))


def _excess(curves: Curves, aif: Float[np.ndarray, " t"]) -> float:
    """Noise before the bolus over what it is taken to be, in the middle curve."""
    expected = np.maximum(curves.noise_sd.min(axis=1), LEAST)
    return float(np.median(baseline_noise(curves.tissue, aif)[:, 0] / expected))
