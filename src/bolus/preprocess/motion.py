"""The head's motion, found and taken out."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int, Num
from scipy import ndimage

from bolus.data import DSCSeries, Motion, SeriesError
from bolus.preprocess.register import COARSE, FINE, Level, Reference, Space, register, smoothed
from bolus.preprocess.resample import brought_back, filled, moved_back
from bolus.preprocess.rigid import against, framewise_displacement, pose_error

LIMIT = 1.0
"""mm of framewise displacement past which a frame is flagged."""
NEGLIGIBLE = 0.2
"""mm: a frame whose brain moved less, on average, is left exactly as it was measured."""
HEAD, MARGIN = 0.15, 2
"""The head is brighter than this part of its 98th percentile, and so many voxels around it."""
FADING = 0.2
"""Part of the head, that with the deepest bolus, from which no samples are drawn."""
DEEPEST = 4.0
"""Percentile in time that tells how deep the bolus is."""
FEWEST = 100

Volumes = Float[np.ndarray, "t x y z"]
Poses = Float[np.ndarray, "t 6"]


def correct_motion(
    series: DSCSeries,
    progress: Callable[[str], None] | None = None,
    *,
    limit: float = LIMIT,
    threads: int | None = None,
) -> DSCSeries:
    """The series with every frame brought back to where the head was on average, and ``motion``.

    Each frame is registered by sampled mutual information, which asks that like tissue be like
    bright within a frame, not from frame to frame, so that the bolus is not taken for motion: first
    to the frame most like the median, then to the median of all frames as found so far, without the
    fifth of the head that the bolus darkens most. Zero is the mean pose of all frames, which regions
    drawn on the series as it is fit best. Frames that are less than
    NEGLIGIBLE mm away stay as they were measured, the others are interpolated once
    (``brought_back``), as float32. A single slice is registered within its plane. A frame without
    contrast, such as one that is all zero or all NaN, has the pose of the one before and stays as
    it is. ``frames`` and ``mask`` are kept. Frames with a framewise displacement over ``limit`` mm
    are flagged.

    The result does not depend on the number of ``threads`` (None: all cores). ``progress`` is told
    how far it is.

    Raises SeriesError when motion has been taken out before, ``limit`` is not positive, or the
    grid has fewer than two dimensions or no part that can be followed.
    """
    if series.motion is not None:
        raise SeriesError("the motion of this series has been taken out already")
    if not limit > 0:
        raise SeriesError(f"the limit of motion must be positive mm, found {limit}")
    frames = np.moveaxis(series.signal, 3, 0)
    good = np.array([_has_contrast(frame) for frame in frames])
    if not good.any():
        raise SeriesError(f"none of {len(good)} frames has any contrast, so motion cannot be seen")
    tell = _Progress(progress, 2 * int(good.sum()))
    with ThreadPoolExecutor(threads or _cores()) as pool:
        search = _Search(np.stack([filled(frame) for frame in frames[good]]), series, pool, tell)
        pose = search.poses()[np.maximum(np.cumsum(good) - 1, 0)]
        moved = good & (pose_error(pose, 0 * pose, series.grid, search.head) > NEGLIGIBLE)
        signal = _taken_out(series, pose, np.flatnonzero(moved), pool)
    displacement = framewise_displacement(pose)
    flagged = displacement > limit
    motion = Motion(pose=pose, displacement=displacement, flagged=flagged, limit=float(limit))
    return replace(series, signal=signal, motion=motion)


def _has_contrast(frame: Num[np.ndarray, "x y z"]) -> bool:
    """Whether a frame has finite samples that are not all alike."""
    values = frame[np.isfinite(frame)]
    return bool(values.size and values.min() < values.max())


def _taken_out(
    series: DSCSeries, pose: Poses, moved: Int[np.ndarray, " m"], pool: Executor
) -> Num[np.ndarray, "x y z t"]:
    """The signal with the frames that moved brought back; as it was where none has."""
    if not moved.size:
        return series.signal
    signal = np.array(series.signal, dtype=np.float32)

    def one(k: int) -> None:
        signal[..., k] = brought_back(series.signal[..., k], pose[k], series.grid)

    list(pool.map(one, moved))
    return signal


@dataclass(frozen=True, eq=False)
class _Search:
    """The way to the poses of finite ``frames`` (t, x, y, z) of a series."""

    frames: Volumes
    series: DSCSeries
    pool: Executor
    tell: "_Progress"

    def poses(self) -> Poses:
        """Every frame's, against their mean."""
        start = np.zeros((len(self.frames), 6))
        rough = self._smoothed(COARSE)
        typical = rough[_most_like(np.median(rough, axis=0), rough)]
        first = self._registered(rough, Reference(self.space, typical, self.head), start, COARSE)
        first = against(first, first.mean(axis=0))
        fine = self._smoothed(FINE)
        aligned = self._aligned(fine, first)
        steady = self.head & ~_fading(aligned)
        reference = Reference(self.space, np.median(aligned, axis=0), steady)
        found = self._registered(fine, reference, first, FINE)
        return against(found, found.mean(axis=0))

    @cached_property
    def space(self) -> Space:
        return Space(self.series.grid)

    @cached_property
    def head(self) -> Bool[np.ndarray, "x y z"]:
        """Voxels brighter than the background, and around; those never finite are left out.

        Raises SeriesError for fewer than FEWEST.
        """
        head = ndimage.binary_dilation(_bright(np.median(self.frames, axis=0)), iterations=MARGIN)
        head &= np.isfinite(self.series.signal).any(axis=3)
        if head.sum() < FEWEST:
            raise SeriesError(
                f"{int(head.sum())} voxels are bright, at least {FEWEST} are needed to see motion; "
                f"leave the motion in"
            )
        return head

    def _smoothed(self, level: Level) -> Volumes:
        grid, head = self.series.grid, self.head
        made = self.pool.map(lambda frame: smoothed(frame, grid, level.smoothing, head), self.frames)
        return np.stack(list(made))

    def _aligned(self, frames: Volumes, pose: Poses) -> Volumes:
        grid = self.series.grid
        made = self.pool.map(lambda frame, one: moved_back(frame, one, grid, 1), frames, pose)
        return np.stack(list(made))

    def _registered(
        self, frames: Volumes, reference: Reference, start: Poses, level: Level
    ) -> Poses:
        reference.prepare()

        def one(frame: np.ndarray, first: np.ndarray) -> np.ndarray:
            return register(frame, reference, first, level.step)

        return np.stack(list(self.tell.each(self.pool.map(one, frames, start))))


