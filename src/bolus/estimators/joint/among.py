"""The voxels of a patient together: a population, points of less noise, and neighbours."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.estimators.joint.blocks import ENOUGH, Blocks, Curves, Level, blocks, joined
from bolus.estimators.joint.box import Points, tissue_around
from bolus.estimators.joint.dispersion import LOOSE, learned
from bolus.estimators.joint.gaussian import ANYTHING
from bolus.estimators.joint.messages import messages
from bolus.estimators.joint.moments import Settled, Voxels
from bolus.estimators.joint.neighbours import LocalPrior, coarse_prior, from_population, local_prior
from bolus.estimators.joint.noise import noise_of
from bolus.estimators.joint.points import points
from bolus.estimators.joint.population import learn_population
from bolus.estimators.joint.sample import evidence_of_dispersion
from bolus.estimators.joint.templates import Templates, Undispersed
from bolus.estimators.joint.windows import ALONE, COARSELY, FINELY, Fineness, first_look, windows


@dataclass(frozen=True, eq=False)
class Known:
    """What was ``found`` of ``voxels``, and before of ``points`` among them."""

    found: Settled
    voxels: Voxels
    points: Points | None = None


def alone(curves: Curves, table: Templates, late: Float[np.ndarray, " n"] | None) -> Known:
    """Each voxel by itself, with any tissue as likely as another."""
    voxels = _voxels(curves, table, late, ALONE)
    return Known(voxels.settled(_anything), voxels)


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
        above = None
    else:
        table = bank.dispersed(_dispersion(joined(voxels.curves, made, aif), bank))
        above = _above(voxels, made, aif, table)
    held, prior = _expected(voxels, table, above, OF_VOXELS, spatial=spatial)
    return Known(held.settled(prior), held, above)


class Looks(NamedTuple):
    """How finely voxels are looked at, at ``first`` and ``then``."""

    first: Fineness
    then: Fineness


OF_VOXELS, OF_POINTS = Looks(COARSELY, FINELY), Looks(COARSELY.of_few(), FINELY.of_few())


def _above(voxels: Level, made: Blocks, aif: Float[np.ndarray, " t"], table: Templates) -> Points:
    """Points of the brain, among their neighbours."""
    level = Level(points(voxels.curves, voxels.places, made, aif), made.places)
    held, prior = _expected(level, table, None, OF_POINTS, spatial=True)
    return Points(made.first, held.moments(prior))


def _expected(
    level: Level, table: Templates, above: Points | None, looks: Looks, *, spatial: bool
) -> tuple[Voxels, LocalPrior]:
    """Voxels of a level in windows where they are expected, and the prior that expects them."""
    places = level.places
    voxels = _voxels(level.curves, table, places.late, looks.first)
    found = voxels.moments(_anything)
    said = messages(found, ANYTHING)
    population = learn_population(said)
    if not spatial:
        prior = from_population(population, len(said.mean))
    else:
        told = None
        if above is not None:
            told = coarse_prior(tissue_around(above, places), found)
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


def _anything(rows: np.ndarray, cells: Float[np.ndarray, "cells three"]) -> np.ndarray:
    """The prior of voxels of which nothing is known."""
    return ANYTHING.log_density(cells)
