"""The tables of the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bolus.bench.brain.cases import POPULATIONS, Case
from bolus.bench.brain.lesions import COUNTS, LESIONS
from bolus.bench.brain.limits import LIMITS
from bolus.bench.brain.run import Brains, Mapped
from bolus.bench.brain.scores import (
    ALL,
    HEALTHY,
    IN_LESIONS,
    TISSUES,
    Region,
    Score,
    ratio,
    score,
)
from bolus.bench.brain.shown import TRUTH, contrast, edge_width, late_side
from bolus.bench.brain.voxels import QUANTITIES
from bolus.report.text.layout import Layout

NOTHING = "–"
CBF, CBV, MTT, DELAY = range(len(QUANTITIES))
ALONE = "joint, no neighbours"
"""The voxel estimate that contrast and edges are held beside."""
SIZES = tuple(sorted(COUNTS))
Cell = Callable[[Sequence[Mapped], str, Region], str]


@dataclass(frozen=True)
class Line:
    """A row of a table: a ``region`` of some ``brains``, under a ``name``."""

    name: str
    brains: tuple[Mapped, ...]
    region: Region


def number(value: float, digits: int = 2) -> str:
    """A figure, or a dash where there is none."""
    return NOTHING if np.isnan(value) else f"{value:.{digits}f}"


def percent(value: float) -> str:
    """A share in percent."""
    return NOTHING if np.isnan(value) else f"{100 * value:.0f}"


def usual(
    found: Brains, *, snr: float | None = None, population: str | None = None
) -> tuple[Mapped, ...]:
    """Brains that differ from the base case by population and SNR only; None: any."""
    return tuple(
        one
        for one in found.mapped
        if one.case == Case(population=one.case.population, snr=one.case.snr)
        and (snr is None or one.case.snr == snr)
        and (population is None or one.case.population == population)
    )


def snrs_of(found: Brains) -> tuple[float, ...]:
    """SNRs of these cases, the highest first."""
    return tuple(sorted({one.case.snr for one in usual(found)}, reverse=True))


def names(found: Brains, *, limits: bool = True) -> tuple[str, ...]:
    """Methods, and the limits where they were computed."""
    there = any(LIMITS[0] in one.errors for one in found.mapped)
    return (*found.methods, *(LIMITS if limits and there else ()))


def by_tissue(found: Brains, snr: float) -> list[Line]:
    """Each tissue of each population at one SNR."""
    lines = []
    for population in POPULATIONS:
        brains = usual(found, snr=snr, population=population)
        lines += [Line(f"{population}, {r.name}", brains, r) for r in TISSUES]
    return lines


def by_lesion(found: Brains, snr: float) -> list[Line]:
    """Lesions of each size, in grey matter, in white, and of each kind, over all populations."""
    brains = usual(found, snr=snr)
    lines = [
        Line(
            f"{tissue}, {size} voxel{'s' * (size > 1)}",
            brains,
            Region(name="", tissue=(tissue,), lesions=True, sizes=(size,)),
        )
        for tissue in ("grey", "white")
        for size in SIZES
    ]
    lines += [
        Line(
            f"{what.name}, {size} voxel{'s' * (size > 1)}",
            brains,
            Region(name="", lesions=True, kinds=(kind,), sizes=(size,)),
        )
        for kind, what in enumerate(LESIONS)
        for size in SIZES
    ]
    return lines


def table(
    name: str,
    title: str,
    note: str,
    columns: Sequence[str],
    sections: Sequence[tuple[str, Sequence[Line]]],
    cell: Cell,
) -> Layout:
    """A table of methods by lines; lines without a voxel are left out."""
    made = []
    for heading, lines in sections:
        rows = []
        for line in lines:
            n = score(line.brains, columns[0], line.region).voxels
            if n:
                cells = (cell(line.brains, column, line.region) for column in columns)
                rows.append((line.name, str(n), *cells))
        made.append((heading, tuple(rows)))
    return Layout(
        name=name,
        title=title,
        note=note,
        columns=("region", "voxels", *columns),
        sections=tuple(made),
    )


def scored(write: Callable[[Score], str]) -> Cell:
    """A cell that says something of a method's score."""
    return lambda brains, method, region: write(score(brains, method, region))


def sections(
    found: Brains, lines: Callable[[Brains, float], list[Line]]
) -> list[tuple[str, list[Line]]]:
    """A section for each SNR."""
    return [(f"SNR {snr:g}", lines(found, snr)) for snr in snrs_of(found)]


