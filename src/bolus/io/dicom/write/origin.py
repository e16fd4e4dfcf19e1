"""What the series that maps were made of gives its maps in DICOM: patient, study, place, date."""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bolus.data import DSCSeries, Grid, InputError, SeriesError, Source
from bolus.io.dicom.headers import FileHeader, read_header, stated
from bolus.io.dicom.planes import TO_LPS, right_angled
from bolus.io.dicom.silence import no_remarks

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first DICOM file

_NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
_UID = re.compile(r"[0-9.]+", re.ASCII)
_DATES = ("ContentDate", "AcquisitionDate", "SeriesDate", "StudyDate")
_TIMES = ("ContentTime", "AcquisitionTime", "SeriesTime", "StudyTime")
NO_DATE, NO_TIME = "19000101", "000000"
"""Where a source states none, for a date is required and that of today would not repeat."""
_HIGHEST_NUMBER = 2**31 - 1


class Reference(NamedTuple):
    """An image of the series: class and UID of its object, and the number of one frame in it.

    ``tiled`` says that it shows all slices beside each other.
    """

    sop_class: str
    uid: str
    frame: int | None = None
    tiled: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Origin:
    """The source of maps: ``header`` of its first file, without pixels, and its first images.

    ``images`` hold the first frame of every slice of the grid; one image for all of them where
    it shows all slices at once (a mosaic). ``row`` and ``column`` are the directions of an image's
    rows and columns (LPS), None where the headers do not say.
    """

    header: Dataset
    images: tuple[Reference, ...]
    row: np.ndarray | None
    column: np.ndarray | None

    @property
    def date(self) -> str:
        """YYYYMMDD of the source: of content, acquisition, series or study; NO_DATE for none."""
        return next((text for name in _DATES if (text := _date(self.header, name))), NO_DATE)

    @property
    def time(self) -> str:
        """HHMMSS likewise."""
        return next((text for name in _TIMES if (text := _time(self.header, name))), NO_TIME)

    @property
    def first_number(self) -> int:
        """The number above which the series of maps are numbered: far above the source's own."""
        stated_number = self.header.get("SeriesNumber")
        own = 0 if stated_number in (None, "") else int(stated_number)
        if own > _HIGHEST_NUMBER // 1000 - 1 or own < 1:
            return 9000
        return 1000 * own


def check_dicom_output(series: DSCSeries) -> None:
    """Raise SeriesError now where ``write_dicom`` could not write the maps of a series.

    One that did not come as DICOM, whose files lack the UID of study, series or frame of
    reference, or whose grid is skew.
    """
    _header(series.source)
    try:
        right_angled(series.grid)
    except InputError as error:
        raise SeriesError(f"{series.source.files[0].parent}: {error}") from error


def read_origin(series: DSCSeries) -> Origin:
    """What a series' DICOM files say besides their pixels.

    Raises SeriesError as ``check_dicom_output`` does, and for a file that can no longer be read or
    has no UID of its own.
    """
    check_dicom_output(series)
    header = _header(series.source)
    row, column = _directions(header)
    return Origin(
        header=header,
        images=_first_images(series.source.files, series.grid),
        row=row,
        column=column,
    )


def _header(source: Source) -> Dataset:
    if not source.files:
        raise SeriesError(
            "DICOM output belongs to the study of its source, so it needs a DICOM folder as input; "
            f"this series came as {source.format}"
        )
    import pydicom

    with no_remarks():
        ds = pydicom.dcmread(source.files[0], stop_before_pixels=True)
        missing = [name for name in _NEEDED if not _UID.fullmatch(str(ds.get(name)))]
    if missing:
        raise SeriesError(
            f"{source.files[0]}: DICOM output needs {' and '.join(missing)} of its source, and "
            "this file states no such UID"
        )
    return ds


def _file(path: Path) -> FileHeader:
    found = read_header(path)
    if found is None or not _UID.fullmatch(found.sop[1]):
        raise SeriesError(
            f"{path}: DICOM output refers to every image of its source, and this file "
            + ("is no such image any more" if found is None else "has no SOPInstanceUID")
        )
    return found


def _first_images(paths: Sequence[Path], grid: Grid) -> tuple[Reference, ...]:
    """The first image in each slice of the grid, by place; one for all of them of mosaics.

    Raises SeriesError where the files are not those the grid was read from.
    """
    found: dict[int, Reference] = {}
    for file in map(_file, paths):
        if file.mosaic:
            return (Reference(*file.sop, tiled=True),) * grid.shape[2]
        for number, frame in enumerate(file.frames, start=1):
            image = Reference(*file.sop, number if len(file.frames) > 1 else None)
            found.setdefault(slice_of(grid, frame.position), image)
        if len(found) == grid.shape[2]:
            return tuple(found[k] for k in sorted(found))
    raise SeriesError(
        f"{paths[0].parent}: {grid.shape[2]} slices are expected in these files, found "
        f"{len(found)}; have they changed since they were read?"
    )


def slice_of(grid: Grid, position: Sequence[float]) -> int:
    """The slice of a grid in whose plane a point (LPS, mm) lies; the nearest one beyond its ends.

    In-plane it may lie anywhere: the first pixel of an image can be any corner.
    """
    ras = TO_LPS @ np.asarray(position, dtype=float)
    index = np.linalg.solve(grid.affine, [*ras, 1.0])[2]
    return int(np.clip(np.round(index), 0, grid.shape[2] - 1))


def _directions(ds: Dataset) -> tuple[np.ndarray | None, np.ndarray | None]:
    groups = [*(ds.get("PerFrameFunctionalGroupsSequence") or [])[:1],
              *(ds.get("SharedFunctionalGroupsSequence") or [])]  # fmt: skip
    name = "ImageOrientationPatient"
    found = ds.get(name) or stated(groups, "PlaneOrientationSequence", name)
    if not found or len(found) != 6:
        return None, None
    cosines = np.array(found, dtype=float)
    return cosines[:3], cosines[3:]


def _date(ds: Dataset, name: str) -> str:
    """YYYYMMDD, or nothing where there is no such day."""
    found = re.fullmatch(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})", str(ds.get(name) or ""), re.ASCII)
    year, month, day = map(int, found.groups()) if found else (0, 0, 0)
    real = year > 0 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
    return f"{year:04d}{month:02d}{day:02d}" if real else ""


def _time(ds: Dataset, name: str) -> str:
    """HHMMSS, or nothing where there is no such time of day."""
    pattern = r"([01]\d|2[0-3]):?([0-5]\d):?([0-5]\d)(\.\d*)?"
    found = re.fullmatch(pattern, str(ds.get(name) or ""), re.ASCII)
    return "".join(found.groups()[:3]) if found else ""
