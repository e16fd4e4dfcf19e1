"""The arterial input by hand: what marked voxels would give, and keeping it."""

from pathlib import Path

import numpy as np
from jaxtyping import Bool

from bolus.aif import aif_from_mask
from bolus.base.json import write_json
from bolus.data import AIF, ArterialInputError, MaskError
from bolus.io import write_aif, write_volume
from bolus.report.text.summary import mask_sidecar
from bolus.viewer.facts import arterial
from bolus.viewer.view import View

MASK, TABLE, SIDECAR = "aif_manual.nii.gz", "aif_manual.tsv", "aif_manual.json"


def preview(view: View, marks: Bool[np.ndarray, "x y z"]) -> dict[str, object]:
    """The mean curve of marked voxels with its score, or the problem with them.

    Marks outside the brain have no curve and are only counted.
    """
    outside = int((marks & ~view.brain).sum())
    told: dict[str, object] = {"marked": int(marks.sum()), "outside": outside, "problem": None}
    try:
        found = marked_input(view, marks)
    except (MaskError, ArterialInputError) as error:
        return told | {"problem": str(error)}
    return told | arterial(found)


def marked_input(view: View, marks: Bool[np.ndarray, "x y z"]) -> AIF:
    """The arterial input of the marked voxels in the brain. MaskError, ArterialInputError."""
    inside = marks & view.brain
    if not inside.any():
        raise MaskError("no voxel of the brain is marked as arterial")
    return aif_from_mask(view.curves, view.series, inside)


def save_arteries(view: View, aif: AIF, folder: Path) -> list[str]:
    """Write voxels and curve of an arterial input beside the maps; names of the files."""
    if aif.mask is None:
        raise MaskError("an arterial input without voxels is no choice by hand")
    text = f"Arterial voxels marked by hand; mean curve in {TABLE}"
    sidecar = {"Description": text} if view.maps is None else mask_sidecar(view.maps, text)
    write_volume(folder / MASK, aif.mask, view.series.grid)
    write_json(folder / SIDECAR, sidecar)
    write_aif(folder / TABLE, aif, relative=view.series.relative)
    return [MASK, TABLE]
