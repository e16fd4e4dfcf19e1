"""Small lesions: where they lie, and what they are."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import correlate

from bolus.phantom import Ball
from bolus.phantom.regions import PatientMasks

Shape = tuple[int, int, int]
COUNTS = {5: 1, 3: 1, 2: 2, 1: 4}
"""Voxels across → lesions of each kind and tissue in a brain; the largest are placed first."""
APART = 2.5
"""Voxels between the surfaces of two lesions, at least."""
BEST = 10
"""One in so many places, those with the most tissue of the kind, are drawn from."""
TISSUES = ("grey", "white")


@dataclass(frozen=True)
class LesionKind:
    """What a lesion differs by: ``mtt`` s (None: as it was), CBV ``volume`` times, ``later`` s."""

    name: str
    text: str
    mtt: float | None
    volume: float
    later: float


LESIONS = (
    LesionKind("slow", "MTT 9 s, 1.5 s late, little flow (cold)", 9.0, 1.0, 1.5),
    LesionKind("fast", "MTT 2.5 s, 0.4 s early, much flow (hot)", 2.5, 1.0, -0.4),
    LesionKind("rich", "CBV and CBF twice as high (hot)", None, 2.0, 0.0),
    LesionKind("poor", "CBV and CBF half as high (cold)", None, 0.5, 0.0),
)


class Lesion(NamedTuple):
    """A ``ball`` of one of LESIONS (by place), ``size`` voxels across, in one of TISSUES."""

    ball: Ball
    kind: int
    size: int
    tissue: str


def ball_at(place: tuple[float, float, float], size: int, kind: LesionKind) -> Ball:
    """A lesion ``size`` voxels across; one of 2 has its middle between voxels, at +½ each way."""
    x, y, z = (p + 0.5 * (size == 2) for p in place)
    return Ball(centre=(x, y, z), diameter=size, mtt=kind.mtt, volume=kind.volume, later=kind.later)


def place_lesions(masks: PatientMasks, rng: np.random.Generator) -> tuple[Lesion, ...]:
    """Lesions of every kind and size in healthy grey and white matter, none near another.

    What finds no place is left out.
    """
    pure = {"grey": masks.grey, "white": masks.white}
    shape = masks.brain.shape
    places = np.moveaxis(np.indices(shape), 0, -1)
    gap = np.full(shape, np.inf)
    found: list[Lesion] = []
    for size, count in COUNTS.items():
        share = {name: _share(mask, size) for name, mask in pure.items()}
        fits = _share(np.ones(shape, dtype=bool), size) > 0.999
        for kind, what in enumerate(LESIONS):
            for tissue in TISSUES * count:
                free = gap > size / 2 + APART
                spot = _spot(share[tissue], free & fits & pure[tissue], rng)
                if spot is None:
                    continue
                lesion = Lesion(ball_at(spot, size, what), kind, size, tissue)
                away = np.linalg.norm(places - np.array(lesion.ball.centre), axis=-1)
                gap = np.minimum(gap, away - size / 2)
                found.append(lesion)
    return tuple(found)


def _share(mask: Bool[np.ndarray, "x y z"], size: int) -> Float[np.ndarray, "x y z"]:
    """Of a ball put at each voxel, the share that is in the mask."""
    box = (5, 5, 5)
    footprint = ball_at((2.0, 2.0, 2.0), size, LESIONS[0]).mask(box).astype(float)
    return correlate(mask.astype(float), footprint / footprint.sum(), mode="constant")


def _spot(
    share: Float[np.ndarray, "x y z"], free: Bool[np.ndarray, "x y z"], rng: np.random.Generator
) -> tuple[float, float, float] | None:
    """A free voxel drawn from those with the largest share; None without any."""
    places = np.argwhere(free)
    if not len(places):
        return None
    best = np.argsort(-share[free], kind="stable")[: max(1, len(places) // BEST)]
    x, y, z = (float(value) for value in places[rng.choice(best)])
    return x, y, z
