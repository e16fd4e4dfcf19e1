"""Reading a DSC-MRI series from a DICOM folder: choose by headers, convert, check."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bolus.data import DSCSeries, Grid, SeriesError, Source
from bolus.data.plausible import MIN_FRAMES
from bolus.io.checksums import checksum_of
from bolus.io.dicom.convert import converted
from bolus.io.dicom.interval import frame_interval
from bolus.io.dicom.order import in_time, renumbered
from bolus.io.dicom.slice_times import measured_slice_times
from bolus.io.dicom.study import (
    TWO,
    StudySeries,
    check_complete,
    check_plausible,
    choose,
    read_study,
)
from bolus.io.nifti import check_nifti, load_image, read_values
from bolus.io.nifti_header import grid_of
from bolus.io.slice_timing import stated_slice_times
from bolus.io.timing import checked_te, checked_tr

CONVERTED = Path("its conversion by dcm2niix")
"""What errors name in place of a file that nobody has seen."""


def read_dicom(
    folder: Path, te: float | None = None, tr: float | None = None, series: int | None = None
) -> DSCSeries:
    """Read a series from the DICOM files below a folder; see ``bolus.io.read_series``.

    The checksum is of the series' files in name order. Voxels lie as dcm2niix lays them.
    """
    study = read_study(folder)
    with _named(folder):
        return _checked(choose(study, series, MIN_FRAMES), te, tr)


def read_dicom_echoes(
    folder: Path, tr: float | None = None, series: int | None = None
) -> tuple[DSCSeries, ...]:
    """Read every echo of a series, the earliest first; see ``bolus.io.read_echoes``."""
    study = read_study(folder)
    with _named(folder):
        chosen = choose(study, series, MIN_FRAMES)
        echoes = chosen.echoes
        if len(echoes) > TWO or len({echo.images for echo in echoes}) > 1:
            check_complete(chosen)
        return tuple(_checked(echo, None, tr) for echo in echoes)


@contextmanager
def _named(folder: Path) -> Iterator[None]:
    """What is wrong with a series, with the folder that it lies in."""
    try:
        yield
    except SeriesError as error:
        raise type(error)(f"{folder}: {error}") from error


def _checked(chosen: StudySeries, te: float | None, tr: float | None) -> DSCSeries:
    """A series whose headers are checked before it is converted. Raises SeriesError."""
    _echo_time(chosen, {}, te)
    check_complete(chosen)
    check_plausible(chosen)
    return _read(chosen, _interval(chosen, tr), te)


def _interval(chosen: StudySeries, tr: float | None) -> float:
    if tr is not None:
        return checked_tr(tr, "given")
    stated = {file.tr for file in chosen.files if file.tr}
    if stated and max(stated) > 1.01 * min(stated):
        times = ", ".join(f"{tr:g}" for tr in sorted(stated))
        raise SeriesError(f"one repetition time is expected, found {times} ms in {chosen}")
    seconds = min(stated) / 1000 if stated else None
    frames = next(iter(chosen.by_slice.values()))
    return checked_tr(frame_interval(seconds, frames), "in the DICOM headers")


def _read(chosen: StudySeries, dt: float, te: float | None) -> DSCSeries:
    paths = [file.path for file in chosen.files]
    ordered = tuple(file.path for file in in_time(chosen.files))
    kept = {file.path: file.kept for file in chosen.files if file.kept}
    with converted(paths, renumbered(chosen.files), kept) as images:
        image, sidecar = _the_series(chosen, images)
        loaded = load_image(image, SeriesError)
        grid = grid_of(loaded.header, CONVERTED, SeriesError)
        _check_places(chosen, grid)
        signal = read_values(loaded, CONVERTED, SeriesError)
        return DSCSeries(
            signal=signal,
            grid=grid,
            dt=dt,
            te=_echo_time(chosen, sidecar, te),
            slice_times=_slice_times(chosen, sidecar, grid, dt),
            source=Source(
                format="dicom",
                checksum=checksum_of(paths),
                number=chosen.files[0].number,
                files=ordered,
            ),
        )


def _the_series(
    chosen: StudySeries, images: list[tuple[Path, Mapping[str, object]]]
) -> tuple[Path, Mapping[str, object]]:
    """The one converted image that has the slices and frames which the headers count."""
    headers = [check_nifti(path, SeriesError) for path, _ in images]
    shapes = [header.get_data_shape() for header in headers]
    if len(images) != 1 or len(shapes[0]) != 4:
        raise SeriesError(f"one 4D image is expected of {chosen}; dcm2niix made {shapes}")
    expected = (chosen.n_slices or shapes[0][2], chosen.n_frames)
    if shapes[0][2:] != expected:
        raise SeriesError(
            f"{expected[0]} slices and {expected[1]} frames are expected of {chosen}; "
            f"dcm2niix made {shapes[0][2]} and {shapes[0][3]}"
        )
    return images[0]


def _check_places(chosen: StudySeries, grid: Grid) -> None:
    """Raise SeriesError unless each slice of the headers is a slice of the grid."""
    if chosen.n_slices is None:
        return
    found = np.sort(_slice_numbers(chosen, grid))
    gap = float(np.abs(found - np.arange(grid.shape[2])).max())
    if gap > 0.1:
        raise SeriesError(
            f"the headers of {chosen} and its conversion by dcm2niix place slices differently, "
            f"by {gap:.2f} slices; are they evenly spaced and parallel?"
        )


def _slice_times(
    chosen: StudySeries, sidecar: Mapping[str, object], grid: Grid, dt: float
) -> np.ndarray | None:
    """Seconds within a frame of each slice of the grid: the headers', else the vendor's own.

    The latter is what dcm2niix finds in private headers; where it is no such list (dcm2niix makes
    it of clocks that at times do not count slices), the times are unknown.
    """
    if chosen.n_slices is not None:
        order = np.argsort(_slice_numbers(chosen, grid))
        columns = list(chosen.by_slice.values())
        measured = measured_slice_times([columns[n] for n in order], dt)
        if measured is not None:
            return measured
    try:
        return stated_slice_times(sidecar, grid.shape, dt, "the sidecar that dcm2niix wrote")
    except SeriesError:
        return None


def _slice_numbers(chosen: StudySeries, grid: Grid) -> np.ndarray:
    """Where along the third axis of the grid each slice of the headers lies, in voxels."""
    lps = np.array(list(chosen.by_slice))
    ras = np.column_stack([lps * (-1, -1, 1), np.ones(len(lps))])
    return np.asarray((np.linalg.inv(grid.affine) @ ras.T)[2])


def _echo_time(
    chosen: StudySeries, sidecar: Mapping[str, object], te: float | None
) -> float | None:
    """``te``, else the headers' echo time, else what dcm2niix found in private ones, else None."""
    if te is not None:
        return checked_te(te, "given")
    if chosen.echo_times and chosen.echo_times[0] != 0:
        return checked_te(chosen.echo_times[0] / 1000, "in the DICOM headers")
    stated = sidecar.get("EchoTime")
    return checked_te(stated, "in the DICOM headers") if stated else None
