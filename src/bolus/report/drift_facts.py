"""What a result says of signal drift."""

import numpy as np

from bolus.data import PerfusionMaps
from bolus.data.drift import RANGE

NOT_LOOKED = "not corrected"
NONE = "none found"


def drift_facts(maps: PerfusionMaps) -> dict[str, object]:
    """For the summary: what was removed, in % of the signal over the used frames.

    ``median`` and ``range``, the 2.5th and 97.5th percentile, over the brain; None where drift was
    not looked for.
    """
    drift = maps.series.drift
    if drift is None:
        return {"corrected": False, "found": None, "median_percent": None, "range_percent": None}
    low, middle, high = removed(maps)
    return {
        "corrected": True,
        "found": drift.found,
        "median_percent": round(middle, 3),
        "range_percent": [round(low, 3), round(high, 3)],
    }


def removed(maps: PerfusionMaps) -> tuple[float, float, float]:
    """Lower end of the range, median and upper end of the drift removed, in % of the signal."""
    assert maps.series.drift is not None
    percent = 100 * np.expm1(maps.series.drift.change[maps.mask])
    low, middle, high = np.percentile(percent, [RANGE[0], 50, RANGE[1]])
    return float(low), float(middle), float(high)


def drift_figure(maps: PerfusionMaps) -> str:
    """What was removed in a few words."""
    if maps.series.drift is None:
        return NOT_LOOKED
    if not maps.series.drift.found:
        return NONE
    low, middle, high = removed(maps)
    return (
        f"removed: median {middle:+.1f} % of the signal over the used frames, {low:+.1f} to "
        f"{high:+.1f} % in 95 % of the brain"
    )


def drift_lines(maps: PerfusionMaps) -> list[str]:
    """For the command line; empty where there is none."""
    found = maps.series.drift is not None and maps.series.drift.found
    return [f"signal drift: {drift_figure(maps)}"] if found else []


def drift_methods(maps: PerfusionMaps) -> str:
    """For the methods of a paper; empty where drift was not looked for."""
    if maps.series.drift is None:
        return ""
    how = (
        "A drift of the log signal, linear in time, was estimated by empirical Bayes [shrinkage] "
        "as a smooth field over the brain and a deviation of each voxel, jointly with its vascular "
        "curve, leakage and the tail of the arterial input"
    )
    if not maps.series.drift.found:
        return f"{how}; none was found."
    low, middle, high = removed(maps)
    return (
        f"{how}, and removed: {middle:+.1f} % of the signal over the used frames in the median, "
        f"{low:+.1f} to {high:+.1f} % in 95 % of the brain."
    )
