"""What a listener has to know of an object: its UIDs, its kind, and what names the patient."""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bolus.data import InputError
from bolus.io.dicom.silence import no_remarks

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first object

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_LONGEST = 64
_SHORTEST = 3
"""The fewest letters of a part of a name that is left out of a message."""
_NAMING = (
    "PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "AccessionNumber",
    "StudyID", "StudyDescription", "SeriesDescription", "ProtocolName", "ReferringPhysicianName",
    "InstitutionName",
)  # fmt: skip


class Header(NamedTuple):
    """Of an object: its UIDs, modality and the description of its series."""

    study: str
    series: str
    instance: str
    modality: str
    description: str


def read_header(source: Path | Any) -> Header:
    """The header of an object, in a file or an open one. Raises InputError without UIDs."""
    ds = _read(source, [*_UIDS, "Modality", "SeriesDescription"])
    uids = [str(ds.get(name) or "") for name in _UIDS]
    for name, uid in zip(_UIDS, uids, strict=True):
        if len(uid) > _LONGEST or not _UID.fullmatch(uid):
            raise InputError(f"an object without a {name}, which every DICOM object has")
    told = (str(ds.get(name) or "") for name in ("Modality", "SeriesDescription"))
    return Header(*uids, *told)


_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


def names_in(path: Path) -> tuple[str, ...]:
    """Text in a header that names the patient or may, and its parts, the longest first."""
    ds = _read(path, list(_NAMING))
    found = {str(ds.get(name) or "").strip() for name in _NAMING}
    parts = {part for text in found for part in re.split(r"[\^\s=,;/\\_]+", text)}
    return tuple(sorted((t for t in found | parts if len(t) >= _SHORTEST), key=len, reverse=True))


def without(text: str, names: tuple[str, ...]) -> str:
    """A message with an ellipsis for each of some names."""
    for name in names:
        text = re.sub(re.escape(name), "…", text, flags=re.IGNORECASE)
    return text


def key_of(*uids: str) -> str:
    """A short name for a file or folder that follows from UIDs; nothing follows from it."""
    return hashlib.sha256("|".join(uids).encode()).hexdigest()[:20]


def _read(source: Path | Any, tags: list[str]) -> Dataset:
    import pydicom

    try:
        with no_remarks():
            ds = pydicom.dcmread(source, stop_before_pixels=True, specific_tags=tags)
            for name in tags:
                ds.get(name)
            return ds
    except Exception as error:
        raise InputError(f"an object that cannot be read ({type(error).__name__})") from error
