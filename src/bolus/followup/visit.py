"""One date of a follow-up: a result folder, read back without its curves."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import QUANTITIES, Grid, InputError, PerfusionMaps, is_sd, plain_name, quantity_of
from bolus.data.scale import without_common
from bolus.grading.facts import read_facts
from bolus.io import KEPT, read_kept, read_map
from bolus.report import summary

SUMMARY = "summary.json"
OWN = ("brain", "aif", "vein")
"""Regions of every result, in which no change is asked for."""
_NEEDED = {
    "software": str,
    "method": str,
    "parameters": dict,
    "units": dict,
    "relative": bool,
    "preparation": dict,
    "aif": dict,
    "repetition_time_s": float | int,
}
"""What the summary must hold, and of what kind."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Visit:
    """Maps of one examination, with what is needed to compare them.

    ``told`` is its summary; ``volumes`` and ``sd`` are maps and their SDs (x, y, z) by name, in the
    map's unit, NaN outside the ``brain``; ``baseline`` (x, y, z) is the mean image before the
    bolus; ``rois`` are its regions by name.
    """

    told: Mapping[str, Any]
    grid: Grid
    baseline: Float[np.ndarray, "x y z"]
    brain: Bool[np.ndarray, "x y z"]
    volumes: Mapping[str, Float[np.ndarray, "x y z"]]
    sd: Mapping[str, Float[np.ndarray, "x y z"]]
    rois: Mapping[str, Bool[np.ndarray, "x y z"]]

    @property
    def method(self) -> str:
        """The method that made the maps."""
        return str(self.told["method"])

    @property
    def relative(self) -> bool:
        """Whether flows and volumes have no absolute unit."""
        return bool(self.told["relative"])

    def common_sd(self, name: str) -> float | None:
        """SD of the log of what all voxels of a map are off by together.

        0 for a map that is off by nothing alike; None where it is not known of a flow or volume,
        which have the scale of the arterial input.
        """
        found = self.told.get("common_sd") or {}
        return float(found[name]) if name in found else None if quantity_of(name).scaled else 0.0

    def own_sd(self, name: str) -> Float[np.ndarray, "x y z"] | None:
        """SD of a map apart from what its voxels share; None where it has none."""
        sd = self.sd.get(name)
        return None if sd is None else without_common(sd, self.volumes[name], self.common_sd(name))


def visit_of(maps: PerfusionMaps) -> Visit:
    """The examination that maps in memory are of."""
    return Visit(
        told=summary(maps),
        grid=maps.grid,
        baseline=maps.series.baseline,
        brain=maps.mask,
        volumes=maps.volumes,
        sd=maps.sd,
        rois={
            name: region.mask
            for name, region in maps.regions.items()
            if name not in OWN and region.mask.any()
        },
    )


def read_visit(folder: Path) -> Visit:
    """The result in a folder that ``bolus maps`` wrote.

    Raises InputError for another folder, or one that lacks what its summary says is there.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: a folder that bolus maps wrote is expected, found none")
    told: dict[str, Any] = read_facts(folder / SUMMARY)
    wrong = [name for name, kind in _NEEDED.items() if not isinstance(told.get(name), kind)]
    if wrong:
        raise InputError(
            f"{folder / SUMMARY}: the summary of maps is expected; this one does not tell "
            f"{', '.join(wrong)}"
        )
    kept = read_kept(folder / KEPT)
    volumes = {
        name: read_map(folder / f"{name}.nii.gz", kept.grid)[0]
        for name in told["units"]
        if plain_name(name) in QUANTITIES
    }
    return Visit(
        told=told,
        grid=kept.grid,
        baseline=kept.baseline,
        brain=kept.mask,
        volumes={name: volume for name, volume in volumes.items() if not is_sd(name)},
        sd={plain_name(name): volume for name, volume in volumes.items() if is_sd(name)},
        rois=_rois(folder, kept.grid),
    )


def _rois(folder: Path, grid: Grid) -> dict[str, Bool[np.ndarray, "x y z"]]:
    """Regions that have a voxel."""
    found = {
        path.name.removesuffix(".nii.gz").removeprefix("roi_"): read_map(path, grid)[0] > 0.5
        for path in sorted(folder.glob("roi_*.nii.gz"))
    }
    return {name: mask for name, mask in found.items() if mask.any()}
