"""What agent that was given earlier left in the baseline of the bolus that is used."""

import numpy as np

from bolus.data import PerfusionMaps

BEFORE = 5
"""Frames before the first bolus, the last ones, whose mean signal is the level without agent."""


def residual_shift(maps: PerfusionMaps) -> float:
    """Mean baseline signal of a later bolus less that before the first one, in % of the latter.

    Negative where agent in the blood or in tissue shortens T2*, positive where it shortens T1. Only
    for a result whose bolus is not the first.
    """
    frames, signal = maps.series.frames, maps.series.signal
    first = min(frames.others)
    early = signal[..., max(0, first - BEFORE) : first][maps.mask]
    late = signal[..., frames.baseline][maps.mask]
    level = float(np.mean(early, dtype=float))
    return 100 * (float(np.mean(late, dtype=float)) / level - 1)
