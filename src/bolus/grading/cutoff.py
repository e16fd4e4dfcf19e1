"""Cut-offs of tumour ratios, each with where it comes from."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bolus.data import InputError, quantity_of
from bolus.grading.facts import read_facts


@dataclass(frozen=True, kw_only=True)
class Cutoff:
    """A ratio (tumour mean over reference mean) at or above which a tumour is on the high side.

    ``map`` and ``method`` are what it was found for, ``cohort`` whom on, ``source`` by whom.
    ``sensitivity`` and ``specificity`` are fractions in that cohort, None where not known.
    """

    value: float
    map: str
    method: str
    cohort: str
    source: str
    sensitivity: float | None
    specificity: float | None

    def told(self) -> str:
        """The cut-off and its origin, as a sentence."""
        rates = [
            f"{name} {100 * share:.3g} %"
            for name, share in (
                ("sensitivity", self.sensitivity),
                ("specificity", self.specificity),
            )
            if share is not None
        ]
        there = f" ({', '.join(rates)} there)" if rates else ""
        return (
            f"The cut-off {self.value:.3g} is of {map_name(self.map)} by {self.method}, found in "
            f"{self.cohort}{there}; source: {self.source}."
        )


QIN = "the 49 gliomas of QIN-BRAIN-DSC-MRI (13 low, 36 high grade)"
SEVEN_SITES = "Schmainda et al., Am J Neuroradiol 39:1008 (2018), normalised to white matter"
PAPER = "the publication that phae-paper reproduces, by its authors' own programs and weights"
PAPER_LOW, PAPER_HIGH = 12, 13
"""Its test patients of low and high grade: it does not say, but 76.9 % and 69.2 % of the high
grades are 10 and 9 of 13, and 88 % and 84 % of all are 22 and 21 of 25."""
PAPER_COHORT = (
    "its 25 test patients, 10 of QIN-BRAIN-DSC-MRI and 15 of Poitiers (12 low and 13 high grade, "
    "inferred from its sensitivities)"
)


def _qin(name: str, value: float, sensitivity: float, specificity: float) -> Cutoff:
    return Cutoff(
        value=value,
        map=name,
        method="the programs of seven sites, pooled",
        cohort=QIN,
        source=SEVEN_SITES,
        sensitivity=sensitivity,
        specificity=specificity,
    )


def _paper(method: str, value: float, sensitivity: float) -> Cutoff:
    return Cutoff(
        value=value,
        map="cbf",
        method=method,
        cohort=PAPER_COHORT,
        source=PAPER,
        sensitivity=sensitivity,
        specificity=1.0,
    )


CUTOFFS: dict[str, Cutoff] = {
    "qin-cbv": _qin("cbv", 1.40, 0.90, 0.77),
    "qin-cbf": _qin("cbf", 1.58, 0.86, 0.77),
    "paper-phae": _paper("phae-paper", 1.18, 0.769),
    "paper-osvd": _paper("osvd", 1.77, 0.692),
    "paper-tikhonov": _paper("tikhonov", 1.75, 0.692),
}
"""Published cut-offs by name."""


def map_name(name: str) -> str:
    """A map's name within a sentence: 'CBF', 'CBV' or 'corrected CBV'."""
    return quantity_of(name).within


def find_cutoff(given: str | os.PathLike[str], method: str, map: str = "cbf") -> Cutoff:
    """A cut-off by its name in CUTOFFS, or of ``method`` and ``map`` in a study's results.json.

    Raises InputError for a name that does not exist, and as ``read_cutoff`` does.
    """
    if str(given) in CUTOFFS:
        return CUTOFFS[str(given)]
    if not (str(given).endswith(".json") or Path(given).exists()):
        raise InputError(f"'{given}' is no cut-off: {', '.join(CUTOFFS)}, or the results.json of "
                         "a study")  # fmt: skip
    return read_cutoff(given, method, map)


def read_cutoff(path: str | os.PathLike[str], method: str, map: str = "cbf") -> Cutoff:
    """The cut-off of a method and a map in the results.json of a study, at its own noise.

    It is the row of "table" with that "method" and "map" and "snr" "none": no noise was added.
    Raises InputError for a file that is no study's, and where there is no such row.
    """
    path = Path(path)
    facts = read_facts(path)
    table, cohort = facts.get("table"), facts.get("cohort")
    if not (isinstance(table, list) and all(isinstance(row, dict) for row in table)):
        raise InputError(f'{path}: the results of a study have a "table" of rows, found none')
    rows = [row for row in table if row.get("snr") == "none" and row.get("map") == map]
    chosen = [row for row in rows if row.get("method") == method]
    if len(chosen) != 1:
        known = ", ".join(sorted({str(row.get("method")) for row in rows})) or "none"
        raise InputError(
            f"{path}: one cut-off of {map_name(map)} by '{method}' is expected, found "
            f"{len(chosen)}; methods there: {known}"
        )
    return _from_row(path, chosen[0], str(cohort or "an unnamed cohort"), facts)


def _from_row(
    path: Path, row: Mapping[str, object], cohort: str, facts: Mapping[str, object]
) -> Cutoff:
    value, sensitivity, specificity = (
        _number(path, row, key) for key in ("cutoff", "sensitivity", "specificity")
    )
    if value is None or value <= 0:
        raise InputError(f"{path}: a cut-off is a number above 0, found {row.get('cutoff')!r}")
    return Cutoff(
        value=value,
        map=str(row["map"]),
        method=str(row["method"]),
        cohort=f"the cohort '{cohort}'",
        source=f"a study by {facts['software']}",
        sensitivity=sensitivity,
        specificity=specificity,
    )


def _number(path: Path, row: Mapping[str, object], key: str) -> float | None:
    found = row.get(key)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise InputError(f"{path}: {key} is a number, found {found!r}")
    return float(found)
