"""The result folder of one patient."""

from pathlib import Path

from bolus.data import Identity, PerfusionMaps
from bolus.io import write_aif, write_json, write_volume
from bolus.report.overview import save_overview
from bolus.report.page import write_page
from bolus.report.summary import mask_sidecar, quality_sidecar, sidecar, summary


def write_report(maps: PerfusionMaps, folder: Path, identity: Identity | None = None) -> None:
    """Write every file of a result into an existing folder.

    Maps, their SDs where the method has a posterior, the misfit and masks are NIfTI with a JSON
    sidecar each; ``aif.tsv`` the arterial input, ``overview.png`` the picture, ``report.html`` the
    page, ``summary.json`` the facts. Only the page names the patient, and only where ``identity``
    is given.
    """
    for name in maps.units:
        write_volume(folder / f"{name}.nii.gz", maps.volume(name), maps.grid)
        write_json(folder / f"{name}.json", sidecar(maps, name))
    _write_masks(maps, folder)
    write_aif(folder / "aif.tsv", maps.aif, relative=maps.relative)
    save_overview(maps, folder / "overview.png")
    write_page(maps, folder / "report.html", identity)
    write_json(folder / "summary.json", summary(maps))


def _write_masks(maps: PerfusionMaps, folder: Path) -> None:
    write_volume(folder / "quality.nii.gz", maps.quality, maps.grid)
    write_json(folder / "quality.json", quality_sidecar(maps))
    write_volume(folder / "brain_mask.nii.gz", maps.mask, maps.grid)
    write_json(folder / "brain_mask.json", mask_sidecar(maps, "Voxels for which maps were made"))
    arteries = maps.mask & False if maps.aif.mask is None else maps.aif.mask
    write_volume(folder / "aif_mask.nii.gz", arteries, maps.grid)
    text = f"Voxels averaged into the arterial input; origin: {maps.aif.origin}"
    write_json(folder / "aif_mask.json", mask_sidecar(maps, text))
    for name, region in maps.rois.items():
        write_volume(folder / f"roi_{name}.nii.gz", region, maps.grid)
        write_json(folder / f"roi_{name}.json", mask_sidecar(maps, f"Region given as {name}"))
