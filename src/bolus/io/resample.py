"""Values from one grid onto another, by where voxels lie in the patient."""

import numpy as np
from jaxtyping import Shaped

from bolus.data import Grid

_DECIMALS = 3
"""Of a voxel: headers say no more, and a tie must not be settled by their last digit."""


def resample_nearest(
    volume: Shaped[np.ndarray, "x y z"], source: Grid, target: Grid
) -> Shaped[np.ndarray, "i j k"]:
    """The value of the ``source`` voxel in which each voxel centre of ``target`` lies.

    Both grids are taken in millimetres through their affines, whatever their shapes and axes.
    Centres outside the source get 0 (False); a centre on the face between two voxels goes to the
    one of higher index. The data type is kept.
    """
    to_source = np.linalg.inv(source.affine) @ target.affine
    index = np.indices(target.shape).reshape(3, -1)
    found = to_source[:3, :3] @ index + to_source[:3, 3:]
    nearest = np.floor(np.round(found, _DECIMALS) + 0.5).astype(np.intp)
    inside = ((nearest >= 0) & (nearest < np.array(source.shape)[:, None])).all(axis=0)
    values = np.zeros(index.shape[1], dtype=volume.dtype)
    values[inside] = volume[tuple(nearest[:, inside])]
    return values.reshape(target.shape)
