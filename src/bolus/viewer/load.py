"""A folder that ``bolus maps`` wrote, back as what was in memory then."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bolus.base.progress import QUIET, Reporter
from bolus.data import (
    AIF,
    ArterialScore,
    Criterion,
    InputError,
    LeakageCorrection,
    Preparation,
    PreparedSeries,
    Quality,
    Vein,
    is_sd,
    plain_name,
    quantity_of,
)
from bolus.data.reference import FoundReference
from bolus.estimators import (
    Estimator,
    Explainer,
    PatientExplainer,
    capabilities,
    description,
    explainer,
    rebuilt,
)
from bolus.estimators.phae import Weights
from bolus.findings import with_numbers
from bolus.grading.facts import read_facts
from bolus.io import KEPT, read_aif, read_kept, read_map, read_mask, read_registered
from bolus.io.checksums import mask_checksum
from bolus.patient import Beside, Measured, PatientMaps, measure_prepared
from bolus.patient.together import among_others
from bolus.viewer.view import REGIONS, TUMOR_OF_MAPS, Result, View

SUMMARY = "summary.json"
ARTERIAL = {
    "origin": str,
    "quality": float | int | None,
    "notes": list,
    "slice_time_s": float | int | None,
}
"""What it must hold of the arterial input, and of what kind."""


def read_view(
    folder: Path,
    *,
    weights: Weights | None = None,
    method: Estimator | None = None,
    reporter: Reporter = QUIET,
) -> tuple[View, Estimator]:
    """The result in a folder, and the estimator that made it.

    ``method`` is for an estimator that the summary cannot name, ``weights`` for a network that
    does not come with the package. Raises InputError for a folder bolus did not write, or wrote
    without its series; WeightsError, MethodError when the method cannot be set up again.
    """
    told = _facts(folder)
    chosen = method or rebuilt(told["method"], told["parameters"], weights)
    series = read_kept(folder / KEPT)
    regions = {
        name: read_mask(path, series.grid)
        for name in REGIONS
        if (path := folder / f"roi_{name}.nii.gz").exists()
    }
    preparation, anatomies = _preparation(told), read_registered(folder, told)
    measured = measure_prepared(
        series,
        _arterial(folder, told["aif"], series),
        regions=Beside(
            regions={
                **_regions_of_maps(folder, told, regions, series),
                **_diffusion(folder, series),
            },
            anatomy=anatomies,
        ),
        preparation=preparation,
        reporter=reporter,
    )
    plain = replace(_maps(folder, told, measured, chosen), rois=regions)
    maps = with_numbers(replace(plain, reference=_found_reference(told, regions)))
    result = result_of(measured, maps, chosen)
    view = View(
        series=measured.series,
        curves=measured.curves,
        result=result,
        regions=regions,
        preparation=preparation,
        anatomies=anatomies,
    )
    return view, chosen


def _found_reference(
    told: Mapping[str, Any], regions: Mapping[str, np.ndarray]
) -> FoundReference | None:
    """Where the reference lies that bolus found for the maps, if it is still that one."""
    found = told.get("reference")
    if found is None:
        return None
    reference, mask = FoundReference.from_json(found), regions.get("reference")
    if mask is None:
        return reference if reference.refusal else None
    written = (told.get("regions") or {}).get("reference") or {}
    return reference if written.get("sha256") == mask_checksum(mask) else None


def result_of(measured: Measured, maps: PatientMaps, chosen: Estimator) -> Result:
    """Maps with the method made ready for their arterial input."""
    able = capabilities(chosen)
    if able.response is None:
        return Result(measured=measured, maps=maps, explain=None)
    curves, aif = measured.corrected or measured.curves, measured.aif
    ready: Explainer | PatientExplainer
    if able.joint:
        where, noise = among_others(chosen, measured, curves)
        ready = PatientExplainer(chosen, curves.curves, aif.curve, aif.dt, where, noise)
    else:
        ready = explainer(chosen, curves.curves, aif.curve, measured.series.dt)
    return Result(measured=measured, maps=maps, explain=ready)


def holds_maps(folder: Path) -> bool:
    """Whether ``bolus maps`` wrote a folder.

    A simulated patient and a demonstration have a summary, too, and other programs may have one.
    """
    if not (folder / SUMMARY).is_file():
        return False
    try:
        told = read_facts(folder / SUMMARY)
    except InputError:
        return False
    return isinstance(told.get("method"), str)


def _facts(folder: Path) -> dict[str, Any]:
    """The summary, with all that is needed of it."""
    if not (folder / SUMMARY).is_file():
        found = "it has no summary.json" if folder.is_dir() else "there is none of this name"
        raise InputError(f"{folder}: a folder that bolus maps wrote is expected; {found}")
    told: dict[str, Any] = read_facts(folder / SUMMARY)
    kinds = {
        "method": str,
        "preparation": dict,
        "parameters": dict,
        "units": dict,
        "aif": dict,
        "seconds": dict,
        "motion": dict | None,
    }
    wrong = [name for name, kind in kinds.items() if not isinstance(told.get(name), kind)]
    if wrong or "leakage_model" not in told:
        raise InputError(
            f"{folder / SUMMARY}: the summary of maps is expected; this one does not tell "
            f"{', '.join(wrong) or 'leakage_model'}"
        )
    return told


def _regions_of_maps(
    folder: Path, told: Mapping[str, Any], regions: Mapping[str, np.ndarray], series: PreparedSeries
) -> dict[str, np.ndarray]:
    """The regions with the tumour that the maps were made with, whatever was drawn since.

    As it is where the summary, an earlier version's, does not identify it, or where it is gone.
    """
    known = told.get("regions")
    if not isinstance(known, dict):
        return dict(regions)
    others = {name: mask for name, mask in regions.items() if name != "tumor"}
    if "tumor" not in known:
        return others
    candidates = [regions[name] for name in ("tumor",) if name in regions]
    if (folder / TUMOR_OF_MAPS).exists():
        candidates.append(read_mask(folder / TUMOR_OF_MAPS, series.grid))
    right = (one for one in candidates if known["tumor"] == {"sha256": mask_checksum(one)})
    found = next(right, regions.get("tumor"))
    return others if found is None else {**others, "tumor": found}


def _diffusion(folder: Path, series: PreparedSeries) -> dict[str, np.ndarray]:
    """The map of diffusion that was given, where there is one."""
    path = folder / "adc.nii.gz"
    return {"adc": read_map(path, series.grid)[0]} if path.exists() else {}


def _preparation(told: Mapping[str, Any]) -> Preparation:
    """How the result was made; leakage is corrected as it was, whatever was drawn since."""
    found = Preparation.from_json(told["preparation"])
    model = told["leakage_model"]
    use = LeakageCorrection(use=model is not None, model=model or found.leakage.model)
    return replace(found, leakage=use)


def _arterial(folder: Path, told: Mapping[str, Any], series: PreparedSeries) -> AIF:
    wrong = [
        name
        for name, kind in ARTERIAL.items()
        if name not in told or not isinstance(told[name], kind)
    ]
    if wrong or not all(isinstance(note, str) for note in told["notes"]):
        lacking = ", ".join(wrong) or "notes"
        raise InputError(
            f"{folder / SUMMARY}: the arterial input is described without {lacking}; "
            "another version wrote this result, make the maps again"
        )
    frames = series.frames.stop - series.frames.first
    found = read_aif(folder / "aif.tsv", frames, series.dt, series.relative)
    voxels = read_mask(folder / "aif_mask.nii.gz", series.grid) if told.get("voxels") else None
    return AIF(
        curve=found.curve,
        dt=series.dt,
        origin=told["origin"],
        mask=voxels,
        score=_score(told, folder / SUMMARY),
        notes=tuple(told["notes"]),
        slice_time=told["slice_time_s"],
        mixed=None if told.get("mixed") is None else np.array(told["mixed"], dtype=float),
        scale_sd=told.get("scale_sd"),
        vein=_vein(folder, told.get("vein"), series),
    )


def _vein(folder: Path, told: Mapping[str, Any] | None, series: PreparedSeries) -> Vein | None:
    if told is None:
        return None
    if not isinstance(told.get("by_hand"), bool) or not isinstance(told.get("curve"), list):
        raise InputError(f"{folder / SUMMARY}: the vein is described without by_hand or curve")
    mask = read_mask(folder / "vein_mask.nii.gz", series.grid)
    return Vein(mask=mask, curve=np.array(told["curve"], dtype=float), by_hand=told["by_hand"])


def _common(told: Mapping[str, Any]) -> dict[str, float]:
    """What voxels of a map are off by together; an earlier version knew of the input's scale."""
    known = told.get("common_sd")
    if isinstance(known, dict):
        return {name: float(sd) for name, sd in known.items()}
    scale = told["aif"].get("scale_sd")
    scaled = [name for name in told["units"] if is_sd(name) and quantity_of(name).scaled]
    return {} if scale is None else {plain_name(name): scale for name in scaled}


