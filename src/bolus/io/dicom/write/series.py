"""A series as classic DICOM MR images, one file a slice and frame: for trying DICOM in and out."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float, UInt16

from bolus.data import DSCSeries, Grid, InputError, OutputError
from bolus.io.dicom.headers import CLASSIC
from bolus.io.dicom.planes import TO_LPS, Planes, planes_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first DICOM file

PATIENT, PATIENT_ID = "Phantom^Digital", "PHANTOM"
DESCRIPTION = "DSC perfusion (simulated)"
_DATE, _NOON = "20000101", 12 * 3600
_HIGHEST = 32767
"""Largest stored value: what readers that take pixels as signed can hold, too."""


class _Scaled(NamedTuple):
    """Stored values, and what makes the signal of them: slope·value + intercept."""

    values: UInt16[np.ndarray, "x y z t"]
    slope: str
    intercept: str


def write_dicom_series(
    folder: str | os.PathLike[str],
    series: DSCSeries,
    *,
    patient: str = PATIENT,
    patient_id: str = PATIENT_ID,
) -> tuple[Path, ...]:
    """Write a series into a new folder; returns the files, slices fastest.

    The signal is stored as 16-bit integers with a rescale slope, so it comes back within half of
    a 32767th of its range. UIDs and bytes follow from the arguments; the date is 1 January 2000,
    and ``patient`` and ``patient_id`` are plainly nobody's.

    Raises InputError for a signal that is not finite or a grid that is skew, OutputError.
    """
    folder = Path(folder)
    series = _facing(series)
    scaled, planes = _scaled(series.signal), planes_of(series.grid)
    try:
        folder.mkdir()
        return tuple(_write_all(folder, series, planes, scaled, (patient, patient_id)))
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror})") from error


def _facing(series: DSCSeries) -> DSCSeries:
    """The same series with rows to the left or back, and columns to the back, left or feet."""
    signal, affine = series.signal, series.grid.affine.copy()
    for axis in (0, 1):
        way = TO_LPS @ affine[:3, axis]
        most = int(np.abs(way).argmax())
        if (way[most] < 0) != (most == 2):
            affine[:3, 3] += affine[:3, axis] * (signal.shape[axis] - 1)
            affine[:3, axis] *= -1
            signal = np.flip(signal, axis)
    return replace(series, signal=signal, grid=Grid(shape=series.grid.shape, affine=affine))


def _scaled(signal: Float[np.ndarray, "x y z t"]) -> _Scaled:
    from pydicom.valuerep import format_number_as_ds

    if not np.isfinite(signal).all():
        raise InputError("a finite signal is expected for DICOM, this one holds NaN or infinity")
    low, high = min(0.0, float(signal.min())), float(signal.max())
    slope = format_number_as_ds((high - low) / _HIGHEST if high > low else 1.0)
    intercept = format_number_as_ds(low)
    values = np.round((signal - float(intercept)) / float(slope))
    return _Scaled(np.clip(values, 0, 65535).astype(np.uint16), slope, intercept)


def _write_all(
    folder: Path, series: DSCSeries, planes: Planes, scaled: _Scaled, patient: tuple[str, str]
) -> Iterator[Path]:
    from pydicom.uid import generate_uid

    digest = hashlib.sha256(scaled.values.tobytes())
    told = (series.grid.affine.tolist(), series.dt, series.te, patient)
    digest.update(repr(told).encode())
    ds = _shared(series, planes, scaled, patient, digest.hexdigest())
    nz, nt = scaled.values.shape[2:]
    for t in range(nt):
        for k in range(nz):
            number = t * nz + k + 1
            ds.InstanceNumber = number
            ds.SOPInstanceUID = generate_uid(entropy_srcs=[digest.hexdigest(), str(number)])
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
            _set_frame(ds, series, t)
            _set_place(ds, planes, k)
            ds.PixelData = scaled.values[:, :, k, t].T.astype("<u2").tobytes()
            path = folder / f"IM{number:05d}.dcm"
            ds.save_as(path, enforce_file_format=True)
            yield path


def _shared(
    series: DSCSeries, planes: Planes, scaled: _Scaled, patient: tuple[str, str], seed: str
) -> Dataset:
    """What all images have in common."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid
    from pydicom.valuerep import format_number_as_ds

    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = CLASSIC
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName, ds.PatientID = patient
    ds.PatientBirthDate, ds.PatientSex = "", "O"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = (
        generate_uid(entropy_srcs=[seed, what]) for what in ("study", "series", "frame")
    )
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = _DATE
    ds.StudyTime = ds.SeriesTime = _clock(0.0)
    ds.StudyID, ds.StudyDescription, ds.SeriesDescription = "1", "Digital phantom", DESCRIPTION
    ds.AccessionNumber = ds.ReferringPhysicianName = ds.PositionReferenceIndicator = ""
    ds.Modality, ds.Manufacturer, ds.ManufacturerModelName = "MR", "bolus", "digital patient"
    ds.SeriesNumber, ds.ImageType = 1, ["ORIGINAL", "PRIMARY", "M", "ND"]
    ds.PatientPosition, ds.BodyPartExamined = "HFS", "BRAIN"
    ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions = "EP", "SK", ""
    ds.MRAcquisitionType, ds.EchoTrainLength = "2D", 1
    ds.RepetitionTime = format_number_as_ds(1000 * series.dt)
    ds.EchoTime = None if series.te is None else format_number_as_ds(1000 * series.te)
    ds.NumberOfTemporalPositions = series.n_frames
    ds.ImageOrientationPatient = [format_number_as_ds(float(v)) for v in planes.orientation]
    ds.PixelSpacing = [format_number_as_ds(v) for v in planes.spacing]
    ds.SliceThickness = ds.SpacingBetweenSlices = format_number_as_ds(planes.step)
    ds.Columns, ds.Rows = series.grid.shape[:2]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = scaled.slope, scaled.intercept, "US"
    return ds


def _set_frame(ds: Dataset, series: DSCSeries, t: int) -> None:
    ds.AcquisitionNumber = ds.TemporalPositionIdentifier = t + 1
    ds.AcquisitionTime = ds.ContentTime = _clock(t * series.dt)


def _set_place(ds: Dataset, planes: Planes, k: int) -> None:
    from pydicom.valuerep import format_number_as_ds

    ds.ImagePositionPatient = [format_number_as_ds(float(v)) for v in planes.positions[k]]


def _clock(seconds: float) -> str:
    whole, rest = divmod(round((_NOON + seconds) * 1_000_000), 1_000_000)
    return f"{whole // 3600:02d}{whole % 3600 // 60:02d}{whole % 60:02d}.{rest:06d}"
