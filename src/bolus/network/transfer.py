"""Sending files, finding series, and fetching them into a folder."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bolus.base.progress import QUIET, Reporter
from bolus.data import InputError, NetworkError, OutputError
from bolus.io.checksums import files_below
from bolus.io.dicom.headers import begins_like_dicom, clean
from bolus.io.dicom.silence import no_remarks
from bolus.io.partial import partial_folder, whole
from bolus.network.address import Refusal
from bolus.network.destination import Destination

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first object


@dataclass(frozen=True, kw_only=True)
class Query:
    """Which series; what is empty matches all. * stands for any text, - between dates for a range.

    Raises InputError where nothing is said: that would be everything.
    """

    study: str = ""
    series: str = ""
    patient_id: str = ""
    accession: str = ""
    date: str = ""
    modality: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        if not (self.study or self.series or self.patient_id or self.accession or self.date):
            raise InputError(
                "say which study: its UID, the patient's id, an accession number or a date"
            )


class Found(NamedTuple):
    """A series that was found; nothing in it names the patient but what its description may."""

    study: str
    series: str
    date: str
    modality: str
    description: str
    images: int | None


def find(destination: Destination, query: Query) -> list[Found]:
    """The series that a query matches, by their studies. Raises NetworkError."""
    keys = {"StudyInstanceUID": query.study, "PatientID": query.patient_id,
            "AccessionNumber": query.accession, "StudyDate": query.date}  # fmt: skip
    studies = list(destination.find("STUDY", keys))
    return [found for study in studies for found in _series_of(destination, query, study)]


def _series_of(destination: Destination, query: Query, study: Dataset) -> Iterator[Found]:
    uid = str(study.StudyInstanceUID)
    keys = {"StudyInstanceUID": uid, "SeriesInstanceUID": query.series, "Modality": query.modality,
            "SeriesDescription": query.description, "SeriesNumber": "",
            "NumberOfSeriesRelatedInstances": ""}  # fmt: skip
    for one in destination.find("SERIES", keys):
        count = one.get("NumberOfSeriesRelatedInstances")
        yield Found(
            study=uid,
            series=str(one.SeriesInstanceUID),
            date=str(study.get("StudyDate") or ""),
            modality=str(one.get("Modality") or ""),
            description=clean(str(one.get("SeriesDescription") or "")),
            images=None if count in (None, "") else int(count),
        )


def fetch(
    destination: Destination, query: Query, folder: str | os.PathLike[str],
    *, reporter: Reporter = QUIET,
) -> list[Found]:  # fmt: skip
    """Fetch the series that a query matches into a new folder, each into one of its own.

    The folder, ``001``, ``002`` and so on in it, appears complete or not at all. Raises InputError
    where nothing matches, NetworkError, OutputError.
    """
    folder = Path(folder).resolve()
    if folder.exists():
        raise OutputError(f"{folder}: exists; give the name of a new folder")
    found = find(destination, query)
    if not found:
        raise InputError("no series matches")
    with partial_folder(folder.parent, f".{folder.name}.partial-") as partial:
        for number, one in enumerate(found, 1):
            reporter.advance(number - 1, len(found), f"series {number}")
            _fetched(destination, one, partial / f"{number:03d}")
        whole(partial)
        partial.rename(folder)
    return found


def _fetched(destination: Destination, one: Found, folder: Path) -> None:
    """Every object of a series. Raises NetworkError where there are fewer than were found."""
    folder.mkdir()
    uids: set[str] = set()

    def keep(made: Dataset) -> None:
        uid = str(made.SOPInstanceUID)
        if uid not in uids:
            uids.add(uid)
            with no_remarks():
                made.save_as(folder / f"IM{len(uids):05d}.dcm", enforce_file_format=True)

    destination.fetch(one.study, one.series, keep)
    if not uids or (one.images is not None and len(uids) < one.images):
        raise NetworkError(
            f"{'no' if not uids else len(uids)} objects of a series came, "
            f"{one.images or 'some'} were expected"
        )


def send(
    destination: Destination, paths: Sequence[str | os.PathLike[str]], *,
    reporter: Reporter = QUIET,
) -> int:  # fmt: skip
    """Send the DICOM objects among files, and below folders; how many there were.

    Raises InputError where there are none, NetworkError where one is not taken.
    """
    files = [file for path in paths for file in _objects(Path(path))]
    if not files:
        raise InputError("no DICOM objects among these files and folders")
    reporter.step(f"sending {len(files)} objects")
    refused: Sequence[Refusal] = destination.send(files)
    if refused:
        first = refused[0]
        raise NetworkError(
            f"{len(refused)} of {len(files)} objects were not taken; {first.path}: {first.reason}"
        )
    return len(files)


def _objects(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder")
    return [file for file in sorted(files_below(path)) if begins_like_dicom(file)]
