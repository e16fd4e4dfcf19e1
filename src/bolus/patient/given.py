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
from bolus.tissue import CHOICES

PathLike = str | os.PathLike[str]
Arterial = AIF | np.ndarray | ArterialTable | None
"""What is given as the arterial input, read: a boolean mask or a curve where it is an array."""
Regions = Mapping[str, np.ndarray | PathLike | None]
"""Masks by name, 'tumor' and 'reference'; None for one that is not given. A reference may be one
of bolus.tissue.CHOICES."""
REGIONS = ("tumor", "reference")
NO_REGIONS: Regions = {}


def mask_of(mask: np.ndarray | PathLike | None, series: DSCSeries, name: str) -> np.ndarray | None:
    """A mask on the grid of a series, from an array or a file; None where none is given.

    Raises InputError for an array that is not boolean, MaskError as ``bolus.io.read_mask``.
    """
    if mask is None:
        return None
    if isinstance(mask, str | os.PathLike):
        return read_mask(mask, series.grid, series.source)
    return _boolean(np.asarray(mask), series, name)


def rois_of(given: Regions, series: DSCSeries) -> dict[str, np.ndarray]:
    """Regions by name, those that are given.

    Raises InputError for another name, and as ``mask_of``.
    """
    other = [name for name in given if name not in REGIONS]
    if other:
        raise InputError(f"the regions are {' and '.join(REGIONS)}, found {', '.join(other)}")
    masks = {
        name: mask_of(mask, series, name)
        for name, mask in given.items()
        if not (name == "reference" and isinstance(mask, str) and mask in CHOICES)
    }
    return {name: mask for name, mask in masks.items() if mask is not None}


def reference_choice(given: Regions) -> str:
    """How a reference region is found, one of CHOICES; 'none' where a mask of it is given.

    Without a word a tumour has one found ('auto').
    """
    asked = given.get("reference")
    if asked is None:
        return "none" if given.get("tumor") is None else "auto"
    return asked if isinstance(asked, str) and asked in CHOICES else "none"


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


def arterial_input(given: Arterial, curves: TissueCurves, series: PreparedSeries) -> AIF:
    """The arterial input: found, or made of what ``read_input`` returned.

    Raises ArterialInputError for an AIF at other times than the series'.
    """
    if given is None:
        return find_aif(curves, series)
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


def _boolean(values: np.ndarray, series: DSCSeries, name: str) -> np.ndarray:
    if values.dtype != bool:
        raise InputError(f"{name} as an array must be boolean, found {values.dtype}")
    if values.shape != series.grid.shape:
        raise MaskError(f"{name} of shape {values.shape} on a grid of {series.grid.shape}")
    if not values.any():
        raise MaskError(f"{name} marks no voxel")
    return values
