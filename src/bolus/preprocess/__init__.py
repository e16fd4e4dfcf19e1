"""A series as read, made ready: motion, steady state, bolus, brain mask, concentration curves."""

from bolus.preprocess.brain import brain_mask, head_mask
from bolus.preprocess.censoring import censor, censor_moved, noise_share
from bolus.preprocess.curves import tissue_curves
from bolus.preprocess.echoes import two_echoes
from bolus.preprocess.frames import find_frames, find_series_frames
from bolus.preprocess.motion.correct import MotionCorrected, correct_motion, negligible
from bolus.preprocess.motion.rigid import framewise_displacement, pose_error
from bolus.preprocess.noise import explained_share, pooled_sd
from bolus.preprocess.prepare import prepare
from bolus.preprocess.spikes import Despiked, censor_spoilt, despike

__all__ = [
    "Despiked",
    "MotionCorrected",
    "brain_mask",
    "censor",
    "censor_moved",
    "censor_spoilt",
    "correct_motion",
    "despike",
    "explained_share",
    "find_frames",
    "find_series_frames",
    "framewise_displacement",
    "head_mask",
    "negligible",
    "noise_share",
    "pooled_sd",
    "pose_error",
    "prepare",
    "tissue_curves",
    "two_echoes",
]
