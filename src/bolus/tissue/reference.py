"""A reference region without a hand: normal-appearing white matter, or the mirror of the lesion."""

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import PerfusionMaps
from bolus.data.reference import FoundReference
from bolus.tissue.classes import Classes, TissueError, tissue_classes
from bolus.tissue.features import smooth, smoothing
from bolus.tissue.midline import Midline, find_midline, mirrored_mask, places_of

CHOICES = ("auto", "mirror", "none")
"""What may stand in place of a mask: white matter, the lesion's mirror region, or nothing."""
MARGIN = 12.0
"""mm from the lesion, its oedema, that no tissue is normal within."""
MIRROR_MARGIN = 4.0
"""mm about the mirror image of the lesion that are left out, too."""
VESSEL_MARGIN = 3.0
"""mm from a vessel's voxel, so none of its in-plane neighbours."""
PURE = 0.8
"""Share of a voxel and its neighbours in the slice that are white, at least."""
TYPICAL = 0.25
"""Difference of log CBV from its mode that white matter has at most."""
CROSSING = 0.1
"""Share of a lesion in the other hemisphere from which it is in both."""
LEAST = 40
"""Voxels of a reference at least …"""
LEAST_SHARE = 0.01
"""… and of white matter this share of the brain: where noise hides it, what is left of it is
what noise has made look like it."""
MIDDLE = 6.0
"""mm from the mid-sagittal plane that belong to no hemisphere."""
VESSEL = 2.5
"""CBV over that of grey matter from which a voxel is a vessel."""


def find_reference(
    maps: PerfusionMaps, lesion: Bool[np.ndarray, "x y z"] | None, how: str = "auto"
) -> tuple[Bool[np.ndarray, "x y z"], FoundReference]:
    """The reference region (x, y, z) of maps with a ``lesion`` or without, and where it is.

    ``how`` 'auto' finds normal-appearing white matter: voxels that are white by ``tissue_classes``
    with their neighbours, MARGIN from the lesion and off its mirror image and vessels, in the other
    hemisphere, or in both where that has too few. 'mirror' is the brain tissue of the lesion's
    mirror image in the mid-sagittal plane.

    Raises TissueError where the tissue cannot be told apart, or too few voxels are left.
    """
    mask = np.zeros(maps.grid.shape, dtype=bool) if lesion is None else lesion & maps.mask
    near = _within(mask, maps, MARGIN)
    midline = find_midline(maps, near)
    classes = tissue_classes(maps, near)
    mirror = mirrored_mask(mask, maps, midline)
    if how == "mirror":
        return _mirror(maps, mask, mirror, classes, midline)
    side = midline.side(places_of(maps))
    away = ~near & ~_within(mirror, maps, MIRROR_MARGIN) & (np.abs(side) > MIDDLE)
    free = _white(maps, classes) & away
    opposite = free & (side * _hemisphere(side[mask]) < 0)
    least = max(LEAST, round(LEAST_SHARE * int(maps.mask.sum())))
    chosen = _typical(maps, opposite if opposite.sum() >= least else free)
    _enough(chosen, "normal-appearing white matter", least)
    what = "normal-appearing white matter, found by the tissue's CBV, MTT, delay and baseline"
    return chosen, _told("auto", what, maps, chosen, mask, midline)


def _hemisphere(side: Float[np.ndarray, " n"]) -> int:
    """+1 for a lesion in the right hemisphere, −1 in the left, 0 for both or none."""
    if not side.size or min((side > 0).mean(), (side < 0).mean()) > CROSSING:
        return 0
    return 1 if side.mean() > 0 else -1


def _mirror(
    maps: PerfusionMaps,
    lesion: Bool[np.ndarray, "x y z"],
    mirror: Bool[np.ndarray, "x y z"],
    classes: Classes,
    midline: Midline,
) -> tuple[Bool[np.ndarray, "x y z"], FoundReference]:
    if not lesion.any():
        raise TissueError("a mirror region is that of a lesion, and no tumour mask is given")
    tissue = classes.white + classes.grey > 0.5
    chosen = mirror & tissue & ~_vessels(maps, classes)
    _enough(chosen, "brain tissue in the lesion's mirror region", LEAST)
    return chosen, _told("mirror", "mirror region of the lesion", maps, chosen, lesion, midline)


