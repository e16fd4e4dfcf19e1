"""Python values as JSON takes them, and JSON values as Python may trust them."""

import math
from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool

from bolus.data import InputError


def plain(value: object) -> object:
    """Arrays as lists, numbers that are not finite as None, mappings and sequences likewise."""
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def marked(told: object, shape: tuple[int, int, int], name: str) -> Bool[np.ndarray, "x y z"]:
    """A mask from a list of voxel numbers, each (i·ny + j)·nz + k. Raises InputError."""
    size = math.prod(shape)
    if not isinstance(told, list) or not all(type(n) is int and 0 <= n < size for n in told):
        raise InputError(f"{name}: a list of voxel numbers from 0 to {size - 1} is expected")
    mask = np.zeros(size, dtype=bool)
    mask[np.array(told, dtype=np.intp)] = True
    return mask.reshape(shape)
