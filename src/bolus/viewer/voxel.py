"""One voxel for the page: its curve, how the method explains it, and its values."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from bolus.data import QUANTITIES, InputError, LeakageModel, Quality
from bolus.estimators import (
    Explainer,
    Explanation,
    PatientExplainer,
    capabilities,
    explainer,
    sample_noise,
)
from bolus.estimators.explain import LEVELS
from bolus.patient.quantify import Units
from bolus.patient.timing import LATE, at_slice, lateness
from bolus.viewer.panels import unit
from bolus.viewer.view import Result, View

Index = tuple[int, int, int]
SPAN = (-12.0, 60.0)
"""How much of the impulse response is sent: s after the arterial input."""
OUTSIDE = "Outside the brain: no curve is kept here."
UNUSABLE = "This voxel has no usable signal, so there is no curve."
FLAGS = {
    Quality.NO_BOLUS: "no bolus stands out of the noise, so there are no times",
    Quality.CLIPPED: "the signal fell to 1 % of its baseline and was clamped to that",
    Quality.NON_FINITE: "a sample is not finite, or there is no baseline",
    Quality.POOR_FIT: "poor fit: something else than the model is in this curve",
}


def voxel(view: View, index: Index) -> dict[str, object]:
    """What the page shows of a voxel. Raises InputError for one outside the grid."""
    shape = view.series.grid.shape
    if not all(0 <= n < size for n, size in zip(index, shape, strict=True)):
        raise InputError(f"voxel {index} lies outside the grid of {shape}")
    row = int(view.rows[index])
    told: dict[str, object] = {
        "voxel": index,
        "place": (view.series.grid.affine @ [*index, 1])[:3],
        "baseline": float(view.baseline[index]),
        "problem": OUTSIDE if row < 0 else None,
        "version": view.version,
    }
    if row < 0:
        return told
    curve = view.curves.curves[row]
    flags = int(view.curves.quality[row])
    if view.maps is not None:
        flags = int(view.maps.quality[index])
    told |= {"curve": curve, "quality": [text for bit, text in FLAGS.items() if flags & bit]}
    if not np.isfinite(curve).all():
        return told | {"curve": None, "problem": UNUSABLE}
    if view.result is not None:
        told |= _explained(view, view.result, row, index)
    return told


def _explained(view: View, result: Result, row: int, index: Index) -> dict[str, object]:
    if result.explain is None:
        return {"values": _values(view, result, {}, index)}
    found, late = _explanation(view, result, result.explain, row)
    flow = _units(view).scale("cbf")
    time = found.response_time + late
    near = (time >= SPAN[0]) & (time <= SPAN[1])
    known = {k: v + late if k in LATE else v for k, v in found.quantiles.items()}
    return {
        "corrected": None if result.measured.corrected is None else found.curve,
        "reconstruction": found.reconstruction,
        "response": {
            "time": time[near],
            "value": flow * found.response[near],
            "unit": unit(view, "cbf"),
        },
        "values": _values(view, result, known, index),
    }


def _units(view: View) -> Units:
    return Units(view.series.relative, view.preparation.blood.hematocrit)


def _explanation(
    view: View, result: Result, explain: Explainer | PatientExplainer, row: int
) -> tuple[Explanation, float]:
    """How a voxel is explained, and the seconds to be added to its times."""
    if isinstance(explain, PatientExplainer):
        return explain(row), 0.0
    curves, aif = result.explained, result.measured.aif
    noise = sample_noise(explain.estimator, curves.noise_sd, view.series, slice(row, row + 1))
    late = float(lateness(view.series, aif)[row])
    if late and not capabilities(explain.estimator).delay:  # as ``solved`` does
        own = at_slice(aif, late)
        explain, late = explainer(explain.estimator, curves.curves, own, view.series.dt), 0.0
    return explain(curves.curves[row], noise[0]), late


def _values(
    view: View, result: Result, known: Mapping[str, np.ndarray], index: Index
) -> list[object]:
    """The maps here, with the posterior's quantiles where the method and the voxel have one."""
    maps, rows = result.maps, list[object]()
    for name, quantity in QUANTITIES.items():
        if name not in maps.units or not np.isfinite(maps.volume(name)).any():
            continue
        value = float(maps.volume(name)[index])
        quantiles = known.get(_posterior_of(name, maps.leakage_model))
        if quantiles is not None:
            quantiles = _units(view).scale(name) * quantiles
            if quantity.scaled and maps.aif.scale_sd is not None and (quantiles > 0).all():
                quantiles = _absolute(quantiles, maps.aif.scale_sd)
        rows.append(
            {
                "name": name,
                "title": quantity.title,
                "unit": unit(view, name),
                "value": value,
                "quantiles": quantiles if np.isfinite(value) else None,
            }
        )
    return rows


def _absolute(
    quantiles: Float[np.ndarray, " levels"], scale_sd: float
) -> Float[np.ndarray, " levels"]:
    """Quantiles at LEVELS with the scale that all voxels share: both errors add, in logarithms."""
    middle = quantiles[LEVELS.index(0.5)]
    own, common = np.log(quantiles / middle), scale_sd * ndtri(LEVELS)
    return np.asarray(middle * np.exp(np.sign(common) * np.hypot(own, common)))


def _posterior_of(name: str, leakage: LeakageModel | None) -> str:
    """Whose posterior is the map's: with leakage correction that of CBV is the corrected one's."""
    if leakage is None:
        return name
    return {"cbv": "", "cbv_corrected": "cbv"}.get(name, name)
