"""A mask from classic DICOM images, on the grid that their headers state."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import Grid, MaskError
from bolus.io.dicom.headers import CLASSIC
from bolus.io.dicom.silence import no_remarks
from bolus.io.dicom.slices import ImageSlice, image_slice, stacked

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first DICOM file


def read_roi(files: Sequence[Path]) -> tuple[Bool[np.ndarray, "x y z"], Grid]:
    """Read a mask (x, y, z) and its grid from the single-frame MR images of one series.

    Slices are ordered by place; inside is what is above 0.5 after rescaling. The mask may be empty.

    Raises MaskError for files that cannot be read, are no such images or state no place, for
    several images of one place, and for slices that are no stack of parallel, even steps.
    """
    values, grid = read_images(files)
    return values > 0.5, grid


def read_images(files: Sequence[Path]) -> tuple[Float[np.ndarray, "x y z"], Grid]:
    """The rescaled values of such images, and their grid. Raises MaskError as ``read_roi`` does."""
    return stacked([_read(path) for path in files])


def _read(path: Path) -> ImageSlice:
    import pydicom

    try:
        with no_remarks():
            ds = pydicom.dcmread(path)
            _check_kind(ds)
            return _slice(path, ds)
    except Exception as error:
        kind = "" if isinstance(error, MaskError) else f"{type(error).__name__}: "
        raise MaskError(f"{path}: cannot be read as a slice of a mask ({kind}{error})") from error


def _check_kind(ds: Dataset) -> None:
    if ds.SOPClassUID != CLASSIC or int(ds.get("NumberOfFrames") or 1) != 1:
        raise MaskError(f"one classic MR image is expected, found {ds.SOPClassUID.name}")
    missing = [
        name
        for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
        if not ds.get(name)
    ]
    if missing:
        raise MaskError(f"its header states no {' and no '.join(missing)}")


def _slice(path: Path, ds: Dataset) -> ImageSlice:
    slope, intercept = ds.get("RescaleSlope", 1), ds.get("RescaleIntercept", 0)
    return image_slice(
        path,
        ds.pixel_array.T * float(slope) + float(intercept),
        ds.ImagePositionPatient,
        ds.ImageOrientationPatient,
        ds.PixelSpacing,
        float(ds.get("SpacingBetweenSlices") or ds.get("SliceThickness") or 0),
    )
