"""Everything of a patient before deconvolution: concentration, arterial input, leakage."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from bolus.aif import check_score, without_tissue
from bolus.base.progress import QUIET, Reporter
from bolus.data import (
    AIF,
    Anatomy,
    DSCSeries,
    InputError,
    Preparation,
    PreparedSeries,
    TissueCurves,
)
from bolus.data.options import USUAL
from bolus.patient.drawn import Drawn, drawn
from bolus.patient.drift import correct_drift
from bolus.patient.given import (
    NO_REGIONS,
    VEIN,
    Arterial,
    Beside,
    Regions,
    arterial_input,
    beside,
    diffusion_of,
    images_of,
    on_series,
    read_input,
    reference_choice,
    rois_of,
)
from bolus.patient.leakage import LeakageFit, correct_leakage, find_leakage_model
from bolus.patient.ready import diffusion_on, placed, prepared, with_brain
from bolus.patient.stopwatch import Stopwatch
from bolus.preprocess import tissue_curves

PathLike = str | os.PathLike[str]
PASSES = 2
"""Times that drift is looked for: what is found with an arterial input that drifted, too, is rough.
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """What a series holds for any method.

    The prepared ``series``, its ``curves`` and arterial input, and with a leakage correction the
    ``corrected`` curves and its fit; ``rois`` are the regions given, ``images`` other images of the
    patient by name ('adc', mm²/s) on the series' grid, ``brain_given`` says whether the brain was,
    ``seconds`` are those of every step, ``preparation`` how it was made, ``anatomies`` the images
    that the series was registered to.
    """

    series: PreparedSeries
    curves: TissueCurves
    aif: AIF
    corrected: TissueCurves | None
    leakage: LeakageFit | None
    rois: Mapping[str, np.ndarray]
    seconds: Mapping[str, float]
    preparation: Preparation = USUAL
    brain_given: bool = False
    images: Mapping[str, np.ndarray] = field(default_factory=dict)
    anatomies: tuple[Anatomy, ...] = ()
    reference: str = "none"
    """How a reference region is to be found, one of ``bolus.tissue.CHOICES``."""


def measure(
    series: DSCSeries,
    aif: AIF | np.ndarray | PathLike | None = None,
    mask: np.ndarray | PathLike | None = None,
    *,
    regions: Regions | Beside = NO_REGIONS,
    preparation: Preparation = USUAL,
    reporter: Reporter = QUIET,
) -> Measured:
    """Everything before deconvolution: frames, brain, concentration, arterial input, leakage.

    ``aif`` None finds the arteries; else an AIF, a curve (t,) over the used frames in the tissue's
    unit, a boolean array (x, y, z), or a file: a mask or a TSV table. ``mask`` None finds the
    brain; else a boolean array or a file, as ``bolus.io.read_mask`` takes: NIfTI on the series'
    grid, a DICOM segmentation, or a folder with a DICOM mask series. ``regions`` are masks by
    name: the 'tumor', near which no reference for leakage is taken, and a 'reference', normal
    tissue to compare it with, or how to find that: 'auto' (white matter, as where none is given
    but a tumour is), 'mirror' (of the tumour) or 'none'; and a 'vein' that the arterial input is
    held against when the tissue in its voxels is taken off (else one is found), which may be the
    three numbers of a voxel, from 0. Masks are taken to fit the mean pose of the head. So is 'adc'
    among them, a map of diffusion: a NIfTI file on any grid, put where headers say, or an array of
    mm²/s; 'dwi' in its stead is a file of diffusion-weighted images, of which the map is made
    (``bolus.io.read_dwi``), and which is registered to the series. A ``Beside``
    holds regions and anatomical images, which the series is registered to
    (``register_anatomy``), each by itself; any mask may then lie on an image's grid, and is brought
    to the series by the nearest voxel.

    ``preparation`` says whether head motion is corrected (``correct_motion``), whether signal
    drift (``correct_drift``) and leakage are, and whether frames that moved are censored: left out
    by a method that can (see ``PerfusionMaps.flagged_frames``) and interpolated in time for the
    others and for the arterial input (``censor``). ``reporter`` gets the name of each step.

    Raises InputError and its kind: SeriesError, BolusNotFoundError, MaskError, ArterialInputError,
    RegistrationError.
    """
    watch, more = Stopwatch(reporter), beside(regions)
    images = more.read(series)
    brain = drawn(mask, series, "mask", images_of(images))
    rois = rois_of(more.regions, series, images_of(images))
    diffusion = diffusion_of(more.regions, series.grid)
    given = read_input(aif, series, images_of(images))
    find_leakage_model(preparation.leakage.model)
    own = None if brain is None or brain.image is not None else brain.mask
    found = prepared(series, own, preparation, watch)
    anatomies = placed(found, images, watch)
    if brain is not None and brain.image is not None:
        found = with_brain(found, brain.on(series.grid, anatomies))
    measured = _measured(found, given, rois, anatomies, preparation, watch)
    return replace(
        measured,
        brain_given=brain is not None,
        images=diffusion_on(found, diffusion, watch),
        reference=reference_choice(more.regions),
    )


