"""The user's table of participants: who is to be imported, and of which grade."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bolus.data import InputError
from bolus.io.cohort import GRADES, SPLITS, participant_name, read_table


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line: the name in the cohort, the id as given, and the cells as they will be written.

    ``problem`` says what keeps it out of a cohort, None where nothing does.
    """

    name: str
    given: str
    cells: Mapping[str, str]
    problem: str | None


def name_of(patient: str) -> str:
    """'sub-' and the letters and digits of an id: 'sub-QINBRAINDSC0107' of QIN-BRAIN-DSC-01-07."""
    return "sub-" + re.sub("[^A-Za-z0-9]", "", patient.strip().removeprefix("sub-"))


def read_rows(path: Path) -> tuple[Row, ...]:
    """Read a table with the columns participant_id and grade, and others that are kept.

    An id may be written as in the headers or as in a cohort. Raises InputError for a table that
    cannot be read, lacks a column, names nobody, or names one patient twice.
    """
    table = read_table(path)
    if not table:
        raise InputError(f"{path}: names no participant")
    for column in ("participant_id", "grade"):
        if column not in table[0]:
            raise InputError(
                f"{path}: a column {column} is expected (tabs between columns), found "
                f"{', '.join(map(repr, table[0]))}"
            )
    rows: dict[str, Row] = {}
    for line, cells in enumerate(table, start=2):
        row = _row(cells, f"{path}, line {line}")
        if row.name in rows:
            raise InputError(
                f"{path}, line {line}: '{row.given}' is {row.name}, as is '{rows[row.name].given}'"
            )
        rows[row.name] = row
    return tuple(rows.values())


def _row(cells: Mapping[str, str], where: str) -> Row:
    given = cells["participant_id"].strip()
    try:
        name = participant_name(name_of(given))
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    grade = cells["grade"].strip().upper()
    return Row(
        name=name,
        given=given,
        cells={**cells, "participant_id": name, "grade": grade},
        problem=_problem(grade, cells.get("split", "").strip().lower()),
    )


def _problem(grade: str, split: str) -> str | None:
    if grade not in GRADES:
        found = f"found '{grade}'" if grade else "the table gives none"
        return f"the grade is {' or '.join(GRADES)}, {found}"
    if split not in (*SPLITS, "", "n/a"):
        return f"the split is {' or '.join(SPLITS)}, found '{split}'"
    return None
