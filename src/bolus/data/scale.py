"""SDs with and without what is common to all voxels: scale of the input, form of residues."""

import numpy as np
from jaxtyping import Float

Values = Float[np.ndarray, "..."]


def with_common(sd: Values, value: Values, common: float | None) -> Values:
    """SD of an absolute value, √(sd² + (common·value)²).

    ``sd`` is that of the voxel, ``common`` the SD of the log of what all ``value`` are off by
    together; where it is not known (None) it is not in it.
    """
    return sd if common is None else np.hypot(sd, sd.dtype.type(common) * value)


def without_common(sd: Values, value: Values, common: float | None) -> Values:
    """SD of a voxel apart from what all share, √(sd² − (common·value)²): what a ratio needs."""
    if common is None:
        return sd
    scale = sd.dtype.type(common) * value
    return np.sqrt(np.maximum(np.square(sd) - np.square(scale), 0))
