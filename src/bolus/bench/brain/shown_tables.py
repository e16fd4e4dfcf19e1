"""The tables of what maps show: lesions, edges, a late hemisphere."""

from collections.abc import Sequence

import numpy as np

from bolus.bench.brain.lesions import LESIONS
from bolus.bench.brain.lines import (
    CBF,
    MTT,
    NOTHING,
    SIZES,
    by_lesion,
    names,
    number,
    percent,
    scored,
    sections,
    table,
)
from bolus.bench.brain.run import Brains, Mapped
from bolus.bench.brain.scores import Region
from bolus.bench.brain.shown import TRUTH, contrast, edge_width, late_side
from bolus.report.text.layout import Layout

ALONE = "joint, no neighbours"
"""The voxel estimate that contrast and edges are held beside."""
SEEN = 0.2
"""Contrast recovered by it under which nothing is set beside it."""


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
            share = own / alone if alone > SEEN else np.nan
            figures.append(f"{number(own)} [{number(share)}]")
        return "; ".join(figures)

    return table(
        "contrast",
        "Lesions: contrast recovered",
        "What is left of the contrast of ln(CBF), and after the semicolon of ln(MTT) where the "
        "lesion's differs, to the tissue from 1 to 3 voxels around; 1 is all of it. In brackets "
        f"over that of `{ALONE}`, where that is above {SEEN:g}.",
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
        f"grey and white matter (of the ramp that fits best), and in brackets that over the width "
        f"of `{ALONE}`. A step between one voxel and the next is 0.80 voxels wide.",
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
        f"in the second column.{_refused(found)}",
        columns=("late by", "true %", *found.methods),
        sections=tuple(parts),
    )


def _refused(found: Brains) -> str:
    """What is said of late brains whose frames are not found."""
    counts = dict[str, list[int]]()
    for one in found.mapped:
        if one.case.side and one.case.side.later:
            counts.setdefault(f"{one.case.side.later:g} s", []).append(one.refused)
    some = [f"{sum(n)} of {len(n)} by {late}" for late, n in counts.items() if any(n)]
    if not some:
        return ""
    return (
        " Of these brains some are refused by `bolus maps`, or cut before what it takes for a "
        f"second bolus: {', '.join(some)}. Here they are measured in the frames of the other side."
    )