def measure_prepared(
    series: PreparedSeries,
    aif: AIF | np.ndarray | PathLike | None = None,
    *,
    regions: Regions | Beside = NO_REGIONS,
    preparation: Preparation = USUAL,
    reporter: Reporter = QUIET,
) -> Measured:
    """What ``measure`` does after frames and brain are known: concentration, arteries, leakage.

    ``preparation`` is how the series was prepared, and how leakage is to be corrected. The other
    arguments and errors are ``measure``'s.
    """
    watch, more = Stopwatch(reporter), beside(regions)
    images = more.read(series.series)
    rois = rois_of(more.regions, series.series, images_of(images))
    diffusion = diffusion_of(more.regions, series.grid)
    given = read_input(aif, series.series, images_of(images))
    find_leakage_model(preparation.leakage.model)
    anatomies = placed(series, images, watch)
    measured = _measured(series, given, rois, anatomies, preparation, watch)
    return replace(
        measured,
        images=diffusion_on(series, diffusion, watch),
        reference=reference_choice(more.regions),
    )


def _measured(
    series: PreparedSeries,
    given: Arterial,
    given_rois: Mapping[str, Drawn],
    anatomies: tuple[Anatomy, ...],
    preparation: Preparation,
    watch: Stopwatch,
) -> Measured:
    rois = {name: one.on(series.grid, anatomies) for name, one in given_rois.items()}
    vein = rois.pop(VEIN, None)
    given = on_series(given, series.grid, anatomies)
    curves, artery = _read(series, given, vein, preparation, watch)
    if preparation.drift.use and series.drift is None:
        for _ in range(PASSES):
            before = series.signal
            with watch("correcting drift"):
                series = correct_drift(series, curves, artery, rois.get("tumor"))
            if series.signal is before:
                break
            curves, artery = _read(series, given, vein, preparation, watch)
    lesion, leakage = rois.get("tumor"), preparation.leakage
    corrected, fit = None, None
    if leakage.use or (leakage.use is None and lesion is not None):
        with watch("correcting leakage"):
            corrected, fit = correct_leakage(curves, series, artery, lesion, leakage.model)
    return Measured(
        series=series,
        curves=curves,
        aif=artery,
        corrected=corrected,
        leakage=fit,
        rois=rois,
        seconds=watch.seconds,
        preparation=preparation,
        anatomies=anatomies,
    )


def _read(
    series: PreparedSeries,
    given: Arterial,
    vein: np.ndarray | None,
    preparation: Preparation,
    watch: Stopwatch,
) -> tuple[TissueCurves, AIF]:
    """Curves and arterial input, that without the tissue that its voxels hold.

    An input that was found is judged after that. Raises InputError for a vein that nothing is held
    against.
    """
    with watch("computing concentration"):
        curves = tissue_curves(series)
    unmix = preparation.unmixing.use and not isinstance(given, AIF)
    with watch("finding the arterial input"):
        artery = arterial_input(given, curves, series, judged=not unmix)
    unmix = unmix and artery.mask is not None
    if vein is not None and not unmix:
        raise InputError(
            "a vein is given, but no tissue is taken off this arterial input: that is done of the "
            "mean of arterial voxels, unless it is turned off"
        )
    if unmix:
        with watch("taking tissue off the arterial input"):
            artery = without_tissue(artery, curves, series, vein)
        if given is None:
            check_score(artery)
    return curves, artery
