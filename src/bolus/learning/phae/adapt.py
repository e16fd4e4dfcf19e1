"""Adaptation of ``phae`` to a cohort without labels: learn its population, then follow it.

Fitting the curves better is not the aim: a network that is tuned to rebuild noisy curves wanders
along valleys where delay, shape and MTT trade places. What a cohort can teach is how its tissue is
distributed. That is learned from the likelihoods of its curves alone, checked on patients that had
no part in it, and then the network is trained on simulated curves of that population.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from bolus.base.progress import QUIET, Reporter
from bolus.estimators.phae.features import SIZE
from bolus.estimators.phae.network import CALIBRATION
from bolus.estimators.weights import Weights, hidden_widths
from bolus.learning.loop import fit
from bolus.learning.phae.calibrate import calibrate
from bolus.learning.phae.population import (
    Curves,
    Population,
    broad_population,
    evidence,
    learn_population,
    likelihood,
)
from bolus.learning.phae.scenes import Scene, random_scene, scene
from bolus.learning.phae.supervise import Encoder, Supervised
from bolus.learning.provenance import provenance
from bolus.learning.recipe import Recipe
from bolus.learning.voxels import PatientVoxels

RESAMPLES = 2000


@dataclass(frozen=True, kw_only=True)
class AdaptRecipe:
    """``scans`` simulated scans of ``voxels``, a share ``own`` of them with the cohort's inputs.

    A population is learned from ``curves`` in all, and judged by as many. ``always``: the network
    is trained even where patients held out are not explained better.
    """

    scans: int = 160
    held_out: int = 16
    voxels: int = 2048
    own: float = 0.6
    epochs: int = 8
    learning_rate: float = 1e-3
    curves: int = 3000
    always: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class Adapted:
    """What came of an adaptation.

    ``gain`` is the mean log predictive likelihood a curve of the patients held out, under the
    learned population less that under the one the network knew; ``gain_ci`` its 95 % interval,
    patients resampled. ``weights`` is None where it was not kept.
    """

    weights: Weights | None
    population: Population
    gain: float
    gain_ci: tuple[float, float]

    @property
    def kept(self) -> bool:
        """Whether patients held out are explained better, beyond chance."""
        return self.weights is not None


def adapt(
    train: Sequence[PatientVoxels],
    validation: Sequence[PatientVoxels],
    start: Weights,
    folder: Path,
    *,
    recipe: AdaptRecipe | None = None,
    seed: int = 0,
    resume: bool = False,
    reporter: Reporter = QUIET,
) -> Adapted:
    """Learn the population of ``train``, judge it on ``validation``, and train ``start`` on it.

    ``folder`` takes checkpoint and log. The network is trained only when the patients held out
    are explained better.
    """
    recipe = AdaptRecipe() if recipe is None else recipe
    reporter.step("learning the population")
    before = broad_population()
    core = learn_population([likelihood(c) for c in some_curves(train, recipe.curves)], before)
    learned = core.kept_open(before)
    reporter.step("judging it on the patients held out")
    gain, low, high = predictive_gain(some_curves(validation, recipe.curves), learned, before, seed)
    if not (low > 0 or recipe.always):
        return Adapted(weights=None, population=learned, gain=gain, gain_ci=(low, high))
    reporter.step("simulating its curves")
    task = _task(train, learned, start, recipe, seed)
    loop = Recipe(
        epochs=recipe.epochs,
        lr=recipe.learning_rate,
        batch=task.mixture.chunk * task.mixture.scans,
        schedule="cosine",
        seed=seed,
    )
    identity = f"{task.fingerprint} {start.checksum}"
    history = fit(task, loop, folder, resume=resume, identity=identity, reporter=reporter)
    made = {
        "data": "simulated scans of a learned population",
        "adapted_from": start.checksum,
        "patients": len(train),
        "patients_held_out": len(validation),
        "predictive_gain": [gain, low, high],
        "population": dict(core.summary()),
        "log_cbv": list(learned.log_cbv),
    }
    weights = calibrate(task.weights(provenance(loop, history, made)), core, seed, recipe.scans)
    return Adapted(weights=weights, population=learned, gain=gain, gain_ci=(low, high))


def some_curves(patients: Sequence[PatientVoxels], voxels: int) -> list[Curves]:
    """The first voxels of every patient, ``voxels`` in all; they lie in random order."""
    each = max(1, voxels // max(1, len(patients)))
    found = []
    for patient in patients:
        tissue, noise = patient.rows(0, each)
        found.append(Curves(tissue, noise[:, None], patient.aif, patient.dt, patient.te))
    return found


def predictive_gain(
    patients: Sequence[Curves], learned: Population, before: Population, seed: int = 0
) -> tuple[float, float, float]:
    """Mean log-likelihood a curve gained, and its 95 % interval over patients (curves for one)."""
    each = []
    for curves in patients:
        found = likelihood(curves)
        each.append(evidence(found, learned) - evidence(found, before))
    units = np.array([e.mean() for e in each]) if len(each) > 1 else each[0]
    rng = np.random.default_rng([seed, 7])
    means = units[rng.integers(units.size, size=(RESAMPLES, units.size))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(units.mean()), float(low), float(high)


def _task(
    train: Sequence[PatientVoxels],
    learned: Population,
    start: Weights,
    recipe: AdaptRecipe,
    seed: int,
) -> Supervised:
    encoder = Encoder(hidden_widths(start), np.zeros(SIZE), np.ones(SIZE), seed)
    encoder.load_state_dict(
        {
            f"values.{k}": torch.from_numpy(v.copy())
            for k, v in start.tensors.items()
            if k != CALIBRATION
        },
        strict=False,
    )
    scenes = [
        _scene(number, train, learned, recipe, seed)
        for number in range(recipe.scans + recipe.held_out)
    ]
    return Supervised(
        module=encoder,
        scenes=scenes[: recipe.scans],
        held_out=scenes[recipe.scans :],
        prior=learned,
        seed=seed,
    )


def _scene(
    number: int,
    train: Sequence[PatientVoxels],
    learned: Population,
    recipe: AdaptRecipe,
    seed: int,
) -> Scene:
    rng = np.random.default_rng([seed, 11, number])
    if rng.random() > recipe.own:
        return random_scene(rng, learned, recipe.voxels)
    patient = train[number % len(train)]
    return scene(rng, learned, recipe.voxels, patient.aif.astype(float), patient.dt)
