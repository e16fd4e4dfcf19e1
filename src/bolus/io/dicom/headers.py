"""What one DICOM file says about the frames in it; the pixels are not read."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bolus.data import SeriesError
from bolus.io.dicom.silence import no_remarks

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first DICOM file

CLASSIC = "1.2.840.10008.5.1.4.1.1.4"
"""MR Image Storage."""
_ENHANCED = ("1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.4.4")
_DICOMDIR = "1.2.840.10008.1.3.10"
_INCOMPLETE = "its header names no SOP class or no series; is it cut short?"
_NOT_MAGNITUDE = {"P", "PHASE", "REAL", "IMAGINARY", "R", "I"}
_TAGS = [
    "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "SeriesDescription",
    "PatientID",
    "ImageType", "RepetitionTime", "EchoTime", "AcquisitionTime", "TriggerTime",
    "ImagePositionPatient", "DiffusionBValue", "InstanceNumber", "AcquisitionNumber",
    "TemporalPositionIdentifier", "PixelSpacing", "RescaleSlope", "RescaleIntercept",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
]  # fmt: skip


class Frame(NamedTuple):
    """One image: where it lies (mm), its echo time (ms) and its clocks (s; None: not stated)."""

    position: tuple[float, ...]
    te: float | None
    clocks: tuple[float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class FileHeader:
    """What is needed of a file to choose a series; ``tr`` in ms, as in the header.

    ``uid`` is that of the series, ``sop`` the class and the UID of the file's own object;
    ``spacing`` are the edges of a pixel in mm, ``scaling`` slope and intercept of stored values,
    both of the first frame; empty, or None, where they are not stated. ``kept`` are the places of
    its ``frames`` in the file, where these are not all of them.
    """

    path: Path
    uid: str
    sop: tuple[str, str]
    number: int | None
    description: str
    patient: str
    tr: float | None
    instance: int | None
    acquisition: int | None
    temporal: int | None
    diffusion: bool
    mosaic: bool
    spacing: tuple[float, ...]
    scaling: tuple[float | None, float | None]
    frames: tuple[Frame, ...]
    kept: tuple[int, ...] = ()


def read_header(path: Path) -> FileHeader | None:
    """The header of a magnitude MR image with a place in space, None for any other file.

    Raises SeriesError for a DICOM file that cannot be read.
    """
    if not begins_like_dicom(path):
        return None
    try:
        with no_remarks():
            return _read(path)
    except Exception as error:
        name = type(error).__name__
        raise SeriesError(
            f"{path}: begins like a DICOM file but cannot be read ({str(error) or name})"
        ) from error


def _read(path: Path) -> FileHeader | None:
    import pydicom

    ds = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
    sop_class = str(ds.get("SOPClassUID") or ds.file_meta.get("MediaStorageSOPClassUID") or "")
    if sop_class != CLASSIC and sop_class not in _ENHANCED:
        _check_other(ds, sop_class)
        return None
    header = _header(path, ds, sop_class)
    placed = all(frame.position for frame in header.frames)
    return header if placed and not _NOT_MAGNITUDE & set(ds.get("ImageType") or ()) else None


def begins_like_dicom(path: Path) -> bool:
    """Whether a file has the mark of DICOM. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _check_other(ds: Dataset, sop_class: str) -> None:
    """Another kind of DICOM object is passed over, but only if it is one."""
    if sop_class != _DICOMDIR and not (sop_class and ds.get("SeriesInstanceUID")):
        raise ValueError(_INCOMPLETE)