def error_table(found: Brains) -> Layout:
    """Error of CBF."""
    return table(
        "error",
        "CBF: error",
        "Mean |ln(CBF/true)| over the voxels of a tissue, lesions left out: 0.10 is 10 % off.",
        names(found),
        sections(found, by_tissue),
        scored(lambda s: number(s.error[CBF])),
    )


def distance_table(found: Brains) -> Layout:
    """Ratio of CBF's error to the limits."""

    def cell(brains: Sequence[Mapped], method: str, region: Region) -> str:
        near, alone = (ratio(brains, method, limit, region) for limit in reversed(LIMITS))
        if np.isnan(near.value):
            return NOTHING
        return f"{near.value:.2f} ± {near.sd:.2f} ({alone.value:.2f} ± {alone.sd:.2f})"

    def lines(found: Brains, snr: float) -> list[Line]:
        whole = usual(found, snr=snr)
        made = [Line(r.name, whole, r) for r in (ALL, HEALTHY, *TISSUES[2:], IN_LESIONS)]
        for population in POPULATIONS:
            brains = tuple(one for one in whole if one.case.population == population)
            made.append(Line(population, brains, ALL))
        return made

    return table(
        "distance",
        "CBF: distance to the limit",
        "Mean |ln(CBF/true)| over that of `limit, neighbours`, and in parentheses over that of "
        "`limit, voxel`, on the voxels that the limits were computed of, each counting for those "
        "of its kind. ± is the standard error, by resampling the slices of the brains.",
        (*names(found, limits=False), LIMITS[0]),
        sections(found, lines),
        cell,
    )


def bias_table(found: Brains) -> Layout:
    """Bias of CBF, CBV and MTT."""
    return table(
        "bias",
        "Bias",
        "Median of estimate/true of CBF / CBV / MTT.",
        names(found),
        sections(found, by_tissue),
        scored(lambda s: " / ".join(number(s.bias[q]) for q in (CBF, CBV, MTT))),
    )


def volume_table(found: Brains) -> Layout:
    """Errors of CBV and MTT."""
    return table(
        "volume",
        "CBV and MTT: error",
        "Mean |ln(estimate/true)| of CBV / MTT.",
        names(found),
        sections(found, by_tissue),
        scored(lambda s: f"{number(s.error[CBV])} / {number(s.error[MTT])}"),
    )


def delay_table(found: Brains) -> Layout:
    """Errors of the delay."""

    def write(s: Score) -> str:
        return NOTHING if not s.voxels else f"{s.error[DELAY]:.2f} ({s.bias[DELAY]:+.2f})"

    return table(
        "delay",
        "Delay",
        "Mean |estimate − true| in s, and in parentheses the median of estimate − true. For a "
        "method without a delay Tmax stands for it.",
        names(found),
        sections(found, by_tissue),
        scored(write),
    )


def coverage_table(found: Brains) -> Layout:
    """Coverage of the intervals."""
    whole = [name for name in names(found) if _has_intervals(found, name)]

    def lines(found: Brains, snr: float) -> list[Line]:
        return [*by_tissue(found, snr), *by_lesion(found, snr)[: 2 * len(SIZES)]]

    return table(
        "coverage",
        "Intervals",
        "Percent of the 90 % intervals that hold the truth, of CBF / MTT / delay, in tissue and in "
        "lesions of each size.",
        whole,
        sections(found, lines),
        scored(lambda s: " / ".join(percent(s.held[q]) for q in (CBF, MTT, DELAY))),
    )


def _has_intervals(found: Brains, method: str) -> bool:
    return any(
        method in one.errors and np.isfinite(one.errors[method].held).any() for one in found.mapped
    )


def scan_table(found: Brains) -> Layout:
    """One thing of the scan changed."""
    base = Case()
    seen = {one.case for one in found.mapped if one.case.lesions}
    cases = {"base case": base}
    for case in sorted(seen, key=str):
        if case.population == base.population and case.snr == base.snr and case != base:
            cases[_difference(case)] = case
    lines = [
        Line(f"{what}, {r.name}", tuple(one for one in found.mapped if one.case == case), r)
        for what, case in cases.items()
        for r in (HEALTHY, TISSUES[2], IN_LESIONS)
    ]
    return table(
        "scan",
        "One thing changed at a time",
        "Mean |ln(CBF/true)|, and in parentheses the median of CBF/true, in the base case "
        f"(the {base.population} brains at SNR {base.snr:g}, TR {base.tr:g} s, true arterial "
        "input, no dispersion) and with one thing changed.",
        names(found),
        [("", lines)],
        scored(lambda s: NOTHING if not s.voxels else f"{s.error[CBF]:.2f} ({s.bias[CBF]:.2f})"),
    )


