"""Maps of CBV against normal tissue: normalised by a reference region, and standardised."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from scipy.ndimage import distance_transform_edt

from bolus.data import QUANTITIES, PerfusionMaps
from bolus.grading import region, voxels_of
from bolus.tissue import TissueError, standardised

MADE = tuple(name for name, quantity in QUANTITIES.items() if quantity.regional)
MARGIN = 12.0
"""mm about a lesion that are no part of the histogram of normal brain."""
Maps = TypeVar("Maps", bound=PerfusionMaps)


def with_normalised(maps: Maps) -> Maps:
    """The same maps with normalised and standardised rCBV for the regions they have now.

    Normalised where there is a reference, standardised where there is a tumour or a reference; no
    map where the mean of the reference is not above 0 or the histogram has no landmarks.
    """
    volumes = {name: one for name, one in maps.volumes.items() if name not in MADE}
    sd = {name: one for name, one in maps.sd.items() if name not in MADE}
    for name, (volume, spread) in _made(maps).items():
        volumes[name] = volume
        if spread is not None:
            sd[name] = spread
    return replace(maps, volumes=volumes, sd=sd)


def _made(maps: PerfusionMaps) -> dict[str, tuple[np.ndarray, np.ndarray | None]]:
    made = {}
    normalised = _normalised(maps) if "reference" in maps.rois else None
    if normalised is not None:
        made["nrcbv"] = normalised
    if maps.rois or maps.reference is not None:
        try:
            made["srcbv"] = _standardised(maps)
        except TissueError:  # no map; the histogram is too small or flat for landmarks
            return made
    return made


def _normalised(maps: PerfusionMaps) -> tuple[np.ndarray, np.ndarray | None] | None:
    name = maps.corrected_of("cbv")
    volume, own = maps.volumes[name], maps.own_sd(name)
    reference = maps.rois["reference"]
    inside = volume[reference & np.isfinite(volume)]
    if inside.size < 5 or not inside.mean(dtype=float) > 0:
        return None
    base = region("reference", voxels_of(maps, name), reference)
    ratio = (volume / base.mean).astype(np.float32)
    if own is None or base.mean_sd is None:
        return ratio, None
    off = np.hypot(base.mean_sd / base.mean, maps.reference_sd)
    return ratio, np.hypot(own / base.mean, off * ratio).astype(np.float32)


def _standardised(maps: PerfusionMaps) -> tuple[np.ndarray, np.ndarray | None]:
    name = maps.corrected_of("cbv")
    brain, tumor = maps.mask, maps.rois.get("tumor")
    if tumor is not None and tumor.any():
        brain = brain & (distance_transform_edt(~tumor, sampling=maps.grid.voxel_size) > MARGIN)
    found, own = standardised(maps.volumes[name], brain), maps.own_sd(name)
    return found.volume, None if own is None else (found.slope * own).astype(np.float32)
