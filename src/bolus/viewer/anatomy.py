"""The anatomy beneath the maps, as the page shows it."""

import numpy as np
from jaxtyping import UInt8

from bolus.io import resample_nearest
from bolus.report.figures.mosaic import through
from bolus.report.figures.over_anatomy import beneath, finer
from bolus.viewer.view import View


def pictures(
    view: View, across: int | None = None, number: int = 1
) -> UInt8[np.ndarray, "slices rows columns"]:
    """The anatomy of a ``number`` in every slice of the series, finer than its voxels, as greys.

    ``across`` is another direction (0 right, 1 anterior, 2 superior) than that across the series'
    slices: then one picture a voxel in it. As on the screen: patient right on the left, anterior
    (or superior) on top. KeyError where there is no such anatomy.
    """
    if not 1 <= number <= len(view.anatomies):
        raise KeyError("anatomy")
    grid = view.series.grid
    fine = finer(grid)
    brain = resample_nearest(view.brain, grid, fine)
    turned = fine.to_ras(beneath(view.anatomies[number - 1], fine, brain))
    sizes = grid.to_ras(view.brain).shape
    across = through(sizes) if across is None else across
    parts = turned.shape[across] // sizes[across]
    slices = np.moveaxis(turned, across, 0)[parts // 2 :: parts]  # then the axes of columns, rows
    return np.ascontiguousarray(slices[:, ::-1, ::-1].transpose(0, 2, 1))
