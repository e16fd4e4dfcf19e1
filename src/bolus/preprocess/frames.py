"""Where the steady state begins, the bolus arrives and the usable frames end."""

import numpy as np
from jaxtyping import Bool, Float, Num
from scipy.ndimage import median_filter

from bolus.data import BolusNotFoundError, DSCSeries, FrameWindow, MaskError, SeriesError
from bolus.preprocess.steady import noise_level, unsteady_frames

MIN_DROP = 0.02
"""Smallest passing drop of the mean signal, as a fraction of its median."""

MIN_DROP_SDS = 5.0
"""Smallest passing drop in standard deviations of the curve's frame-to-frame noise."""

MIN_SMOOTH_PART = 0.1
"""Part of the drop that must remain when the largest frame-to-frame change is taken out."""

RETURN_RATIO = 4
RETURN_FRAMES = 10

PLATEAU = 20
MIN_BASELINE = 3
MIN_FRAMES = 20


def find_frames(mean_signal: Num[np.ndarray, " t"]) -> FrameWindow:
    """Steady-state, onset and last frame of a mean signal curve (t,), in any unit.

    The bolus is the trough of the running median of three with the largest prominence, that is,
    depth below the lower of the highest values before and after it: a drift, a step or one spoilt
    frame has none. It must reach 2 % of the signal and 5 noise standard deviations, be half
    recovered soon after, and not hang on a single frame-to-frame change. The onset is the first
    frame of the fall that lies more than max(2 SD, 2 % of the depth) under the plateau before it.
    ``stop`` excludes trailing frames without signal.

    Raises BolusNotFoundError when no bolus passes, SeriesError when fewer than 3 steady frames
    precede it, fewer than 20 remain, or a frame in between holds no signal.
    """
    curve, stop = _without_broken_tail(np.asarray(mean_signal, dtype=float))
    trough, drop, noise = _trough(curve)
    onset = _onset(curve, trough, drop, noise)
    first = unsteady_frames(curve[:onset], noise) if onset > 0 else 0
    _require_enough(first, onset, stop)
    return FrameWindow(first=first, onset=onset, stop=stop)


def find_series_frames(series: DSCSeries, mask: Bool[np.ndarray, "x y z"]) -> FrameWindow:
    """Frames of a series, from the mean signal (scanner units) in a mask (x, y, z).

    Raises as ``find_frames``, and MaskError for a mask that is empty or on another grid.
    """
    if mask.shape != series.grid.shape or not mask.any():
        raise MaskError(
            f"the mean signal needs a mask with voxels on the grid {series.grid.shape}, found "
            f"{int(mask.sum())} voxels on {mask.shape}"
        )
    return find_frames(mean_signal(series.signal, mask))


def mean_signal(
    signal: Num[np.ndarray, "x y z t"], mask: Bool[np.ndarray, "x y z"]
) -> Float[np.ndarray, " t"]:
    """Mean over the finite samples in a mask, frame by frame, (t,); NaN where there are none."""
    voxels = signal[mask]
    finite = np.isfinite(voxels)
    count = finite.sum(axis=0)
    total = np.sum(voxels, axis=0, dtype=float, where=finite)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _without_broken_tail(
    curve: Float[np.ndarray, " t"],
) -> tuple[Float[np.ndarray, " used"], int]:
    """The curve up to its last frame with signal; leading broken frames count as unsteady."""
    good = np.isfinite(curve) & (curve > 0)
    if not good.any():
        raise BolusNotFoundError(f"no signal: all {len(curve)} frames are zero or not finite")
    start, stop = int(np.argmax(good)), len(curve) - int(np.argmax(good[::-1]))
    broken = np.flatnonzero(~good[start:stop]) + start
    if broken.size:
        raise SeriesError(f"frames {broken.tolist()} hold no signal, counted from 0")
    if stop - start < MIN_FRAMES:
        raise SeriesError(f"{stop - start} frames hold signal, at least {MIN_FRAMES} are needed")
    return np.where(np.arange(stop) < start, 0.0, curve[:stop]), stop


def _trough(curve: Float[np.ndarray, " t"]) -> tuple[int, float, float]:
    """Frame of the deepest point of the bolus, its prominence, and the noise SD of the curve."""
    prominence = _prominence(curve)
    trough, noise = int(np.argmax(prominence)), noise_level(curve)
    drop, level = float(prominence[trough]), float(np.median(curve))
    if drop < max(MIN_DROP * level, MIN_DROP_SDS * noise):
        sds = f"{drop / noise:.1f}" if noise > 0 else "no"
        raise BolusNotFoundError(
            f"no bolus passes: the largest drop from which the signal recovers is "
            f"{100 * drop / level:.2g} % of it and {sds} noise SDs; at least "
            f"{100 * MIN_DROP:.0f} % and {MIN_DROP_SDS:.0f} SDs are needed"
        )
    if _prominence(_without_largest_step(curve)).max() < MIN_SMOOTH_PART * drop:
        raise BolusNotFoundError(
            f"no bolus passes: the drop of {100 * drop / level:.2g} % of the signal comes of a "
            f"single step from one frame to the next, as motion makes it"
        )
    _require_return(curve, trough, drop)
    return trough, drop, noise


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


def _onset(curve: Float[np.ndarray, " t"], trough: int, drop: float, noise: float) -> int:
    """First frame of the contiguous fall into the trough."""
    fall = curve[:trough]
    above = np.flatnonzero(fall > curve[trough] + 0.5 * drop)
    half = int(above[-1]) + 1 if above.size else trough
    level = _densest(curve[max(0, half - PLATEAU) : half])
    limit = level - max(2 * noise, 0.02 * (level - curve[trough]))
    plateau = np.flatnonzero(fall >= limit)
    return int(plateau[-1]) + 1 if plateau.size else 0


def _densest(values: Float[np.ndarray, " n"]) -> float:
    """Median of the shortest interval that holds half the values: the level of a plateau."""
    ordered = np.sort(values)
    size = len(ordered) // 2 + 1
    widths = ordered[size - 1 :] - ordered[: len(ordered) - size + 1]
    start = int(np.argmin(widths))
    return float(np.median(ordered[start : start + size]))


def _require_enough(first: int, onset: int, stop: int) -> None:
    if onset - first < MIN_BASELINE:
        raise SeriesError(
            f"the bolus arrives at frame {onset} and the first {first} frames are not in steady "
            f"state: {onset - first} baseline frames remain, at least {MIN_BASELINE} are needed"
        )
    if stop - first < MIN_FRAMES:
        raise SeriesError(
            f"{stop - first} frames remain after {first} frames before steady state, at least "
            f"{MIN_FRAMES} are needed"
        )
