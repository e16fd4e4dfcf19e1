"""What the page sends, as Python may trust it."""

import math

import numpy as np
from jaxtyping import Bool

from bolus.data import InputError


def marked(told: object, shape: tuple[int, int, int], name: str) -> Bool[np.ndarray, "x y z"]:
    """A mask from a list of voxel numbers, each (i·ny + j)·nz + k. Raises InputError."""
    size = math.prod(shape)
    if not isinstance(told, list) or not all(type(n) is int and 0 <= n < size for n in told):
        raise InputError(f"{name}: a list of voxel numbers from 0 to {size - 1} is expected")
    mask = np.zeros(size, dtype=bool)
    mask[np.array(told, dtype=np.intp)] = True
    return mask.reshape(shape)
