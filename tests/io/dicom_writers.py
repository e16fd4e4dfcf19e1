"""Small DICOM series with known values, for tests: classic, enhanced and Siemens mosaic files.

A signal is (x, y, z, t) of unsigned integers with x along the rows (to the patient's left), y
along the columns (to the back) and z upwards: voxel (i, j, k) lies at LPS position
``ORIGIN + (i, j, k) * SPACING``.
"""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

Write = Callable[..., list[Path]]
ORIGIN = (-14.0, -21.0, 5.0)
SPACING = (2.0, 2.5, 4.0)
ORIENTATION = [1, 0, 0, 0, 1, 0]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What a series' headers say; times in seconds."""

    tr: float = 1.5
    te: float | None = 0.03
    interval: float | None = None  # between frames when it is not TR
    clock: bool = True  # whether the headers hold acquisition times
    start: float = 36_000.0  # seconds after midnight
    number: int = 7
    description: str = "ep2d_perf DSC"
    patient: str = "PATIENT-1"
    name: str = "Doe^Jane"
    b_value: float | None = None
    offsets: tuple[float, ...] = ()  # of the slices within a frame

    def seconds(self, frame: int, k: int = 0) -> float:
        """Acquisition time of a slice of a frame after midnight."""
        step = self.tr if self.interval is None else self.interval
        offset = self.offsets[k] if self.offsets else 0.0
        return (self.start + frame * step + offset) % 86_400


def phantom(shape: tuple[int, int, int] = (16, 12, 3), frames: int = 22) -> np.ndarray:
    """Signal in which every sample differs from its neighbours in space and time."""
    i, j, k = np.indices(shape)
    volume = 100 + i + 20 * j + 300 * k
    return (volume[..., None] + 1000 * np.arange(frames)).astype(np.uint16)


def clock_text(seconds: float) -> str:
    """Seconds after midnight as a DICOM time."""
    whole = int(seconds)
    fraction = round((seconds - whole) * 1e6)
    return f"{whole // 3600:02d}{whole % 3600 // 60:02d}{whole % 60:02d}.{fraction:06d}"


def _position(k: int) -> list[float]:
    return [ORIGIN[0], ORIGIN[1], ORIGIN[2] + k * SPACING[2]]


def _base(protocol: Protocol, uids: dict[str, str], sop_class: str) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = sop_class
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uids["study"], uids["series"]
    ds.FrameOfReferenceUID = uids["frame"]
    ds.PatientID, ds.PatientName = protocol.patient, protocol.name
    ds.Modality, ds.Manufacturer = "MR", "SIEMENS"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20200102"
    ds.StudyTime = ds.SeriesTime = "095900"
    ds.SeriesNumber, ds.SeriesDescription = protocol.number, protocol.description
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    ds.MagneticFieldStrength, ds.FlipAngle = 3, 70
    ds.ScanningSequence, ds.SequenceVariant, ds.MRAcquisitionType = "EP", "SK", "2D"
    ds.PatientPosition = "HFS"
    return ds


def _pixels(ds: Dataset, image: np.ndarray) -> None:
    """Store one (x, y) image, or an (x, y, n) stack of frames."""
    stack = image if image.ndim == 3 else image[..., None]
    ds.Columns, ds.Rows = stack.shape[:2]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.PixelData = np.ascontiguousarray(stack.transpose(2, 1, 0)).astype("<u2").tobytes()


def _timing(ds: Dataset, protocol: Protocol, frame: int, k: int = 0) -> None:
    ds.RepetitionTime = f"{protocol.tr * 1000:g}"
    if protocol.te is not None:
        ds.EchoTime = f"{protocol.te * 1000:g}"
    if protocol.clock:
        ds.AcquisitionTime = ds.ContentTime = clock_text(protocol.seconds(frame, k))
    if protocol.b_value is not None:
        ds.DiffusionBValue = float(protocol.b_value)


def _geometry(ds: Dataset, k: int) -> None:
    ds.ImagePositionPatient = _position(k)
    ds.ImageOrientationPatient = ORIENTATION
    ds.PixelSpacing = [SPACING[1], SPACING[0]]
    ds.SliceThickness = ds.SpacingBetweenSlices = SPACING[2]
    ds.SliceLocation = _position(k)[2]