def _score(told: Mapping[str, Any], path: Path) -> ArterialScore | None:
    if told["quality"] is None:
        return None
    try:
        criteria = tuple(Criterion(**one) for one in told["criteria"])
        well = all(isinstance(one.value, float | int | None) for one in criteria) and all(
            isinstance(text, str) for one in criteria for text in (one.name, one.sentence)
        )
        if not well:
            raise TypeError("a criterion of another kind")
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{path}: the criteria of the arterial input's score are expected, found none that can "
            "be read; an earlier version wrote this result, make the maps again"
        ) from error
    return ArterialScore(value=told["quality"], criteria=criteria)


def _maps(
    folder: Path, told: Mapping[str, Any], measured: Measured, chosen: Estimator
) -> PatientMaps:
    grid, curves = measured.series.grid, measured.curves
    volumes = {name: read_map(folder / f"{name}.nii.gz", grid)[0] for name in told["units"]}
    quality = read_map(folder / "quality.nii.gz", grid)[0].astype(np.uint8)
    return PatientMaps(
        series=measured.series,
        aif=measured.aif,
        method=told["method"],
        parameters=told["parameters"],
        description=description(chosen),
        quality=quality,
        mask=(quality & np.uint8(Quality.OUTSIDE_MASK)) == 0,
        volumes={name: volume for name, volume in volumes.items() if not is_sd(name)},
        sd={plain_name(name): volume for name, volume in volumes.items() if is_sd(name)},
        leakage_model=None if measured.leakage is None else measured.leakage.model,
        tissue=(measured.corrected or curves).mean,
        noise=float(np.nanmedian(curves.noise_sd)),
        seconds=told["seconds"],
        rois=measured.rois,
        common=_common(told),
        preparation=measured.preparation,
        anatomies=measured.anatomies,
        label=str(told.get("label", "")),
        flagged_frames=(told.get("motion") or {}).get("handling", "none"),
    )
