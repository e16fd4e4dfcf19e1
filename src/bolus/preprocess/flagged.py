"""Frames in which the head moved too much, left out of what is fitted."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int, Num
from scipy import ndimage

from bolus.data import DSCSeries, FrameWindow, SeriesError
from bolus.preprocess.frames import MIN_BASELINE, mean_signal

MOST = 1 / 3
"""Largest share of the used frames that may be flagged."""
LONGEST = 2
"""Most flagged frames in a row while the bolus passes."""
PASSED = 0.5
"""The bolus has passed when the mean signal has made good so much of its drop."""
KEEP = "keep them (flagged='keep', --flagged keep) or raise the limit of motion"


def without_flagged(series: DSCSeries) -> DSCSeries:
    """A prepared series whose flagged frames hold what their neighbours in time say.

    Between the nearest unflagged used frames the logarithm of the signal, and so the
    concentration, is interpolated linearly (the signal itself, where a neighbour's is not
    positive); before the first and after the last it is held. The curves then have equal steps in
    time, as deconvolution wants, and ``series.measured`` tells which samples are made up. The same
    series comes back where no used frame is flagged, or this has been done.

    Raises SeriesError for a series without frames or mask, and where too little would be left:
    more than a third of the used frames flagged, more than LONGEST in a row while the bolus
    passes, or fewer than 3 baseline frames.
    """
    if series.frames is None or series.mask is None:
        raise SeriesError("the series has no frames or no mask yet: prepare it first")
    motion, window = series.motion, series.frames
    if motion is None or motion.interpolated or not motion.flagged[window.used].any():
        return series
    flagged = motion.flagged[window.used]
    _require_enough(flagged, series, window)
    signal = np.array(series.signal, dtype=np.result_type(series.signal.dtype, np.float32))
    used = signal[..., window.used]
    used[..., flagged] = _bridged(used, flagged)
    return replace(series, signal=signal, motion=replace(motion, interpolated=True))


def neighbours(
    flagged: Bool[np.ndarray, " t"],
) -> tuple[Int[np.ndarray, " f"], Int[np.ndarray, " f"], Float[np.ndarray, " f"]]:
    """Of every flagged frame the last unflagged before, the first after, and the latter's weight.

    At the ends both are the nearest unflagged frame, and the weight is 0.
    """
    at, good = np.flatnonzero(flagged), np.flatnonzero(~flagged)
    place = np.searchsorted(good, at)
    after = good[np.minimum(place, good.size - 1)]
    before = good[np.maximum(place - 1, 0)]
    before, after = np.where(place == 0, after, before), np.where(place == good.size, before, after)
    return before, after, (at - before) / np.where(after > before, after - before, np.inf)


def noise_share(flagged: Bool[np.ndarray, " t"]) -> Float[np.ndarray, " t"]:
    """Variance of the noise after interpolation over that of a measured frame, (t,)."""
    share = np.ones(flagged.size)
    before, after, weight = neighbours(flagged)
    share[flagged] = np.where(after > before, (1 - weight) ** 2 + weight**2, 1)
    return share


def _bridged(
    signal: Num[np.ndarray, "x y z t"], flagged: Bool[np.ndarray, " t"]
) -> Num[np.ndarray, "x y z f"]:
    before, after, weight = neighbours(flagged)
    a, b = signal[..., before], signal[..., after]
    positive = (a > 0) & (b > 0)
    plain = (1 - weight) * a + weight * b
    logs = [np.log(part, where=positive, out=np.zeros(part.shape)) for part in (a, b)]
    return np.where(positive, np.exp((1 - weight) * logs[0] + weight * logs[1]), plain)


def _require_enough(
    flagged: Bool[np.ndarray, " t"], series: DSCSeries, window: FrameWindow
) -> None:
    count, limit = int(flagged.sum()), series.motion.limit if series.motion else 0.0
    if count > MOST * flagged.size:
        raise SeriesError(
            f"in {count} of {flagged.size} used frames the head moved by more than {limit:g} mm; "
            f"at most a third can be left out: {KEEP}"
        )
    left = int((~flagged[: window.onset - window.first]).sum())
    if left < MIN_BASELINE:
        raise SeriesError(
            f"without the frames in which the head moved by more than {limit:g} mm {left} baseline "
            f"frames are left, at least {MIN_BASELINE} are needed: {KEEP}"
        )
    start, end = _passage(series, window)
    runs, number = ndimage.label(flagged)
    for run in range(1, number + 1):
        frames = np.flatnonzero(runs == run)
        if frames.size > LONGEST and frames[-1] >= start and frames[0] <= end:
            first, last = frames[[0, -1]] + window.first
            raise SeriesError(
                f"the head moved by more than {limit:g} mm in all frames from {first} to {last}, "
                f"counted from 0, while the bolus passed; it cannot be told from at most "
                f"{LONGEST} missing in a row: {KEEP}"
            )


def _passage(series: DSCSeries, window: FrameWindow) -> tuple[int, int]:
    """Used frames between which the bolus passes: the onset, and half the recovery."""
    assert series.mask is not None
    curve = mean_signal(series.signal[..., window.used], series.mask)
    start = window.onset - window.first
    level, trough = float(np.nanmean(curve[:start])), start + int(np.nanargmin(curve[start:]))
    back = np.flatnonzero(curve[trough:] >= level - PASSED * (level - curve[trough]))
    return start, trough + int(back[0]) if back.size else curve.size - 1
