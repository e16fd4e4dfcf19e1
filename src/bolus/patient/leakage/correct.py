"""Curves with what leakage took off them added."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import (
    AIF,
    CurveError,
    LeakageEstimate,
    LeakageModel,
    LeakagePlaces,
    LeakageProblem,
    MethodError,
    PreparedSeries,
    TissueCurves,
)
from bolus.patient.leakage.models import find_leakage_model
from bolus.patient.leakage.reference import reference_curve


@dataclass(frozen=True, kw_only=True, eq=False)
class LeakageFit:
    """``k2`` (n,) in 1/s, NaN for a curve that is not finite; the reference curve m (t,).

    ``area_sd`` (n,) is the SD of the area that the correction added, in the curves' unit times s,
    NaN likewise; None of a model that does not know it.
    """

    k2: Float[np.ndarray, " n"]
    area_sd: Float[np.ndarray, " n"] | None
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

    Raises InputError for what is no model, MethodError for an answer of it that is no estimate of
    these curves, CurveError for an arterial input that does not fit,
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
    corrected = curves.curves.copy()
    problem = LeakageProblem(
        tissue=curves.curves[good],
        noise_sd=curves.noise_sd[good],
        reference=reference,
        aif=aif.curve,
        dt=series.dt,
        te=series.te or 1.0,
        places=_places(series, tumor, good),
    )
    found = chosen.fit(problem)
    _check(found, chosen, curves.curves[good].shape)
    corrected[good] += found.taken.astype(corrected.dtype)
    fit = LeakageFit(
        k2=_among(good, found.k2),
        area_sd=None if found.area_sd is None else _among(good, found.area_sd),
        reference=reference,
        model=chosen,
    )
    return replace(curves, curves=corrected), fit


def _among(good: Bool[np.ndarray, " n"], values: Float[np.ndarray, " g"]) -> np.ndarray:
    """Values of the good curves at their places, NaN at the others, (n,)."""
    out = np.full(len(good), np.nan)
    out[good] = values
    return out


def _places(
    series: PreparedSeries, tumor: Bool[np.ndarray, "x y z"] | None, good: Bool[np.ndarray, " n"]
) -> LeakagePlaces:
    """Those of the brain's good voxels."""
    inside = np.zeros(len(good), dtype=bool) if tumor is None else tumor[series.mask]
    return LeakagePlaces(np.argwhere(series.mask)[good], inside[good])


def _check(found: object, model: LeakageModel, shape: tuple[int, ...]) -> None:
    """Raise MethodError for an answer that is no estimate of curves of a shape (n, t)."""
    if not isinstance(found, LeakageEstimate):
        raise MethodError(f"leakage model '{model.name}' answered with {type(found).__name__}, "
                          "expected LeakageEstimate")  # fmt: skip
    told = [("k2", found.k2, shape[:1]), ("taken", found.taken, shape)]
    if found.area_sd is not None:
        told.append(("area_sd", found.area_sd, shape[:1]))
    for name, value, expected in told:
        values = np.asarray(value)
        if values.shape != expected or values.dtype.kind != "f":
            raise MethodError(
                f"leakage model '{model.name}' answered with {name} of shape {values.shape} and "
                f"type {values.dtype}, expected {expected} of floats"
            )
    bad = int((~np.isfinite(found.taken)).any(axis=1).sum())
    if bad:
        raise MethodError(
            f"leakage model '{model.name}' answered with {bad} of {shape[0]} curves that are not "
            "finite"
        )
