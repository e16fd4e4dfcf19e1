"""Motion correction: the head's motion, found and corrected."""

import os
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, Num

from bolus.base.progress import QUIET, Reporter
from bolus.data import DSCSeries, Grid, Motion, SeriesError
from bolus.data.options import LIMIT
from bolus.preprocess.motion.one_thread import one_itk_thread
from bolus.preprocess.motion.resample import brought_back
from bolus.preprocess.motion.rigid import framewise_displacement, pose_error
from bolus.preprocess.motion.search import Poses, Search

NEGLIGIBLE, SHARE = 0.4, 0.1
"""mm, and part of a voxel's edge: a frame whose head moved less than the greater of them, on
average, is left exactly as it was measured. So far do a bolus that takes 40 % of the signal, and
voxels that are coarse, mislead the search in a head that lies still (docs/motion.md)."""


class MotionCorrected(NamedTuple):
    """A motion-corrected series, and how the head moved in it."""

    series: DSCSeries
    motion: Motion


def correct_motion(
    series: DSCSeries,
    reporter: Reporter = QUIET,
    *,
    limit: float = LIMIT,
    threads: int | None = None,
) -> MotionCorrected:
    """The series with every frame brought back to where the head was on average, and the motion.

    Each frame is registered by sampled mutual information (``Search``), which assumes that
    tissue of one kind is equally bright within a frame, not from one to the next: so the bolus is
    not taken for motion.
    Zero is the mean pose of all frames, which masks drawn on the series fit best. Frames less than
    ``negligible`` mm away stay as they were measured; the others are interpolated, once, to float32
    (``brought_back``, which says what becomes of NaN and of what left the field of view). A single
    slice is registered within its plane. A frame without contrast, all zero or all NaN, has the
    pose of the one before and stays as it is. Frames with a framewise displacement over ``limit``
    mm are flagged.

    The result does not depend on the number of ``threads`` (None: as many as cores).
    ``reporter`` gets how far it is.

    Raises SeriesError when ``limit`` is not positive, or the grid has fewer than two dimensions.
    """
    if not limit > 0:
        raise SeriesError(f"the limit of motion must be positive mm, found {limit}")
    good = np.array([_has_contrast(frame) for frame in np.moveaxis(series.signal, 3, 0)])
    pose, signal = np.zeros((series.n_frames, 6)), series.signal
    if good.sum() > 1:
        with one_itk_thread(), ThreadPoolExecutor(threads or _cores()) as pool:
            search = Search(series, np.flatnonzero(good), pool, reporter)
            pose = search.poses()[np.maximum(np.cumsum(good) - 1, 0)]
            away = pose_error(pose, np.zeros_like(pose), series.grid, search.head)
            moved = good & (away > negligible(series.grid))
            signal = _corrected(series, pose, np.flatnonzero(moved), pool)
    displacement = framewise_displacement(pose)
    flagged = displacement > limit
    motion = Motion(pose=pose, displacement=displacement, flagged=flagged, limit=float(limit))
    return MotionCorrected(replace(series, signal=signal), motion)


def negligible(grid: Grid) -> float:
    """Motion in mm that is left in: NEGLIGIBLE, or SHARE of the edge of a cube like a voxel."""
    return max(NEGLIGIBLE, SHARE * float(np.prod(grid.voxel_size)) ** (1 / 3))


def _has_contrast(frame: Num[np.ndarray, "x y z"]) -> bool:
    """Whether a frame has finite samples that are not all alike."""
    values = frame[np.isfinite(frame)]
    return bool(values.size and values.min() < values.max())


def _corrected(
    series: DSCSeries, pose: Poses, moved: Int[np.ndarray, " m"], pool: Executor
) -> Num[np.ndarray, "x y z t"]:
    """The signal with the frames that moved brought back; as it was where none has."""
    if not moved.size:
        return series.signal
    signal = np.array(series.signal, dtype=np.float32)

    def one(k: int) -> None:
        signal[..., k] = brought_back(series.signal[..., k], pose[k], series.grid)

    list(pool.map(one, moved.tolist()))
    return signal


def _cores() -> int:
    """Cores that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1
