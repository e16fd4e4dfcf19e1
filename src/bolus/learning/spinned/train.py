"""The shipped weights of ``spinned``, from nothing but a seed."""

from dataclasses import dataclass
from pathlib import Path

from bolus.base.json import plain
from bolus.base.progress import QUIET, Reporter
from bolus.estimators.weights import Weights
from bolus.learning.loop import fit
from bolus.learning.phae.scenes import BroadPrior, ScanPrior, TissuePrior
from bolus.learning.phae.train import simulated_scans
from bolus.learning.provenance import provenance
from bolus.learning.recipe import History, Recipe
from bolus.learning.spinned.task import CHUNK, SCANS, Deconvolution, Network


@dataclass(frozen=True, kw_only=True)
class SpinnedRecipe:
    """Sizes of the network and of its training; the defaults made the shipped weights.

    ``scans`` scans of ``voxels`` each, every voxel once an epoch under fresh noise.
    """

    widths: tuple[int, ...] = (256, 256, 192)
    scans: int = 400
    held_out: int = 16
    voxels: int = 1024
    epochs: int = 12
    learning_rate: float = 1.5e-3


def train_spinned(
    folder: Path,
    *,
    recipe: SpinnedRecipe | None = None,
    prior: TissuePrior | None = None,
    seed: int = 0,
    resume: bool = False,
    reporter: Reporter = QUIET,
) -> tuple[Weights, History]:
    """Train on simulated scans; ``folder`` takes the checkpoint and the log.

    ``prior`` is where tissue comes from, None the broad one of ``phae``, which leaves the
    benchmark's held-out residues out. The same seed gives the same weights up to rounding that
    depends on the number of threads.
    """
    recipe = SpinnedRecipe() if recipe is None else recipe
    prior = BroadPrior() if prior is None else prior
    scenes = simulated_scans(
        recipe.scans + recipe.held_out, recipe.voxels, prior, seed=seed + 500, reporter=reporter
    )
    task = Deconvolution(
        module=Network(recipe.widths, seed),
        scenes=scenes[: recipe.scans],
        held_out=scenes[recipe.scans :],
        prior=prior,
        seed=seed,
    )
    loop = Recipe(
        epochs=recipe.epochs,
        lr=recipe.learning_rate,
        batch=CHUNK * SCANS,
        schedule="cosine",
        seed=seed,
    )
    identity = f"{recipe.widths} {recipe.scans} {recipe.voxels} {prior} {seed}"
    history = fit(task, loop, folder, resume=resume, identity=identity, reporter=reporter)
    made = {
        "data": "simulated scans",
        "prior": plain({"name": type(prior).__name__, **vars(prior)}),
        "scans": plain(ScanPrior()),
        "sizes": plain(recipe),
    }
    return task.weights(provenance(loop, history, made)), history
