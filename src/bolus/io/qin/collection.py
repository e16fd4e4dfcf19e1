"""The whole collection to a cohort: patient by patient, each imported or skipped with a reason."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bolus.base.about import software
from bolus.base.json import write_json
from bolus.base.progress import QUIET, Reporter
from bolus.data import InputError
from bolus.io.cohort import write_dataset, write_participants
from bolus.io.output import check_output, output_folder
from bolus.io.qin.patient import read_case, write_case
from bolus.io.qin.table import Row, name_of, read_rows
from bolus.io.qin.tree import QinPatient, Tree, read_tree

PathLike = str | os.PathLike[str]

COLLECTION = "QIN-BRAIN-DSC-MRI"
ID = re.compile("QIN-BRAIN-DSC-")
"""How the collection's PatientIDs begin."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of a collection.

    ``patients`` are the names in the cohort, ``skipped`` pairs of id and reason, ``notes`` what is
    not as it might be of those imported. Files in reasons are relative to the folder.
    """

    patients: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


class _Done(NamedTuple):
    """A patient written: its row of the table, and what summary.json says."""

    row: Row
    told: Mapping[str, object]
    notes: tuple[str, ...]


class _Skipped(NamedTuple):
    """A patient left out, and why."""

    id: str
    reason: str


def import_qin(
    folder: PathLike,
    out: PathLike,
    participants: PathLike,
    *,
    overwrite: bool = False,
    reporter: Reporter = QUIET,
) -> Imported:
    """Import the collection QIN-BRAIN-DSC-MRI from a folder as a cohort of bolus.

    ``folder`` is the collection, or a part of it, as its user has it (see ``bolus.io.qin``);
    ``participants`` a tab-separated table with the columns participant_id (as in the headers, or as
    in the cohort) and grade (LGG or HGG); its other columns are kept. ``out`` appears whole or not
    at all, with ``summary.json``: what was imported, what was missing, who was skipped and why.
    All frames are kept; masks are put onto the series' grid, nearest voxel by place. Mask_NACC is
    not imported. No header but PatientID, SeriesNumber and the times is written.

    A patient is skipped, with a reason, without a row in the table, a grade, one readable DSC
    series, or a tumour and a NAWM mask that are not empty. A missing arterial or brain mask is a
    note. ``reporter`` gets each step and each patient that is skipped.

    Raises InputError for a folder or table that cannot be read and when no patient at all can be
    imported, OutputError.
    """
    root, target = Path(folder).resolve(), Path(out)
    check_output(target, overwrite)
    rows = read_rows(Path(participants))
    tree = read_tree(root, reporter)
    with output_folder(target, overwrite) as cohort:
        done, skipped = _import_all(rows, tree, root, cohort, reporter)
        if not done:
            raise InputError(_nobody(root, skipped))
        strays = [f"passed over, and nobody's: {_plain(s.reason, root)}" for s in tree.strays]
        write_dataset(cohort, COLLECTION)
        write_participants(cohort, [one.row.cells for one in done])
        write_json(cohort / "summary.json", _summary(done, skipped, strays))
    notes = [f"{one.row.name}: {note}" for one in done for note in one.notes]
    return Imported(
        patients=tuple(one.row.name for one in done),
        skipped=tuple((one.id, one.reason) for one in skipped),
        notes=(*notes, *strays),
    )


def _import_all(
    rows: Sequence[Row], tree: Tree, root: Path, cohort: Path, reporter: Reporter
) -> tuple[list[_Done], list[_Skipped]]:
    """Write whoever can be imported, in the order of the table; the others with the reason."""
    done: list[_Done] = []
    skipped: list[_Skipped] = []
    for number, row in enumerate(rows, start=1):
        reporter.advance(number - 1, len(rows), "importing patients")
        found = [patient for patient in tree.patients if name_of(patient.id) == row.name]
        try:
            done.append(_import_one(row, _the_patient(row, found, tree), root, cohort))
        except InputError as error:
            skipped.append(_Skipped(found[0].id if found else row.given, _plain(error, root)))
            reporter.skipped(skipped[-1].id, skipped[-1].reason)
    for one in _unnamed(rows, tree):
        skipped.append(one)
        reporter.skipped(one.id, one.reason)
    return done, skipped


def _unnamed(rows: Sequence[Row], tree: Tree) -> list[_Skipped]:
    """Patients that the table does not name: by id if it is the collection's, else counted.

    In the wrong folder an id may be a real patient's, for whom nobody asked.
    """
    named, reason = {row.name for row in rows}, "not in the table of participants"
    others = [patient.id for patient in tree.patients if name_of(patient.id) not in named]
    known = [given for given in others if ID.match(given)]
    found = [_Skipped(given, reason) for given in known]
    if len(known) < len(others):
        found.append(_Skipped(f"{len(others) - len(known)} with another kind of id", reason))
    return found


def _the_patient(row: Row, found: Sequence[QinPatient], tree: Tree) -> QinPatient:
    """Raises InputError unless one patient of the folder is meant, and the row will do."""
    if not found:
        lost = [s for s in tree.strays if row.name in map(name_of, s.path.parts)]
        hint = f", or only damaged: {lost[0].reason}" if lost else ""
        raise InputError(f"in the table of participants but not in the folder{hint}")
    if len(found) > 1:
        ids = " and ".join(patient.id for patient in found)
        raise InputError(f"two patients would both be {row.name}: {ids}")
    if row.problem:
        raise InputError(row.problem)
    return found[0]


def _import_one(row: Row, patient: QinPatient, root: Path, cohort: Path) -> _Done:
    case = read_case(patient)
    write_case(case, cohort, row.name)
    notes = tuple(_plain(note, root) for note in case.notes)
    return _Done(row, {**case.told(), "notes": list(notes)}, notes)


def _plain(text: object, root: Path) -> str:
    """In one line, with files relative to the folder: where it lies is nobody's business."""
    line = " ".join(str(text).split())
    return line.replace(f"{root}{os.sep}", "").replace(str(root), root.name)


def _nobody(root: Path, skipped: Sequence[_Skipped]) -> str:
    shown = "; ".join(f"{one.id}: {one.reason}" for one in skipped[:3])
    more = f"; and {len(skipped) - 3} others" if len(skipped) > 3 else ""
    return f"{root}: none of {len(skipped)} patients can be imported: {shown}{more}"


def _summary(
    done: Sequence[_Done], skipped: Sequence[_Skipped], strays: Sequence[str]
) -> dict[str, object]:
    return {
        "software": software(),
        "collection": COLLECTION,
        "imported": {one.row.name: one.told for one in done},
        "skipped": [{"patient": one.id, "reason": one.reason} for one in skipped],
        "notes": list(strays),
    }
