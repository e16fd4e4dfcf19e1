"""What lies in the collection's folder: patients, their series, and what each series is."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from bolus.base.progress import Reporter
from bolus.data import SeriesError
from bolus.io.checksums import files_below
from bolus.io.dicom.silence import no_remarks

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
else:
    Dataset = Any  # pydicom is imported with the first DICOM file


SERIES = "dsc"
"""The role of the time series; the other roles are the labels of masks."""
_ROLES = (
    (re.compile("masktumor"), "tumor"),
    (re.compile("masknawm"), "nawm"),
    (re.compile("maskbrain"), "brain"),
    (re.compile("masknacc|anatomic"), None),
    (re.compile(r"aifx\d"), "aif"),
    (re.compile("dsc"), SERIES),
)
_DICOMDIR = "1.2.840.10008.1.3.10"
_TAGS = [
    "SOPClassUID", "PatientID", "SeriesInstanceUID", "SeriesNumber", "SeriesDescription",
    "Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "NumberOfFrames",
]  # fmt: skip


def role_of(description: str) -> str | None:
    """'dsc' or the label of a mask, by a SeriesDescription; None for what is not imported."""
    plain = re.sub("[^a-z0-9]", "", description.lower())
    return next((role for pattern, role in _ROLES if pattern.search(plain)), None)


class Damaged(NamedTuple):
    """A file that cannot be read, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, kw_only=True)
class QinSeries:
    """The files of one SeriesInstanceUID, and what they are; ``number`` None: not stated."""

    number: int | None
    role: str | None
    files: tuple[Path, ...]

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders its files lie in."""
        return tuple(sorted({path.parent for path in self.files}))

    def __str__(self) -> str:
        return "series without number" if self.number is None else f"series {self.number}"


@dataclass(frozen=True, kw_only=True)
class QinPatient:
    """All series of one PatientID, by number, and the damaged files among them."""

    id: str
    series: tuple[QinSeries, ...]
    damaged: tuple[Damaged, ...]

    def of(self, role: str) -> tuple[QinSeries, ...]:
        """The series of a role."""
        return tuple(series for series in self.series if series.role == role)

    def matters(self, damaged: Damaged) -> bool:
        """Whether a damaged file can be of a series that is imported.

        It cannot where every readable file beside it is of a series that is not.
        """
        beside = [s.role for s in self.series if damaged.path.parent in s.folders]
        return not beside or any(role is not None for role in beside)


@dataclass(frozen=True, kw_only=True)
class Tree:
    """The patients of a folder by PatientID, and the damaged files that are nobody's."""

    patients: tuple[QinPatient, ...]
    strays: tuple[Damaged, ...]


class _Mark(NamedTuple):
    """What one file says of itself."""

    path: Path
    patient: str
    uid: str
    number: int | None
    description: str


def read_tree(root: Path, reporter: Reporter) -> Tree:
    """Read the headers of all DICOM files below a folder; the pixels are not read.

    Other files and hidden ones are passed over, but one named ``.dcm`` that is no DICOM file, or
    one that is cut short, is damaged. Raises InputError for a folder that cannot be read.
    """
    marks: list[_Mark] = []
    damaged: list[Damaged] = []
    paths = (path for path in files_below(root) if not path.name.startswith("."))
    for count, path in enumerate(paths):
        if count % 1000 == 0:
            reporter.step(f"reading headers, {count} files so far")
        try:
            mark = _read_mark(path)
        except SeriesError as error:
            damaged.append(Damaged(path, str(error)))
        else:
            marks += [] if mark is None else [mark]
    return _tree(root, marks, damaged)


def _read_mark(path: Path) -> _Mark | None:
    """What a file says, None for one that is no DICOM image. Raises SeriesError for damage."""
    try:
        with path.open("rb") as file:
            if file.read(132)[128:] == b"DICM":
                file.seek(0)
                return _parsed(path, file)
    except OSError as error:
        raise SeriesError(f"{path}: cannot be read ({error.strerror})") from error
    if path.suffix.lower() == ".dcm":
        raise SeriesError(f"{path}: named .dcm, but it does not begin like a DICOM file")
    return None


def _parsed(path: Path, file: BinaryIO) -> _Mark | None:
    import pydicom

    try:
        with no_remarks():
            ds = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(_TAGS))
            if ds.file_meta.get("MediaStorageSOPClassUID") == _DICOMDIR:
                return None
            mark = _mark(path, ds)
        missing = _missing_bytes(ds, path.stat().st_size - file.tell())
    except Exception as error:
        raise SeriesError(
            f"{path}: begins like a DICOM file but cannot be read ({type(error).__name__}: {error})"
        ) from error
    if not (mark.patient and mark.uid):
        raise SeriesError(f"{path}: a DICOM file without PatientID or SeriesInstanceUID")
    if missing > 0:
        raise SeriesError(f"{path}: cut short, {missing} bytes of its pixels are missing")
    return mark


def _mark(path: Path, ds: Dataset) -> _Mark:
    number = ds.get("SeriesNumber")
    return _Mark(
        path=path,
        patient=str(ds.get("PatientID") or "").strip(),
        uid=str(ds.get("SeriesInstanceUID") or ""),
        number=None if number is None or number == "" else int(number),
        description=str(ds.get("SeriesDescription") or ""),
    )


def _missing_bytes(ds: Dataset, rest: int) -> int:
    """Bytes that the pixels need beyond the ``rest`` of the file; 0 where that cannot be told.

    The rest begins with the head of the pixel element.
    """
    syntax = ds.file_meta.TransferSyntaxUID
    if syntax.is_compressed or syntax.is_deflated or not ds.get("Rows"):
        return 0
    values = ds.Rows * ds.Columns * int(ds.get("SamplesPerPixel") or 1)
    pixels = values * int(ds.get("NumberOfFrames") or 1) * ds.BitsAllocated // 8
    return max(0, (8 if syntax.is_implicit_VR else 12) + pixels - rest)


def _tree(root: Path, marks: Iterable[_Mark], damaged: Iterable[Damaged]) -> Tree:
    series: dict[str, dict[str, list[_Mark]]] = defaultdict(lambda: defaultdict(list))
    owners: dict[Path, set[str]] = defaultdict(set)
    for mark in marks:
        series[mark.patient][mark.uid].append(mark)
        for folder in _above(mark.path, root):
            owners[folder].add(mark.patient)
    whose: dict[str | None, list[Damaged]] = defaultdict(list)
    for one in damaged:
        whose[_owner(one.path, root, owners)].append(one)
    patients = [_patient(name, series[name], whose[name]) for name in sorted(series)]
    return Tree(patients=tuple(patients), strays=tuple(whose[None]))


def _above(path: Path, root: Path) -> list[Path]:
    """The folders from a file's own up to, and without, the root."""
    return [folder for folder in path.parents if root in folder.parents]


def _owner(path: Path, root: Path, owners: Mapping[Path, set[str]]) -> str | None:
    """The one patient whose files are nearest to a file, None where that is not one."""
    nearest = next((owners[folder] for folder in _above(path, root) if folder in owners), set())
    return next(iter(nearest)) if len(nearest) == 1 else None


def _patient(name: str, groups: Mapping[str, list[_Mark]], damaged: list[Damaged]) -> QinPatient:
    series = [
        QinSeries(
            number=marks[0].number,
            role=role_of(marks[0].description),
            files=tuple(mark.path for mark in marks),
        )
        for _, marks in sorted(groups.items())
    ]
    ordered = sorted(series, key=lambda one: one.number or 0)
    return QinPatient(id=name, series=tuple(ordered), damaged=tuple(damaged))
