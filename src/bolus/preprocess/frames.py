"""Where the steady state begins, the bolus arrives and the usable frames end."""

import numpy as np
from jaxtyping import Bool, Float, Num
from scipy.ndimage import median_filter

from bolus.data import BolusNotFoundError, DSCSeries, FrameWindow, MaskError, SeriesError
from bolus.preprocess.steady import noise_level, unsteady_frames

MIN_DROP = 0.02
"""Smallest passing drop of the mean signal, as a fraction of its median."""

MIN_DROP_SDS = 6.0
"""Smallest passing drop in standard deviations of the median-filtered curve."""

MEDIAN_SD = 0.67
"""SD of a running median of three, for noise of SD 1."""

PLATEAU = 20
MIN_BASELINE = 3
MIN_FRAMES = 20


def find_frames(mean_signal: Num[np.ndarray, " t"]) -> FrameWindow:
    """Steady-state, onset and last frame of a mean signal curve (t,), in any unit.

    The bolus is the trough of the running median of three with the largest prominence, that is,
    depth below the lower of the highest values before and after it: a step, a drift or one
    spoilt frame has none. It must reach 2 % of the signal and 6 standard deviations. The onset is
    the first frame of the fall that lies more than max(2 SD, 2 % of the depth) under the plateau
    before it. ``stop`` excludes trailing frames without signal.

    Raises BolusNotFoundError when no bolus passes, SeriesError when fewer than 3 steady frames
    precede it, fewer than 20 remain, or a frame in between holds no signal.
    """
    curve, stop = _without_broken_tail(np.asarray(mean_signal, dtype=float))
    trough, noise = _trough(curve)
    onset = _onset(curve, trough, noise)
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


def _without_broken_tail(curve: Float[np.ndarray, " t"]) -> tuple[Float[np.ndarray, " t"], int]:
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


def _trough(curve: Float[np.ndarray, " t"]) -> tuple[int, float]:
    """Frame of the deepest point of the bolus, and the noise SD of the curve."""
    smooth = median_filter(curve, size=3, mode="nearest")
    highest_before = np.maximum.accumulate(smooth)
    highest_after = np.maximum.accumulate(smooth[::-1])[::-1]
    prominence = np.minimum(highest_before, highest_after) - smooth
    trough, noise = int(np.argmax(prominence)), noise_level(curve)
    drop, level = float(prominence[trough]), float(np.median(curve))
    if drop < max(MIN_DROP * level, MIN_DROP_SDS * MEDIAN_SD * noise, 1e-9 * level):
        sds = f"{drop / (MEDIAN_SD * noise):.1f}" if noise > 0 else "no"
        raise BolusNotFoundError(
            f"no bolus passes: the largest drop from which the signal recovers is "
            f"{100 * drop / level:.2g} % of it and {sds} noise SDs; at least "
            f"{100 * MIN_DROP:.0f} % and {MIN_DROP_SDS:.0f} SDs are needed"
        )
    return trough, noise


def _onset(curve: Float[np.ndarray, " t"], trough: int, noise: float) -> int:
    """First frame of the contiguous fall into the trough."""
    fall = curve[:trough]
    middle = 0.5 * (curve[trough] + float(np.max(median_filter(fall, size=3, mode="nearest"))))
    above = np.flatnonzero(fall > middle)
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
