"""A miniature of the collection QIN-BRAIN-DSC-MRI on disk, as it is downloaded, for tests.

A volume is (x, y, z) or (x, y, z, t), with x along the rows of an image, y along its columns and z
from slice to slice; a ``Place`` says where that is in the patient (LPS, mm, as in DICOM).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from dicom_writers import clock_text
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

SECRETS = ("Mustermann", "Erika", "19570312", "Clinic Nowhere", "Prof Who", "ACC4711")
FRAMES = 20
_ENCODED: dict[tuple, list[tuple[str, bytes]]] = {}


@dataclass(frozen=True)
class Place:
    """Where the voxels of a volume lie."""

    shape: tuple[int, int, int]
    origin: tuple[float, float, float]
    spacing: tuple[float, float, float]
    row: tuple[float, float, float] = (1.0, 0.0, 0.0)
    column: tuple[float, float, float] = (0.0, 1.0, 0.0)

    @property
    def axes(self) -> np.ndarray:
        """Steps in mm, one a row: along x, y and z."""
        directions = [self.row, self.column, np.cross(self.row, self.column)]
        return np.array(directions) * np.array(self.spacing)[:, None]

    def points(self) -> np.ndarray:
        """LPS of every voxel centre, (x, y, z, 3)."""
        index = np.moveaxis(np.indices(self.shape), 0, -1)
        return np.array(self.origin) + index @ self.axes

    def ball(self, centre: tuple[float, float, float], radius: float) -> np.ndarray:
        """The voxels whose centres lie within a radius of a point, mm."""
        return np.linalg.norm(self.points() - np.array(centre), axis=-1) <= radius


DSC = Place((12, 10, 3), (-12.0, -15.0, 4.0), (2.0, 2.5, 5.0))
FINE = Place((30, 32, 9), (-13.5, -17.5, 1.0), (1.0, 1.0, 2.0))
"""An anatomical grid: finer, shifted, larger."""
SAGITTAL = Place((30, 20, 24), (17.0, -18.5, 18.5), (1.0, 1.2, 1.5), (0, 1, 0), (0, 0, -1))
"""Another: slices from left to right, rows from front to back, columns downwards."""

TUMOR = ((2.0, -2.5, 9.0), 5.2)
NAWM = ((-6.0, 0.0, 9.0), 4.2)


@dataclass(frozen=True, kw_only=True)
class Head:
    """What a series' headers say besides its place."""

    patient: str = "QIN-BRAIN-DSC-01-01"
    number: int = 5
    description: str = "AX DSC PERFUSION"
    manufacturer: str = "SIEMENS"
    tr: float = 1.25
    te: float | None = 0.03


def bolus_signal(place: Place = DSC) -> np.ndarray:
    """A series in which every voxel differs; its first two frames are not in steady state."""
    i, j, k = np.indices(place.shape)
    course = np.ones(FRAMES)
    course[:2] = 1.6, 1.2
    course[9:14] = 0.8, 0.5, 0.6, 0.8, 0.9
    return ((800 + i + 20 * j + 300 * k)[..., None] * course).astype(np.uint16)


def _dataset(head: Head, place: Place, uids: dict[str, str], k: int) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = MRImageStorage
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uids["study"], uids["series"]
    ds.FrameOfReferenceUID = uids["frame"]
    ds.PatientID, ds.PatientName, ds.PatientBirthDate = head.patient, "Mustermann^Erika", "19570312"
    ds.InstitutionName, ds.ReferringPhysicianName = "Clinic Nowhere", "Prof Who"
    ds.AccessionNumber = "ACC4711"
    ds.Modality, ds.Manufacturer = "MR", head.manufacturer
    ds.StudyDate = ds.SeriesDate = "20010203"
    ds.SeriesNumber, ds.SeriesDescription = head.number, head.description
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    ds.MagneticFieldStrength, ds.FlipAngle, ds.PatientPosition = 3, 72, "HFS"
    ds.ScanningSequence, ds.SequenceVariant, ds.MRAcquisitionType = "EP", "SK", "2D"
    ds.ImagePositionPatient = [round(v, 6) for v in np.array(place.origin) + k * place.axes[2]]
    ds.ImageOrientationPatient = [*place.row, *place.column]
    ds.PixelSpacing = [place.spacing[1], place.spacing[0]]
    ds.SliceThickness = ds.SpacingBetweenSlices = place.spacing[2]
    return ds


