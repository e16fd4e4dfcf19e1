"""A grid in DICOM's words: planes of rows and columns in LPS, millimetres."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.data import Grid, InputError

TO_LPS = np.diag([-1.0, -1.0, 1.0])
"""From RAS to LPS, and back."""
_SKEW = 1e-3
"""Largest cosine between two axes that still counts as a right angle."""


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

    Raises InputError for axes that are not at right angles, which DICOM's planes cannot say.
    """
    x, y, z = grid.voxel_size
    axes = TO_LPS @ grid.affine[:3, :3]
    cosines = axes / (x, y, z)
    if np.abs(cosines.T @ cosines - np.eye(3)).max() > _SKEW:
        raise InputError("a grid with axes at right angles is expected for DICOM, this one is skew")
    origin = TO_LPS @ grid.affine[:3, 3]
    return Planes(
        orientation=np.concatenate([cosines[:, 0], cosines[:, 1]]),
        spacing=(y, x),
        step=z,
        positions=origin + np.arange(grid.shape[2])[:, None] * axes[:, 2],
    )
