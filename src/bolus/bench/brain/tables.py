"""The tables of tissue: errors, bias, intervals, and the distance to what is possible."""

from collections.abc import Sequence

import numpy as np

from bolus.bench.brain.cases import POPULATIONS, Case
from bolus.bench.brain.limits import LIMITS
from bolus.bench.brain.lines import (
    CBF,
    CBV,
    DELAY,
    MTT,
    NOTHING,
    SIZES,
    Line,
    by_lesion,
    by_tissue,
    names,
    number,
    percent,
    scored,
    sections,
    table,
    usual,
)
from bolus.bench.brain.run import Brains, Mapped
from bolus.bench.brain.scores import ALL, HEALTHY, IN_LESIONS, TISSUES, Region, Score, ratio
from bolus.report.text.layout import Layout


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
        lesions = [Region(name=f"lesions, {n} across", lesions=True, sizes=(n,)) for n in SIZES]
        regions = (ALL, HEALTHY, *TISSUES[2:], IN_LESIONS, *lesions)
        made = [Line(r.name, whole, r) for r in regions]
        for population in POPULATIONS:
            brains = tuple(one for one in whole if one.case.population == population)
            made.append(Line(f"{population} brains", brains, ALL))
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
