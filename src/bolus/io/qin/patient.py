"""One patient of the collection: the series, and the masks on its grid."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from jaxtyping import Bool

from bolus.data import AmbiguousInputError, DSCSeries, Grid, MaskError, OutputError, SeriesError
from bolus.io.cohort import LABELS, mask_path, series_path
from bolus.io.dicom.mask_series import read_roi
from bolus.io.qin.tree import SERIES, QinPatient, QinSeries
from bolus.io.resample import resample_nearest
from bolus.io.series import read_series
from bolus.io.volumes import write_series, write_volume

T = TypeVar("T")

REQUIRED = ("tumor", "nawm")
"""Masks without which a patient is of no use; bolus finds brain and arteries itself."""


class _Drawn(NamedTuple):
    """A mask on its own grid, not empty."""

    series: QinSeries
    mask: Bool[np.ndarray, "x y z"]
    grid: Grid


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacedMask:
    """A mask on the series' grid, and what it was before.

    ``number`` is its SeriesNumber; ``drawn`` and ``drawn_ml`` are its voxels and volume in mL on
    its own grid.
    """

    number: int | None
    mask: Bool[np.ndarray, "x y z"]
    drawn: int
    drawn_ml: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A patient that can be imported; ``notes`` say what is not as it might be."""

    patient: str
    number: int | None
    series: DSCSeries
    masks: Mapping[str, PlacedMask]
    notes: tuple[str, ...]

    def told(self) -> dict[str, object]:
        """What summary.json says; volumes in mL, times in s."""
        series = self.series
        millilitres = _millilitres(series.grid)
        return {
            "patient": self.patient,
            "series": self.number,
            "shape": list(series.signal.shape),
            "repetition_time_s": series.dt,
            "echo_time_s": series.te,
            "sha256": series.source.checksum,
            "masks": {
                label: {
                    "series": one.number,
                    "voxels_drawn": one.drawn,
                    "ml_drawn": round(one.drawn_ml, 3),
                    "voxels": int(one.mask.sum()),
                    "ml": round(float(one.mask.sum() * millilitres), 3),
                }
                for label, one in self.masks.items()
            },
            "missing": [label for label in LABELS if label not in self.masks],
            "notes": list(self.notes),
        }


def read_case(patient: QinPatient) -> Case:
    """Read the series and the masks of a patient.

    Raises SeriesError for damaged files and for a series that is missing, twice there or cannot be
    read, MaskError for a tumour or NAWM mask that is missing, twice there, empty (as drawn, or on
    the series' grid) or cannot be read. Of the other masks this is a note.
    """
    _check_damage(patient)
    chosen = _the_series(patient)
    drawn, missing = _each(LABELS, lambda label: _read_drawn(patient.of(label), label))
    series = _read_dsc(chosen)
    masks, lost = _each(drawn, lambda label: _placed(drawn[label], label, series.grid))
    notes = [f"{reason}; bolus finds it itself" for reason in (*missing, *lost)]
    notes += [f"passed over: {one.reason}" for one in patient.damaged]
    notes += [] if series.te else ["no echo time in the headers: CBF and CBV will be relative"]
    return Case(
        patient=patient.id, number=chosen.number, series=series, masks=masks, notes=tuple(notes)
    )


def _check_damage(patient: QinPatient) -> None:
    lost = [one for one in patient.damaged if patient.matters(one)]
    if lost:
        others = f" (and {len(lost) - 1} other damaged files)" if len(lost) > 1 else ""
        raise SeriesError(f"{lost[0].reason}{others}")


def _each(labels: Iterable[str], get: Callable[[str], T]) -> tuple[dict[str, T], list[str]]:
    """What can be had by label, and why the others cannot. Raises MaskError for required ones."""
    found: dict[str, T] = {}
    failed: dict[str, str] = {}
    for label in labels:
        try:
            found[label] = get(label)
        except MaskError as error:
            failed[label] = str(error)
    fatal = [failed[label] for label in REQUIRED if label in failed]
    if fatal:
        raise MaskError("; ".join(fatal))
    return found, list(failed.values())


def _the_series(patient: QinPatient) -> QinSeries:
    found = patient.of(SERIES)
    if not found:
        raise SeriesError("no DSC series: no SeriesDescription contains 'DSC'")
    if len(found) > 1:
        raise AmbiguousInputError(
            f"{len(found)} series could be the DSC series: {_listed(found)}; leave one"
        )
    return found[0]


def _listed(found: Sequence[QinSeries]) -> str:
    return " and ".join(f"{one} in {one.folders[0]}" for one in found)


def _read_dsc(chosen: QinSeries) -> DSCSeries:
    if len(chosen.folders) > 1:
        folders = " and ".join(map(str, chosen.folders))
        raise SeriesError(f"the DSC series, {chosen}, lies in several folders: {folders}")
    return read_series(chosen.folders[0], series=chosen.number)


def _read_drawn(found: Sequence[QinSeries], label: str) -> _Drawn:
    """The one mask of a label on its own grid. Raises MaskError."""
    if not found:
        raise MaskError(f"no {label} mask")
    if len(found) > 1:
        raise MaskError(f"{len(found)} series could be the {label} mask: {_listed(found)}")
    try:
        mask, grid = read_roi(found[0].files)
    except MaskError as error:
        raise MaskError(f"the {label} mask, {found[0]}, cannot be used: {error}") from error
    if not mask.any():
        raise MaskError(
            f"the {label} mask, {found[0]}, is empty as drawn: none of its {mask.size} values is "
            "above 0.5"
        )
    return _Drawn(found[0], mask, grid)


def _placed(drawn: _Drawn, label: str, grid: Grid) -> PlacedMask:
    """A mask on the series' grid. Raises MaskError where nothing is left of it."""
    count = int(drawn.mask.sum())
    mask = resample_nearest(drawn.mask, drawn.grid, grid)
    if not mask.any():
        raise MaskError(
            f"the {label} mask, {drawn.series}, is empty on the grid of the DSC series: voxels "
            f"drawn: {count}, but no voxel centre of the DSC series lies in them"
        )
    return PlacedMask(
        number=drawn.series.number,
        mask=mask,
        drawn=count,
        drawn_ml=count * _millilitres(drawn.grid),
    )


def _millilitres(grid: Grid) -> float:
    """Volume of a voxel in mL."""
    return abs(float(np.linalg.det(grid.affine[:3, :3]))) / 1000


def write_case(case: Case, cohort: Path, name: str) -> None:
    """Write series and masks where a cohort has them. Raises OutputError."""
    series, path = case.series, series_path(cohort, name)
    try:
        path.parent.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"{path.parent}: cannot be made ({error.strerror})") from error
    write_series(path, series.signal, series.grid, series.dt, series.te, series.slice_times)
    for label, one in case.masks.items():
        write_volume(mask_path(cohort, name, label), one.mask, series.grid)
