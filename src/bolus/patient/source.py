"""A series from whatever a user has of one: a file, a folder, an array."""

import os
from pathlib import Path
from typing import TypedDict

import numpy as np

from bolus.data import DSCSeries, Grid, InputError, SeriesError
from bolus.io import read_echoes, read_series, second_echo
from bolus.preprocess import two_echoes

PathLike = str | os.PathLike[str]


def read_source(
    source: PathLike,
    *,
    te: float | None = None,
    tr: float | None = None,
    series: int | None = None,
    echo: PathLike | None = None,
) -> DSCSeries:
    """The series of a file or folder, or that of two echoes (``bolus.two_echoes``).

    ``te`` and ``tr`` in s go before what the files say; ``series`` chooses within a DICOM folder.
    The second echo is ``echo``, or found: a file called ``…_echo-2_…`` beside one called
    ``…_echo-1_…``, or the second echo time of a DICOM series. Raises InputError.
    """
    other = second_echo(Path(source)) if echo is None else Path(echo)
    if other is not None:
        if te is not None:
            raise InputError(f"--te does not go with two echoes, of {source} and {other}")
        both = (read_series(one, tr=tr, series=series) for one in (source, other))
        return two_echoes(*both)
    if te is not None:
        return read_series(source, te=te, tr=tr, series=series)
    first, *second = read_echoes(source, tr=tr, series=series)
    return two_echoes(first, *second) if second else first


class Said(TypedDict, total=False):
    """What is said of a series by keyword: an array needs ``tr`` and ``affine``."""

    te: float | None
    """Echo time in s, before what a file says; None: of an array, relative maps."""
    tr: float | None
    """Repetition time in s, before what a file says."""
    affine: np.ndarray | None
    """(4, 4), from voxel indices of an array to mm (RAS+)."""


def series_of(
    given: DSCSeries | PathLike | np.ndarray,
    *,
    te: float | None = None,
    tr: float | None = None,
    affine: np.ndarray | None = None,
) -> DSCSeries:
    """A series as it is, read from a file or folder, or made of an array (x, y, z, t).

    ``te`` and ``tr`` in s; an array needs ``tr`` and ``affine``, from voxel indices to mm (RAS+).
    Raises InputError for what does not go with what is given, SeriesError.
    """
    if isinstance(given, DSCSeries):
        _refuse("a DSCSeries has its own", te=te, tr=tr, affine=affine)
        return given
    if isinstance(given, str | os.PathLike):
        _refuse("a file has its own", affine=affine)
        return read_source(given, te=te, tr=tr)
    signal = np.asarray(given)
    if signal.ndim != 4 or signal.dtype.kind not in "iuf":
        raise SeriesError(
            "a series is a DSCSeries, a path, or an array of real numbers (x, y, z, t), found "
            f"{type(given).__name__} of shape {signal.shape}"
        )
    if tr is None or affine is None:
        raise SeriesError(
            "an array needs tr= (s between frames) and affine= (4 × 4, from voxel indices to mm), "
            "such as numpy.diag([2, 2, 5, 1])"
        )
    place = np.asarray(affine, dtype=float)
    if place.shape != (4, 4) or not np.isfinite(place).all() or not np.linalg.det(place):
        raise SeriesError(f"an affine is 4 × 4 and can be inverted, found {place.tolist()}")
    shape = (signal.shape[0], signal.shape[1], signal.shape[2])
    grid = Grid(shape=shape, affine=place)
    return DSCSeries(signal=signal.astype(np.float32), dt=float(tr), te=te, grid=grid)


def _refuse(why: str, **given: object) -> None:
    found = [f"{name}=" for name, value in given.items() if value is not None]
    if found:
        raise InputError(f"{' and '.join(found)} cannot be given here: {why}")
