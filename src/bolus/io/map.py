"""Reading a map of real numbers."""

import os
from pathlib import Path

import numpy as np
from jaxtyping import Float

from bolus.data import Grid, InputError
from bolus.io.nifti import load_image, read_values
from bolus.io.nifti_header import grid_of


def read_map(
    path: str | os.PathLike[str], grid: Grid | None = None
) -> tuple[Float[np.ndarray, "x y z"], Grid]:
    """A NIfTI volume (x, y, z) as float32, and where it lies; NaN is kept.

    Raises InputError for what is not one volume, or does not lie on ``grid``.
    """
    path = Path(path)
    image = load_image(path, InputError)
    if len(image.shape) != 3:
        raise InputError(f"{path}: a map is one volume, found shape {tuple(image.shape)}")
    found = grid_of(image.header, path, InputError)
    if grid is not None and not found.matches(grid):
        raise InputError(
            f"{path}: lies on another grid than expected, shape {found.shape} instead of "
            f"{grid.shape} or elsewhere"
        )
    return read_values(image, path, InputError), found
