"""The maps within the given regions, and tumour over reference."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bolus.data import QUANTITIES, InputError, PerfusionMaps
from bolus.data.quantities import ALONE, Ratio
from bolus.grading import MIN_VOXELS, RoiRatio, compared, region, voxels_of
from bolus.report.page.shown import Shown

NAMES = {"tumor": "Tumour", "reference": "Reference"}
NONE = "–"

BROUGHT = (
    "Regions of CBF, CBV and MTT are brought to the mean that their voxels have alone (CBV alone, "
    "MTT alone), for the maps are drawn to what neighbours and the patient's other voxels say."
)


@dataclass(frozen=True, kw_only=True)
class RegionTable:
    """Rows of text under ``columns``; ``headings`` are (region, columns it spans)."""

    headings: tuple[tuple[str, int], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def region_table(maps: PerfusionMaps, shown: Sequence[Shown]) -> RegionTable | None:
    """Mean ± SD and median of every map in the regions; None where none were given."""
    given = [name for name in NAMES if name in maps.rois]
    if not given:
        return None
    both = len(given) == len(NAMES)
    ratios = {
        s.name: _ratio(maps, s)
        for s in shown
        if both and QUANTITIES[s.name].ratio is not Ratio.NONE
    }
    headings = [(f"{NAMES[n]}, {int(maps.rois[n].sum())} voxels", 3) for n in given]
    columns = ["map", *("voxels", "mean ± SD", "median") * len(given)]
    if both:
        headings.append(("Tumour over reference", 3))
        columns += ["ratio of means", "90 % interval", "hot spot"]
    rows = [
        (_title(s), *_inside(maps, s, given), *(_cells(ratios.get(s.name), both))) for s in shown
    ]
    reasons = {text for text in ratios.values() if isinstance(text, str)}
    return RegionTable(
        headings=tuple(headings),
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(*sorted(reasons), *([BROUGHT] if ALONE in maps.volumes else []), *_found(maps)),
    )


def _found(maps: PerfusionMaps) -> tuple[str, ...]:
    """Where the reference is that bolus found, or why there is none."""
    return () if maps.reference is None else (maps.reference.sentence,)


def _title(shown: Shown) -> str:
    logarithm = QUANTITIES[shown.name].ratio is Ratio.LOGARITHM
    return f"{shown.title}, {shown.unit}" + (", ln of ratios" if logarithm else "")


def _inside(maps: PerfusionMaps, shown: Shown, given: Sequence[str]) -> list[str]:
    cells: list[str] = []
    for name in given:
        values = shown.volume[maps.rois[name]].astype(float)
        values = values[np.isfinite(values)]
        cells.append(str(values.size))
        if not values.size:
            cells += [NONE, NONE]
            continue
        digits, factor = shown.digits, _factor(maps, shown.name, name)
        mean, spread, median = (factor * one(values) for one in (np.mean, np.std, np.median))
        cells.append(f"{mean:.{digits}f} ± {spread:.{digits}f}")
        cells.append(f"{median:.{digits}f}")
    return cells


def _factor(maps: PerfusionMaps, map: str, name: str) -> float:
    """What voxels' own curves say that a region is off by in the map; 1 of a small region."""
    voxels, mask = replace(voxels_of(maps, map), sd=None), maps.rois[name]
    if np.isfinite(voxels.volume[mask]).sum() < MIN_VOXELS:
        return 1.0
    return region(name, voxels, mask).factor


def _ratio(maps: PerfusionMaps, shown: Shown) -> RoiRatio | str:
    """The ratio, or why there is none."""
    both, off = (maps.rois["tumor"], maps.rois["reference"]), maps.reference_sd
    try:
        return compared(
            QUANTITIES[shown.name], voxels_of(maps, shown.name), *both, reference_sd=off
        )
    except InputError as error:
        return f"No ratio of {shown.title}: {error}."


def _cells(ratio: RoiRatio | str | None, both: bool) -> tuple[str, ...]:
    if not both:
        return ()
    if not isinstance(ratio, RoiRatio):
        return (NONE, NONE, NONE)
    low_high = NONE if ratio.interval is None else "{:.2f} to {:.2f}".format(*ratio.interval)
    return (f"{ratio.mean:.2f}", low_high, f"{ratio.hotspot:.2f}")
