"""Correlation between two dates of a patient's errors: what both have wrong alike cancels.

The interval of one date holds what a method has wrong of a patient at any date: the form of the
residue, the population its prior is of, the reference region. Two dates share most of it.
"""

import math

ALIKE = {
    "joint": {
        ("cbf", "normalised"): 0.95,
        ("cbf", "absolute"): 0.74,
        ("cbv_corrected", "normalised"): 0.61,
        ("cbv_corrected", "absolute"): 0.63,
        ("mtt", "normalised"): 0.97,
        ("mtt", "absolute"): 0.90,
        ("delay", "normalised"): 0.99,
        ("delay", "absolute"): 0.70,
    }
}
"""Correlation of the errors of regions by method, map and kind of change.

Only of the part of the errors that the voxels of a region have in common (``shared_by``); noise of
voxels is new at every date. So that the mean square of changes over their SDs is 1 in tumours that
did not change: 41 pairs of 41 simulated gliomas, seeds 1000 and on, absolute flow and volume in the
20 that had one echo time. With the correlation of one half 5 and 7 % of the normalised changes of
CBV and CBF of the other half had a probability of 0.95. The correlation makes good, too, that a
region that was registered a millimetre off seems to have lost 2 to 4 % of what is high in it.
Others have 0: nothing is taken off.
"""
NUMBERS = {
    "joint": {
        "cbv_ratio": 0.42,
        "cbv_ratio_median": 0.40,
        "burden_low": 0.38,
        "burden_middle": 0.3,
    }
}
"""That of the numbers of results by method and measure: the smaller of those of two sets of such
pairs, 46 and 41. Those of the 41 alone (0.5 to 0.6) were seen to be too large in other patients.
"""
UNKNOWN = {
    "cbv_ratio_hotspot": "a hot spot is another voxel at another date: unchanged ones are apart by "
    "more than their intervals say",
    "peak_ratio": "peaks go with how the bolus was given: unchanged ones are apart by twice what "
    "their intervals say",
}
"""Numbers whose change has no interval, and why."""


def alike(method: str, quantity: str, kind: str) -> float:
    """Correlation between dates of what the voxels of a region have wrong alike."""
    return ALIKE.get(method, {}).get((quantity, kind), 0.0)


def numbers_alike(method: str, measure: str) -> float:
    """Correlation between dates of the errors of a number."""
    return NUMBERS.get(method, {}).get(measure, 0.0)


def apart(before: float, after: float, correlation: float) -> float:
    """SD of a difference of two errors: √(a² + b² − 2·r·a·b)."""
    return math.sqrt(before**2 + after**2 - 2 * correlation * before * after)
