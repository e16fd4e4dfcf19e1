"""Perfusion of healthy brain tissue, voxel by voxel."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.phantom.anatomy import Anatomy
from bolus.phantom.arterial import Range
from bolus.phantom.fields import smooth_field
from bolus.phantom.populations import ADULT, Population
from bolus.phantom.realism import PLAIN, SHAPES, Realism
from bolus.phantom.vessels import territory_distances

GREY_CBV, GREY_MTT = ADULT.grey
FLUID_CBV, FLUID_MTT = 0.05, 5.0
LATEST = 2.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Tissue:
    """Capillary perfusion of every voxel, large vessels left out.

    ``cbv`` mL/100 g, ``cbf`` mL/100 g/min, signed ``delay`` s against the trunks; ``shape`` is
    that of the ``residue`` function, and ``dispersion`` s of the arterial input on its way.
    """

    cbv: Float[np.ndarray, "x y z"]
    cbf: Float[np.ndarray, "x y z"]
    delay: Float[np.ndarray, "x y z"]
    shape: Float[np.ndarray, "x y z"]
    residue: str
    dispersion: Float[np.ndarray, "x y z"]

    @property
    def mtt(self) -> Float[np.ndarray, "x y z"]:
        """Central volume theorem, MTT = 60·CBV/CBF in s."""
        return 60 * self.cbv / self.cbf


def healthy_tissue(rng: np.random.Generator, anatomy: Anatomy, realism: Realism = PLAIN) -> Tissue:
    """Grey matter near 4.8 mL/100 g and 65 mL/100 g/min, white near 2.0 and 25, fluid almost 0.

    Blood volume varies smoothly by 12 % and transit time by 8 %, and between patients by 3 %; other
    populations have numbers of their own. A voxel of several classes has the volume-weighted CBV
    and CBF of its classes and one residue function; that is the truth, so every voxel without large
    vessel obeys the forward model exactly. Source of the numbers: Østergaard, J Magn Reson Imaging
    2005;22:710.
    """

    def around(value: float, cov: float) -> Float[np.ndarray, "x y z"]:
        field = _field(rng, anatomy)
        return value * np.exp(cov * field - cov**2 / 2)

    people = realism.population
    person = np.exp(0.03 * np.clip(rng.standard_normal(2), -1.5, 1.5))
    slow = around(float(person[0]), people.mtt_spread)
    volumes = [around(v * person[1], people.cbv_spread) for v in (people.grey[0], people.white[0])]
    volumes.append(np.full(anatomy.grid.shape, FLUID_CBV))
    flows = [
        60 * cbv / (mtt * slow)
        for cbv, mtt in zip(volumes, (people.grey[1], people.white[1], FLUID_MTT), strict=True)
    ]
    return Tissue(
        cbv=_weighted(anatomy, volumes),
        cbf=_weighted(anatomy, flows),
        delay=_arrival(rng, anatomy, people),
        shape=_shape(rng, anatomy, realism),
        residue=realism.residue,
        dispersion=_dispersion(rng, anatomy, realism.dispersion),
    )


def _field(rng: np.random.Generator, anatomy: Anatomy) -> Float[np.ndarray, "x y z"]:
    return smooth_field(rng, anatomy.grid.shape, anatomy.grid.voxel_size, 12.0, anatomy.brain)


def _shape(
    rng: np.random.Generator, anatomy: Anatomy, realism: Realism
) -> Float[np.ndarray, "x y z"]:
    """Shape of the residue, varying smoothly; see SHAPES."""
    centre, spread, low, high = SHAPES[realism.residue]
    if realism.population.shape is not None:
        centre, spread = realism.population.shape
    field = _field(rng, anatomy)
    if realism.residue == "weibull":
        return np.clip(centre * np.exp(spread * field - spread**2 / 2), low, high)
    return np.clip(centre + spread * field, low, high)


def _dispersion(
    rng: np.random.Generator, anatomy: Anatomy, within: Range
) -> Float[np.ndarray, "x y z"]:
    """Dispersion in s, uniform over the brain's voxels and smooth between them."""
    from scipy.special import ndtr

    if within[0] == within[1]:
        return np.full(anatomy.grid.shape, float(within[0]))
    return within[0] + (within[1] - within[0]) * ndtr(_field(rng, anatomy))


def _weighted(
    anatomy: Anatomy, values: list[Float[np.ndarray, "x y z"]]
) -> Float[np.ndarray, "x y z"]:
    """Mean over the classes of the tissue in a voxel; fluid where there is none."""
    total = sum(
        (f * v for f, v in zip((anatomy.grey, anatomy.white, anatomy.fluid), values, strict=True)),
        start=np.zeros(anatomy.grid.shape),
    )
    some = anatomy.tissue > 1e-3
    return np.where(some, total / np.where(some, anatomy.tissue, 1), values[2])


def _arrival(
    rng: np.random.Generator, anatomy: Anatomy, people: Population
) -> Float[np.ndarray, "x y z"]:
    """Delay in s: later with distance from the arteries, latest where territories meet.

    From −0.4 s (before the arteries the global input is taken from) to 2.5 s, where people's
    arrival is the plain one.
    """
    from scipy.ndimage import gaussian_filter

    near = territory_distances(anatomy.mni)
    watershed = np.exp(-(near[..., 1] - near[..., 0]) / 6.0) * np.clip(near[..., 0] / 25, 0, 1)
    noise = smooth_field(rng, anatomy.grid.shape, anatomy.grid.voxel_size, 12.0, anatomy.brain)
    supply = 0.03 * near[..., 0] + 1.3 * watershed
    supply = gaussian_filter(supply, [5 / edge for edge in anatomy.grid.voxel_size])
    later = people.arrival * (supply + 0.2 * anatomy.white)
    latest = LATEST * max(1.0, people.arrival)
    return np.clip(-0.3 + later + people.arrival_spread * noise, -0.4, latest)
