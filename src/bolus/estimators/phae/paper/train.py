"""The shipped weights of ``phae-paper`` and of its supervised twin, from nothing but a seed."""

from collections.abc import Callable
from pathlib import Path

import torch

from bolus.estimators.phae.paper.config import PaperConfig
from bolus.estimators.phae.paper.simulated import PROTOCOLS, SHAPE, simulated_patients
from bolus.estimators.phae.paper.task import PaperTask
from bolus.estimators.phae.training.cache import CachedPatient, open_patients
from bolus.estimators.phae.training.loop import fit
from bolus.estimators.phae.training.provenance import provenance
from bolus.estimators.phae.training.recipe import History, Recipe
from bolus.estimators.phae.weights import Weights

PATIENTS, HELD_OUT, VOXELS = 20, 2, 2304


def train_paper(
    folder: Path,
    *,
    config: PaperConfig | None = None,
    supervised: bool = False,
    seed: int = 0,
    patients: int = PATIENTS,
    voxels: int = VOXELS,
    resume: bool = False,
    progress: Callable[[str], None] | None = None,
) -> tuple[Weights, History]:
    """Train on simulated patients by the published recipe: Adam, all epochs, no early stop.

    ``folder`` takes the curves, the checkpoint and the log. ``supervised`` trains the twin on the
    true MTT. The last epoch's weights are what the recipe means; the loop keeps the best
    validation, which differs little.
    """
    torch.manual_seed(seed)
    config = PaperConfig() if config is None else config
    cached = _curves(folder / "curves", patients + HELD_OUT, voxels, seed, progress)
    task = PaperTask(config, cached[:patients], cached[patients:], seed=seed, supervised=supervised)
    recipe = Recipe(epochs=config.epochs, learning_rate=config.learning_rate)
    history = fit(task, recipe, folder, resume=resume, progress=progress)
    made = {
        "data": "simulated patients",
        "protocols": [p._asdict() for p in PROTOCOLS],
        "matrix": list(SHAPE),
        "patients": patients,
        "patients_held_out": HELD_OUT,
        "voxels": sum(p.voxels for p in cached[:patients]),
    }
    return task.weights(provenance(seed, recipe, history, made)), history


def _curves(
    folder: Path,
    patients: int,
    voxels: int,
    seed: int,
    progress: Callable[[str], None] | None,
) -> list[CachedPatient]:
    """The simulated curves, made once for both networks."""
    there = sorted(folder.glob("*.safetensors"))
    if len(there) == patients:
        return open_patients(there)
    return simulated_patients(folder, patients, voxels, seed=1000 + seed, progress=progress)
