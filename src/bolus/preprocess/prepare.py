"""A series as read, made ready: frames and mask."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool

from bolus.data import DSCSeries
from bolus.preprocess.frames import find_series_frames
from bolus.preprocess.mask import brain_mask


def prepare(series: DSCSeries, mask: Bool[np.ndarray, "x y z"] | None = None) -> DSCSeries:
    """The series with ``frames`` and ``mask`` set.

    The mask is ``mask`` (x, y, z), or else the series' own, or else found: frames from all bright
    voxels, the brain from those frames. The frames, unless the series has them, then come from
    the mean signal in the mask.

    Raises MaskError, SeriesError or BolusNotFoundError as ``brain_mask`` and ``find_frames``.
    """
    chosen = series.mask if mask is None else mask
    if chosen is None:
        chosen = brain_mask(series)
    frames = series.frames or find_series_frames(series, chosen)
    return replace(series, frames=frames, mask=chosen)