def _header(path: Path, ds: Dataset, sop_class: str) -> FileHeader:
    shared = list(ds.get("SharedFunctionalGroupsSequence") or [])
    groups = list(ds.get("PerFrameFunctionalGroupsSequence") or [])
    enhanced = [[group, *shared] for group in groups]
    tr = of(ds, enhanced, "MRTimingAndRelatedParametersSequence", "RepetitionTime")
    return FileHeader(
        path=path,
        uid=_series_of(ds),
        sop=(sop_class, str(ds.get("SOPInstanceUID") or "")),
        number=_int(ds.get("SeriesNumber")),
        description=clean(str(ds.get("SeriesDescription") or "")),
        patient=str(ds.get("PatientID") or ""),
        tr=_float(tr),
        instance=_int(ds.get("InstanceNumber")),
        acquisition=_int(ds.get("AcquisitionNumber")),
        temporal=_int(ds.get("TemporalPositionIdentifier")),
        diffusion=_is_diffusion(ds, enhanced),
        mosaic="MOSAIC" in (ds.get("ImageType") or ()),
        spacing=_numbers(of(ds, enhanced, "PixelMeasuresSequence", "PixelSpacing")),
        scaling=(
            _float(of(ds, enhanced, "PixelValueTransformationSequence", "RescaleSlope")),
            _float(of(ds, enhanced, "PixelValueTransformationSequence", "RescaleIntercept")),
        ),
        frames=tuple(map(_enhanced_frame, enhanced)) if enhanced else (_classic_frame(ds),),
    )


def of(ds: Dataset, enhanced: list[list[Dataset]], sequence: str, name: str) -> Any:
    """A value of the first frame: of its functional groups, or of the object where it has none."""
    return stated(enhanced[0], sequence, name) if enhanced else ds.get(name)


def _numbers(value: Any) -> tuple[float, ...]:
    """The numbers of a list, of one number, or of nothing."""
    if value is None or value == "":
        return ()
    several = isinstance(value, Iterable) and not isinstance(value, str)
    return tuple(float(v) for v in (value if several else [value]))


def _series_of(ds: Dataset) -> str:
    """The UID of the series, which every image has."""
    uid = ds.get("SeriesInstanceUID")
    if not uid:
        raise ValueError(_INCOMPLETE)
    return str(uid)


def clean(text: str) -> str:
    """Text from a header as it may be shown: printable, at most 64 characters."""
    return "".join(c for c in text if c.isprintable())[:64].strip()


def _float(value: object) -> float | None:
    return None if value is None or value == "" else float(value)  # type: ignore[arg-type]


def _int(value: object) -> int | None:
    return None if value is None or value == "" else int(value)  # type: ignore[call-overload]


def _classic_frame(ds: Dataset) -> Frame:
    place = ds.get("ImagePositionPatient") or ()
    trigger = _float(ds.get("TriggerTime"))
    clocks = clock_seconds(ds.get("AcquisitionTime")), None if trigger is None else trigger / 1000
    return Frame(_rounded(place), _float(ds.get("EchoTime")), clocks)


def _enhanced_frame(groups: Iterable[Dataset]) -> Frame:
    groups = list(groups)
    place = stated(groups, "PlanePositionSequence", "ImagePositionPatient") or ()
    te = _float(stated(groups, "MREchoSequence", "EffectiveEchoTime"))
    acquired = stated(groups, "FrameContentSequence", "FrameAcquisitionDateTime")
    reference = stated(groups, "FrameContentSequence", "FrameReferenceDateTime")
    clocks = tuple(clock_seconds(None if t is None else str(t)[8:]) for t in (acquired, reference))
    return Frame(_rounded(place), te, clocks)  # type: ignore[arg-type]


def _rounded(place: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(float(x), 2) for x in place)


def stated(groups: Iterable[Dataset], sequence: str, name: str) -> Any:
    """The value in the first functional group that states it."""
    for group in groups:
        items = group.get(sequence)
        if items and items[0].get(name) not in (None, ""):
            return items[0].get(name)
    return None


def _is_diffusion(ds: Dataset, enhanced: list[list[Dataset]]) -> bool:
    values = [ds.get("DiffusionBValue")]
    values += [stated(groups, "MRDiffusionSequence", "DiffusionBValue") for groups in enhanced]
    return any((_float(value) or 0.0) > 0 for value in values)


def clock_seconds(text: object) -> float | None:
    """Seconds after midnight of a DICOM time ``HHMMSS.ffffff`` (offsets from UTC are dropped)."""
    digits = str(text or "").replace(":", "").split("+")[0].split("-")[0].strip()
    if len(digits) < 6:
        return None
    return int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + float(digits[4:])
