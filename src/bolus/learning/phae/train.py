"""The shipped weights of ``phae``, from nothing but a seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bolus.base.json import plain
from bolus.base.progress import QUIET, Reporter
from bolus.estimators.weights import Weights
from bolus.learning.loop import fit
from bolus.learning.phae.calibrate import calibrate
from bolus.learning.phae.scenes import BroadPrior, ScanPrior, Scene, TissuePrior, random_scene
from bolus.learning.phae.supervise import Encoder, Supervised, statistics
from bolus.learning.provenance import provenance
from bolus.learning.recipe import History, Recipe

USUAL = BroadPrior(delay=(-1.0, 4.0), delay_taper=0.0, cbv=(0.014, 0.114), unusual=0.0)
"""Tissue for which the shipped intervals hold what they say: training also saw the unusual."""
STATISTICS = 200
"""Scans from which the features' mean and SD are taken."""


@dataclass(frozen=True, kw_only=True)
class PhaeRecipe:
    """Sizes of the network and of its training; the defaults made the shipped weights.

    ``scans`` scans of ``voxels`` each, every voxel once an epoch under fresh noise.
    """

    widths: tuple[int, ...] = (256, 192, 192)
    scans: int = 960
    held_out: int = 24
    voxels: int = 2048
    epochs: int = 12
    learning_rate: float = 2e-3


def train_phae(
    folder: Path,
    *,
    recipe: PhaeRecipe | None = None,
    prior: TissuePrior | None = None,
    seed: int = 0,
    resume: bool = False,
    reporter: Reporter = QUIET,
) -> tuple[Weights, History]:
    """Train on simulated scans; ``folder`` takes the checkpoint and the log.

    ``prior`` is where tissue comes from, None the broad one. The same seed gives the same weights
    up to rounding that depends on the number of threads.
    """
    recipe = PhaeRecipe() if recipe is None else recipe
    prior = BroadPrior() if prior is None else prior
    scenes = simulated_scans(
        recipe.scans + recipe.held_out, recipe.voxels, prior, seed=seed, reporter=reporter
    )
    used, held_out = scenes[: recipe.scans], scenes[recipe.scans :]
    mean, sd = statistics(used[:STATISTICS], prior, seed)
    encoder = Encoder(recipe.widths, mean, sd, seed)
    task = Supervised(module=encoder, scenes=used, held_out=held_out, prior=prior, seed=seed)
    loop = Recipe(
        epochs=recipe.epochs,
        lr=recipe.learning_rate,
        batch=task.mixture.chunk * task.mixture.scans,
        schedule="cosine",
        seed=seed,
    )
    history = fit(task, loop, folder, resume=resume, identity=task.fingerprint, reporter=reporter)
    made = {
        "data": "simulated scans",
        "prior": plain({"name": type(prior).__name__, **vars(prior)}),
        "scans": plain(ScanPrior()),
        "sizes": plain(recipe),
        "mixture": plain(task.mixture),
    }
    weights = task.weights(provenance(loop, history, made))
    return calibrate(weights, USUAL, seed, recipe.scans), history


def simulated_scans(
    count: int,
    voxels: int,
    prior: TissuePrior,
    *,
    seed: int,
    reporter: Reporter = QUIET,
) -> Sequence[Scene]:
    """``count`` random scans of ``voxels`` each; each has its own seed, so any part is the same."""
    found = []
    for number in range(count):
        if number % 20 == 0:
            reporter.advance(number, count, "simulating scans")
        found.append(random_scene(np.random.default_rng([seed, number]), prior, voxels))
    return found
