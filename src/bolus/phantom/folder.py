"""A digital patient as files."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from bolus.base.about import software
from bolus.base.json import write_json
from bolus.data import AIF, quantity_of
from bolus.data.perfusion import PARAMETERS
from bolus.io import write_aif, write_series, write_transform, write_volume
from bolus.phantom.anatomical import CONTRASTS, Displaced, anatomical_image
from bolus.phantom.patient import DigitalPatient

TRUTH_UNITS = {name: quantity_of(name).unit.written for name in PARAMETERS}
"""Maps of which the truth is written."""
LATE = 6.0
"""s: tissue at risk, by its Tmax."""


def write_patient(patient: DigitalPatient, folder: Path) -> None:
    """Write series, masks, truth maps, true arterial input and settings into an existing folder.

    ``dsc.nii.gz`` with its BIDS sidecar is the input of a real patient; ``*_mask.nii.gz`` are its
    regions, ``truth_*.nii.gz`` the maps behind it, ``truth_aif.tsv`` the arterial ΔR2* in 1/s. With
    a stroke ``adc.nii.gz`` is the map of diffusion in mm²/s, as measured, and among the
    masks are the core and the brain later than LATE.
    """
    series = patient.series
    write_series(
        folder / "dsc.nii.gz", series.signal, series.grid, series.dt, series.te, series.slice_times
    )
    regions = {name: getattr(patient.masks, name) for name in ("brain", "nawm", "tumor", "aif")}
    if patient.masks.infarct_whole is not None:
        write_volume(folder / "adc.nii.gz", patient.adc, series.grid)
        regions["core"] = patient.masks.infarct_whole
        with np.errstate(invalid="ignore"):
            regions["late"] = patient.masks.brain & (patient.truth.tmax > LATE)
    for name, mask in regions.items():
        if mask is not None:
            write_volume(folder / f"{name}_mask.nii.gz", mask, series.grid)
    for name, unit in TRUTH_UNITS.items():
        write_volume(folder / f"truth_{name}.nii.gz", getattr(patient.truth, name), series.grid)
        write_json(folder / f"truth_{name}.json", {"Units": unit, "Simulated": True})
    truth = AIF(curve=patient.aif, dt=series.dt, origin="given")
    write_aif(folder / "truth_aif.tsv", truth)
    settings = {**asdict(patient.settings), "shape": list(patient.settings.shape)}
    write_json(
        folder / "summary.json",
        {"software": software(), "simulated_patient": settings},
    )


def write_anatomy(
    patient: DigitalPatient,
    displaced: Displaced,
    folder: Path,
    voxel: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> None:
    """Write the anatomical images of a patient, ``t1c.nii.gz`` and ``flair.nii.gz``, and the truth.

    ``truth_to_t1c.tfm`` and so on are the transforms of the series to them, as ITK's text files.
    """
    for contrast in CONTRASTS:
        scan = anatomical_image(patient, contrast, displaced, voxel)
        whole = np.rint(scan.volume).astype(np.int16)
        write_volume(folder / f"{contrast}.nii.gz", whole, scan.grid)
        write_json(folder / f"{contrast}.json", {"Simulated": True})
        write_transform(folder / f"truth_to_{contrast}.tfm", scan.to_anatomy)