def _uids() -> dict[str, str]:
    return {name: generate_uid() for name in ("study", "series", "frame")}


def _save(ds: Dataset, path: Path) -> Path:
    ds.save_as(path, enforce_file_format=True)
    return path


def _shuffled(folder: Path, count: int, seed: int) -> list[Path]:
    """File names whose order says nothing about the order of the images."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"IM{n:05d}.dcm" for n in range(seed * 10_000, seed * 10_000 + count)]
    random.Random(seed).shuffle(names)
    return [folder / name for name in names]


def _encoded_once(write: Write) -> Write:
    """The same series is encoded once in a session; after that its bytes are written, UIDs too."""
    kept: dict[tuple, list[tuple[str, bytes]]] = {}

    @wraps(write)
    def call(
        folder: Path, signal: np.ndarray, protocol: Protocol | None = None, seed: int = 0
    ) -> list[Path]:
        samples = np.asarray(signal)
        place = (tuple(ORIGIN), tuple(SPACING), tuple(ORIENTATION))
        told = (samples.dtype.str, samples.shape, samples.tobytes())
        key = (protocol or Protocol(), seed, *place, *told)
        if key not in kept:
            paths = write(folder, signal, protocol, seed)
            kept[key] = [(path.name, path.read_bytes()) for path in paths]
            return paths
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in kept[key]:
            (folder / name).write_bytes(content)
        return [folder / name for name, _ in kept[key]]

    return call


@_encoded_once
def write_classic(
    folder: Path, signal: np.ndarray, protocol: Protocol | None = None, seed: int = 0
) -> list[Path]:
    """One file a slice and frame; returns the paths, slices fastest."""
    protocol, uids = protocol or Protocol(), _uids()
    nz, nt = signal.shape[2:]
    paths = iter(_shuffled(folder, nz * nt, seed))
    written = []
    for frame in range(nt):
        for k in range(nz):
            ds = _base(protocol, uids, MRImageStorage)
            ds.InstanceNumber = frame * nz + k + 1
            ds.AcquisitionNumber = ds.TemporalPositionIdentifier = frame + 1
            ds.NumberOfTemporalPositions = nt
            _timing(ds, protocol, frame, k)
            _geometry(ds, k)
            _pixels(ds, signal[:, :, k, frame])
            written.append(_save(ds, next(paths)))
    return written


def _frame_groups(protocol: Protocol, k: int, frame: int) -> Dataset:
    content = Dataset()
    content.StackID, content.InStackPositionNumber = "1", k + 1
    content.TemporalPositionIndex = frame + 1
    content.DimensionIndexValues = [1, k + 1, frame + 1]
    if protocol.clock:
        content.FrameAcquisitionDateTime = "20200102" + clock_text(protocol.seconds(frame, k))
    position = Dataset()
    position.ImagePositionPatient = _position(k)
    item = Dataset()
    item.FrameContentSequence = Sequence([content])
    item.PlanePositionSequence = Sequence([position])
    return item


def _shared_groups(protocol: Protocol) -> Dataset:
    orientation, measures, timing, transform = Dataset(), Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = ORIENTATION
    measures.PixelSpacing = [SPACING[1], SPACING[0]]
    measures.SliceThickness = measures.SpacingBetweenSlices = SPACING[2]
    timing.RepetitionTime, timing.FlipAngle = protocol.tr * 1000, 70.0
    transform.RescaleSlope, transform.RescaleIntercept, transform.RescaleType = 1, 0, "US"
    shared = Dataset()
    shared.PlaneOrientationSequence = Sequence([orientation])
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.MRTimingAndRelatedParametersSequence = Sequence([timing])
    shared.PixelValueTransformationSequence = Sequence([transform])
    if protocol.te is not None:
        echo = Dataset()
        echo.EffectiveEchoTime = protocol.te * 1000
        shared.MREchoSequence = Sequence([echo])
    return shared


def _dimensions(uid: str) -> Sequence:
    pointers = [(0x00209056, 0x00209111), (0x00209057, 0x00209111), (0x00209128, 0x00209111)]
    items = []
    for pointer, group in pointers:
        item = Dataset()
        item.DimensionOrganizationUID = uid
        item.DimensionIndexPointer, item.FunctionalGroupPointer = pointer, group
        items.append(item)
    return Sequence(items)


def write_enhanced(
    folder: Path, signal: np.ndarray, protocol: Protocol | None = None, seed: int = 0
) -> Path:
    """One Enhanced MR Image Storage file; frames stored with the slices fastest."""
    protocol = protocol or Protocol()
    nz, nt = signal.shape[2:]
    ds = _base(protocol, _uids(), EnhancedMRImageStorage)
    ds.Manufacturer = "Philips Medical Systems"
    ds.InstanceNumber, ds.NumberOfFrames = 1, nz * nt
    ds.ContentTime = clock_text(protocol.start)
    ds.AcquisitionDateTime = "20200102" + clock_text(protocol.start)
    uid = generate_uid()
    organisation = Dataset()
    organisation.DimensionOrganizationUID = uid
    ds.DimensionOrganizationSequence = Sequence([organisation])
    ds.DimensionIndexSequence = _dimensions(uid)
    ds.SharedFunctionalGroupsSequence = Sequence([_shared_groups(protocol)])
    ds.PerFrameFunctionalGroupsSequence = Sequence(
        [_frame_groups(protocol, k, frame) for frame in range(nt) for k in range(nz)]
    )
    _pixels(ds, signal.transpose(0, 1, 3, 2).reshape(*signal.shape[:2], nz * nt))
    return _save(ds, _shuffled(folder, 1, seed)[0])


def _csa(tags: dict[str, tuple[str, list[str]]]) -> bytes:
    """A Siemens CSA2 block: magic, tag count, then named tags of text items padded to 4 bytes."""
    out = b"SV10\x04\x03\x02\x01" + struct.pack("<II", len(tags), 77)
    for name, (vr, values) in tags.items():
        out += name.encode().ljust(64, b"\0") + struct.pack("<i", len(values))
        out += vr.encode().ljust(4, b"\0") + struct.pack("<iii", 0, 6, 77)
        for n in range(6):
            text = values[n].encode() + b"\0" if n < len(values) else b""
            out += struct.pack("<iiii", len(text), len(text), 77, len(text))
            out += text + b"\0" * (-len(text) % 4)
    return out


def _mosaic_csa(nz: int, offsets: tuple[float, ...]) -> bytes:
    tags = {
        "NumberOfImagesInMosaic": ("US", [f"{nz}"]),
        "SliceNormalVector": ("FD", ["0.0", "0.0", "1.0"]),
        "PhaseEncodingDirectionPositive": ("IS", ["1"]),
    }
    if offsets:
        tags["MosaicRefAcqTimes"] = ("FD", [f"{1000 * offset:.1f}" for offset in offsets])
    return _csa(tags)


@_encoded_once
def write_mosaic(
    folder: Path, signal: np.ndarray, protocol: Protocol | None = None, seed: int = 0
) -> list[Path]:
    """One Siemens mosaic file a frame, the slices tiled in a square."""
    protocol, uids = protocol or Protocol(), _uids()
    nx, ny, nz, nt = signal.shape
    tiles = int(np.ceil(np.sqrt(nz)))
    # The header's position is that of the whole picture: half its surplus before the first slice.
    corner = [ORIGIN[0] - SPACING[0] * nx * (tiles - 1) / 2,
              ORIGIN[1] - SPACING[1] * ny * (tiles - 1) / 2, ORIGIN[2]]  # fmt: skip
    written = []
    for frame, path in enumerate(_shuffled(folder, nt, seed)):
        ds = _base(protocol, uids, MRImageStorage)
        ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
        ds.InstanceNumber = ds.AcquisitionNumber = frame + 1
        _timing(ds, protocol, frame)
        _geometry(ds, 0)
        ds.ImagePositionPatient = corner
        picture = np.zeros((nx * tiles, ny * tiles), dtype=np.uint16)
        for k in range(nz):
            i, j = (k % tiles) * nx, (k // tiles) * ny
            picture[i : i + nx, j : j + ny] = signal[:, :, k, frame]
        _pixels(ds, picture)
        block = ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
        block.add_new(0x10, "OB", _mosaic_csa(nz, protocol.offsets))
        written.append(_save(ds, path))
    return written