def _difference(case: Case) -> str:
    base = Case()
    if case.tr != base.tr:
        return f"TR {case.tr:g} s"
    if case.aif != base.aif:
        return f"{case.aif} arterial input"
    return f"{case.dispersion} dispersion"


def lesion_table(found: Brains) -> Layout:
    """Lesions by size, tissue and kind."""
    return table(
        "lesions",
        "Lesions: error",
        "Mean |ln(CBF/true)|, and in parentheses the median of CBF/true, over the voxels of all "
        "lesions of a size in all populations.",
        names(found),
        sections(found, by_lesion),
        scored(lambda s: NOTHING if not s.voxels else f"{s.error[CBF]:.2f} ({s.bias[CBF]:.2f})"),
    )


def contrast_table(found: Brains) -> Layout:
    """Contrast recovered."""

    def cell(brains: Sequence[Mapped], method: str, region: Region) -> str:
        assert region.kinds is not None
        assert region.sizes is not None
        figures = []
        for quantity in (CBF, MTT):
            if quantity == MTT and LESIONS[region.kinds[0]].mtt is None:
                continue
            own, alone = (
                contrast(brains, name, region.sizes[0], region.kinds, quantity)
                for name in (method, ALONE)
            )
            figures.append(f"{number(own)} [{number(own / alone)}]")
        return "; ".join(figures)

    return table(
        "contrast",
        "Lesions: contrast recovered",
        "What is left of the contrast of ln(CBF), and after the semicolon of ln(MTT) where the "
        "lesion's differs, to the tissue from 1 to 3 voxels around; 1 is all of it. In brackets "
        f"over that of `{ALONE}`.",
        names(found, limits=False),
        sections(found, lambda f, snr: by_lesion(f, snr)[2 * len(SIZES) :]),
        cell,
    )


def edge_table(found: Brains) -> Layout:
    """Width of an edge."""
    edges = [one for one in found.mapped if one.case.side and one.case.side.later == 0]
    snrs = sorted({one.case.snr for one in edges}, reverse=True)
    brains = {snr: tuple(one for one in edges if one.case.snr == snr) for snr in snrs}

    def row(snr: float, own: tuple[Mapped, ...]) -> tuple[str, ...]:
        alone = edge_width(own, ALONE)
        cells = [number(edge_width(own, TRUTH))]
        for method in found.methods:
            width = edge_width(own, method)
            cells.append(f"{number(width)} [{number(width / alone)}]")
        return (f"{snr:g}", *cells)

    return Layout(
        name="edge",
        title="Width of an edge",
        note="Voxels over which MTT falls from 90 to 10 % of a step at a straight edge through "
        f"grey and white matter, and in brackets that over the width of `{ALONE}`. A step between "
        "one voxel and the next is 0.80 voxels wide.",
        columns=("SNR", "truth", *found.methods),
        sections=(("", tuple(row(snr, own) for snr, own in brains.items())),),
    )


def late_table(found: Brains) -> Layout:
    """A hemisphere that is late."""
    seconds = sorted(
        {one.case.side.later for one in found.mapped if one.case.side and one.case.side.later}
    )
    parts = []
    for side in ("late side", "other side"):
        rows = []
        for later in seconds:
            own = [one for one in found.mapped if one.case.side and one.case.side.later == later]
            cells = [percent(late_side(own, found.methods[0], side).true)]
            for method in found.methods:
                it = late_side(own, method, side)
                cells.append(f"{it.delay:+.2f}, {percent(it.share)}, {it.flow:.2f}")
            rows.append((f"{later:g} s", *cells))
        parts.append((side, tuple(rows)))
    return Layout(
        name="late",
        title="A hemisphere that is late",
        note="Median of delay − true in s, percent of voxels with a Tmax above 6 s, and median of "
        "CBF/true, on the late side and on the other, at SNR 50. The percentage as it is stands "
        "in the second column.",
        columns=("late by", "true %", *found.methods),
        sections=tuple(parts),
    )
