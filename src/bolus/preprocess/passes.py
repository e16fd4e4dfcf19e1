"""Where the mean signal shows a bolus pass, once or several times."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.ndimage import median_filter

from bolus.data import BolusNotFoundError, SeriesError
from bolus.preprocess.steady import noise_level
from bolus.preprocess.troughs import troughs

MIN_DROP = 0.02
"""Smallest passing drop of the mean signal, as a fraction of its median."""

MIN_DROP_SDS = 5.0
"""Smallest passing drop in standard deviations of the curve's frame-to-frame noise."""

MIN_SMOOTH_PART = 0.1
"""Part of the drop that must remain when the largest frame-to-frame change is removed."""

RETURN_RATIO = 4
RETURN_FRAMES = 10

FURTHER = 0.2
"""Smallest depth of a further bolus, as a part of the deepest one's. Recirculation was found at
0.08 in the mean of seven real series and 0.04 in digital patients."""

FURTHER_SDS = 8.0
"""Smallest depth of a further bolus in noise SDs: there are many troughs that noise could deepen.
"""

RECOVERED = 0.5
"""Part of its depth by which the signal must come back between a bolus and the next: with less
they overlap, and are one."""

WIDTHS = (0.4, 2.5)
"""Width at half depth of a further bolus, as a multiple of the deepest one's."""

CUT = 0.25
"""Part of the range of a signal within which it is lowest at an end."""

STEP = 0.65
"""A trough into which, and out of which, one frame leads by so large a part of its depth is an
excursion of the head: a bolus leaves more slowly than it comes."""


class Pass(NamedTuple):
    """One passing bolus: frame of its deepest point, depth in the signal's unit, width in frames.

    ``depth`` is that below the lower of the highest signals before and after, ``width`` is taken
    at half depth.
    """

    trough: int
    depth: float
    width: float


def find_passes(curve: Float[np.ndarray, " t"]) -> tuple[list[Pass], float]:
    """Every bolus of a mean signal curve in turn, and the curve's noise SD.

    The first that is looked for is the trough of the running median of three with the largest
    prominence, that is, depth below the lower of the highest values before and after it: a drift,
    a step or one spoilt frame has none. It must reach 2 % of the signal and 5 noise standard
    deviations, be half recovered soon after, and not depend on a single frame-to-frame change.
    Further ones have at least a fifth of its depth, are about as wide, do not both fall and
    return in one step, and the signal comes back by half between one and the next. Recirculation
    does none of this: it stays within the recovery of the bolus it follows.

    Raises BolusNotFoundError when no bolus passes, SeriesError when two overlap: one comes before
    the signal has come back by half from another.
    """
    prominence = _prominence(curve)
    trough, noise = int(np.argmax(prominence)), noise_level(curve)
    drop, level = float(prominence[trough]), float(np.median(curve))
    _require_drop(curve, drop, level, noise)
    _require_return(curve, trough, drop)
    smooth = median_filter(curve, size=3, mode="mirror")
    least = max(FURTHER * drop, FURTHER_SDS * noise)
    deep = [one for one in troughs(smooth) if one.prominence >= least]
    passes = [Pass(one.first, float(prominence[one.first]), one.width) for one in deep]
    main = next((one for one in passes if one.trough == trough), Pass(trough, drop, 0.0))
    likely = [
        (one, own.prominence >= RECOVERED * one.depth)
        for one, own in zip(passes, deep, strict=True)
        if _alike(one, main) and not _stepped(smooth, one)
    ]
    for one, apart in likely:
        if not apart and one != main:
            _refuse_overlap(one, main)
    return sorted({main, *(one for one, _ in likely)}), noise


def _refuse_overlap(one: Pass, main: Pass) -> None:
    first, second = sorted((one.trough, main.trough))
    raise SeriesError(
        f"two boluses overlap, deepest at frames {first} and {second} counted from 0: the signal "
        f"has not come back by {100 * RECOVERED:.0f} % from the first when the second comes, so "
        "that neither can be measured by itself"
    )


def _alike(one: Pass, main: Pass) -> bool:
    return WIDTHS[0] * main.width <= one.width <= WIDTHS[1] * main.width


