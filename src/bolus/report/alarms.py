"""What is implausible in maps that were made without a complaint, each with its figure.

They hold errors that the fit absorbs: a wrong scale or shape of the arterial input, a bolus that is
not seen to its end, and transit times beyond what a method can tell apart.
"""

import numpy as np

from bolus.aif.shape import shape_of
from bolus.data import AIF, PerfusionMaps
from bolus.report.verdict import (
    CBV_MOST,
    MTT_EDGES,
    MTT_PILED,
    REMAINING,
    SATURATED,
    TAIL,
    WIDTH_MOST,
    Check,
    Word,
)


def alarms(maps: PerfusionMaps) -> tuple[Check, ...]:
    """Of the end of the bolus, the width of the input, blood volume and transit times, in turn."""
    return (_end(maps), _width(maps), _blood_volume(maps), _transit_times(maps))


def saturated_share(aif: AIF) -> float:
    """Share of the arterial voxels whose peak is lost in noise; 0 where that was not looked at."""
    found = None if aif.score is None else aif.score.criterion("saturated")
    if found is None or found.voxels is None or aif.mask is None:
        return 0.0
    return found.voxels / max(1, int(aif.mask.sum()))


def much_saturated(aif: AIF) -> bool:
    """Whether more of the arterial voxels are saturated than the scale allows."""
    return saturated_share(aif) > SATURATED


def _end(maps: PerfusionMaps) -> Check:
    """The mean concentration over the last seconds, as a share of its peak."""
    last = max(1, round(TAIL / maps.series.dt))
    rest = float(maps.tissue[-last:].mean() / maps.tissue.max())
    after = (maps.tissue.size - 1 - int(np.argmax(maps.tissue))) * maps.series.dt
    good = rest <= REMAINING
    return Check(
        name="End of the bolus",
        word=Word.GOOD if good else Word.DOUBTFUL,
        figure=f"{100 * rest:.0f} % of the peak remain at the end, {after:.0f} s after the peak",
        meaning="The series lasts beyond the first pass."
        if good
        else "The bolus is cut at the end of the series, or does not leave the brain: CBV and MTT "
        "lack what was not seen.",
    )


def _width(maps: PerfusionMaps) -> Check:
    """Full width at half maximum of the arterial input over that of the mean tissue curve."""
    dt = maps.series.dt
    own, tissue = (float(shape_of(c[None], dt).width[0]) for c in (maps.aif.curve, maps.tissue))
    ratio = own / tissue if np.isfinite(own) and np.isfinite(tissue) and tissue > 0 else np.nan
    name = "Width of the arterial input"
    if not np.isfinite(own):
        return Check(name=name, word=Word.DOUBTFUL, figure="it never falls to half its peak",
                     meaning="Not the first pass of a bolus through an artery.")  # fmt: skip
    if not np.isfinite(tissue):
        return Check(name=name, word=Word.NONE, figure=f"{own:.1f} s; tissue never falls to half",
                     meaning="There is no width of tissue to compare it with.")  # fmt: skip
    good = ratio <= WIDTH_MOST
    return Check(
        name=name,
        word=Word.GOOD if good else Word.DOUBTFUL,
        figure=f"{own:.1f} s at half height, mean tissue {tissue:.1f} s (ratio {ratio:.2f})",
        meaning="Narrower than tissue, as it must be."
        if good
        else "As wide as tissue, which can only widen a bolus: dispersed, a vein or tissue. "
        "CBF is too high and MTT too short.",
    )


def _blood_volume(maps: PerfusionMaps) -> Check:
    """Median CBV of the brain: vessels are few voxels and do not move it."""
    inside = maps.cbv[maps.mask]
    known = inside[np.isfinite(inside)]
    name = "Blood volume"
    if maps.relative or not known.size:
        figure = "relative" if known.size else "no voxel has one"
        return Check(name=name, word=Word.NONE, figure=figure,
                     meaning="There is no absolute value to judge.")  # fmt: skip
    median = float(np.median(known))
    good = median <= CBV_MOST
    return Check(
        name=name,
        word=Word.GOOD if good else Word.DOUBTFUL,
        figure=f"median of the brain {median:.1f} mL/100 g",
        meaning="Within what brains have."
        if good
        else f"Above {CBV_MOST:g}, which no brain has: the arterial input is too small (partial "
        "volume, saturation). All of CBF and CBV is too high by as much; ratios are safer.",
    )


def _transit_times(maps: PerfusionMaps) -> Check:
    """Shares of the voxels with a transit time at either end of what a method can tell apart."""
    times = maps.mtt[maps.mask & np.isfinite(maps.mtt)]
    if not times.size:
        return Check(name="Transit times", word=Word.NONE, figure="no voxel has one",
                     meaning="There is none to judge.")  # fmt: skip
    low, high = MTT_EDGES
    short, long = float((times <= low).mean()), float((times >= high).mean())
    good = max(short, long) <= MTT_PILED
    side = "short" if short > long else "long"
    cause = {
        "short": "shorter ones than the frames and the noise resolve, or too wide an input",
        "long": "longer ones than the method knows, too narrow an input, or too little of it",
    }[side]
    return Check(
        name="Transit times",
        word=Word.GOOD if good else Word.DOUBTFUL,
        figure=f"{100 * short:.0f} % of voxels at {low:g} s or less, {100 * long:.0f} % at "
        f"{high:g} s or more",
        meaning="Few lie at the edge of what the methods know."
        if good
        else f"Many {side} ones, piled up at the edge of what the methods know: {cause}. MTT and "
        "CBF of these voxels are wrong.",
    )
