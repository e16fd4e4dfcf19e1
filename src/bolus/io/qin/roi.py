"""A mask from classic DICOM images, on the grid that their headers state."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import Grid, MaskError
from bolus.io.silence import no_remarks

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first DICOM file

_CLASSIC = "1.2.840.10008.5.1.4.1.1.4"
_TO_RAS = np.diag([-1.0, -1.0, 1.0])
_SAME = 1e-3
_UNEVEN = 0.1
"""Of a slice step: how far a slice may lie from where even steps put it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Image:
    """One slice: columns by rows, and where it lies (RAS, mm).

    ``axes`` are the steps in mm from one column to the next and from one row to the next,
    ``thickness`` the distance to the next slice where the header states one.
    """

    path: Path
    inside: Bool[np.ndarray, "x y"]
    position: Float[np.ndarray, "3"]
    axes: Float[np.ndarray, "2 3"]
    thickness: float | None

    @property
    def along(self) -> float:
        """Its place along the normal, mm."""
        normal = np.cross(*self.axes)
        return float(self.position @ normal / np.linalg.norm(normal))


def read_roi(files: Sequence[Path]) -> tuple[Bool[np.ndarray, "x y z"], Grid]:
    """Read a mask (x, y, z) and its grid from the single-frame MR images of one series.

    Slices are ordered by place; inside is what is above 0.5 after rescaling. The mask may be empty.

    Raises MaskError for files that cannot be read, are no such images or state no place, for
    several images of one place, and for slices that are no stack of parallel, even steps.
    """
    images = sorted((_read(path) for path in files), key=lambda image: image.along)
    _check_alike(images)
    affine = np.eye(4)
    affine[:3, :2] = images[0].axes.T
    affine[:3, 2] = _step(images)
    affine[:3, 3] = images[0].position
    mask = np.stack([image.inside for image in images], axis=-1)
    x, y, z = mask.shape
    return mask, Grid(shape=(x, y, z), affine=affine)


def _read(path: Path) -> _Image:
    import pydicom

    try:
        with no_remarks():
            ds = pydicom.dcmread(path)
            _check_kind(ds)
            return _image(path, ds)
    except Exception as error:
        kind = "" if isinstance(error, MaskError) else f"{type(error).__name__}: "
        raise MaskError(f"{path}: cannot be read as a slice of a mask ({kind}{error})") from error


def _check_kind(ds: Dataset) -> None:
    if ds.SOPClassUID != _CLASSIC or int(ds.get("NumberOfFrames") or 1) != 1:
        raise MaskError(f"one classic MR image is expected, found {ds.SOPClassUID.name}")
    missing = [
        name
        for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
        if not ds.get(name)
    ]
    if missing:
        raise MaskError(f"its header states no {' and no '.join(missing)}")


def _image(path: Path, ds: Dataset) -> _Image:
    cosines = np.array(ds.ImageOrientationPatient, dtype=float).reshape(2, 3)
    between_rows, between_columns = (float(value) for value in ds.PixelSpacing)
    if not np.allclose(cosines @ cosines.T, np.eye(2), atol=0.01):
        raise MaskError(f"its orientation is no right angle: {cosines.ravel().tolist()}")
    if not min(between_rows, between_columns) > 0:
        raise MaskError(f"its pixel spacing is not positive: {between_rows:g}, {between_columns:g}")
    slope, intercept = ds.get("RescaleSlope", 1), ds.get("RescaleIntercept", 0)
    thickness = float(ds.get("SpacingBetweenSlices") or ds.get("SliceThickness") or 0)
    return _Image(
        path=path,
        inside=(ds.pixel_array.T * float(slope) + float(intercept)) > 0.5,
        position=_TO_RAS @ np.array(ds.ImagePositionPatient, dtype=float),
        axes=cosines * [[between_columns], [between_rows]] @ _TO_RAS,
        thickness=thickness if thickness > 0 else None,
    )


def _check_alike(images: Sequence[_Image]) -> None:
    first = images[0]
    for image in images:
        if image.inside.shape != first.inside.shape or not np.allclose(
            image.axes, first.axes, rtol=0, atol=_SAME
        ):
            raise MaskError(
                f"{image.path}: another matrix, pixel spacing or orientation than {first.path.name}"
                " of the same series"
            )


def _step(images: Sequence[_Image]) -> Float[np.ndarray, "3"]:
    """The way in mm from one slice to the next."""
    if len(images) == 1:
        return _only_step(images[0])
    positions = np.array([image.position for image in images])
    places = [image.along for image in images]
    for n, gap in enumerate(np.diff(places)):
        if gap < 0.01:
            raise MaskError(
                f"{images[n + 1].path}: several images at one place (as {images[n].path.name}); "
                "a mask is one image a slice"
            )
    step = (positions[-1] - positions[0]) / (len(images) - 1)
    even = positions[0] + np.arange(len(images))[:, None] * step
    off = float(np.linalg.norm(positions - even, axis=1).max() / np.linalg.norm(step))
    if off > _UNEVEN:
        raise MaskError(
            f"{images[0].path.parent}: its {len(images)} slices are not evenly spaced, off by up "
            f"to {off:.2f} steps; is a slice missing?"
        )
    return step


def _only_step(image: _Image) -> Float[np.ndarray, "3"]:
    if image.thickness is None:
        raise MaskError(f"{image.path}: a single slice without a stated thickness")
    normal = np.cross(*image.axes)
    return normal / np.linalg.norm(normal) * image.thickness
