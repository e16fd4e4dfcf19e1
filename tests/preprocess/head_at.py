"""A head at any level of the MNI152 space, imaged with a coil array through k-space."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from tiny_head import arterial_curve, tissue_of

from bolus.data import DSCSeries, Grid
from bolus.phantom.anatomy import anatomy_on
from bolus.phantom.pieces import divided, sampled, share

PIECES = (2, 2, 2)
REACH = 55.0
"""mm over which a coil sees: the rim of a head is then about twice as bright as its middle."""
EYES = [(33, 62, -38), (-33, 62, -38)]
MUSCLES = [(62, 15, -28), (-62, 15, -28), (30, -92, -52), (-30, -92, -52)]


def slab(level, slices, edge=3.4, gap=5.0, size=64):
    """Grid of some slices whose middle lies at ``level`` mm."""
    affine = np.diag([edge, edge, gap, 1.0])
    affine[:3, 3] = [0, -18, level] - affine.diagonal()[:3] * (
        np.array([size, size, slices]) - 1
    ) / 2
    return Grid(shape=(size, size, slices), affine=affine)


@lru_cache(maxsize=8)
def head_at(level, slices=1, coils=8, snr=50.0, seed=0, frames=40, dt=1.5):
    """Series; ``brain`` is more than half tissue, ``eyes`` their share of a voxel."""
    rng = np.random.default_rng(seed)
    grid = slab(level, slices)
    anatomy = anatomy_on(rng, divided(grid, PIECES))
    place = np.moveaxis(anatomy.mni, -1, 0)

    def ball(centre, radius):
        away = np.sqrt(sum((p - c) ** 2 for p, c in zip(place, centre, strict=True)))
        return 1 / (1 + np.exp((away - radius) / 1.5))

    outside = 1 - np.clip(anatomy.tissue, 0, 1)
    eyes = outside * np.clip(sum(ball(c, 12.0) for c in EYES), 0, 1)
    muscle = outside * np.clip(sum(ball(c, 14.0) for c in MUSCLES), 0, 1) * (1 - eyes)
    scalp = outside * anatomy.scalp * (1 - eyes) * (1 - muscle)
    fine = np.arange(0, frames * dt, 0.02)
    bolus = np.interp(
        np.arange(frames) * dt, fine, tissue_of(fine, arterial_curve(fine - 15.0), 4.0, 0.02)
    )
    parts = [
        (anatomy.grey, 1.0, 0.28),
        (anatomy.white, 0.9, 0.12),
        (anatomy.fluid, 1.5, 0.0),
        (eyes, 1.6, 0.0),
        (muscle, 0.4, 0.04),
        (scalp, 0.5, 0.02),
    ]
    signal = sum(
        (part * level_of)[..., None] * np.exp(-depth * bolus) for part, level_of, depth in parts
    )
    receive = sensitivity(place, coils)
    image = sampled(signal * receive[..., None], PIECES)
    tissue = share(anatomy.tissue, PIECES)
    brain = tissue > 0.5
    sd = image[..., :8][brain].mean() / snr
    real, imaginary = rng.normal(0, sd, (2, *image.shape))
    noisy = np.hypot(image + real, imaginary).astype(np.float32)
    return SimpleNamespace(
        series=DSCSeries(signal=1000 * noisy, dt=dt, te=0.03, grid=grid),
        brain=brain,
        eyes=share(eyes, PIECES),
    )


def sensitivity(place, coils):
    if coils == 0:
        return np.ones(place.shape[1:])
    total = 0.0
    for angle in 2 * np.pi * np.arange(coils) / coils:
        loop = np.array([120 * np.cos(angle), -18 + 130 * np.sin(angle), 0.0])
        away = sum((p - c) ** 2 for p, c in zip(place, loop, strict=True))
        total = total + 1 / (1 + away / REACH**2) ** 3
    field = np.sqrt(total)
    return field / np.median(field)
