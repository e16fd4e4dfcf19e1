"""The voxels of a patient together: a population, points of less noise, and neighbours."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.estimators.joint.blocks import ENOUGH, Curves, Level, blocks, joined
from bolus.estimators.joint.box import Points, tissue_around
from bolus.estimators.joint.dispersion import LOOSE, learned
from bolus.estimators.joint.gaussian import ANYTHING, Gaussian
from bolus.estimators.joint.messages import messages
from bolus.estimators.joint.moments import Prior, Settled, Voxels
from bolus.estimators.joint.neighbours import LocalPrior, coarse_prior, from_population, local_prior
from bolus.estimators.joint.noise import noise_of
from bolus.estimators.joint.points import points
from bolus.estimators.joint.population import learn_population
from bolus.estimators.joint.residue import evidence_of_shape, tissue_of
from bolus.estimators.joint.sample import evidence_of_dispersion
from bolus.estimators.joint.templates import Templates, Undispersed
from bolus.estimators.joint.windows import ALONE, COARSELY, FINELY, Fineness, first_look, windows
from bolus.estimators.protocol import Places


@dataclass(frozen=True, eq=False)
class Known:
    """What was ``found`` of ``voxels``, and before of ``points`` among them."""

    found: Settled
    voxels: Voxels
    points: Points | None = None


def alone(curves: Curves, table: Templates, late: Float[np.ndarray, " n"] | None) -> Known:
    """Each voxel by itself, with any tissue as likely as another."""
    voxels = _voxels(curves, table, late, ALONE)
    return Known(voxels.settled(_prior(ANYTHING)), voxels)


def among_others(
    voxels: Level, aif: Float[np.ndarray, " t"], bank: Undispersed, *, spatial: bool
) -> Known:
    """Each voxel under the patient's population and, where ``spatial``, among its neighbours.

    There, ``points`` of the brain are estimated first, which noise harms less: what they say of the
    tissue around a voxel is part of its prior. ``aif`` (t,) is the arterial input.
    """
    made = blocks(voxels.places) if spatial else None
    if made is None or len(made.first) < ENOUGH:
        table = bank.dispersed(_dispersion(voxels.curves, bank))
        held, prior, _ = _shaped(voxels, table, OF_VOXELS, spatial=spatial)
        return Known(held.settled(prior), held)
    table = bank.dispersed(_dispersion(joined(voxels.curves, made, aif), bank))
    level = Level(points(voxels.curves, voxels.places, made, aif), made.places)
    held, prior, tissue = _shaped(level, table, OF_POINTS, spatial=True)
    above = Points(made.first, held.moments(prior))
    before = Before(tissue, above)
    first = _voxels(voxels.curves, table, voxels.places.late, OF_VOXELS.first)
    held, prior = _expected(first, voxels.places, before, OF_VOXELS, spatial=True)
    return Known(held.settled(prior), held, above)


class Before(NamedTuple):
    """What is known before voxels are looked at.

    Any ``tissue`` that the patient may have, and ``points`` of the brain where these are found.
    """

    tissue: Gaussian
    points: Points | None = None


class Looks(NamedTuple):
    """How finely voxels are looked at, at ``first`` and ``then``."""

    first: Fineness
    then: Fineness


OF_VOXELS, OF_POINTS = Looks(COARSELY, FINELY), Looks(COARSELY.of_few(), FINELY.of_few())


def _shaped(
    level: Level, table: Templates, looks: Looks, *, spatial: bool
) -> tuple[Voxels, LocalPrior, Gaussian]:
    """As ``_expected``, and any tissue of the shape that the curves have when they are expected."""
    first = _voxels(level.curves, table, level.places.late, looks.first)
    held, _ = _expected(first, level.places, Before(ANYTHING), looks, spatial=spatial)
    tissue = tissue_of(evidence_of_shape(held))
    return *_expected(first, level.places, Before(tissue), looks, spatial=spatial), tissue


def _expected(
    voxels: Voxels, places: Places, before: Before, looks: Looks, *, spatial: bool
) -> tuple[Voxels, LocalPrior]:
    """Voxels in windows where they are expected, and the prior that expects them."""
    found = voxels.moments(_prior(before.tissue))
    said = messages(found, before.tissue)
    population = learn_population(said, before.tissue)
    if not spatial:
        prior = from_population(population, len(said.mean))
    else:
        told = None
        if before.points is not None:
            told = coarse_prior(tissue_around(before.points, places), found)
        prior = local_prior(said, population, places, told)
    return voxels.narrowed(prior.look(said, found), looks.then), prior


def _dispersion(curves: Curves, bank: Undispersed) -> float:
    """Seconds of it in this patient."""
    if not len(curves.tissue):
        return LOOSE
    noise = noise_of(curves.noise_sd, curves.tissue.dtype)
    return learned(evidence_of_dispersion(curves.tissue, noise, bank))[0]


def _voxels(
    curves: Curves,
    table: Templates,
    late: Float[np.ndarray, " n"] | None,
    fineness: Fineness,
) -> Voxels:
    """Voxels in the windows that a first look at each gives it."""
    noise, tissue = noise_of(curves.noise_sd, curves.tissue.dtype), curves.uncensored().tissue
    where = windows(first_look(tissue, noise, table), noise, table, late, fineness)
    return Voxels(tissue, noise, table, where, late, fineness.doubt)


def _prior(tissue: Gaussian) -> Prior:
    """The prior of voxels of which no more is known than what ``tissue`` there may be."""
    return lambda _, cells: tissue.log_density(cells)
