"""Rows of the page's tables: which voxels of which brains, and how their figures are written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bolus.bench.brain.cases import POPULATIONS, Case
from bolus.bench.brain.lesions import COUNTS, LESIONS
from bolus.bench.brain.limits import LIMITS
from bolus.bench.brain.run import Brains, Mapped
from bolus.bench.brain.scores import TISSUES, Region, Score, score
from bolus.bench.brain.voxels import QUANTITIES
from bolus.report.text.layout import Layout

NOTHING = "–"
CBF, CBV, MTT, DELAY = range(len(QUANTITIES))
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
