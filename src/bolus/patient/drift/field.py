"""Smooth functions of place, and means over neighbours."""

from itertools import combinations_with_replacement

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import uniform_filter

FEWEST = 4
"""Planes of a direction from which the drift can vary along it."""


def columns_of(mask: Bool[np.ndarray, "x y z"]) -> Float[np.ndarray, "n columns"]:
    """Polynomials of second order in the places of a mask, each from −1 to 1 over its extent."""
    index = np.argwhere(mask).astype(float)
    low, high = index.min(axis=0), index.max(axis=0)
    varying = high - low + 1 >= FEWEST
    place = 2 * (index[:, varying] - low[varying]) / (high - low)[varying] - 1
    pairs = combinations_with_replacement(range(place.shape[1]), 2)
    second = [place[:, one] * place[:, other] for one, other in pairs]
    return np.stack([np.ones(len(place)), *place.T, *second], axis=1)


def smoothed(
    values: Float[np.ndarray, " n"], mask: Bool[np.ndarray, "x y z"]
) -> Float[np.ndarray, " n"]:
    """Means over the up to 27 finite values in reach of each voxel of a mask, NaN for none."""
    finite = np.isfinite(values)
    total, count = np.zeros(mask.shape), np.zeros(mask.shape)
    total[mask], count[mask] = np.where(finite, values, 0.0), finite
    near, known = (uniform_filter(a, 3, mode="constant")[mask] for a in (total, count))
    return np.where(finite, near / np.where(known > 1e-9, known, np.nan), np.nan)
