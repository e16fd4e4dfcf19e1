"""Reading a DSC-MRI series, from a NIfTI file or a DICOM folder."""

import os
from pathlib import Path

from bolus.data import DSCSeries, SeriesError, Source
from bolus.io.checksums import checksum
from bolus.io.dicom_headers import begins_like_dicom
from bolus.io.nifti import check_nifti, is_nifti_name, load_image, read_values
from bolus.io.nifti_header import grid_of, time_unit
from bolus.io.signal import check_signal
from bolus.io.slice_timing import stated_slice_times
from bolus.io.timing import header_interval, read_sidecar, resolve_te, resolve_tr, sidecar_path

MIN_FRAMES = 20


def read_series(
    path: str | os.PathLike[str],
    te: float | None = None,
    tr: float | None = None,
    series: int | None = None,
) -> DSCSeries:
    """Read a series: signal (x, y, z, t) in scanner units as float32, times in s.

    ``path`` is a ``.nii`` or ``.nii.gz`` file or a folder with DICOM files. ``te`` and ``tr`` in
    seconds go before what the files say. ``series`` is the DICOM SeriesNumber to take when a
    folder holds several series that could be meant. An unknown echo time is None; values that are
    not finite are kept. The times of slices within a frame are those of a sidecar's SliceTiming or
    of the images' acquisition times; None where neither says them.

    Raises SeriesError for what cannot be a series of at least 20 frames, AmbiguousInputError for
    a folder with more than one.
    """
    path = Path(path)
    if not path.exists():
        raise SeriesError(f"{path}: no such file or folder")
    if path.is_dir():
        from bolus.io.dicom import read_dicom

        return read_dicom(path, te, tr, series)
    if series is not None:
        raise SeriesError(f"{path}: --series (series=) chooses within a DICOM folder, not a file")
    if not is_nifti_name(path) and begins_like_dicom(path):
        raise SeriesError(f"{path}: one DICOM file is not a series; give the folder it lies in")
    return read_nifti(path, te, tr)


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
    check_signal(signal, path)
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
