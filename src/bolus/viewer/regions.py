"""Regions drawn on the page: the ratio of tumour to reference, and keeping them."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from bolus.base.json import write_json
from bolus.data import QUANTITIES, InputError, OutputError, PerfusionMaps, Quantity
from bolus.data.quantities import Ratio
from bolus.findings import with_numbers
from bolus.grading import compared, voxels_of
from bolus.io import write_volume
from bolus.report.text.summary import mask_sidecar
from bolus.viewer.panels import unit
from bolus.viewer.view import REGIONS, TUMOR_OF_MAPS, View

Masks = Mapping[str, Bool[np.ndarray, "x y z"]]


def ratios(view: View, masks: Masks) -> dict[str, object]:
    """Tumour over reference in every map that has a ratio, or the problem with the regions."""
    told: dict[str, object] = {
        "voxels": {name: int(masks[name].sum()) for name in REGIONS},
        "problem": None,
    }
    maps = view.maps
    if maps is None:
        return told | {"rows": [], "problem": "there are no maps yet"}
    rows = []
    off = maps.reference_sd if still_found(maps, masks) else 0.0
    try:
        for name, quantity in QUANTITIES.items():
            if quantity.ratio is not Ratio.NONE and has_values(maps, name):
                found = compared(quantity, voxels_of(maps, name), *_both(masks), reference_sd=off)
                rows.append({"name": name, "title": _title(quantity), "unit": unit(view, name),
                             **asdict(found)})  # fmt: skip
    except InputError as error:
        return told | {"rows": [], "problem": str(error)}
    return told | {"rows": rows}


def still_found(maps: PerfusionMaps, masks: Masks) -> bool:
    """Whether the reference among masks is the one that bolus found for the maps."""
    if maps.reference is None or "reference" not in maps.rois or "reference" not in masks:
        return False
    return bool(np.array_equal(masks["reference"], maps.rois["reference"]))


def has_values(maps: PerfusionMaps, name: str) -> bool:
    """Whether there is a map of a name, and a finite value in it."""
    return name in maps.volumes and bool(np.isfinite(maps.volumes[name]).any())


def _title(quantity: Quantity) -> str:
    return quantity.title + (", ln of ratios" if quantity.ratio is Ratio.LOGARITHM else "")


def _both(masks: Masks) -> tuple[np.ndarray, np.ndarray]:
    return masks["tumor"], masks["reference"]


def save_regions(view: View, masks: Masks, folder: Path) -> list[str]:
    """Write each region that has voxels as NIfTI, remove the files of one that has none.

    The tumour that the maps were made with stays beside them as TUMOR_OF_MAPS, for they can be made
    again with no other. Names of the files written. Raises OutputError.
    """
    written = []
    made_with = None if view.result is None else view.result.measured.rois.get("tumor")
    if made_with is not None:
        write_volume(folder / TUMOR_OF_MAPS, made_with, view.series.grid)
    for name in REGIONS:
        volume, sidecar = folder / f"roi_{name}.nii.gz", folder / f"roi_{name}.json"
        if not masks[name].any():
            _remove(volume)
            _remove(sidecar)
            continue
        write_volume(volume, masks[name], view.series.grid)
        if view.maps is not None:
            write_json(sidecar, mask_sidecar(view.maps, _told(view.maps, name, masks)))
        written.append(volume.name)
    return written


def _told(maps: PerfusionMaps, name: str, masks: Masks) -> str:
    """What the sidecar of a region says."""
    if name == "reference" and maps.reference is not None and still_found(maps, masks):
        return maps.reference.sentence
    return f"Region given as {name}"


def with_regions(view: View, masks: Masks) -> View:
    """The view with its regions replaced, in its maps as well."""
    kept = {name: mask for name, mask in masks.items() if mask.any()}
    if view.result is None:
        return replace(view, regions=kept)
    maps = view.result.maps
    found = maps.reference if still_found(maps, kept) else None
    made = with_numbers(replace(maps, rois=kept, reference=found))
    result = replace(view.result, maps=made)
    return replace(view, regions=kept, result=result)


def regions_to_find(view: View) -> Mapping[str, Bool[np.ndarray, "x y z"] | str]:
    """The regions that maps are made anew with: a reference that bolus found is found again."""
    maps = view.maps
    if maps is None or maps.reference is None or not still_found(maps, view.regions):
        return view.regions
    return {**view.regions, "reference": maps.reference.how}


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be removed ({error.strerror})") from error
