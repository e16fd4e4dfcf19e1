"""Regions as files that come from and go to the page, and their mean curves."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from jaxtyping import Bool

from bolus.data import MaskError
from bolus.io import write_volume
from bolus.patient.drawn import drawn
from bolus.viewer.view import View

Mask = Bool[np.ndarray, "x y z"]
GZIP, DICOM, DICOM_AT = b"\x1f\x8b", b"DICM", 128


def region_from(view: View, content: bytes) -> Mask:
    """The mask (x, y, z) that a file holds, on the grid of the series.

    As ``bolus maps --tumor`` takes them: NIfTI on the grid of the series or of an anatomy, or a
    DICOM segmentation. Raises MaskError for what is none, is empty, or lies elsewhere.
    """
    with TemporaryDirectory(prefix="bolus-") as folder:
        path = Path(folder) / f"region{_ending(content)}"
        path.write_bytes(content)
        try:
            images = [anatomy.image for anatomy in view.anatomies]
            found = drawn(path, view.series.series, "region", images)
            if found is None:
                raise MaskError("no region was given")
            return found.on(view.series.grid, view.anatomies)
        except MaskError as error:
            raise MaskError(str(error).replace(str(path), "this file")) from error


def region_file(view: View, mask: Mask) -> bytes:
    """A mask as a NIfTI file (.nii.gz) on the grid of the series. Raises MaskError for none."""
    if not mask.any():
        raise MaskError("nothing is drawn, so there is no region to save")
    with TemporaryDirectory(prefix="bolus-") as folder:
        path = Path(folder) / "region.nii.gz"
        write_volume(path, mask, view.series.grid)
        return path.read_bytes()


def _ending(content: bytes) -> str:
    if content[:2] == GZIP:
        return ".nii.gz"
    return ".dcm" if content[DICOM_AT : DICOM_AT + len(DICOM)] == DICOM else ".nii"


def mean_curves(view: View, masks: Mapping[str, Mask]) -> dict[str, object]:
    """Of each region its mean concentration curve (t,) and the voxels in it; None without any.

    The mean is over its voxels in the brain that have a curve; with leakage correction
    ``explained`` holds the mean of the corrected curves, which the maps come from.
    """
    told: dict[str, object] = {}
    for name, mask in masks.items():
        rows = view.rows[mask & view.brain]
        curves = view.curves.curves[rows]
        good = np.isfinite(curves).all(axis=1)
        explained = None
        if view.result is not None and view.result.measured.corrected is not None and good.any():
            explained = view.result.explained.curves[rows[good]].mean(axis=0)
        told[name] = {
            "voxels": int(good.sum()),
            "curve": curves[good].mean(axis=0) if good.any() else None,
            "explained": explained,
        }
    return told
