"""A grid in DICOM's words: planes of rows and columns in LPS, millimetres."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.data import Grid, InputError

TO_LPS = np.diag([-1.0, -1.0, 1.0])
"""From RAS to LPS, and back."""
_SKEW = 2e-3
"""Largest cosine between two axes that still counts as a right angle: headers are rounded."""
_EXACT = 1e-6
"""Largest that is left as it is."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Planes:
    """The slices of a grid whose x runs along the rows of an image and y down its columns.

    ``orientation`` holds the directions of a row and of a column (ImageOrientationPatient),
    ``spacing`` the distances between rows and between columns (PixelSpacing), ``step`` that
    between slices; ``positions`` are the centres of the slices' first pixels.
    """

    orientation: Float[np.ndarray, "6"]
    spacing: tuple[float, float]
    step: float
    positions: Float[np.ndarray, "z 3"]


def planes_of(grid: Grid) -> Planes:
    """The planes of a grid, in its own order of slices, whatever its handedness.

    Raises InputError as ``right_angled`` does.
    """
    x, y, z = grid.voxel_size
    affine = right_angled(grid)
    axes = TO_LPS @ affine[:3, :3]
    cosines = axes / (x, y, z)
    origin = TO_LPS @ affine[:3, 3]
    return Planes(
        orientation=np.concatenate([cosines[:, 0], cosines[:, 1]]),
        spacing=(y, x),
        step=z,
        positions=origin + np.arange(grid.shape[2])[:, None] * axes[:, 2],
    )


def right_angled(grid: Grid) -> Float[np.ndarray, "4 4"]:
    """The affine of a grid (RAS) with its axes at exact right angles, its middle where it was.

    What rounded headers leave of skew is removed by taking the nearest rotation.

    Raises InputError for a grid that is skew, which parallel planes of right angles cannot say.
    """
    size = np.array(grid.voxel_size)
    cosines = grid.affine[:3, :3] / size
    off = float(np.abs(cosines.T @ cosines - np.eye(3)).max())
    if off <= _EXACT:
        return grid.affine
    if off > _SKEW:
        raise InputError(
            "for DICOM, axes at right angles are expected; those of this grid are skew, by "
            f"{np.degrees(np.arcsin(min(off, 1.0))):.2g} degrees"
        )
    left, _, right = np.linalg.svd(cosines)
    affine = grid.affine.copy()
    affine[:3, :3] = left @ right * size
    middle = (np.array(grid.shape) - 1) / 2
    affine[:3, 3] += (grid.affine[:3, :3] - affine[:3, :3]) @ middle
    return affine
