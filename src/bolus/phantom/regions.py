"""Regions of a digital patient, voxel by voxel."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from bolus.phantom.pieces import WHOLE, Pieces, share
from bolus.phantom.vessels import Vessels

PURE = 0.8
"""Part of a voxel that must be of a tissue for the voxel to count as it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PatientMasks:
    """Regions of a patient.

    ``brain`` holds ventricles and sulci too; ``grey`` and ``white`` are voxels of at least 80 %
    healthy grey or white matter; ``nawm`` is normal-appearing white matter, opposite the tumour if
    there is one; ``tumor`` (None without) is its solid part, ``core`` (None unless high grade) the
    necrosis; ``aif`` marks pure arterial voxels, ``vessels`` all voxels that a large vessel
    touches, where the truth maps describe only the tissue beside it. ``ischaemic`` is grey or white
    matter of a stroke's penumbra or behind an occluded artery, ``infarct`` that of a stroke's core;
    neither is in ``grey`` or ``white``. ``matter`` is at least half grey or white matter, healthy
    or not, and ``infarct_whole`` all of it of which at least half is a stroke's core.
    """

    brain: Bool[np.ndarray, "x y z"]
    grey: Bool[np.ndarray, "x y z"]
    white: Bool[np.ndarray, "x y z"]
    nawm: Bool[np.ndarray, "x y z"]
    tumor: Bool[np.ndarray, "x y z"] | None
    core: Bool[np.ndarray, "x y z"] | None
    aif: Bool[np.ndarray, "x y z"]
    vessels: Bool[np.ndarray, "x y z"]
    ischaemic: Bool[np.ndarray, "x y z"] | None = None
    infarct: Bool[np.ndarray, "x y z"] | None = None
    matter: Bool[np.ndarray, "x y z"] | None = None
    infarct_whole: Bool[np.ndarray, "x y z"] | None = None


def in_voxels(masks: PatientMasks, vessels: Vessels, pieces: Pieces) -> PatientMasks:
    """Regions marked piece by piece, on the grid of the voxels.

    A voxel is brain or tumour when half of it is, and another region when 80 % are; the arterial
    voxels are the purest ones, and no tissue touches a large vessel. Whole voxels stay as they are.
    """
    if pieces == WHOLE:
        return masks
    crossed = share(vessels.total, pieces) > 0
    brain = share(masks.brain, pieces) > 0.5

    def part(mask: Bool[np.ndarray, "i j k"], least: float) -> Bool[np.ndarray, "x y z"]:
        return (share(mask, pieces) >= least) & ~crossed

    return PatientMasks(
        brain=brain,
        grey=part(masks.grey, PURE),
        white=part(masks.white, PURE),
        nawm=part(masks.nawm, PURE),
        tumor=None if masks.tumor is None else part(masks.tumor, 0.5),
        core=None if masks.core is None else part(masks.core, PURE),
        aif=purest(share(vessels.trunks, pieces) * brain),
        vessels=crossed,
        ischaemic=None if masks.ischaemic is None else part(masks.ischaemic, PURE),
        infarct=None if masks.infarct is None else part(masks.infarct, PURE),
        matter=None if masks.matter is None else brain & (share(masks.matter, pieces) >= 0.5),
        infarct_whole=None
        if masks.infarct_whole is None
        else brain & (share(masks.infarct_whole, pieces) >= 0.5),
    )


def purest(arteries: Float[np.ndarray, "x y z"]) -> Bool[np.ndarray, "x y z"]:
    """Voxels of nothing but arterial blood, or the five nearest to it.

    As little as 2 % of tissue would hold the signal up at the peak and cut the curve by a fifth.
    """
    return (arteries >= min(0.999, np.sort(arteries, axis=None)[-5])) & (arteries > 0)
