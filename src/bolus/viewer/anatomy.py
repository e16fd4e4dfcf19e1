"""The anatomy beneath the maps: read back, and as the page shows it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from bolus.data import AnatomicalImage, Anatomy, InputError, RegistrationScore
from bolus.data.anatomy import anatomy_name
from bolus.io import read_map, read_transform, resample_nearest
from bolus.report.figures.mosaic import through
from bolus.report.figures.over_anatomy import beneath, finer
from bolus.viewer.view import View

SCORE = ("information_left", "parts_apart_mm", "travel_mm")


def read_registered(folder: Path, told: Mapping[str, Any]) -> tuple[Anatomy, ...]:
    """The anatomies of a result folder, by what its summary told; none where it told of none.

    Raises InputError where their files are missing or cannot be read.
    """
    further = told.get("further_anatomies") or []
    if not isinstance(further, list):
        raise InputError(f"{folder}: further_anatomies is a list, found {type(further).__name__}")
    first = told.get("anatomy")
    scores = [*([] if first is None else [first]), *further]
    return tuple(_registered(folder, score, number) for number, score in enumerate(scores, 1))


def _registered(folder: Path, told: Any, number: int) -> Anatomy:
    if not isinstance(told, dict) or not all(isinstance(told.get(n), int | float) for n in SCORE):
        raise InputError(f"{folder}: the summary is expected to tell the scores {', '.join(SCORE)}")
    name = anatomy_name(number)
    volume, grid = read_map(folder / f"{name}.nii.gz")
    return Anatomy(
        image=AnatomicalImage(volume=volume, grid=grid),
        to_anatomy=read_transform(folder / f"{name}_xfm.tfm"),
        score=RegistrationScore(*(float(told[name]) for name in SCORE)),
    )


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