def _stepped(smooth: Float[np.ndarray, " t"], one: Pass) -> bool:
    """Whether the fall into a trough and the return from it are made in one frame each."""
    reach = int(np.ceil(one.width)) + 1
    change = np.diff(smooth)
    fall = -change[max(0, one.trough - reach) : one.trough]
    back = change[one.trough : one.trough + reach]
    return bool(min(fall.max(initial=0.0), back.max(initial=0.0)) > STEP * one.depth)


def _require_drop(curve: Float[np.ndarray, " t"], drop: float, level: float, noise: float) -> None:
    if drop < max(MIN_DROP * level, MIN_DROP_SDS * noise):
        sds = f"{drop / noise:.1f}" if noise > 0 else "no"
        raise BolusNotFoundError(
            f"no bolus passes: the largest drop from which the signal recovers is "
            f"{100 * drop / level:.2g} % of it and {sds} noise SDs; at least "
            f"{100 * MIN_DROP:.0f} % and {MIN_DROP_SDS:.0f} SDs are needed{_cut(curve, noise)}"
        )
    if _prominence(_without_largest_step(curve)).max() < MIN_SMOOTH_PART * drop:
        raise BolusNotFoundError(
            f"no bolus passes: the signal drops by {100 * drop / level:.2g} % in a single step "
            "from one frame to the next, as it does when the head moves"
        )


def _cut(curve: Float[np.ndarray, " t"], noise: float) -> str:
    """Whether the signal is as where a series begins or ends in the middle of a bolus.

    It is lowest at that end, and far below its highest at the other.
    """
    smooth = median_filter(curve, size=3, mode="nearest")
    span, enough = float(np.ptp(smooth)), max(MIN_DROP * np.median(curve), MIN_DROP_SDS * noise)
    if span < enough:
        return ""
    if smooth[-1] <= smooth.min() + CUT * span and smooth[0] >= smooth.max() - span / 2:
        return (
            f"; it falls by {100 * span / smooth.max():.2g} % towards the end and the series ends "
            "there: if that is the bolus, its peak is cut off and nothing can be measured of it"
        )
    if smooth[0] <= smooth.min() + CUT * span and smooth[-1] >= smooth.max() - span / 2:
        return (
            f"; it begins {100 * span / smooth.max():.2g} % under its highest: if the series "
            "begins within the bolus, the baseline before it was not recorded, and without one "
            "nothing can be measured"
        )
    return ""


def _prominence(curve: Float[np.ndarray, " t"]) -> Float[np.ndarray, " t"]:
    """Depth of the running median of three under the lower of its highest values either side."""
    smooth = median_filter(curve, size=3, mode="mirror")
    before = np.maximum.accumulate(smooth)
    after = np.maximum.accumulate(smooth[::-1])[::-1]
    return np.minimum(before, after) - smooth


def _without_largest_step(curve: Float[np.ndarray, " t"]) -> Float[np.ndarray, " t"]:
    """The curve, shifted behind its largest frame-to-frame change so that this change is gone."""
    change = np.diff(curve)
    typical = float(np.median(change))
    step = int(np.argmax(np.abs(change - typical)))
    behind = np.arange(len(curve)) > step
    return np.where(behind, curve - (change[step] - typical), curve)


def _require_return(curve: Float[np.ndarray, " t"], trough: int, drop: float) -> None:
    """A bolus leaves about as fast as it came; a step of the signal, followed by drift, does not.

    Half the drop must be made good within four times the frames that its second half took to
    fall, or ten frames if that is more.
    """
    smooth = median_filter(curve, size=3, mode="mirror")
    middle = smooth[trough] + 0.5 * drop
    above = np.flatnonzero(smooth[:trough] > middle)
    fall = trough - int(above[-1]) if above.size else trough
    wait = max(RETURN_RATIO * fall, RETURN_FRAMES)
    after = smooth[trough : trough + wait + 1]
    if after.max() < middle:
        raise BolusNotFoundError(
            f"no bolus passes: the signal drops by {100 * drop / np.median(curve):.2g} % around "
            f"frame {trough} and has not made good half of it {wait} frames later"
        )
