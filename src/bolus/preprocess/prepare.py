"""A series as read, made ready: used frames and brain mask."""

import numpy as np
from jaxtyping import Bool

from bolus.data import DSCSeries, FrameWindow, MaskError, Motion, PreparedSeries
from bolus.data.plausible import BRAIN_VOLUME
from bolus.preprocess.brain import brain_mask
from bolus.preprocess.frames import find_series_frames


def prepare(
    series: DSCSeries,
    mask: Bool[np.ndarray, "x y z"] | None = None,
    *,
    frames: FrameWindow | None = None,
    motion: Motion | None = None,
) -> PreparedSeries:
    """The prepared series: with its used frames, its brain mask and its head motion.

    ``mask`` (x, y, z) is the brain, or else found: frames from all bright voxels, the brain from
    those frames. ``frames``, unless they are known, then come from the mean signal in the mask.
    ``motion`` is how the head moved, where ``correct_motion`` has corrected it. Every sample counts
    as measured (see ``censor``).

    Raises MaskError, SeriesError or BolusNotFoundError as ``brain_mask`` and ``find_frames``.
    """
    chosen = brain_mask(series, frames) if mask is None else mask
    _check_volume(series, chosen, found=mask is None)
    window = frames or find_series_frames(series, chosen)
    measured = np.ones((series.grid.shape[2], window.stop - window.first), dtype=bool)
    return PreparedSeries(
        series=series, frames=window, mask=chosen, motion=motion, measured=measured
    )


def _check_volume(series: DSCSeries, mask: Bool[np.ndarray, "x y z"], *, found: bool) -> None:
    """Raise MaskError for a brain of a volume that none has; one that is given may be a part."""
    volume = float(mask.sum() * np.prod(series.grid.voxel_size) / 1000)
    if found or volume > BRAIN_VOLUME.highest:
        x, y, z = series.grid.voxel_size
        where = f"the mask, {int(mask.sum())} voxels of {x:g} × {y:g} × {z:g} mm"
        BRAIN_VOLUME.check(volume, where, MaskError)
