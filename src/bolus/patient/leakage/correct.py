"""Curves with what leakage took off them added."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import AIF, CurveError, LeakageModel, LeakageProblem, PreparedSeries, TissueCurves
from bolus.patient.leakage.models import find_leakage_model
from bolus.patient.leakage.reference import reference_curve


@dataclass(frozen=True, kw_only=True, eq=False)
class LeakageFit:
    """``k2`` (n,) in 1/s, NaN for a curve that is not finite; the reference curve m (t,)."""

    k2: Float[np.ndarray, " n"]
    reference: Float[np.ndarray, " t"]
    model: LeakageModel


def correct_leakage(
    curves: TissueCurves,
    series: PreparedSeries,
    aif: AIF,
    tumor: Bool[np.ndarray, "x y z"] | None = None,
    model: str | LeakageModel = "free",
) -> tuple[TissueCurves, LeakageFit]:
    """The curves with what leakage took off them added, and the fit.

    ``model`` is a name in MODELS or a model of one's own; it fits K2 in every voxel, and is given
    the mean curve of brain that does not leak (``reference_curve``), away from the ``tumor``.

    Raises InputError for what is no model, CurveError for an arterial input that does not fit,
    MaskError for a tumour that leaves no reference.
    """
    chosen = find_leakage_model(model)
    if aif.curve.shape != curves.time.shape or not aif.curve.sum() > 0:
        raise CurveError(
            f"the arterial input needs the curves' {curves.time.size} frames and a positive area, "
            f"found shape {aif.curve.shape} and a sum of {aif.curve.sum():g}"
        )
    reference = reference_curve(curves, series, tumor)
    good = np.isfinite(curves.curves).all(axis=1) & np.isfinite(curves.noise_sd)
    k2, corrected = np.full(len(good), np.nan), curves.curves.copy()
    noise, te = curves.noise_sd[good], series.te or 1.0
    found = chosen.fit(
        LeakageProblem(curves.curves[good], noise, reference, aif.curve, series.dt, te)
    )
    k2[good] = found.k2
    corrected[good] += found.taken.astype(corrected.dtype)
    return replace(curves, curves=corrected), LeakageFit(k2=k2, reference=reference, model=chosen)
