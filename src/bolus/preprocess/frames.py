"""Where the steady state begins, the bolus arrives and the usable frames end."""

import numpy as np
from jaxtyping import Bool, Float, Num

from bolus.data import BolusNotFoundError, DSCSeries, FrameWindow, MaskError, SeriesError
from bolus.data.plausible import MIN_FRAMES
from bolus.preprocess.direction import check_direction
from bolus.preprocess.parts import two_parts
from bolus.preprocess.passes import Pass, find_passes
from bolus.preprocess.steady import unsteady_frames

PLATEAU = 20
MIN_BASELINE = 3

SETTLED = 2.5
"""Widths of a bolus at half depth after its trough, about 30 s, from which the signal can be the
baseline of the next: what is left of the agent then is spread over the blood and nearly steady."""
LATER_BASELINE = 5
"""Fewest such baseline frames."""
OBSERVED = 1.5
"""Widths of a bolus after its trough, about 20 s, that must pass before the next one comes."""
LEAD = 0.25
"""Part of the fall of the mean signal by which arteries may precede it."""
DEEP_ENOUGH = 0.75
"""An earlier bolus is taken if it has this part of the deepest one's depth."""


def find_frames(mean_signal: Num[np.ndarray, " t"]) -> FrameWindow:
    """Steady-state, onset and last frame of a mean signal curve (t,), in any unit.

    The bolus is found as ``find_passes`` says. The onset is the first frame of the fall that lies
    more than max(2 SD, 2 % of the depth) under the plateau before it. ``stop`` excludes trailing
    frames without signal.

    Of several boluses one is used: the window ends before the next comes, and the baseline of a
    later one starts SETTLED widths after the trough before it. The agent of the earlier ones is
    then part of the baseline, of arteries and tissue alike, and as it hardly changes any more, what
    is measured against that baseline is again the response to the arterial input alone. Where
    several can be measured like this, the first that is at least DEEP_ENOUGH times as deep as the
    deepest is used. ``others`` are the onsets of the rest.

    Raises BolusNotFoundError when no bolus passes, SeriesError when fewer than 3 steady frames
    precede it, fewer than 20 remain, a frame in between holds no signal, the frames run backwards
    in time (``check_direction``), or of several boluses none can be measured by itself.
    """
    curve, stop = _without_broken_tail(np.asarray(mean_signal, dtype=float))
    passes, noise = find_passes(curve)
    check_direction(curve, passes)
    onsets = [_onset_of(curve, passes, k, noise) for k in range(len(passes))]
    if len(passes) == 1:
        onset = onsets[0]
        first = unsteady_frames(curve[:onset], noise) if onset > 0 else 0
        _require_enough(first, onset, stop)
        return FrameWindow(first=first, onset=onset, stop=stop)
    return _best_window(curve, passes, onsets, noise)


def find_series_frames(series: DSCSeries, mask: Bool[np.ndarray, "x y z"]) -> FrameWindow:
    """Frames of a series, from the mean signal (scanner units) in a mask (x, y, z).

    Where that shows no bolus or several, but either of two parts of the mask (``two_parts``) shows
    one, blood comes late to one of them, as behind an occluded artery: the frames are those of the
    part that it comes to first.

    Raises as ``find_frames``, and MaskError for a mask that is empty or on another grid.
    """
    if mask.shape != series.grid.shape or not mask.any():
        raise MaskError(
            f"the mean signal needs a mask with voxels on the grid {series.grid.shape}, found "
            f"{int(mask.sum())} voxels on {mask.shape}"
        )
    try:
        whole = find_frames(mean_signal(series.signal, mask))
    except SeriesError:
        first = _of_first_part(series, mask)
        if first is None:
            raise
        return first
    return (_of_first_part(series, mask) or whole) if whole.others else whole


def _of_first_part(series: DSCSeries, mask: Bool[np.ndarray, "x y z"]) -> FrameWindow | None:
    """Frames of the part of a mask that fills first; None where its parts do not show one each."""
    windows = []
    for part in two_parts(series.signal, mask) or ():
        try:
            windows.append(find_frames(mean_signal(series.signal, part)))
        except SeriesError:
            return None
    if not windows or any(window.others for window in windows):
        return None
    return min(windows, key=lambda window: window.onset)


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


def _onset_of(curve: Float[np.ndarray, " t"], passes: list[Pass], k: int, noise: float) -> int:
    """Onset of one of the passes."""
    start = passes[k - 1].trough if k else 0
    return start + _onset(curve[start:], passes[k].trough - start, passes[k].depth, noise)


def _best_window(
    curve: Float[np.ndarray, " t"], passes: list[Pass], onsets: list[int], noise: float
) -> FrameWindow:
    """Frames of the pass that is used, see ``find_frames``."""
    windows = {}
    for k, (own, onset) in enumerate(zip(passes, onsets, strict=True)):
        settled = int(np.ceil(passes[k - 1].trough + SETTLED * passes[k - 1].width)) if k else 0
        if onset - settled < (LATER_BASELINE if k else MIN_BASELINE):
            continue
        first = settled + unsteady_frames(curve[settled:onset], noise)
        stop = curve.size
        if k + 1 < len(passes):
            fall = passes[k + 1].trough - onsets[k + 1]
            stop = onsets[k + 1] - max(1, int(np.ceil(LEAD * fall)))
        enough = onset - first >= MIN_BASELINE and stop - first >= MIN_FRAMES
        if enough and stop - own.trough >= OBSERVED * own.width:
            others = tuple(at for at in onsets if at != onset)
            windows[k] = FrameWindow(first=first, onset=onset, stop=stop, others=others)
    if not windows:
        raise SeriesError(
            f"{len(passes)} boluses pass, at frames {onsets} counted from 0, and none can be "
            f"measured by itself: each needs {MIN_BASELINE} steady frames before it, the first "
            f"aside {SETTLED:g} widths after the one before it, {OBSERVED:g} widths until the next "
            f"and {MIN_FRAMES} frames in all; cut the series to one of them"
        )
    deepest = max(passes[k].depth for k in windows)
    return next(w for k, w in windows.items() if passes[k].depth >= DEEP_ENOUGH * deepest)


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
            f"the bolus begins in the first frames: it arrives at frame {onset} and the first "
            f"{first} frames are not in steady state: {onset - first} baseline frames remain, at "
            f"least {MIN_BASELINE} are needed. What the signal was before the agent cannot be made "
            f"up: a series must begin at least {MIN_BASELINE} steady frames, better 10, before the "
            "bolus arrives"
        )
    if stop - first < MIN_FRAMES:
        raise SeriesError(
            f"{stop - first} frames remain after {first} frames before steady state, at least "
            f"{MIN_FRAMES} are needed"
        )
