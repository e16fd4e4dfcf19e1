"""Censoring: samples that are spoilt, left out of what is fitted."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int, Num
from scipy import ndimage

from bolus.data import FrameWindow, PreparedSeries, SeriesError
from bolus.preprocess.frames import MIN_BASELINE, mean_signal

MOST = 1 / 3
"""Largest share of the used frames that may be censored."""
LONGEST = 2
"""Most censored frames in a row while the bolus passes."""
PASSED = 0.5
"""The bolus has passed when the mean signal has made good so much of its drop."""
KEEP = "keep them (--motion correct, Censoring(moved=False)) or raise the limit of motion"


def censor_moved(series: PreparedSeries) -> PreparedSeries:
    """The prepared series with the frames censored in which the head moved too much.

    The same series comes back where no used frame is flagged, or this has been done. Raises
    SeriesError as ``censor``.
    """
    moved = series.moved_frames
    done = series.left_out is not None and np.array_equal(series.left_out, moved)
    if series.motion is None or not moved.any() or done:
        return series
    samples = np.broadcast_to(moved, series.measured.shape)
    found = censor(series, samples, f"the head moved by more than {series.motion.limit:g} mm")
    return replace(found, left_out=moved)


def censor(
    series: PreparedSeries,
    samples: Bool[np.ndarray, "z used"],
    why: str,
    instead: str = KEEP,
) -> PreparedSeries:
    """The prepared series with samples, slice by used frame, censored for a reason, ``why``.

    Between the nearest measured used frames the logarithm of the signal, and so the
    concentration, is interpolated linearly (the signal itself, where a neighbour's is not
    positive); before the first and after the last it is continued. The curves then have equal steps
    in time, as deconvolution needs, and ``measured`` says which samples are made up.

    Raises SeriesError where too little of a slice would be left: more than a third of the used
    frames censored, more than LONGEST in a row while the bolus passes, or fewer than 3 baseline
    frames; it says what to do ``instead``.
    """
    measured = series.measured & ~samples
    window, passage = series.frames, _passage(series)
    for censored in np.unique(~measured, axis=0):
        _require_enough(censored, window, passage, why, instead)
    signal = np.array(series.signal, dtype=np.result_type(series.signal.dtype, np.float32))
    signal[..., window.used] = interpolated(signal[..., window.used], ~measured)
    return replace(series.with_signal(signal), measured=measured)


def interpolated(
    signal: Num[np.ndarray, "x y z t"], censored: Bool[np.ndarray, "z t"]
) -> Num[np.ndarray, "x y z t"]:
    """The signal with samples interpolated in time as ``censor`` says, in place.

    A slice of which no sample is left stays as it is.
    """
    patterns, kind = np.unique(censored, axis=0, return_inverse=True)
    for number, missing in enumerate(patterns):
        if missing.any() and not missing.all():
            slices = np.flatnonzero(kind.ravel() == number)
            at = np.ix_(*map(np.arange, signal.shape[:2]), slices, np.flatnonzero(missing))
            signal[at] = _bridged(signal[:, :, slices], missing)
    return signal


def neighbours(
    censored: Bool[np.ndarray, " t"],
) -> tuple[Int[np.ndarray, " f"], Int[np.ndarray, " f"], Float[np.ndarray, " f"]]:
    """Of every censored frame the last measured before, the first after, and the latter's weight.

    At the ends both are the nearest measured frame, and the weight is 0.
    """
    at, good = np.flatnonzero(censored), np.flatnonzero(~censored)
    place = np.searchsorted(good, at)
    after = good[np.minimum(place, good.size - 1)]
    before = good[np.maximum(place - 1, 0)]
    before, after = np.where(place == 0, after, before), np.where(place == good.size, before, after)
    return before, after, (at - before) / np.where(after > before, after - before, np.inf)


def noise_share(censored: Bool[np.ndarray, " t"]) -> Float[np.ndarray, " t"]:
    """Variance of the noise after interpolation over that of a measured frame, (t,)."""
    share = np.ones(censored.size)
    before, after, weight = neighbours(censored)
    share[censored] = np.where(after > before, (1 - weight) ** 2 + weight**2, 1)
    return share


def _bridged(
    signal: Num[np.ndarray, "x y z t"], censored: Bool[np.ndarray, " t"]
) -> Num[np.ndarray, "x y z f"]:
    before, after, weight = neighbours(censored)
    a, b = signal[..., before], signal[..., after]
    positive = (a > 0) & (b > 0)
    plain = (1 - weight) * a + weight * b
    logs = [np.log(part, where=positive, out=np.zeros(part.shape)) for part in (a, b)]
    return np.where(positive, np.exp((1 - weight) * logs[0] + weight * logs[1]), plain)


def _require_enough(
    censored: Bool[np.ndarray, " t"],
    window: FrameWindow,
    passage: tuple[int, int],
    why: str,
    instead: str,
) -> None:
    count = int(censored.sum())
    if not count:
        return
    if count > MOST * censored.size:
        raise SeriesError(
            f"in {count} of {censored.size} used frames {why}; at most a third can be left out: "
            f"{instead}"
        )
    left = int((~censored[: window.onset - window.first]).sum())
    if left < MIN_BASELINE:
        raise SeriesError(
            f"{left} frames of the baseline are left, at least {MIN_BASELINE} are needed; in the "
            f"others {why}: {instead}"
        )
    start, end = passage
    runs, number = ndimage.label(censored)
    for run in range(1, number + 1):
        frames = np.flatnonzero(runs == run)
        if frames.size > LONGEST and frames[-1] >= start and frames[0] <= end:
            first, last = frames[[0, -1]] + window.first
            raise SeriesError(
                f"{why} in all frames from {first} to {last}, counted from 0, while the bolus "
                f"passed; gaps of at most {LONGEST} frames can be interpolated there: {instead}"
            )


def _passage(series: PreparedSeries) -> tuple[int, int]:
    """Used frames between which the bolus passes: the onset, and half the recovery."""
    window = series.frames
    curve = mean_signal(series.signal[..., window.used], series.mask)
    start = window.onset - window.first
    level, trough = float(np.nanmean(curve[:start])), start + int(np.nanargmin(curve[start:]))
    back = np.flatnonzero(curve[trough:] >= level - PASSED * (level - curve[trough]))
    return start, trough + int(back[0]) if back.size else curve.size - 1