def _set_pixels(ds: Dataset, image: np.ndarray) -> None:
    ds.Columns, ds.Rows = image.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.PixelData = np.ascontiguousarray(image.T).astype("<u2").tobytes()


def write_images(
    folder: Path,
    volume: np.ndarray,
    place: Place,
    head: Head,
    change: Callable[[Dataset], None] | None = None,
) -> list[Path]:
    """One file a slice and frame, named in no order; ``change`` edits each before it is saved.

    The same images are encoded once in a session; after that their bytes are written, UIDs too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key = (volume.dtype.str, volume.shape, volume.tobytes(), place, head)
    if change is None and key in _ENCODED:
        for name, content in _ENCODED[key]:
            (folder / name).write_bytes(content)
        return [folder / name for name, _ in _ENCODED[key]]
    frames = volume if volume.ndim == 4 else volume[..., None]
    nz, nt = frames.shape[2:]
    uids = {name: generate_uid() for name in ("study", "series", "frame")}
    names = [f"1-{n + 1:03d}.dcm" for n in range(nz * nt)]
    random.Random(head.number).shuffle(names)
    for t in range(nt):
        for k in range(nz):
            ds = _dataset(head, place, uids, k)
            ds.InstanceNumber = t * nz + k + 1
            if volume.ndim == 4:
                ds.RepetitionTime = f"{head.tr * 1000:g}"
                ds.AcquisitionTime = clock_text(36_000 + t * head.tr)
            if volume.ndim == 4 and head.te:
                ds.EchoTime = f"{head.te * 1000:g}"
            _set_pixels(ds, frames[:, :, k, t])
            if change is not None:
                change(ds)
            ds.save_as(folder / names[t * nz + k], enforce_file_format=True)
    if change is None:
        _ENCODED[key] = [(name, (folder / name).read_bytes()) for name in names]
    return [folder / name for name in names]


def write_roi(
    study: Path, mask: np.ndarray, place: Place, head: Head, change: Callable | None = None
) -> Path:
    """A region of interest as the collection has it; returns the folder of the series."""
    folder = study / f"{head.number}.000000-{head.description}-{head.number:05d}"
    roi = replace(head, manufacturer="Imaging Biometrics LLC")
    write_images(folder, np.asarray(mask).astype(np.uint16), place, roi, change)
    return folder


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a patient's series are named and where they lie."""

    names: tuple[str, str, str, str] = ("AIFx3", "Mask_Brain", "Mask_NAWM", "Mask_Tumor")
    anatomy: Place = DSC
    other_study: bool = False


def write_patient(root: Path, patient: str, style: Style | None = None) -> Path:
    """A patient's folder: the series, four masks, NACC and anatomy; returns it."""
    style = style or Style()
    folder = root / patient
    study = folder / "02-03-2001-MR BRAIN PERFUSION-48213"
    drawn = folder / "02-05-2001-ROIS-99120" if style.other_study else study
    head = Head(patient=patient)
    write_images(study / "5.000000-AX DSC PERFUSION-70112", bolus_signal(), DSC, head)
    arteries = np.zeros(DSC.shape, dtype=bool)
    arteries[3:6, 4, 1] = True
    brain = style.anatomy.ball((0.0, -2.0, 9.0), 30.0)
    tumor, nawm = style.anatomy.ball(*TUMOR), style.anatomy.ball(*NAWM)
    aif_name, brain_name, nawm_name, tumor_name = style.names
    for number, description, mask, place in (
        (11, aif_name, arteries, DSC),
        (12, brain_name, brain, style.anatomy),
        (13, nawm_name, nawm, style.anatomy),
        (14, tumor_name, tumor, style.anatomy),
        (15, "Mask_NACC", tumor, style.anatomy),
    ):
        write_roi(drawn, mask, place, replace(head, number=number, description=description))
    anatomy = replace(head, number=3, description="Anatomic")
    write_images(drawn / "3.000000-Anatomic-00003", brain * 500, style.anatomy, anatomy)
    return folder


def write_table(path: Path, *rows: str, header: str = "participant_id\tgrade") -> Path:
    """A table of participants; cells are separated by spaces."""
    path.write_text("\n".join([header, *(row.replace(" ", "\t") for row in rows)]) + "\n")
    return path
