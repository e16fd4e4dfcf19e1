"""Reading a DSC-MRI series, from a NIfTI file or a DICOM folder."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bolus.data import DSCSeries, SeriesError, Source
from bolus.data.plausible import MIN_FRAMES
from bolus.io.checksums import checksum
from bolus.io.dicom.headers import begins_like_dicom
from bolus.io.nifti import check_nifti, is_nifti_name, load_image, read_values
from bolus.io.nifti_header import check_affine, grid_of, time_unit
from bolus.io.signal import check_signal
from bolus.io.slice_timing import stated_slice_times
from bolus.io.timing import (
    header_interval,
    read_sidecar,
    resolve_te,
    resolve_tr,
    sidecar_path,
)


class Format(NamedTuple):
    """A format of files that hold a series.

    ``recognises`` looks at a file and says whether it is one. ``read`` is given the file, and echo
    and repetition time in s where the user states them (else None); what it returns is checked by
    ``read_series``. It raises SeriesError with the file's name for what it cannot read.
    """

    recognises: Callable[[Path], bool]
    read: Callable[[Path, float | None, float | None], DSCSeries]


def read_series(
    path: str | os.PathLike[str],
    te: float | None = None,
    tr: float | None = None,
    series: int | None = None,
) -> DSCSeries:
    """Read a series: signal (x, y, z, t) in scanner units as float32, times in s.

    ``path`` is a folder with DICOM files or a file of one of FORMATS: NIfTI. ``te`` and ``tr`` in
    seconds go before what the files say. ``series`` is the DICOM SeriesNumber to take when a
    folder holds several series that could be meant. An unknown echo time is None; values that are
    not finite are kept. The times of slices within a frame are those of a sidecar's SliceTiming or
    of the images' acquisition times; None where neither says them.

    Raises SeriesError for what cannot be a series of at least 20 frames (``bolus.data.plausible``
    is the table of what can), AmbiguousInputError for a folder with more than one.
    """
    path = Path(path)
    if not path.exists():
        raise SeriesError(f"{path}: no such file or folder")
    if path.is_dir():
        from bolus.io.dicom.read import read_dicom

        return _checked(read_dicom(path, te, tr, series), path)
    if series is not None:
        raise SeriesError(f"{path}: --series (series=) chooses within a DICOM folder, not a file")
    for form in FORMATS.values():
        if form.recognises(path):
            return _checked(form.read(path, te, tr), path)
    if begins_like_dicom(path):
        raise SeriesError(f"{path}: one DICOM file is not a series; give the folder it lies in")
    raise SeriesError(f"{path}: a file of a known format is expected: {', '.join(FORMATS)}")


def read_echoes(
    path: str | os.PathLike[str], tr: float | None = None, series: int | None = None
) -> tuple[DSCSeries, ...]:
    """Read the echoes of a series, the earliest first: one, or two of a DICOM folder.

    Of a series of single-frame DICOM images that holds two echo times each is a series of its own,
    of which ``bolus.two_echoes`` makes one. Otherwise as ``read_series``.

    Raises as ``read_series`` does, and for more than two echoes.
    """
    path = Path(path)
    if not path.is_dir():
        return (read_series(path, tr=tr, series=series),)
    from bolus.io.dicom.read import read_dicom_echoes

    return tuple(_checked(one, path) for one in read_dicom_echoes(path, tr, series))


def _checked(series: DSCSeries, path: Path) -> DSCSeries:
    """The series, if it is one that a scanner can have made; whatever format it came in."""
    check_shape(series.signal.shape, path)
    check_affine(series.grid.affine, path, SeriesError)
    check_signal(series.signal, path)
    return series


def read_nifti(path: Path, te: float | None, tr: float | None) -> DSCSeries:
    """Read a series from a NIfTI file and its BIDS sidecar. Raises SeriesError.

    What the header and the sidecar say is checked before the signal is read.
    """
    header = check_nifti(path, SeriesError)
    check_shape(tuple(int(n) for n in header.get_data_shape()), path)
    sidecar = read_sidecar(path)
    stated = header_interval(float(header["pixdim"][4]), time_unit(header))
    dt, te = resolve_tr(tr, sidecar, stated, path), resolve_te(te, sidecar, path)
    grid = grid_of(header, path, SeriesError)
    slice_times = stated_slice_times(sidecar, grid.shape, dt, sidecar_path(path))
    signal = read_values(load_image(path, SeriesError), path, SeriesError)
    return DSCSeries(
        dt=dt,
        te=te,
        grid=grid,
        signal=signal,
        slice_times=slice_times,
        source=Source(format="nifti", checksum=checksum(path)),
    )


def check_shape(shape: tuple[int, ...], path: Path) -> None:
    """Raise SeriesError unless this is a 4D series of at least 20 frames."""
    if len(shape) != 4:
        raise SeriesError(
            f"{path}: a series has four dimensions (x, y, z, time), found {len(shape)}: {shape}"
        )
    if shape[3] < MIN_FRAMES:
        raise SeriesError(
            f"{path}: a series has at least {MIN_FRAMES} frames, found {shape[3]} (shape {shape})"
        )


FORMATS: dict[str, Format] = {"NIfTI": Format(is_nifti_name, read_nifti)}
"""The formats of files, by name; the first that recognises a file reads it."""