def _white(maps: PerfusionMaps, classes: Classes) -> Bool[np.ndarray, "x y z"]:
    """White matter, as are its neighbours in the slice, away from vessels."""
    from scipy.ndimage import uniform_filter

    white = classes.white > 0.5
    around = uniform_filter(white.astype(float), size=(3, 3, 1), mode="constant")
    return white & (around > PURE) & ~_within(_vessels(maps, classes), maps, VESSEL_MARGIN)


def _typical(maps: PerfusionMaps, white: Bool[np.ndarray, "x y z"]) -> Bool[np.ndarray, "x y z"]:
    """Voxels about which CBV is within TYPICAL of the mode: no mixture with grey, no oedema.

    CBV is the mean over the neighbours in the slice, lest voxels be chosen by their noise. The mode
    is found by mean shift from the median.
    """
    from scipy.ndimage import uniform_filter

    if not white.any():
        return white
    brain = maps.mask & np.isfinite(maps.volumes["cbv"])
    volume = np.where(brain, maps.volumes["cbv"], 0.0).astype(float)
    total, number = (
        uniform_filter(part, size=(3, 3, 1), mode="constant") for part in (volume, brain * 1.0)
    )
    around = np.log(np.maximum(total, 1e-6) / np.maximum(number, 1e-6))
    mode = float(np.median(around[white]))
    for _ in range(30):
        near = white & (np.abs(around - mode) < TYPICAL)
        mode = float(around[near].mean()) if near.any() else mode
    return white & (np.abs(around - mode) < TYPICAL)


def _vessels(maps: PerfusionMaps, classes: Classes) -> Bool[np.ndarray, "x y z"]:
    """Voxels of far more blood than grey matter."""
    brain = maps.mask & np.isfinite(maps.volumes["cbv"])
    sigma = smoothing(maps.volumes["cbv"], brain)
    volume = np.nan_to_num(smooth(maps.volumes["cbv"], brain, sigma))
    grey = classes.grey > 0.5
    level = float(np.median(volume[grey])) if grey.any() else np.inf
    return np.asarray(volume > VESSEL * level)


def _within(
    mask: Bool[np.ndarray, "x y z"], maps: PerfusionMaps, margin: float
) -> Bool[np.ndarray, "x y z"]:
    """Voxels of a mask and within a margin in mm of it."""
    return _away(mask, maps) <= margin


def _away(mask: Bool[np.ndarray, "x y z"], maps: PerfusionMaps) -> Float[np.ndarray, "x y z"]:
    """Mm to a mask; infinite without one."""
    from scipy.ndimage import distance_transform_edt

    if not mask.any():
        return np.full(mask.shape, np.inf)
    return np.asarray(distance_transform_edt(~mask, sampling=maps.grid.voxel_size))


def _enough(chosen: Bool[np.ndarray, "x y z"], what: str, least: int) -> None:
    found = int(chosen.sum())
    if found < least:
        raise TissueError(
            f"no reference: {found} voxels of {what} are left away from the lesion, its mirror "
            f"region and vessels, {least} are needed; give a mask"
        )


def _told(
    how: str,
    what: str,
    maps: PerfusionMaps,
    chosen: Bool[np.ndarray, "x y z"],
    lesion: Bool[np.ndarray, "x y z"],
    midline: Midline,
) -> FoundReference:
    side = midline.side(places_of(maps))[chosen]
    right = float((side > 0).mean())
    slices = np.flatnonzero(chosen.any(axis=(0, 1)))
    return FoundReference(
        how=how,
        what=what,
        hemisphere="right" if right > 0.98 else "left" if right < 0.02 else "both",
        slices=(int(slices[0]), int(slices[-1])),
        voxels=int(chosen.sum()),
        distance=float(_away(lesion, maps)[chosen].min()) if lesion.any() else None,
    )
