"""From the maps of one patient to a ratio and a verdict."""

import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from bolus.base.about import NOTICE, software
from bolus.base.json import read_json
from bolus.data import Grid, InputError, MaskError
from bolus.data.quantities import ALONE
from bolus.data.reference import FOUND_SD
from bolus.data.scale import without_common
from bolus.grading.cutoff import Cutoff, find_cutoff
from bolus.grading.facts import read_facts
from bolus.grading.ratio import RoiRatio, roi_ratio
from bolus.grading.verdict import Verdict, judge
from bolus.grading.voxels import BESIDE, Voxels, alone_of, shared_by
from bolus.io import read_map, read_mask
from bolus.io.bids.opened import result_folder

PathLike = str | os.PathLike[str]
SUMMARY = "summary.json"
MAPS = ("cbf", "cbv", "cbv_corrected")


@dataclass(frozen=True, kw_only=True)
class Grade:
    """The ratio of a ``map`` that ``method`` made, in ``unit``; the verdict where asked for one."""

    map: str
    method: str
    unit: str
    ratio: RoiRatio
    verdict: Verdict | None

    def as_json(self) -> dict[str, object]:
        """Everything as JSON takes it; no file name, for that may name the patient."""
        return {"software": software(), "notice": NOTICE, **asdict(self)}


def grade_maps(
    folder: PathLike,
    tumor: PathLike | np.ndarray,
    reference: PathLike | np.ndarray | None = None,
    *,
    map: str = "cbf",
    cutoff: Cutoff | PathLike | None = None,
) -> Grade:
    """Ratio of tumour to reference in a folder that ``bolus maps`` wrote, held against a cut-off.

    ``tumor`` and ``reference`` are NIfTI masks on the maps' grid, or boolean arrays (x, y, z).
    ``reference`` None takes the one beside the maps, given or found when they were made.
    ``map`` is one of MAPS; its SDs are used where the method has them, apart from the scale that
    all voxels share. ``cutoff`` is a Cutoff, a name in CUTOFFS or the results.json of a study; None
    asks for no verdict. ``folder`` may be a result in a BIDS dataset, too: the summary or the page
    of a run, or a dataset with one run.

    Raises InputError for a folder bolus did not write, a map that is not there and a cut-off that
    does not exist or is of another map; MaskError for masks that are empty, on another grid,
    overlapping, or with fewer than 5 voxels that have a value.
    """
    if map not in MAPS:
        raise InputError(f"the map is one of {', '.join(MAPS)}, found '{map}'")
    with result_folder(Path(folder)) as plain:
        return _graded(plain, tumor, reference, map, cutoff)


def _graded(
    folder: Path,
    tumor: PathLike | np.ndarray,
    reference: PathLike | np.ndarray | None,
    map: str,
    cutoff: Cutoff | PathLike | None,
) -> Grade:
    method, unit = _made_by(folder, map)
    chosen = cutoff if cutoff is None or isinstance(cutoff, Cutoff) else (
        find_cutoff(cutoff, method, map))  # fmt: skip
    voxels, grid = _voxels(folder, map, method)
    base = _beside(folder) if reference is None else reference
    masks = _mask(tumor, grid, "tumour"), _mask(base, grid, "reference")
    off = FOUND_SD if reference is None and read_facts(folder / SUMMARY).get("reference") else 0.0
    ratio = roi_ratio(voxels, *masks, reference_sd=off)
    verdict = None if chosen is None else judge(ratio, chosen, method, map=map)
    return Grade(map=map, method=method, unit=unit, ratio=ratio, verdict=verdict)


def _voxels(folder: Path, map: str, method: str) -> tuple[Voxels, Grid]:
    """A map of the folder and what is known of its voxels; the grid."""
    volume, grid = read_map(folder / f"{map}.nii.gz")
    spread = folder / f"{map}_sd.nii.gz"
    sd = read_map(spread, grid)[0] if spread.exists() else None
    if sd is not None:
        sd = without_common(sd, volume, _common_scale(folder / f"{map}.json"))
    pooled = (folder / f"{ALONE}.nii.gz").exists()
    needed = [name for name in BESIDE if pooled and name != map]
    paths = {name: folder / f"{name}.nii.gz" for name in needed}
    there = {name: path for name, path in paths.items() if path.exists()}
    found = {map: volume, **{name: read_map(path, grid)[0] for name, path in there.items()}}
    return Voxels(volume, sd, alone_of(found, map), shared_by(method, map)), grid


def _beside(folder: Path) -> Path:
    """The reference region of the maps."""
    path = folder / "roi_reference.nii.gz"
    if not path.exists():
        raise InputError(
            f"{path}: a reference region beside the maps is expected, found none; give a mask "
            "(--reference), or make the maps with a tumour (bolus maps --tumor)"
        )
    return path


def _made_by(folder: Path, map: str) -> tuple[str, str]:
    """Method and unit of the map."""
    if not folder.is_dir():
        raise InputError(f"{folder}: a folder that bolus maps wrote is expected, found none")
    facts = read_facts(folder / SUMMARY)
    method, units = facts.get("method"), facts.get("units")
    if not isinstance(method, str) or not isinstance(units, dict):
        raise InputError(f"{folder / 'summary.json'}: the summary of maps names a method and "
                         "units, found none")  # fmt: skip
    if not (folder / f"{map}.nii.gz").exists():
        there = [name for name in MAPS if (folder / f"{name}.nii.gz").exists()]
        raise InputError(f"{folder}: no map {map}.nii.gz; there are {', '.join(there) or 'none'}")
    return method, str(units.get(map, "unknown unit"))


def _common_scale(sidecar: Path) -> float | None:
    """SD of the log of the scale of a map, from its sidecar; None where none is known."""
    found = read_json(sidecar).get("CommonScaleSD") if sidecar.exists() else None
    if found is not None and not (isinstance(found, int | float) and 0 <= found < math.inf):
        raise InputError(f"{sidecar}: CommonScaleSD is a number of 0 or more, found {found!r}")
    return found


def _mask(given: PathLike | np.ndarray, grid: Grid, name: str) -> Bool[np.ndarray, "x y z"]:
    if not isinstance(given, np.ndarray):
        return read_mask(given, grid)
    if given.dtype != bool:
        raise MaskError(f"{name}: a mask as an array is boolean, found {given.dtype}")
    if given.shape != grid.shape:
        raise MaskError(f"{name}: a mask of shape {given.shape} on a grid of {grid.shape}")
    return given
