"""Mutual information of two images at some places."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy import ndimage

BINS = 24


@dataclass(frozen=True, eq=False)
class Compared:
    """What one image is at some ``places`` (n, 3), mm, and another image to compare it with.

    ``levels`` (n,) are the first image's values in BINS; ``volume`` is the other image, whose
    voxels ``affine`` puts in mm, and ``top`` its highest value.
    """

    places: Float[np.ndarray, "n 3"]
    levels: Int[np.ndarray, " n"]
    volume: Float[np.ndarray, "i j k"]
    affine: Float[np.ndarray, "4 4"]
    top: float

    def at(self, matrix: Float[np.ndarray, "4 4"]) -> float:
        """Mutual information in nats, every place taken to the other image by a matrix in mm."""
        whole = np.linalg.inv(self.affine) @ matrix
        index = whole[:3, :3] @ self.places.T + whole[:3, 3:]
        seen = ndimage.map_coordinates(self.volume, index, order=1, mode="constant")
        return information(self.levels, in_bins(seen, self.top))

    def part(self, which: np.ndarray) -> "Compared":
        """The same at some of the places."""
        return Compared(self.places[which], self.levels[which], self.volume, self.affine, self.top)


def in_bins(values: Float[np.ndarray, "*n"], top: float) -> Int[np.ndarray, "*n"]:
    """Values from 0 to ``top`` in BINS of one width."""
    scaled = values * (BINS / top) if top > 0 else np.zeros_like(values)
    return np.clip(scaled, 0, BINS - 1).astype(np.intp)


def information(one: Int[np.ndarray, " n"], other: Int[np.ndarray, " n"]) -> float:
    """Mutual information in nats of two lists of bins: H(a) + H(b) − H(a, b)."""
    joint = np.bincount(one * BINS + other, minlength=BINS * BINS).reshape(BINS, BINS) / one.size
    return _entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1)) - _entropy(joint.ravel())


def _entropy(shares: Float[np.ndarray, " n"]) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())
