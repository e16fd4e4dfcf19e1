"""Values from one grid onto another, by where voxels lie in the patient."""

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float, Shaped

from bolus.data import Grid

_DECIMALS = 3
"""Of a voxel: headers say no more, and a tie must not be settled by their last digit."""
_KNOWN = 0.5
"""Share of the weight of known values from which an interpolated value counts as known."""


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


def resample_linear(
    volume: Float[np.ndarray, "x y z"], source: Grid, target: Grid
) -> Float[np.ndarray, "i j k"]:
    """A volume by linear interpolation at the voxel centres of ``target``, float32.

    Both grids are taken in millimetres. NaN is no value: what is known around a centre is averaged
    by its weights; where less than half of the weight is known, and outside the source's voxels,
    the result is NaN.
    """
    return next(resample_each([volume], source, target))


def resample_each(
    volumes: Iterable[Float[np.ndarray, "x y z"]], source: Grid, target: Grid
) -> Iterator[Float[np.ndarray, "i j k"]]:
    """``resample_linear`` of several volumes; weights are kept where the same voxels are known."""
    from scipy.ndimage import affine_transform

    to_source = np.linalg.inv(source.affine) @ target.affine
    part = _reached(source, target)
    start = np.array([one.start for one in part])
    shape = tuple(one.stop - one.start for one in part)
    offset = to_source[:3, :3] @ start + to_source[:3, 3] + 1
    known, weight = np.zeros(source.shape, dtype=bool), np.zeros(shape, dtype=np.float32)

    def moved(values: np.ndarray) -> np.ndarray:
        padded = np.pad(values.astype(np.float32), 1)  # half a voxel beyond the outer centres
        return np.asarray(affine_transform(padded, to_source[:3, :3], offset, shape, order=1))

    for volume in volumes:
        finite = np.isfinite(volume)
        if not np.array_equal(finite, known):
            known, weight = finite, moved(finite)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = moved(np.where(known, volume, 0.0)) / weight
        out = np.full(target.shape, np.nan, dtype=np.float32)
        out[part] = np.where(weight >= _KNOWN, mean, np.float32(np.nan))
        yield out


def _reached(source: Grid, target: Grid) -> tuple[slice, slice, slice]:
    """The box of target voxels that can lie in the source."""
    ends = [(-1.0, float(n)) for n in source.shape]
    corners = np.stack(np.meshgrid(*ends, indexing="ij")).reshape(3, -1)
    back = np.linalg.inv(target.affine) @ source.affine
    found = back[:3, :3] @ corners + back[:3, 3:]
    low = np.clip(np.floor(found.min(axis=1)), 0, target.shape).astype(int)
    high = np.clip(np.ceil(found.max(axis=1)) + 1, low, target.shape).astype(int)
    x, y, z = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return x, y, z
