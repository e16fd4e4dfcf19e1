"""One patient, straight through: a series in, maps out."""

import os
from dataclasses import fields, replace
from typing import Unpack

import numpy as np
from jaxtyping import Float

from bolus.base.progress import QUIET, Reporter
from bolus.data import AIF, DSCSeries, Perfusion, Preparation, TissueCurves
from bolus.data.options import USUAL
from bolus.estimators import (
    Estimator,
    capabilities,
    deconvolve_patient,
    estimator,
    sample_noise,
)
from bolus.findings import with_numbers, with_reference
from bolus.patient.given import NO_REGIONS, Beside, Regions
from bolus.patient.measure import Measured, measure
from bolus.patient.methods import DEFAULT, method_name
from bolus.patient.quantify import LeakageResult, half_width, quantify
from bolus.patient.result import PatientMaps
from bolus.patient.source import Said, series_of
from bolus.patient.stopwatch import Stopwatch
from bolus.patient.timing import at_slice, lateness, solved
from bolus.patient.together import among_others
from bolus.physics import blood_volume

PathLike = str | os.PathLike[str]


def perfusion_maps(
    series: DSCSeries | PathLike | np.ndarray,
    method: str | Estimator = DEFAULT,
    aif: AIF | np.ndarray | PathLike | None = None,
    mask: np.ndarray | PathLike | None = None,
    *,
    regions: Regions | Beside = NO_REGIONS,
    preparation: Preparation = USUAL,
    reporter: Reporter = QUIET,
    **said: Unpack[Said],
) -> PatientMaps:
    """Perfusion maps of a series.

    ``series`` is a ``bolus.DSCSeries``, the path of a NIfTI file or a DICOM folder, or an array
    (x, y, z, t) of the signal. ``tr=``, ``te=`` and ``affine=`` (``bolus.patient.Said``) say of an
    array or a file what it does not say itself. ``method`` is a name in ``bolus.METHODS`` or a
    configured estimator, such as ``bolus.from_weights`` makes. ``aif`` is an arterial input, a
    curve (t,), a mask or a file; None finds the arteries. ``mask`` is the brain, None finds it.
    ``regions`` are masks by name ('tumor', 'reference', 'vein') and 'adc', or a
    ``bolus.patient.Beside`` with an anatomical image; ``preparation`` says what is corrected.
    ``bolus.patient.measure`` says more of these.

    Raises ``bolus.BolusError`` of a kind: SeriesError, BolusNotFoundError, MaskError,
    ArterialInputError, RegistrationError, MethodError (all in ``bolus.data``).
    """
    chosen = estimator(method)
    measured = measure(
        series_of(series, **said),
        aif,
        mask,
        regions=regions,
        preparation=preparation,
        reporter=reporter,
    )
    name = method if isinstance(method, str) else method_name(chosen)
    return estimate(measured, chosen, name=name, reporter=reporter)


def estimate(
    measured: Measured,
    method: str | Estimator = DEFAULT,
    *,
    name: str | None = None,
    reporter: Reporter = QUIET,
) -> PatientMaps:
    """Maps by a method of what was measured. Raises MethodError.

    ``name`` is what the maps say of an estimator that METHODS does not hold.
    """
    chosen, watch = estimator(method), Stopwatch(reporter)
    told = name or (method if isinstance(method, str) else method_name(chosen))
    with watch("deconvolving"):
        curves = measured.curves if measured.corrected is None else measured.corrected
        perfusion = perfusion_of(measured, curves, chosen)
    leak = None
    if measured.leakage is not None:
        with watch("volume without correction"):
            leak = LeakageResult(
                measured.leakage, *_uncorrected_volume(measured, perfusion, chosen)
            )
    with watch("judging quality"):
        maps = quantify(
            measured.series,
            curves,
            measured.aif,
            perfusion,
            method=told,
            estimator=chosen,
            seconds={},
            leak=leak,
            hematocrit=measured.preparation.blood.hematocrit,
        )
    named = {f.name: getattr(maps, f.name) for f in fields(maps)}
    kept = {
        "volumes": {**maps.volumes, **measured.images},
        "rois": measured.rois,
        "brain_given": measured.brain_given,
        "preparation": measured.preparation,
        "anatomies": measured.anatomies,
    }
    made = PatientMaps(**{**named, **kept})
    if measured.reference != "none":
        with watch("finding the reference region"):
            made = with_reference(made, measured.reference)
    with watch("measuring regions"):
        made = with_numbers(made)
    return replace(made, seconds={**measured.seconds, **watch.seconds})


def perfusion_of(measured: Measured, curves: TissueCurves, chosen: Estimator) -> Perfusion:
    """What an estimator makes of ``curves`` of all voxels of the mask, not put on the grid yet."""
    aif = measured.aif
    if capabilities(chosen).joint:
        where, noise = among_others(chosen, measured, curves)
        return deconvolve_patient(curves.curves, aif.curve, aif.dt, where, chosen, noise)
    noise = sample_noise(chosen, curves.noise_sd, measured.series)
    late = lateness(measured.series, aif)
    return solved(chosen, curves, aif, late, noise)


def _uncorrected_volume(
    measured: Measured, corrected: Perfusion, chosen: Estimator
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"] | None]:
    """CBV of the curves before leakage was corrected and its SD (None: not known), (n,) each.

    By the method itself, but where it would only do once more what is known: a volume that is a
    ratio of areas is that of the curves, and voxels that are estimated together keep what they were
    found to be, less the area that the correction added.
    """
    able, curves = capabilities(chosen), measured.curves
    if able.area:
        return _areas(measured, curves.curves), None
    if able.joint:
        assert measured.corrected is not None
        added = _areas(measured, measured.corrected.curves - curves.curves)
        return corrected.cbv - added, _volume_sd(corrected)
    found = perfusion_of(measured, curves, chosen)
    return found.cbv, _volume_sd(found)


def _areas(measured: Measured, curves: Float[np.ndarray, "n t"]) -> Float[np.ndarray, " n"]:
    """Areas of curves over that of the arterial input at the times of their slices, (n,)."""
    late, found = lateness(measured.series, measured.aif), np.empty(len(curves), curves.dtype)
    for seconds in np.unique(late):
        rows, artery = late == seconds, at_slice(measured.aif, float(seconds))
        found[rows] = blood_volume(curves[rows], artery.astype(curves.dtype))
    return found


def _volume_sd(perfusion: Perfusion) -> Float[np.ndarray, " n"] | None:
    known = () if perfusion.posterior is None else perfusion.posterior.quantities
    return half_width(perfusion, "cbv") if "cbv" in known else None
