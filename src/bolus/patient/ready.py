"""A series as read, prepared: head motion, used frames, brain, censored samples."""

import os
from dataclasses import dataclass

import numpy as np

from bolus.base.progress import QUIET, Reporter
from bolus.data import DSCSeries, InputError, PreparedSeries
from bolus.patient.given import mask_of
from bolus.patient.stopwatch import Stopwatch
from bolus.preprocess import LIMIT, censor_moved, correct_motion, prepare

PathLike = str | os.PathLike[str]


def ready(
    series: DSCSeries,
    mask: np.ndarray | PathLike | None = None,
    *,
    motion: bool = True,
    motion_limit: float = LIMIT,
    flagged: str = "keep",
    reporter: Reporter = QUIET,
) -> PreparedSeries:
    """What ``measure`` does before concentration: the prepared series.

    For arteries that are marked by hand. Arguments and errors are ``measure``'s.
    """
    watch = Stopwatch(reporter)
    options = MotionOptions(motion, motion_limit, flagged)
    return prepared(series, mask_of(mask, series, "mask"), options, watch)


@dataclass(frozen=True)
class MotionOptions:
    """``measure``'s; raises InputError for what cannot be done."""

    correct: bool
    limit: float
    flagged: str

    def __post_init__(self) -> None:
        if self.flagged not in ("keep", "drop"):
            raise InputError(f"flagged frames are kept or dropped, found '{self.flagged}'")
        if self.flagged == "drop" and not self.correct:
            raise InputError("frames that moved can be dropped only where motion is measured")


def prepared(
    series: DSCSeries, brain: np.ndarray | None, options: MotionOptions, watch: Stopwatch
) -> PreparedSeries:
    """Head motion corrected, frames and brain found, moved frames censored, as the options say."""
    motion = None
    if options.correct:
        with watch("taking out motion"):
            series, motion = correct_motion(series, watch.reporter, limit=options.limit)
    with watch("finding frames and brain"):
        found = prepare(series, brain, motion=motion)
        return censor_moved(found) if options.flagged == "drop" else found
