"""Voxels that are scored: what they are, and what was estimated of them."""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import binary_dilation

from bolus.bench.brain.lesions import Lesion
from bolus.bench.score import LEVEL, held_ratio
from bolus.data import Perfusion
from bolus.phantom import DigitalPatient
from bolus.physics import cbf_scale, cbv_scale

TISSUE = ("grey", "white", "tumour", "ischaemic", "infarct", "late side", "other side")
QUANTITIES = ("cbf", "cbv", "mtt", "delay")
"""What is scored, in the order of the arrays."""
NEAR, AROUND = 1, 3
"""Voxels from a lesion at which the tissue around it begins, and ends."""


@dataclass(frozen=True, eq=False)
class Voxels:
    """Voxels of a brain that are scored, n of them.

    ``index`` is their place on the grid, ``tissue`` one of TISSUE (by place); ``kind``, ``size``
    and ``lesion`` (its number) are those of the lesion a voxel is in, ``around`` the number of that
    it lies around; −1 or 0 where it is in none. ``true`` holds QUANTITIES in mL/100 g/min,
    mL/100 g, s and s, ``shape`` that of the residue.
    """

    index: Int[np.ndarray, "n three"]
    tissue: Int[np.ndarray, " n"]
    kind: Int[np.ndarray, " n"]
    size: Int[np.ndarray, " n"]
    lesion: Int[np.ndarray, " n"]
    around: Int[np.ndarray, " n"]
    true: Float[np.ndarray, "n four"]
    shape: Float[np.ndarray, " n"]

    def some(self, rows: Int[np.ndarray, " r"]) -> "Voxels":
        """Some of them."""
        return Voxels(*(getattr(self, f.name)[rows] for f in fields(self)))


def kinds_of(voxels: Voxels) -> Int[np.ndarray, " n"]:
    """A number for each tissue, and for lesions of each size."""
    return np.where(voxels.lesion >= 0, 100 + voxels.size, voxels.tissue)


class Errors(NamedTuple):
    """Errors in n voxels: ln(estimate/true) of CBF, CBV and MTT, and estimate − true of the delay.

    ``held`` says whether the 90 % interval holds the truth, NaN where there is none. ``value`` of
    an estimate that is missing or under FLOOR of the truth is that of FLOOR; NaN where a method was
    not asked. All (n, 4).
    """

    value: Float[np.ndarray, "n four"]
    held: Float[np.ndarray, "n four"]


def scored_voxels(
    made: DigitalPatient, lesions: tuple[Lesion, ...], halves: Bool[np.ndarray, "x y z"] | None
) -> Voxels:
    """Pure grey and white matter, tumour, ischaemic tissue, lesions in healthy tissue.

    With ``halves``, the voxels of a late side, grey and white matter is told apart by them instead.
    """
    masks, shape = made.masks, made.masks.brain.shape
    tissue = np.full(shape, -1)
    _mark(tissue, _parts(made, halves))
    kind, size, number, around = (np.full(shape, -1) for _ in range(4))
    size[:] = 0
    healthy = masks.grey | masks.white
    for n, lesion in enumerate(lesions):
        where = lesion.ball.mask(shape)
        kind[where], size[where], number[where] = lesion.kind, lesion.size, n
    for n, lesion in enumerate(lesions):
        where = lesion.ball.mask(shape)
        near, far = (binary_dilation(where, iterations=k) for k in (NEAR, AROUND))
        around[far & ~near & (number < 0) & healthy] = n
    keep = (tissue >= 0) & made.masks.brain
    truth = [getattr(made.truth, name)[keep].astype(float) for name in QUANTITIES]
    return Voxels(
        index=np.argwhere(keep),
        tissue=tissue[keep],
        kind=kind[keep],
        size=size[keep],
        lesion=number[keep],
        around=around[keep],
        true=np.stack(truth, axis=1),
        shape=made.truth.shape[keep].astype(float),
    )


def _parts(
    made: DigitalPatient, halves: Bool[np.ndarray, "x y z"] | None
) -> dict[str, Bool[np.ndarray, "x y z"] | None]:
    masks = made.masks
    if halves is not None:
        both = masks.grey | masks.white
        return {"late side": both & halves, "other side": both & ~halves}
    tumour = None if masks.tumor is None else masks.tumor & ~masks.vessels
    return {
        "grey": masks.grey,
        "white": masks.white,
        "tumour": tumour,
        "ischaemic": masks.ischaemic,
        "infarct": masks.infarct,
    }


def _mark(
    tissue: Int[np.ndarray, "x y z"], parts: dict[str, Bool[np.ndarray, "x y z"] | None]
) -> None:
    for name, where in parts.items():
        if where is not None:
            tissue[where] = TISSUE.index(name)


def errors_of(found: Perfusion, rows: Int[np.ndarray, " n"], voxels: Voxels) -> Errors:
    """Errors of an estimate whose ``rows`` are the voxels. Without a delay, Tmax stands for it."""
    scale = (cbf_scale(), cbv_scale(), 1.0, 1.0)
    late = found.delay if np.isfinite(found.delay).any() else found.tmax
    value = [
        np.log(held_ratio(times * getattr(found, name)[rows].astype(float), true))
        for name, times, true in zip(QUANTITIES[:3], scale, voxels.true.T, strict=False)
    ]
    value.append(late[rows] - voxels.true[:, 3])
    held = np.full((len(rows), 4), np.nan)
    known = () if found.posterior is None else found.posterior.quantities
    for place, (name, times) in enumerate(zip(QUANTITIES, scale, strict=True)):
        if name in known:
            low, high = (times * end[rows] for end in found.interval(name, LEVEL))
            true = voxels.true[:, place]
            held[:, place] = (low <= true) & (true <= high)
    return Errors(np.stack(value, axis=1).astype(np.float32), held.astype(np.float32))
