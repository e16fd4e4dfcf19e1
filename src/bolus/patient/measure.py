"""Everything of a patient before deconvolution: concentration, arterial input, leakage."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bolus.aif import check_score, without_tissue
from bolus.base.progress import QUIET, Reporter
from bolus.data import AIF, DSCSeries, InputError, Preparation, PreparedSeries, TissueCurves
from bolus.data.options import USUAL
from bolus.patient.given import (
    NO_REGIONS,
    VEIN,
    Arterial,
    Regions,
    arterial_input,
    mask_of,
    read_input,
    rois_of,
)
from bolus.patient.leakage import LeakageFit, correct_leakage, find_leakage_model
from bolus.patient.ready import prepared
from bolus.patient.stopwatch import Stopwatch
from bolus.preprocess import tissue_curves

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """What a series holds for any method.

    The prepared ``series``, its ``curves`` and arterial input, and with a leakage correction the
    ``corrected`` curves and its fit; ``rois`` are the regions given, ``brain_given`` says whether
    the brain was, ``seconds`` are those of every step, ``preparation`` how it was made.
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


def measure(
    series: DSCSeries,
    aif: AIF | np.ndarray | PathLike | None = None,
    mask: np.ndarray | PathLike | None = None,
    *,
    regions: Regions = NO_REGIONS,
    preparation: Preparation = USUAL,
    reporter: Reporter = QUIET,
) -> Measured:
    """Everything before deconvolution: frames, brain, concentration, arterial input, leakage.

    ``aif`` None finds the arteries; else an AIF, a curve (t,) over the used frames in the tissue's
    unit, a boolean array (x, y, z), or a file: a mask or a TSV table. ``mask`` None finds the
    brain; else a boolean array or a file, as ``bolus.io.read_mask`` takes: NIfTI on the series'
    grid, a DICOM segmentation, or a folder with a DICOM mask series. ``regions`` are masks by
    name: the 'tumor', near which no reference for leakage is taken, and a 'reference', normal
    tissue to compare it with; and a 'vein' that the arterial input is held against when the tissue
    in its voxels is taken off (else one is found), which may be the three numbers of a voxel, from
    0. Masks are taken to fit the mean pose of the head.

    ``preparation`` says whether head motion is corrected (``correct_motion``), whether leakage is,
    and whether frames that moved are censored: left out by a method that can (see
    ``PerfusionMaps.flagged_frames``) and interpolated in time for the others and for the arterial
    input (``censor``). ``reporter`` gets the name of each step.

    Raises InputError and its kind: SeriesError, BolusNotFoundError, MaskError, ArterialInputError.
    """
    watch = Stopwatch(reporter)
    brain = mask_of(mask, series, "mask")
    rois = rois_of(regions, series)
    given = read_input(aif, series)
    find_leakage_model(preparation.leakage.model)
    found = prepared(series, brain, preparation, watch)
    measured = _measured(found, given, rois, preparation, watch)
    return replace(measured, brain_given=brain is not None)


def measure_prepared(
    series: PreparedSeries,
    aif: AIF | np.ndarray | PathLike | None = None,
    *,
    regions: Regions = NO_REGIONS,
    preparation: Preparation = USUAL,
    reporter: Reporter = QUIET,
) -> Measured:
    """What ``measure`` does after frames and brain are known: concentration, arteries, leakage.

    ``preparation`` is how the series was prepared, and how leakage is to be corrected. The other
    arguments and errors are ``measure``'s.
    """
    watch = Stopwatch(reporter)
    rois = rois_of(regions, series.series)
    given = read_input(aif, series.series)
    find_leakage_model(preparation.leakage.model)
    return _measured(series, given, rois, preparation, watch)


def _measured(
    series: PreparedSeries,
    given: Arterial,
    rois: Mapping[str, np.ndarray],
    preparation: Preparation,
    watch: Stopwatch,
) -> Measured:
    vein = rois.get(VEIN)
    rois = {name: mask for name, mask in rois.items() if name != VEIN}
    with watch("computing concentration"):
        curves = tissue_curves(series)
    artery = _artery(series, curves, given, vein, preparation, watch)
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
    )


def _artery(
    series: PreparedSeries,
    curves: TissueCurves,
    given: Arterial,
    vein: np.ndarray | None,
    preparation: Preparation,
    watch: Stopwatch,
) -> AIF:
    """The arterial input, without the tissue in its voxels; one that was found is judged last.

    Raises InputError for a vein that nothing is held against.
    """
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
    return artery
