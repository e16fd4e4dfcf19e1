"""A series as read, made ready: steady state, bolus, brain mask, concentration curves."""

from bolus.preprocess.curves import tissue_curves
from bolus.preprocess.frames import find_frames, find_series_frames
from bolus.preprocess.mask import brain_mask, head_mask
from bolus.preprocess.noise import pooled_sd
from bolus.preprocess.prepare import prepare

__all__ = [
    "brain_mask",
    "find_frames",
    "find_series_frames",
    "head_mask",
    "pooled_sd",
    "prepare",
    "tissue_curves",
]
