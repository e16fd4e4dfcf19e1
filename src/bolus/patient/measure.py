"""Everything of a patient before deconvolution: concentration, arterial input, leakage."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bolus.base.progress import QUIET, Reporter
from bolus.data import AIF, DSCSeries, LeakageModel, PreparedSeries, TissueCurves
from bolus.estimators import LeakageFit, correct_leakage, find_leakage_model
from bolus.patient.given import arterial_input, mask_of, read_input, rois_of
from bolus.patient.ready import MotionOptions, prepared
from bolus.patient.stopwatch import Stopwatch
from bolus.preprocess import LIMIT, tissue_curves

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """What a series holds for any method.

    The prepared ``series``, its ``curves`` and arterial input, and with a leakage correction the
    ``corrected`` curves and its fit; ``rois`` are the regions given, ``brain_given`` says whether
    the brain was, ``seconds`` are those of every step.
    """

    series: PreparedSeries
    curves: TissueCurves
    aif: AIF
    corrected: TissueCurves | None
    leakage: LeakageFit | None
    rois: Mapping[str, np.ndarray]
    seconds: Mapping[str, float]
    brain_given: bool = False


def measure(
    series: DSCSeries,
    aif: AIF | np.ndarray | PathLike | None = None,
    mask: np.ndarray | PathLike | None = None,
    *,
    tumor: np.ndarray | PathLike | None = None,
    reference: np.ndarray | PathLike | None = None,
    leakage: bool | None = None,
    leakage_model: str | LeakageModel = "free",
    motion: bool = True,
    motion_limit: float = LIMIT,
    flagged: str = "keep",
    reporter: Reporter = QUIET,
) -> Measured:
    """Everything before deconvolution: frames, brain, concentration, arterial input, leakage.

    ``aif`` None finds the arteries; else an AIF, a curve (t,) over the used frames in the tissue's
    unit, a boolean array (x, y, z), or a file: a mask or a TSV table. ``mask`` None finds the
    brain; else a boolean array or a file, as ``bolus.io.read_mask`` takes: NIfTI on the series'
    grid, a DICOM segmentation, or a folder with a DICOM mask series. ``leakage`` says whether
    leakage is corrected, None: where a ``tumor`` mask is given, near which no reference is taken.
    ``reference`` is normal tissue to compare the tumour with. ``motion`` corrects that of the
    head (``correct_motion``: masks are taken to fit the mean pose); frames with a framewise
    displacement over ``motion_limit`` mm are flagged. ``flagged`` says what is done with these:
    "keep", they count as any other, or "drop", they are left out by a method that can (see
    ``PerfusionMaps.flagged_frames``) and interpolated in time for the others and for the arterial
    input (``censor_moved``). ``reporter`` gets the name of each step.

    Raises InputError and its kind: SeriesError, BolusNotFoundError, MaskError, ArterialInputError.
    """
    watch = Stopwatch(reporter)
    options = MotionOptions(motion, motion_limit, flagged)
    brain = mask_of(mask, series, "mask")
    rois = rois_of({"tumor": tumor, "reference": reference}, series)
    given = read_input(aif, series)
    leakage_model = find_leakage_model(leakage_model)
    found = prepared(series, brain, options, watch)
    measured = _measured(found, given, rois, leakage, leakage_model, watch)
    return replace(measured, brain_given=brain is not None)


def measure_prepared(
    series: PreparedSeries,
    aif: AIF | np.ndarray | PathLike | None = None,
    *,
    tumor: np.ndarray | PathLike | None = None,
    reference: np.ndarray | PathLike | None = None,
    leakage: bool | None = None,
    leakage_model: str | LeakageModel = "free",
    reporter: Reporter = QUIET,
) -> Measured:
    """What ``measure`` does after frames and brain are known: concentration, arteries, leakage.

    Arguments and errors are ``measure``'s.
    """
    watch = Stopwatch(reporter)
    rois = rois_of({"tumor": tumor, "reference": reference}, series.series)
    given = read_input(aif, series.series)
    leakage_model = find_leakage_model(leakage_model)
    return _measured(series, given, rois, leakage, leakage_model, watch)


def _measured(
    series: PreparedSeries,
    aif: AIF | np.ndarray | PathLike | None,
    rois: Mapping[str, np.ndarray],
    leakage: bool | None,
    leakage_model: LeakageModel,
    watch: Stopwatch,
) -> Measured:
    with watch("computing concentration"):
        curves = tissue_curves(series)
    with watch("finding the arterial input"):
        artery = arterial_input(aif, curves, series)
    lesion = rois.get("tumor")
    corrected, fit = None, None
    if leakage or (leakage is None and lesion is not None):
        with watch("correcting leakage"):
            corrected, fit = correct_leakage(curves, series, artery, lesion, leakage_model)
    return Measured(
        series=series,
        curves=curves,
        aif=artery,
        corrected=corrected,
        leakage=fit,
        rois=rois,
        seconds=watch.seconds,
    )
