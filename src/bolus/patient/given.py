"""What is given of a patient besides the series: masks and an arterial input, read and checked."""

import math
import os
from collections.abc import Mapping

import numpy as np

from bolus.aif import aif_from_mask, find_aif
from bolus.data import (
    AIF,
    ArterialInputError,
    DSCSeries,
    InputError,
    MaskError,
    PreparedSeries,
    TissueCurves,
)
from bolus.data.plausible import MIN_FRAMES
from bolus.io import ArterialTable, is_mask, read_arterial_table, read_mask

PathLike = str | os.PathLike[str]
Arterial = AIF | np.ndarray | ArterialTable | None
"""What is given as the arterial input, read: a boolean mask or a curve where it is an array."""
Voxel = tuple[int, int, int]
Regions = Mapping[str, np.ndarray | PathLike | Voxel | None]
"""Masks by name, 'tumor', 'reference' and 'vein'; None for one that is not given."""
REGIONS = ("tumor", "reference")
VEIN = "vein"
NO_REGIONS: Regions = {}


def mask_of(
    mask: np.ndarray | PathLike | Voxel | None, series: DSCSeries, name: str
) -> np.ndarray | None:
    """A mask on the grid of a series, from an array, a file or the numbers of one voxel, from 0.

    None where none is given. Raises InputError for an array that is not boolean, MaskError for a
    voxel that is not on the grid and as ``bolus.io.read_mask``.
    """
    if mask is None:
        return None
    if isinstance(mask, tuple):
        return _one_voxel(mask, series, name)
    if isinstance(mask, str | os.PathLike):
        return read_mask(mask, series.grid, series.source)
    return _boolean(np.asarray(mask), series, name)


def rois_of(given: Regions, series: DSCSeries) -> dict[str, np.ndarray]:
    """Regions by name, those that are given, with the vein.

    Raises InputError for another name, and as ``mask_of``.
    """
    known = (*REGIONS, VEIN)
    other = [name for name in given if name not in known]
    if other:
        raise InputError(f"the regions are {', '.join(known)}, found {', '.join(other)}")
    masks = {name: mask_of(mask, series, name) for name, mask in given.items()}
    return {name: mask for name, mask in masks.items() if mask is not None}


def read_input(aif: AIF | np.ndarray | PathLike | None, series: DSCSeries) -> Arterial:
    """The arterial input, its file read and checked before anything takes time.

    Raises ArterialInputError for a table that is wrong whatever frames are used, MaskError and
    InputError as ``mask_of``.
    """
    if isinstance(aif, str | os.PathLike):
        return _from_file(aif, series)
    if aif is None or isinstance(aif, AIF):
        return aif
    values = np.asarray(aif)
    return values if values.ndim == 1 else _boolean(values, series, "aif")


def arterial_input(
    given: Arterial, curves: TissueCurves, series: PreparedSeries, *, judged: bool = True
) -> AIF:
    """The arterial input: found, and ``judged`` then, or made of what ``read_input`` returned.

    Raises ArterialInputError for an AIF at other times than the series'.
    """
    if given is None:
        return find_aif(curves, series, judged=judged)
    if isinstance(given, AIF):
        _check_times(given, curves.time.size, series.dt)
        return given
    if isinstance(given, ArterialTable):
        return given.onto(curves.time.size, series.dt)
    if given.ndim == 1:
        return AIF(curve=given.astype(float), dt=series.dt, origin="given")
    return aif_from_mask(curves, series, given)


def _from_file(path: PathLike, series: DSCSeries) -> np.ndarray | ArterialTable:
    """A mask, or a table that covers the fewest frames that can be used."""
    if is_mask(path):
        return read_mask(path, series.grid, series.source)
    table = read_arterial_table(path, series.dt, series.relative)
    table.check_covers((MIN_FRAMES - 1) * series.dt, series.dt)
    return table


def _check_times(aif: AIF, frames: int, dt: float) -> None:
    if aif.curve.size != frames or not math.isclose(aif.dt, dt, rel_tol=1e-6):
        raise ArterialInputError(
            f"an arterial input of {frames} samples {dt:g} s apart is expected, as the used frames "
            f"of the series are; found {aif.curve.size} samples {aif.dt:g} s apart"
        )


def _one_voxel(voxel: Voxel, series: DSCSeries, name: str) -> np.ndarray:
    shape = series.grid.shape
    if not all(0 <= place < size for place, size in zip(voxel, shape, strict=True)):
        raise MaskError(f"{name}: voxel {voxel} on a grid of {shape}, counted from 0")
    mask = np.zeros(shape, dtype=bool)
    mask[voxel] = True
    return mask


def _boolean(values: np.ndarray, series: DSCSeries, name: str) -> np.ndarray:
    if values.dtype != bool:
        raise InputError(f"{name} as an array must be boolean, found {values.dtype}")
    if values.shape != series.grid.shape:
        raise MaskError(f"{name} of shape {values.shape} on a grid of {series.grid.shape}")
    if not values.any():
        raise MaskError(f"{name} marks no voxel")
    return values
