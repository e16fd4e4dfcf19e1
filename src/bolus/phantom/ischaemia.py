"""Tissue that gets too little blood: behind an occluded carotid artery, and in acute stroke."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.phantom.anatomy import Anatomy
from bolus.phantom.fields import smooth_field
from bolus.phantom.lesions import MIDDLE, RIM, Ischaemia, Occlusion, Stroke
from bolus.phantom.tissue import Tissue
from bolus.phantom.vessels import depth_in_territory

FRONT = ("aca", "aca_top")
LEFT = -1
VARIED = 14.0
"""mm: correlation length of what varies within."""


class Starved(NamedTuple):
    """The ``tissue``, and a voxel's shares in ``penumbra`` and ``core``; None where there is none.

    Behind an occluded carotid artery its whole territory is penumbra.
    """

    tissue: Tissue
    penumbra: Float[np.ndarray, "x y z"] | None
    core: Float[np.ndarray, "x y z"] | None

    @property
    def touched(self) -> Bool[np.ndarray, "x y z"]:
        """Voxels that have any share in either."""
        out = np.zeros(self.tissue.cbv.shape, dtype=bool)
        for share in (self.penumbra, self.core):
            if share is not None:
                out |= share > 0.01
        return out


def starved(
    rng: np.random.Generator, anatomy: Anatomy, tissue: Tissue, kind: Ischaemia | None
) -> Starved:
    """The tissue with a stroke or an occlusion; unchanged, and nothing drawn, without."""
    if kind is None:
        return Starved(tissue, None, None)
    if isinstance(kind, Occlusion):
        return _occluded(rng, anatomy, tissue, kind)
    return _stroke(rng, anatomy, tissue, kind)


def _occluded(
    rng: np.random.Generator, anatomy: Anatomy, tissue: Tissue, kind: Occlusion
) -> Starved:
    from scipy.special import ndtr

    share = _inside(depth_in_territory(anatomy.mni, (*MIDDLE, *FRONT), LEFT))
    severity = ndtr(_field(rng, anatomy))

    def graded(ends: tuple[float, float]) -> Float[np.ndarray, "x y z"]:
        return ends[0] + (ends[1] - ends[0]) * severity

    flow = graded(kind.flow)
    changed = _changed(tissue, share, flow * graded(kind.mtt), flow, graded(kind.later))
    return Starved(changed, share, None)


def _stroke(rng: np.random.Generator, anatomy: Anatomy, tissue: Tissue, kind: Stroke) -> Starved:
    outline = 3.0 * smooth_field(rng, anatomy.grid.shape, anatomy.grid.voxel_size, 8.0)
    depth = depth_in_territory(anatomy.mni, kind.arteries, LEFT)
    away = np.sqrt(np.square(anatomy.mni - np.array(kind.centre)).sum(axis=-1))
    territory = _inside(depth, kind.rim)
    core = territory * _inside(kind.radius - away + outline)
    penumbra = territory - core
    vary = [np.exp(kind.spread * _field(rng, anatomy)) for _ in range(3)]
    volume, flow, later = (vary[n] * kind_of for n, kind_of in enumerate(_levels(kind, core)))
    changed = _changed(tissue, territory, volume, flow, later)
    side = _inside(LEFT * anatomy.mni[..., 0])
    changed = replace(changed, delay=changed.delay + kind.hemisphere * side)
    return Starved(changed, penumbra, core)


def _levels(kind: Stroke, core: Float[np.ndarray, "x y z"]) -> list[Float[np.ndarray, "x y z"]]:
    """Volume, flow and delay: the core's where the core is, else the penumbra's."""
    return [core * a + (1 - core) * b for a, b in (kind.volume, kind.flow, kind.later)]


def _inside(depth: Float[np.ndarray, "x y z"], rim: float = RIM) -> Float[np.ndarray, "x y z"]:
    return np.clip(depth / rim + 0.5, 0, 1)


def _field(rng: np.random.Generator, anatomy: Anatomy) -> Float[np.ndarray, "x y z"]:
    return smooth_field(rng, anatomy.grid.shape, anatomy.grid.voxel_size, VARIED, anatomy.brain)


def _changed(
    tissue: Tissue,
    share: Float[np.ndarray, "x y z"],
    volume: Float[np.ndarray, "x y z"],
    flow: Float[np.ndarray, "x y z"],
    later: Float[np.ndarray, "x y z"],
) -> Tissue:
    """CBV and CBF multiplied and the delay added to, by a voxel's share."""
    return replace(
        tissue,
        cbv=tissue.cbv * (1 - share + share * volume),
        cbf=tissue.cbf * (1 - share + share * flow),
        delay=tissue.delay + share * later,
    )
