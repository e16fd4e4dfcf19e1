"""A series as read, prepared: head motion, used frames, brain, censored samples."""

import os

import numpy as np

from bolus.base.progress import QUIET, Reporter
from bolus.data import DSCSeries, Preparation, PreparedSeries
from bolus.data.options import USUAL
from bolus.patient.given import mask_of
from bolus.patient.stopwatch import Stopwatch
from bolus.preprocess import censor_moved, censor_spoilt, correct_motion, despike, prepare

PathLike = str | os.PathLike[str]


def ready(
    series: DSCSeries,
    mask: np.ndarray | PathLike | None = None,
    *,
    preparation: Preparation = USUAL,
    reporter: Reporter = QUIET,
) -> PreparedSeries:
    """What ``measure`` does before concentration: the prepared series.

    For arteries that are marked by hand, and for training. Arguments and errors are ``measure``'s.
    """
    brain = mask_of(mask, series, "mask")
    return prepared(series, brain, preparation, Stopwatch(reporter))


def prepared(
    series: DSCSeries, brain: np.ndarray | None, preparation: Preparation, watch: Stopwatch
) -> PreparedSeries:
    """Spikes replaced, head motion corrected, frames and brain found, samples censored."""
    motion = None
    with watch("looking for spikes"):
        series, spoilt = despike(series, brain)
    if preparation.motion is not None:
        with watch("correcting head motion"):
            series, motion = correct_motion(series, watch.reporter, limit=preparation.motion.limit)
    with watch("finding frames and brain"):
        found = censor_spoilt(prepare(series, brain, motion=motion), spoilt)
        return censor_moved(found) if preparation.censoring.moved else found
