"""A mask from DICOM: a segmentation, or a series of classic images of two values."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from bolus.data import Grid, MaskError, Source
from bolus.io.checksums import files_below
from bolus.io.dicom.headers import CLASSIC, begins_like_dicom
from bolus.io.dicom.mask_series import read_images
from bolus.io.dicom.segments import SEGMENTATIONS, place_segment
from bolus.io.dicom.silence import no_remarks
from bolus.io.resample import resample_nearest

_TAGS = ("SOPClassUID", "SeriesInstanceUID", "SeriesNumber", "PatientID")
_FRAME = "FrameOfReferenceUID"


class _Mark(NamedTuple):
    """What a file says of itself."""

    path: Path
    kind: str
    series: str
    number: str
    patient: str


@dataclass(frozen=True)
class _Candidate:
    """The files of what may be the mask: one segmentation, or the images of one series."""

    files: tuple[_Mark, ...]

    @property
    def segmentation(self) -> bool:
        return self.files[0].kind in SEGMENTATIONS

    def __str__(self) -> str:
        if self.segmentation:
            return f"segmentation {self.files[0].path.name}"
        return f"series {self.files[0].number or 'without number'} of {len(self.files)} images"


def read_dicom_mask(
    path: Path, segment: str | None, grid: Grid, source: Source
) -> Bool[np.ndarray, "x y z"]:
    """A mask from a segmentation, or from a folder with one or with the images of a mask.

    See ``bolus.io.read_mask``.
    """
    with no_remarks():
        mask, marked = _placed(path, segment, grid, source)
    if marked == 0:
        raise MaskError(f"{path}: the mask is empty")
    if not mask.any():
        raise MaskError(
            f"{path}: this mask lies outside the series: it marks {marked} voxels of its own grid, "
            "and no voxel centre of the series lies in them"
        )
    return mask


def drawn_on(
    path: Path, segment: str | None, grid: Grid, source: Source
) -> Bool[np.ndarray, "x y z"] | None:
    """A mask that has a voxel on a grid for each of its own, so was drawn there; else None.

    ``grid`` is that of another image of the patient of ``source``, whose frame of reference is not
    known. Raises MaskError as ``read_dicom_mask``.
    """
    with no_remarks():
        _check_patient(path, _candidate(path).files[0], source)
        mask, marked = _placed(path, segment, grid, Source())
    return mask if 0 < marked == int(mask.sum()) else None


def _placed(
    path: Path, segment: str | None, grid: Grid, source: Source
) -> tuple[Bool[np.ndarray, "x y z"], int]:
    """The mask on the series' grid, and how many voxels it marks on its own."""
    candidate = _candidate(path)
    first = candidate.files[0]
    _check_patient(path, first, source)
    if candidate.segmentation:
        return _segment(first.path, segment, grid, source)
    if segment is not None:
        raise MaskError(f"{path}: '#{segment}' chooses a segment, but this is a mask series")
    return _series(path, [mark.path for mark in candidate.files], grid)


def _candidate(path: Path) -> _Candidate:
    if not path.is_dir():
        mark = _mark(path)
        if mark.kind in SEGMENTATIONS:
            return _Candidate((mark,))
        if mark.kind == CLASSIC:
            raise MaskError(f"{path}: one image is not a mask; give the folder of its series")
        raise MaskError(f"{path}: a DICOM segmentation is expected, found {_name(mark.kind)}")
    found = _candidates(path)
    if len(found) == 1:
        return found[0]
    listed = ", ".join(map(str, found[:6])) or "no segmentation and no series of MR images"
    raise MaskError(f"{path}: one mask is expected in this folder, found {listed}")


def _candidates(folder: Path) -> list[_Candidate]:
    segmentations: list[_Candidate] = []
    series: dict[str, list[_Mark]] = defaultdict(list)
    for path in sorted(files_below(folder)):
        if path.name.startswith(".") or not is_dicom(path):
            continue
        mark = _mark(path)
        if mark.kind in SEGMENTATIONS:
            segmentations.append(_Candidate((mark,)))
        elif mark.kind == CLASSIC:
            series[mark.series].append(mark)
    return segmentations + [_Candidate(tuple(marks)) for marks in series.values()]


def is_dicom(path: Path) -> bool:
    """Whether a file begins like a DICOM file. Raises MaskError where it cannot be read."""
    try:
        return begins_like_dicom(path)
    except OSError as error:
        raise MaskError(f"{path}: cannot be read ({error.strerror})") from error


def _mark(path: Path) -> _Mark:
    kind, series, number, patient = _texts(path, *_TAGS)
    return _Mark(path, kind, series, number, patient)


def _texts(path: Path, *names: str) -> tuple[str, ...]:
    """What a header says under some names, as text; empty where it says nothing."""
    import pydicom

    with _readable(path, "this DICOM file"):
        ds = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(names))
        return tuple(str(ds.get(name) or "").strip() for name in names)


@contextmanager
def _readable(path: Path, what: str) -> Iterator[None]:
    """Turn whatever a broken file makes pydicom raise into one named error."""
    try:
        yield
    except MaskError:
        raise
    except Exception as error:
        raise MaskError(
            f"{path}: {what} cannot be read ({type(error).__name__}: {error})"
        ) from error


def _name(kind: str) -> str:
    from pydicom.uid import UID

    return UID(kind).name if kind else "no SOP class"


def _check_patient(path: Path, mark: _Mark, source: Source) -> None:
    """Raise MaskError where mask and series state patients that differ."""
    own = _of_source(source, "PatientID")
    if own and mark.patient and own != mark.patient:
        raise MaskError(f"{path}: this mask is of another patient than the series (PatientID)")


def _of_source(source: Source, name: str) -> str:
    return _texts(source.files[0], name)[0] if source.files else ""


def _segment(
    path: Path, segment: str | None, grid: Grid, source: Source
) -> tuple[Bool[np.ndarray, "x y z"], int]:
    import pydicom

    own, frame = _texts(path, _FRAME)[0], _of_source(source, _FRAME)
    if own and frame and own != frame:
        raise MaskError(
            f"{path}: this segmentation lies in another frame of reference than the series, so its "
            "coordinates are others; register it, or give a NIfTI mask on the series' grid"
        )
    with _readable(path, "this segmentation"):
        return place_segment(path, pydicom.dcmread(path), segment, grid)


def _series(path: Path, files: Sequence[Path], grid: Grid) -> tuple[Bool[np.ndarray, "x y z"], int]:
    """The mask that a series of images shows. Raises MaskError for more than two values."""
    values, own = read_images(files)
    levels = np.unique(values)
    if levels.size > 2 or (levels.size == 2 and levels[0] != 0):
        raise MaskError(
            f"{path}: a mask has two values, 0 and another; these images have {levels.size}, from "
            f"{levels[0]:g} to {levels[-1]:g}"
        )
    drawn = values > 0.5
    return resample_nearest(drawn, own, grid), int(drawn.sum())
