"""Masks that are given of a patient, on the grid of the series or of an anatomical image."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from bolus.data import AnatomicalImage, Anatomy, DSCSeries, Grid, InputError, MaskError
from bolus.io import read_mask_on_any, resample_nearest

PathLike = str | os.PathLike[str]
Voxel = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """A mask, called ``name``, and the number of the anatomical image on whose grid it lies.

    None where it lies on that of the series.
    """

    name: str
    mask: Bool[np.ndarray, "x y z"]
    image: int | None = None

    def on(self, grid: Grid, anatomies: Sequence[Anatomy]) -> Bool[np.ndarray, "x y z"]:
        """The mask on the grid of the series: the nearest voxel of the anatomy.

        Raises MaskError where none of it lies in a voxel centre of the series.
        """
        if self.image is None:
            return self.mask
        anatomy = anatomies[self.image]
        mask = resample_nearest(self.mask, anatomy.seen_by_series, grid)
        if not mask.any():
            raise MaskError(
                f"{self.name}: this mask lies outside the series: none of its "
                f"{int(self.mask.sum())} voxels of {anatomy.image.name} holds a voxel centre"
            )
        return mask


def drawn(
    mask: np.ndarray | PathLike | Voxel | None,
    series: DSCSeries,
    name: str,
    images: Sequence[AnatomicalImage] = (),
) -> Drawn | None:
    """A mask, from an array or a file, on the grid of the series or of an image; None for none.

    An array is recognised by its shape, on several by the first; three numbers are one voxel of the
    series, from 0. Raises InputError for an array that is not boolean, MaskError for one of another
    shape and as ``bolus.io.read_mask``.
    """
    if mask is None:
        return None
    if isinstance(mask, tuple):
        return _one_voxel(mask, series, name)
    if not isinstance(mask, str | os.PathLike):
        return _array(np.asarray(mask), series, name, images)
    found, there = read_mask_on_any(mask, series.grid, images, series.source)
    return Drawn(name=name, mask=found, image=there)


def _array(
    values: np.ndarray, series: DSCSeries, name: str, images: Sequence[AnatomicalImage]
) -> Drawn:
    if values.dtype != bool:
        raise InputError(f"{name} as an array must be boolean, found {values.dtype}")
    shapes = [series.grid.shape, *(image.grid.shape for image in images)]
    if values.shape not in shapes:
        raise MaskError(
            f"{name} of shape {values.shape} on a grid of {' or '.join(map(str, shapes))}"
        )
    if not values.any():
        raise MaskError(f"{name} marks no voxel")
    found = shapes.index(values.shape)
    return Drawn(name=name, mask=values, image=found - 1 if found else None)


def _one_voxel(voxel: Voxel, series: DSCSeries, name: str) -> Drawn:
    shape = series.grid.shape
    if not all(0 <= place < size for place, size in zip(voxel, shape, strict=True)):
        raise MaskError(f"{name}: voxel {voxel} on a grid of {shape}, counted from 0")
    mask = np.zeros(shape, dtype=bool)
    mask[voxel] = True
    return Drawn(name=name, mask=mask)