def _bright(image: Float[np.ndarray, "x y z"]) -> Bool[np.ndarray, "x y z"]:
    return np.asarray(image > HEAD * np.percentile(image, 98))


def _most_like(image: Float[np.ndarray, "x y z"], frames: Volumes) -> int:
    """The frame that correlates best with an image."""
    return int(np.argmax([np.corrcoef(frame.ravel(), image.ravel())[0, 1] for frame in frames]))


def _fading(aligned: Volumes) -> Bool[np.ndarray, "x y z"]:
    """The part FADING of the head whose signal falls furthest below its median in time."""
    level = np.median(aligned, axis=0)
    bright = level > 0.3 * np.percentile(level, 98)
    kept = np.percentile(aligned, DEEPEST, axis=0) / np.where(bright, level, 1)
    return np.asarray(bright & (kept < np.quantile(kept[bright], FADING)))


@dataclass
class _Progress:
    """Tells how far the work is, in frames."""

    say: Callable[[str], None] | None
    total: int
    done: int = 0

    def each(self, found: Iterator[Poses]) -> Iterator[Poses]:
        """The same, with a word after each."""
        for one in found:
            self.done += 1
            if self.say is not None:
                self.say(f"taking out motion, {100 * self.done // self.total} %")
            yield one


def _cores() -> int:
    """Cores that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1
