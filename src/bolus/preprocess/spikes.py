"""Spikes and dropouts, replaced before motion is corrected and censored after."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import DSCSeries, Motion, PreparedSeries
from bolus.preprocess.brain import head_mask
from bolus.preprocess.censoring import censor, interpolated
from bolus.preprocess.motion.rigid import places, rigid_of
from bolus.preprocess.outliers import outlier_samples

WITHIN = 0.25
"""Slices by which a frame may be moved and its slices still be those that were measured."""
LEAVE_OUT = "leave that slice out of the brain mask (mask=, --mask)"


class Despiked(NamedTuple):
    """A series without spikes and dropouts, and which samples these were, slice by frame."""

    series: DSCSeries
    spoilt: Bool[np.ndarray, "z t"]


def despike(series: DSCSeries, mask: Bool[np.ndarray, "x y z"] | None = None) -> Despiked:
    """The series as read with its spikes and dropouts interpolated in time.

    They are found from the mean signal of every slice in ``mask``, or in the bright voxels where
    it is None (``outlier_samples``), and replaced as ``censor`` does, so that the search for head
    motion does not see them. Without any, the same series comes back.

    Raises MaskError where head and background cannot be told apart.
    """
    spoilt = outlier_samples(series.signal, head_mask(_mean(series)) if mask is None else mask)
    if not spoilt.any():
        return Despiked(series, spoilt)
    signal = np.array(series.signal, dtype=np.result_type(series.signal.dtype, np.float32))
    return Despiked(replace(series, signal=interpolated(signal, spoilt)), spoilt)


def censor_spoilt(series: PreparedSeries, spoilt: Bool[np.ndarray, "z t"]) -> PreparedSeries:
    """The prepared series with what ``despike`` found censored.

    Where motion correction moved a frame through its slices, the neighbours that a spoilt slice
    was moved into are censored as well. The same series comes back where no sample of a slice with
    brain is concerned. Raises SeriesError as ``censor``.
    """
    samples = _moved(spoilt, series)[:, series.frames.used]
    samples = samples & np.asarray(series.mask.any(axis=(0, 1)))[:, None]
    if not samples.any():
        return series
    return censor(series, samples, "a slice is spoilt by a spike or a dropout", LEAVE_OUT)


def _moved(spoilt: Bool[np.ndarray, "z t"], series: PreparedSeries) -> Bool[np.ndarray, "z t"]:
    """The slices that spoilt ones were moved into."""
    if series.motion is None:
        return spoilt
    out = spoilt.copy()
    for frame in np.flatnonzero(spoilt.any(axis=0)):
        reach = _reach(series.motion, int(frame), series)
        for slice_ in np.flatnonzero(spoilt[:, frame]):
            out[max(0, slice_ - reach) : slice_ + reach + 1, frame] = True
    return out


def _reach(motion: Motion, frame: int, series: PreparedSeries) -> int:
    """Slices by which a frame was moved, at most over the brain; none below WITHIN."""
    turn, shift = rigid_of(motion.pose[frame])
    away = places(series.grid, series.mask) @ (turn - np.eye(3)).T + shift
    across = np.linalg.solve(series.grid.affine[:3, :3], away.T)[2]
    return int(np.ceil(max(0.0, float(np.abs(across).max()) - WITHIN)))


def _mean(series: DSCSeries) -> Float[np.ndarray, "x y z"]:
    """Mean of the finite samples over frames, 0 where there are none."""
    finite = np.isfinite(series.signal)
    total = np.sum(series.signal, axis=3, dtype=float, where=finite)
    return total / np.maximum(finite.sum(axis=3), 1)
