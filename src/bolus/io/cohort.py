"""A cohort on disk: one series, its masks and a grade for every patient, laid out like BIDS.

```
COHORT/participants.tsv              participant_id, grade (LGG | HGG), optional split, others
COHORT/dataset_description.json, .bidsignore
COHORT/sub-XX/perf/sub-XX_dsc.nii.gz + .json
COHORT/sub-XX/perf/sub-XX_label-{aif,brain,nawm,tumor}_mask.nii.gz
COHORT/sub-XX/perf/sub-XX_desc-truth_{cbf,cbv,…}.nii.gz          of simulated patients
```
"""

import csv
import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bolus.base.files import write_bytes
from bolus.base.json import write_json
from bolus.data import InputError
from bolus.io.tables import write_table

GRADES = ("LGG", "HGG")
SPLITS = ("train", "test")
LABELS = ("aif", "brain", "nawm", "tumor")
NAME = re.compile(r"sub-[A-Za-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class Participant:
    """One patient of a cohort.

    ``name`` is 'sub-…', ``grade`` of GRADES, ``split`` of SPLITS or None. ``series`` is where the
    series should be; ``masks`` (by label of LABELS) and ``truth`` (by quantity) hold the files
    that are there. ``details`` are the other columns of participants.tsv.
    """

    name: str
    grade: str
    split: str | None
    series: Path
    masks: Mapping[str, Path]
    truth: Mapping[str, Path]
    details: Mapping[str, str]


def read_participants(cohort: str | os.PathLike[str]) -> tuple[Participant, ...]:
    """The patients of a cohort, in the order of participants.tsv.

    Raises InputError for a folder without a readable participants.tsv, a row without id or
    grade, an id twice, or a grade or split that is none.
    """
    folder = Path(cohort)
    path = folder / "participants.tsv"
    rows = read_table(path)
    if not rows:
        raise InputError(f"{path}: names no participant")
    found: dict[str, Participant] = {}
    for line, row in enumerate(rows, start=2):
        one = _participant(folder, row, f"{path}, line {line}")
        if one.name in found:
            raise InputError(f"{path}, line {line}: {one.name} stands there twice")
        found[one.name] = one
    return tuple(found.values())


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a tab-separated table with a header line. Raises InputError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: a table of participants cannot be read ({error})") from error
    rows = list(csv.DictReader(io.StringIO(text), delimiter="\t"))
    for line, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise InputError(f"{path}, line {line}: as many tab-separated cells as in the header "
                             "are expected")  # fmt: skip
    return rows


def write_participants(cohort: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write participants.tsv from rows that have the same keys. Raises OutputError."""
    write_table(cohort / "participants.tsv", rows)


def write_dataset(cohort: Path, name: str) -> None:
    """Write dataset_description.json and .bidsignore (BIDS has no DSC suffix yet)."""
    write_json(
        cohort / "dataset_description.json",
        {
            "Name": name,
            "BIDSVersion": "1.9.0",
            "DatasetType": "raw",
            "GeneratedBy": [{"Name": "bolus", "Version": version("bolus")}],
        },
    )
    write_bytes(cohort / ".bidsignore", b"*_dsc.nii.gz\n*_dsc.json\n*_mask.nii.gz\n*_desc-*\n")


def series_path(cohort: Path, name: str) -> Path:
    """Where the series of a participant lies."""
    return cohort / name / "perf" / f"{name}_dsc.nii.gz"


def mask_path(cohort: Path, name: str, label: str) -> Path:
    """Where a mask of a participant lies; ``label`` of LABELS."""
    return cohort / name / "perf" / f"{name}_label-{label}_mask.nii.gz"


def truth_path(cohort: Path, name: str, quantity: str) -> Path:
    """Where the true map of a simulated participant lies."""
    return cohort / name / "perf" / f"{name}_desc-truth_{quantity}.nii.gz"


def participant_name(given: str) -> str:
    """'sub-…' for an id with or without it. Raises InputError for one BIDS does not allow."""
    name = given if given.startswith("sub-") else f"sub-{given}"
    if not NAME.fullmatch(name):
        raise InputError(f"a participant is letters and digits after 'sub-', found '{given}'")
    return name


def _participant(folder: Path, row: Mapping[str, str], where: str) -> Participant:
    columns = {key: value.strip() for key, value in row.items()}
    for key in ("participant_id", "grade"):
        if not columns.get(key):
            raise InputError(f"{where}: no {key}")
    try:
        name = participant_name(columns.pop("participant_id"))
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    grade, split = columns.pop("grade").upper(), columns.pop("split", "").lower()
    if grade not in GRADES:
        raise InputError(f"{where}: the grade is {' or '.join(GRADES)}, found '{grade}'")
    if split not in (*SPLITS, "", "n/a"):
        raise InputError(f"{where}: the split is {' or '.join(SPLITS)}, found '{split}'")
    masks = {label: mask_path(folder, name, label) for label in LABELS}
    perf = series_path(folder, name).parent
    truth = sorted(perf.glob(f"{name}_desc-truth_*.nii.gz"))
    return Participant(
        name=name,
        grade=grade,
        split=split if split in SPLITS else None,
        series=series_path(folder, name),
        masks={label: path for label, path in masks.items() if path.exists()},
        truth={path.name.split("_")[-1].removesuffix(".nii.gz"): path for path in truth},
        details=columns,
    )
