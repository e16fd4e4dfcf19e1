"""The folder of a comparison."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bolus.base.about import NOTICE, software
from bolus.base.files import write_bytes
from bolus.base.json import write_json
from bolus.data import Grid
from bolus.followup.compared import Compared
from bolus.followup.page import comparison_page
from bolus.followup.voxels import VoxelChange, on_anatomy
from bolus.io import write_table, write_volume
from bolus.io.checksums import mask_checksum


def write_comparison(found: Compared, folder: Path) -> None:
    """Write every file into an existing folder; the summary, which makes it whole, is last.

    ``change_NAME``, its SD and ``probability_NAME`` of every map, each with a sidecar; the image
    before the bolus at both dates and the regions, on the grid of the first; ``changes.tsv``;
    ``report.html``. With an anatomy its image ``anat`` and the maps on its grid, as
    ``anat_change_NAME``. No file says where the results lay or whose they are.
    """
    grid = found.pair.before.grid
    for change in found.voxels:
        _write_change(change, grid, folder)
        if found.anatomy is not None:
            moved = on_anatomy(change, grid, found.anatomy)
            _write_change(moved, found.anatomy.grid, folder, "anat_")
    if found.anatomy is not None:
        write_volume(folder / "anat.nii.gz", found.anatomy.image.volume, found.anatomy.grid)
    later = np.asarray(found.pair.of_after(found.pair.after.baseline), dtype=np.float32)
    write_volume(folder / "baseline_before.nii.gz", found.pair.before.baseline, grid)
    write_volume(folder / "baseline_after.nii.gz", later, grid)
    for name, mask in found.pair.regions.items():
        write_volume(folder / f"roi_{name.replace(' ', '_')}.nii.gz", mask, grid)
    changes = [*found.changes, *found.numbers]
    if changes:
        write_table(folder / "changes.tsv", [change.as_json() for change in changes])
    write_bytes(folder / "report.html", comparison_page(found).encode())
    write_json(folder / "summary.json", summary(found))


def _write_change(change: VoxelChange, grid: Grid, folder: Path, before: str = "") -> None:
    for name, volume, told in _volumes(change):
        write_volume(folder / f"{before}{name}.nii.gz", volume, grid)
        write_json(folder / f"{before}{name}.json", {**told, "SoftwareName": software()})


def summary(found: Compared) -> dict[str, object]:
    """All that a program wants to know of a comparison."""
    pair, registration = found.pair, found.pair.registration
    return {
        "software": software(),
        "notice": NOTICE,
        "before": _input(pair.before.told),
        "after": _input(pair.after.told),
        "registration": {
            "transform": registration.transform.tolist(),
            "about": "from places at the first examination to those at the second, mm (RAS+)",
            "likeness": registration.likeness,
            "overlap": registration.overlap,
            "error_mm": registration.error,
            "sd_mm": registration.sd,
        },
        "differences": [difference.as_json() for difference in found.differences],
        "absolute_compared": found.may.absolute,
        "probabilities": found.may.probability,
        "regions": {
            name: {"voxels": int(mask.sum()), "sha256": mask_checksum(mask)}
            for name, mask in pair.regions.items()
        },
        "changes": [change.as_json() for change in found.changes],
        "numbers": [change.as_json() for change in found.numbers],
    }


def _input(told: Mapping[str, object]) -> dict[str, object]:
    """What identifies a result without naming a patient."""
    names = ("software", "method", "leakage_model", "echo_time_s", "repetition_time_s", "input")
    return {name: told.get(name) for name in names}


def _volumes(change: VoxelChange) -> list[tuple[str, np.ndarray, dict[str, object]]]:
    """Name, volume and sidecar of each map of a change."""
    name, title = change.quantity.name, change.quantity.title
    what = f"of the change of {title}: second examination minus first, {change.how}"
    real = (
        f"Probability that the change of {title} is real, with its sign: content of the widest "
        "central interval that leaves out no change"
    )
    parts = (
        (f"change_{name}", change.change, f"Value {what}", change.unit),
        (f"change_{name}_sd", change.sd, f"SD {what}", change.unit),
        (f"probability_{name}", change.probability, real, "1"),
    )
    return [
        (label, volume, {"Description": told, "Units": unit})
        for label, volume, told, unit in parts
        if volume is not None
    ]
