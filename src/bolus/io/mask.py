"""Reading masks."""

import os
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from bolus.data import Grid, MaskError
from bolus.io.nifti import grid_of, load_image, read_values


def read_mask(path: str | os.PathLike[str], grid: Grid) -> Bool[np.ndarray, "x y z"]:
    """Read a mask (x, y, z): voxels of a NIfTI file that are above 0.5, so labels count too.

    Raises MaskError for a file that is no mask, is empty or lies on another grid.
    """
    path = Path(path)
    image = load_image(path, MaskError)
    shape = tuple(int(n) for n in image.shape)
    if len(shape) != 3 and not (len(shape) == 4 and shape[3] == 1):
        raise MaskError(f"{path}: a mask is one volume, found shape {shape}")
    _check_grid(grid_of(image, path, MaskError), grid, path)
    values = read_values(image, path, MaskError).reshape(grid.shape)
    if not np.isfinite(values).all():
        raise MaskError(f"{path}: {int((~np.isfinite(values)).sum())} values are not finite")
    mask = values > 0.5
    if not mask.any():
        raise MaskError(f"{path}: the mask is empty: no value above 0.5, the highest is "
                        f"{values.max():g}")  # fmt: skip
    return mask


def _check_grid(found: Grid, expected: Grid, path: Path) -> None:
    if found.matches(expected):
        return
    raise MaskError(
        f"{path}: this mask lies on another grid than the series: shape {found.shape} instead of "
        f"{expected.shape}, corners up to {corner_gap(found, expected):.2f} mm apart. "
        "Resample it onto the series first"
    )


def corner_gap(one: Grid, other: Grid) -> float:
    """Largest distance in mm between corresponding outer corners of two grids."""
    corners = [_corners(grid) for grid in (one, other)]
    return float(np.linalg.norm(corners[0] - corners[1], axis=1).max())


def _corners(grid: Grid) -> np.ndarray:
    ends = [(0, n - 1) for n in grid.shape]
    index = np.array([[i, j, k, 1] for i in ends[0] for j in ends[1] for k in ends[2]], dtype=float)
    return (index @ grid.affine.T)[:, :3]
