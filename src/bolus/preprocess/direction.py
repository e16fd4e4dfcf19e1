"""Whether time runs forwards in a series: a bolus comes faster than it goes."""

import numpy as np
from jaxtyping import Float

from bolus.data import SeriesError
from bolus.preprocess.passes import Pass

LEVEL = 0.3
"""Part of the peak of the concentration at which rise and fall are timed."""
FASTEST_FALL = 0.75
"""Least time of the fall, in times of the rise: 1.9 to 5.4 in digital heads and a real one, 0.3 to
0.5 in the same ones played backwards."""
EARLIEST = -0.2
"""Least place of the centre of mass after the peak, in widths: 0.5 to 1.1 forwards, -1.0 to -0.4
backwards, for what is left of the agent comes after the first pass."""
WINDOW = 3.0
"""Widths on either side of the peak in which the centre of mass is taken."""


def check_direction(curve: Float[np.ndarray, " t"], passes: list[Pass]) -> None:
    """Raise SeriesError where the first pass of a mean signal (t,) goes faster than it comes.

    Both must hold: the fall of ln(S0/S) from its peak to LEVEL takes less than FASTEST_FALL of the
    time of the rise, and its centre of mass lies before the peak.
    """
    trough, width = passes[0].trough, max(passes[0].width, 1.0)
    top = float(np.quantile(curve[curve > 0], 0.9))
    concentration = np.log(top / np.where(curve > 0, curve, top))
    room = passes[1].trough - trough if len(passes) > 1 else 2 * len(curve)
    reach = int(min(trough, len(curve) - 1 - trough, WINDOW * max(width, 4), room // 2))
    rise, fall = _reach(concentration[trough::-1]), _reach(concentration[trough:])
    around = concentration[trough - reach : trough + reach + 1]
    centre = float(around @ np.arange(-reach, reach + 1) / around.sum()) / width
    if fall < FASTEST_FALL * rise and centre < EARLIEST:
        raise SeriesError(
            f"the bolus goes faster than it comes: the drop of the signal, largest in frame "
            f"{trough}, grows from {100 * LEVEL:.0f} % of its size in {rise:.1f} frames, and is "
            f"back there after {fall:.1f}; are the frames in reversed order?"
        )


def _reach(away: Float[np.ndarray, " n"]) -> float:
    """Frames from the peak, the first sample, until the curve is down at LEVEL of it."""
    level = LEVEL * away[0]
    below = np.flatnonzero(away <= level)
    if not below.size:
        return float(len(away))
    k = int(below[0])
    return 0.5 + k - 1 + float((away[k - 1] - level) / (away[k - 1] - away[k]))
