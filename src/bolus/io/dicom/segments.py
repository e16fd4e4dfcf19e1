"""One segment of a DICOM segmentation, on the grid of a series."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool

from bolus.data import Grid, MaskError
from bolus.io.dicom.headers import clean, stated
from bolus.io.dicom.slices import ImageSlice, image_slice
from bolus.io.resample import resample_nearest

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first DICOM file

SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
"""Segmentation Storage, Label Map Segmentation Storage."""
_LISTED = 12


def place_segment(
    path: Path, ds: Dataset, wanted: str | None, grid: Grid
) -> tuple[Bool[np.ndarray, "x y z"], int]:
    """A segment's voxels on a grid, and how many it marks on its own.

    ``wanted`` is a segment's number or label; None: the only one. Every frame is a slab as thick as
    SpacingBetweenSlices (else SliceThickness) says, so slices that were left out as empty stay
    empty. Of a fractional segmentation inside is what is over one half.

    Raises MaskError for a choice that is none, and for frames that do not say where they lie.
    """
    number = _chosen(path, segments_of(ds), wanted)
    found, marked = np.zeros(grid.shape, dtype=bool), 0
    for image in _slices(path, ds, number):
        marked += int(image.values.sum())
        found |= resample_nearest(image.values[..., None] > 0, image.slab, grid)
    return found, marked


def segments_of(ds: Dataset) -> dict[int, str]:
    """The labels of a segmentation's segments by number, without a background."""
    return {
        int(item.SegmentNumber): clean(str(item.get("SegmentLabel") or ""))
        for item in ds.SegmentSequence
        if int(item.SegmentNumber) > 0
    }


def _chosen(path: Path, segments: Mapping[int, str], wanted: str | None) -> int:
    if wanted is None and len(segments) == 1:
        return next(iter(segments))
    by_number = [n for n in segments if wanted == str(n)]
    by_label = [n for n, label in segments.items() if wanted and label.lower() == wanted.lower()]
    found = by_number or by_label
    if len(found) == 1:
        return found[0]
    names = [f"{number} '{label}'" for number, label in list(segments.items())[:_LISTED]]
    names += ["…"] if len(segments) > _LISTED else []
    asked = "" if wanted is None else f"'{clean(wanted)}' is {len(found) or 'none'} of them; "
    raise MaskError(
        f"{path}: holds {len(segments)} segments, {', '.join(names)}; {asked}"
        f"choose one by number or label, as in {path.name}#{next(iter(segments), 1)}"
    )


def _slices(path: Path, ds: Dataset, number: int) -> Iterator[ImageSlice]:
    """The frames of a segment that mark anything, as slices of 0 and 1."""
    pixels = np.asarray(ds.pixel_array)
    frames = pixels if pixels.ndim == 3 else pixels[None]
    label_map = ds.SOPClassUID == SEGMENTATIONS[1] or ds.get("SegmentationType") == "LABELMAP"
    half = int(ds.get("MaximumFractionalValue") or 1) / 2
    shared = list(ds.get("SharedFunctionalGroupsSequence") or [])
    for frame, group in zip(frames, ds.PerFrameFunctionalGroupsSequence, strict=True):
        groups = [group, *shared]
        own = stated(groups, "SegmentIdentificationSequence", "ReferencedSegmentNumber")
        if own is None and not label_map:
            raise MaskError(f"{path}: its frames do not say which segment they show")
        if own != number and not label_map:
            continue
        inside = frame == number if label_map else frame > half
        if inside.any():
            yield _placed(path, inside, groups)


def _placed(
    path: Path, inside: Bool[np.ndarray, "rows columns"], groups: list[Dataset]
) -> ImageSlice:
    position = stated(groups, "PlanePositionSequence", "ImagePositionPatient")
    orientation = stated(groups, "PlaneOrientationSequence", "ImageOrientationPatient")
    spacing = stated(groups, "PixelMeasuresSequence", "PixelSpacing")
    if not (position and orientation and spacing):
        raise MaskError(f"{path}: its frames do not say where they lie in the patient")
    thickness = stated(groups, "PixelMeasuresSequence", "SpacingBetweenSlices") or stated(
        groups, "PixelMeasuresSequence", "SliceThickness"
    )
    deep = abs(float(thickness)) if thickness else None
    values = inside.T.astype(np.float32)
    return image_slice(path, values, position, orientation, spacing, deep)
