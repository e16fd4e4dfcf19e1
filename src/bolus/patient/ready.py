"""A series as read, prepared: head motion, used frames, brain, censored samples."""

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bolus.base.progress import QUIET, Reporter
from bolus.data import AnatomicalImage, Anatomy, DSCSeries, Preparation, PreparedSeries
from bolus.data.options import USUAL
from bolus.io import Diffusion
from bolus.patient.drawn import drawn
from bolus.patient.given import ADC
from bolus.patient.stopwatch import Stopwatch
from bolus.preprocess import censor_moved, censor_spoilt, correct_motion, despike, prepare
from bolus.preprocess.anatomy import register_anatomy

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
    brain = drawn(mask, series, "mask")
    own = None if brain is None else brain.mask
    return prepared(series, own, preparation, Stopwatch(reporter))


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


def placed(
    series: PreparedSeries, images: Sequence[AnatomicalImage | Anatomy], watch: Stopwatch
) -> tuple[Anatomy, ...]:
    """The anatomies that a prepared series is registered to, each by itself.

    Raises RegistrationError for an image that it does not fit.
    """
    return tuple(_placed(series, image, watch) for image in images)


def _placed(series: PreparedSeries, image: AnatomicalImage | Anatomy, watch: Stopwatch) -> Anatomy:
    if isinstance(image, Anatomy):
        return image
    with watch("registering the anatomy"):
        return register_anatomy(series, image, watch.reporter)


def diffusion_on(
    series: PreparedSeries, found: Diffusion | None, watch: Stopwatch
) -> dict[str, np.ndarray]:
    """The map of diffusion on the grid of a prepared series, by name; none where none is given.

    One on the series' own grid counts as registered already. Of others those that have an image
    are registered by it (``register_anatomy``); a map alone is put where both headers say. Raises
    RegistrationError for an image that does not fit, InputError as ``Diffusion.onto``.
    """
    if found is None:
        return {}
    if found.image is None or found.grid.matches(series.grid):
        return {ADC: found.onto(series.grid)}
    image = AnatomicalImage(volume=found.image, grid=found.grid, name=found.name)
    with watch("registering diffusion"):
        placed = register_anatomy(series, image, watch.reporter)
        return {ADC: found.onto(series.grid, placed.to_anatomy)}


def with_brain(series: PreparedSeries, brain: np.ndarray) -> PreparedSeries:
    """A prepared series with another brain, drawn on the anatomy; its frames stay.

    Raises MaskError as ``prepare``.
    """
    again = prepare(series.series, brain, frames=series.frames, motion=series.motion)
    return replace(again, measured=series.measured, left_out=series.left_out)
