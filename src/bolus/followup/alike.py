"""Correlation between two dates of a patient's errors: what both have wrong alike cancels.

The interval of one date holds what a method has wrong of a patient at any date: the form of the
residue, the population its prior is of, the reference region. Two dates share most of it.
"""

import math

ALIKE = {
    "joint": {
        ("cbf", "normalised"): 0.97,
        ("cbf", "absolute"): 0.77,
        ("cbv_corrected", "normalised"): 0.73,
        ("cbv_corrected", "absolute"): 0.81,
        ("mtt", "normalised"): 0.99,
        ("mtt", "absolute"): 0.89,
        ("delay", "normalised"): 0.99,
        ("delay", "absolute"): 0.94,
    }
}
"""Correlation of the errors of regions by method, map and kind of change.

Only of the part of the errors that the voxels of a region have in common (``shared_by``); noise of
voxels is new at every date. So that the mean square of changes over their SDs is 1 in tumours that
did not change: CBF and CBV in 76 pairs of 38 simulated gliomas, MTT and delay in 18, seeds 1000 and
on. With the correlation of one half of the 38 patients 4 and 5 % of the normalised changes of CBV
and CBF of the other half had a probability of 0.95. Others have 0: nothing is taken off.
"""
NUMBERS = {
    "joint": {
        "cbv_ratio": 0.42,
        "cbv_ratio_median": 0.40,
        "burden_low": 0.38,
        "burden_middle": 0.40,
    }
}
"""That of the numbers of results by method and measure, of 46 such pairs."""
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
