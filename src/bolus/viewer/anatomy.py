"""The anatomy beneath the maps: read back, and as the page shows it."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from bolus.data import AnatomicalImage, Anatomy, InputError, RegistrationScore
from bolus.io import read_map, read_transform, resample_nearest
from bolus.report.figures.mosaic import through
from bolus.report.figures.over_anatomy import beneath, finer
from bolus.viewer.view import View

IMAGE, TRANSFORM = "anat.nii.gz", "anat_xfm.tfm"
SCORE = ("information_left", "parts_apart_mm", "travel_mm")


def read_registered(folder: Path, told: Any) -> Anatomy | None:
    """The anatomy of a result folder, whose summary told of it; None where it told of none.

    Raises InputError where its files are missing or cannot be read.
    """
    if told is None:
        return None
    if not isinstance(told, dict) or not all(isinstance(told.get(n), int | float) for n in SCORE):
        raise InputError(f"{folder}: the summary is expected to tell the scores {', '.join(SCORE)}")
    volume, grid = read_map(folder / IMAGE)
    return Anatomy(
        image=AnatomicalImage(volume=volume, grid=grid),
        to_anatomy=read_transform(folder / TRANSFORM),
        score=RegistrationScore(*(float(told[name]) for name in SCORE)),
    )


def pictures(view: View, across: int | None = None) -> UInt8[np.ndarray, "slices rows columns"]:
    """The anatomy in every slice of the series, finer than its voxels, as greys.

    ``across`` is another direction (0 right, 1 anterior, 2 superior) than that across the series'
    slices: then one picture a voxel in it. As on the screen: patient right on the left, anterior
    (or superior) on top. KeyError where there is no anatomy.
    """
    if view.anatomy is None:
        raise KeyError("anatomy")
    grid = view.series.grid
    fine = finer(grid)
    brain = resample_nearest(view.brain, grid, fine)
    turned = fine.to_ras(beneath(view.anatomy, fine, brain))
    sizes = grid.to_ras(view.brain).shape
    across = through(sizes) if across is None else across
    parts = turned.shape[across] // sizes[across]
    slices = np.moveaxis(turned, across, 0)[parts // 2 :: parts]  # then the axes of columns, rows
    return np.ascontiguousarray(slices[:, ::-1, ::-1].transpose(0, 2, 1))
