"""The arterial input and the vein by hand: what marked voxels would give, and keeping it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from bolus.aif import aif_from_mask, vein_of, without_tissue
from bolus.base.json import write_json
from bolus.data import AIF, ArterialInputError, InputError, MaskError
from bolus.io import write_aif, write_volume
from bolus.report.text.summary import mask_sidecar
from bolus.viewer.facts import arterial, venous
from bolus.viewer.view import View

MASK, TABLE, SIDECAR = "aif_manual.nii.gz", "aif_manual.tsv", "aif_manual.json"
VEIN_MASK, VEIN_SIDECAR = "vein_manual.nii.gz", "vein_manual.json"
Marks = Bool[np.ndarray, "x y z"]


def preview(view: View, marks: Marks, vein: Marks | None = None) -> dict[str, object]:
    """The mean curve of marked voxels with its score, or the problem with them.

    Marks outside the brain have no curve and are only counted. Of a marked ``vein`` its curve is
    told, too; a vein may lie outside the brain.
    """
    outside = int((marks & ~view.brain).sum())
    told: dict[str, object] = {"marked": int(marks.sum()), "outside": outside, "problem": None}
    try:
        found = marked_input(view, marks, vein)
        if vein is not None and vein.any():
            seen = vein_of(view.series, found, vein, by_hand=True)
            told["vein"] = venous(seen, found.dt)
    except (MaskError, ArterialInputError) as error:
        return told | {"problem": str(error)}
    if not marks.any():
        return told
    return told | {name: value for name, value in arterial(found).items() if name != "vein"}


def marked_input(view: View, marks: Marks, vein: Marks | None = None) -> AIF:
    """The arterial input of the marked voxels in the brain, as they are.

    With a ``vein`` marked and no arteries it is that of the arteries of the present maps.
    Raises MaskError, ArterialInputError.
    """
    present = None if view.result is None else view.result.aif
    if vein is not None and vein.any() and not marks.any() and present is not None:
        if present.mask is None:
            raise MaskError("a vein is held against arterial voxels; the present maps have none")
        found = aif_from_mask(view.curves, view.series, present.mask)
        return replace(found, origin=present.origin)
    inside = marks & view.brain
    if not inside.any():
        raise MaskError("no voxel of the brain is marked as arterial")
    return aif_from_mask(view.curves, view.series, inside)


def unmixed_input(view: View, aif: AIF, vein: Marks | None) -> AIF:
    """It without the tissue in its voxels, where that is taken off, held against a marked vein.

    Raises InputError for a vein where it is not, MaskError for one that holds no one curve.
    """
    marked = vein if vein is not None and vein.any() else None
    if view.preparation.unmixing.use:
        return without_tissue(aif, view.curves, view.series, marked)
    if marked is not None:
        raise InputError("a vein is marked, but no tissue is taken off the input of these maps")
    return aif


def save_arteries(view: View, aif: AIF, folder: Path) -> list[str]:
    """Write voxels and curve of an arterial input beside the maps; names of the files."""
    if aif.mask is None:
        raise MaskError("an arterial input without voxels is no choice by hand")
    text = f"Arterial voxels marked by hand; mean curve in {TABLE}"
    write_volume(folder / MASK, aif.mask, view.series.grid)
    write_json(folder / SIDECAR, _sidecar(view, text))
    write_aif(folder / TABLE, aif, relative=view.series.relative)
    return [MASK, TABLE]


def save_vein(view: View, vein: Marks, folder: Path) -> list[str]:
    """Write the voxels of a vein beside the maps; names of the files."""
    write_volume(folder / VEIN_MASK, vein, view.series.grid)
    text = "Voxels of a vein marked by hand; bolus maps --vein takes them"
    write_json(folder / VEIN_SIDECAR, _sidecar(view, text))
    return [VEIN_MASK]


def _sidecar(view: View, text: str) -> dict[str, object]:
    return {"Description": text} if view.maps is None else mask_sidecar(view.maps, text)
