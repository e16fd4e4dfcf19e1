"""Correlation between two dates of a patient's errors: what both have wrong alike cancels.

The interval of one date holds what a method has wrong of a patient at any date: the form of the
residue, the population its prior is of, the reference region. Two dates share most of it.
"""

import math

ALIKE = {
    "joint": {
        ("cbf", "normalised"): 0.85,
        ("cbf", "absolute"): 0.53,
        ("cbv_corrected", "normalised"): 0.1,
        ("cbv_corrected", "absolute"): 0.74,
        ("mtt", "normalised"): 0.92,
        ("mtt", "absolute"): 0.53,
        ("delay", "normalised"): 0.98,
        ("delay", "absolute"): 0.9,
    }
}
"""Correlation of the errors of regions by method, map and kind of change.

Only of the part of the errors that the voxels of a region have in common (``shared_by``); noise of
voxels is new at every date. So that the mean square of changes over their SDs is at most 1 in
tumours that did not change: 59 pairs of 59 simulated gliomas (seeds 1300 and on), absolute flow and
volume in the 30 that had one echo time. Others have 0: nothing is taken off.
"""
ECHO = {"joint": {"cbv_corrected": 0.2, "cbf": 0.08}}
"""SD of a change's logarithm for each unit of the logarithm of the ratio of two echo times.

The T1 effect of agent that leaked counts the more against that on T2* the shorter the echo time is,
and no correction of leakage takes it off entirely: corrected CBV of such gliomas that did not
change read 7 % lower where the echo time went from 30 to 20 ms, 6 % higher where it went from 20 to
30 ms, and the same where it stayed. By maximum likelihood on 58 other pairs.
"""
NUMBERS = {
    "joint": {
        "cbv_ratio": 1.63,
        "cbv_ratio_median": 1.37,
        "cbv_ratio_p95": 2.19,
        "burden_low": 2.07,
        "burden_middle": 1.41,
        "burden_high": 1.38,
    }
}
"""What the interval of a number's change is wider by than those of its dates say, by method and
measure: each date has masks of its own, which lie on another grid. From the same pairs, by the same
rule; 1 for others.
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


def numbers_apart(method: str, measure: str) -> float:
    """What the interval of a number's change is wider by than its dates say."""
    return NUMBERS.get(method, {}).get(measure, 1.0)


def by_echo(method: str, quantity: str, log_ratio: float) -> float:
    """SD of a change's logarithm where the echo times have a ratio of this logarithm."""
    return ECHO.get(method, {}).get(quantity, 0.0) * abs(log_ratio)


def apart(before: float, after: float, correlation: float) -> float:
    """SD of a difference of two errors: √(a² + b² − 2·r·a·b)."""
    return math.sqrt(before**2 + after**2 - 2 * correlation * before * after)
