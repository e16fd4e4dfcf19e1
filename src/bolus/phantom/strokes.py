"""Acute strokes as they differ between patients, and the diffusion image of one."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from bolus.phantom.anatomy import Anatomy
from bolus.phantom.arterial import Number
from bolus.phantom.fields import smooth_field
from bolus.phantom.lesions import INSULA, MIDDLE, Place, Stroke
from bolus.phantom.populations import Population
from bolus.phantom.realism import Realism

AGED = Population(grey=(4.3, 5.0), white=(1.8, 5.7), mtt_spread=0.12, cbv_spread=0.15, arrival=1.3)
"""Tissue of people of the age of stroke: a little slower and less even than the plain patient's."""
SITES: Sequence[tuple[tuple[str, ...], Place, Number]] = (
    (MIDDLE, INSULA, 0.3),
    (("mca", "mca_front"), (-42.0, 10.0, 14.0), 0.25),
    (("mca_back", "mca_low"), (-48.0, -38.0, 20.0), 0.25),
    (("mca_back",), (-48.0, -40.0, 32.0), 0.2),
)
"""Arteries that are cut off, the middle of the core in mm of the template, and how often."""
GREY, WHITE, FLUID, DEAD = 0.80e-3, 0.70e-3, 3.0e-3, 0.45e-3
"""Apparent diffusion coefficient in mm²/s of grey and white matter, fluid and a fresh infarct."""
UNEVEN, NOISE = 0.04, 0.04
"""SD of its smooth variation and of its noise, relative."""


def random_stroke(rng: np.random.Generator) -> Stroke:
    """A stroke of any size: the whole artery or a branch, little or much core, sharp or graded.

    Brain later than 6 s is 60 to 390 mL, more than in patients (medians by two programs of
    91 and 102 mL: Deutschmann et al., Eur Radiol 2021;31:658).
    """
    arteries, centre, _ = SITES[rng.choice(len(SITES), p=[often for *_, often in SITES])]
    penumbra = rng.uniform(5.0, 9.0)
    return Stroke(
        arteries=arteries,
        centre=centre,
        radius=rng.uniform(8.0, 32.0),
        rim=rng.uniform(8.0, 40.0),
        flow=(rng.uniform(0.12, 0.25), rng.uniform(0.35, 0.6)),
        volume=(rng.uniform(0.35, 0.6), rng.uniform(0.9, 1.2)),
        later=(penumbra + rng.uniform(1.0, 5.0), penumbra),
        spread=rng.uniform(0.2, 0.4),
        hemisphere=rng.uniform(0.0, 1.0),
    )


def stroke_patient(seed: int) -> Realism:
    """A patient of the age of stroke with a random stroke, by the seed."""
    return Realism(population=AGED, ischaemia=random_stroke(np.random.default_rng([seed, 11])))


def diffusion(
    seed: int, anatomy: Anatomy, core: Float[np.ndarray, "x y z"] | None
) -> Float[np.ndarray, "x y z"]:
    """A measured map of the apparent diffusion coefficient, mm²/s, 0 outside the head.

    ``core`` is a voxel's share in an infarct. Means over grey and white matter and fluid, which
    vary smoothly, with noise. Source of the numbers: Schaefer, Grant and Gonzalez, Radiology
    2000;217:331.
    """
    rng = np.random.default_rng([seed, 7])
    dead = np.zeros(anatomy.grid.shape) if core is None else core
    field = smooth_field(rng, anatomy.grid.shape, anatomy.grid.voxel_size, 12.0, anatomy.brain)
    matter = anatomy.grey * GREY + anatomy.white * WHITE
    matter = matter * (1 - dead) + (anatomy.grey + anatomy.white) * DEAD * dead
    amount = np.maximum(anatomy.tissue, 1e-6)
    mean = (matter + anatomy.fluid * FLUID) / amount
    noise = 1 + NOISE * rng.standard_normal(anatomy.grid.shape)
    measured = mean * (1 + UNEVEN * np.clip(field, -2, 2)) * noise
    return np.where(anatomy.tissue > 0.1, measured, 0.0).astype(np.float32)


def matter_in(anatomy: Anatomy) -> Bool[np.ndarray, "x y z"]:
    """Voxels of the brain of which at least half is grey or white matter."""
    return anatomy.brain & (anatomy.grey + anatomy.white >= 0.5)
