"""Slices of images in the patient, and the stacks they make."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from bolus.data import Grid, MaskError
from bolus.io.dicom.planes import TO_LPS

_SAME = 1e-3
_UNEVEN = 0.1
"""Of a slice step: how far a slice may lie from where even steps put it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageSlice:
    """One slice: columns by rows, and where it lies (RAS, mm).

    ``axes`` are the steps in mm from one column to the next and from one row to the next,
    ``thickness`` the distance to the next slice where the header states one. ``path`` is the file.
    """

    path: Path
    values: Float[np.ndarray, "x y"]
    position: Float[np.ndarray, "3"]
    axes: Float[np.ndarray, "2 3"]
    thickness: float | None

    @property
    def along(self) -> float:
        """Its place along the normal, mm."""
        normal = np.cross(*self.axes)
        return float(self.position @ normal / np.linalg.norm(normal))

    @property
    def slab(self) -> Grid:
        """The grid of this slice alone, as thick as it says. Raises MaskError where it does not."""
        return _grid(self, (*self.values.shape, 1), _own_step(self))


def image_slice(
    path: Path,
    values: Float[np.ndarray, "x y"],
    position: Sequence[float],
    orientation: Sequence[float],
    spacing: Sequence[float],
    thickness: float | None,
) -> ImageSlice:
    """A slice as DICOM states it: ImagePositionPatient, ImageOrientationPatient, PixelSpacing.

    ``thickness`` is that of SpacingBetweenSlices or SliceThickness; None or 0: not stated.

    Raises MaskError for directions that are not at right angles and spacings that are not positive.
    """
    cosines = np.array(orientation, dtype=float).reshape(2, 3)
    between_rows, between_columns = (float(value) for value in spacing)
    if not np.allclose(cosines @ cosines.T, np.eye(2), atol=0.01):
        raise MaskError(f"its orientation is no right angle: {cosines.ravel().tolist()}")
    if not min(between_rows, between_columns) > 0:
        raise MaskError(f"its pixel spacing is not positive: {between_rows:g}, {between_columns:g}")
    return ImageSlice(
        path=path,
        values=np.asarray(values, dtype=np.float32),
        position=TO_LPS @ np.array(position, dtype=float),
        axes=cosines * [[between_columns], [between_rows]] @ TO_LPS,
        thickness=thickness if thickness and thickness > 0 else None,
    )


def stacked(slices: Sequence[ImageSlice]) -> tuple[Float[np.ndarray, "x y z"], Grid]:
    """The volume that parallel slices make, ordered by place along their normal, and its grid.

    Raises MaskError for slices that are not alike, several of one place, and uneven steps.
    """
    images = sorted(slices, key=lambda image: image.along)
    _check_alike(images)
    values = np.stack([image.values for image in images], axis=-1)
    return values, _grid(images[0], values.shape, _step(images))


def _grid(image: ImageSlice, shape: tuple[int, ...], step: Float[np.ndarray, "3"]) -> Grid:
    affine = np.eye(4)
    affine[:3, :2], affine[:3, 2], affine[:3, 3] = image.axes.T, step, image.position
    x, y, z = shape
    return Grid(shape=(x, y, z), affine=affine)


def _check_alike(images: Sequence[ImageSlice]) -> None:
    first = images[0]
    for image in images:
        if image.values.shape != first.values.shape or not np.allclose(
            image.axes, first.axes, rtol=0, atol=_SAME
        ):
            raise MaskError(
                f"{image.path}: another matrix, pixel spacing or orientation than {first.path.name}"
                " of the same series"
            )


def _step(images: Sequence[ImageSlice]) -> Float[np.ndarray, "3"]:
    """The way in mm from one slice to the next."""
    if len(images) == 1:
        return _own_step(images[0])
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
    return np.asarray(step)


def _own_step(image: ImageSlice) -> Float[np.ndarray, "3"]:
    if image.thickness is None:
        raise MaskError(f"{image.path}: a single slice without a stated thickness")
    normal = np.cross(*image.axes)
    return np.asarray(normal / np.linalg.norm(normal) * image.thickness)
