"""The shipped weights of ``phae-paper``, from nothing but a seed."""

from pathlib import Path

import torch

from bolus.base.progress import QUIET, Reporter
from bolus.estimators.paper.config import PaperConfig
from bolus.estimators.weights import Weights
from bolus.learning.loop import fit
from bolus.learning.paper.simulated import PROTOCOLS, SHAPE, simulated_patients
from bolus.learning.paper.task import PaperTask
from bolus.learning.provenance import provenance
from bolus.learning.recipe import History, Recipe
from bolus.learning.voxels import PatientVoxels

PATIENTS, HELD_OUT, VOXELS = 20, 2, 2304


def train_paper(
    folder: Path,
    *,
    config: PaperConfig | None = None,
    seed: int = 0,
    patients: int = PATIENTS,
    voxels: int = VOXELS,
    resume: bool = False,
    reporter: Reporter = QUIET,
) -> tuple[Weights, History]:
    """Train on simulated patients by the published recipe: Adam, all epochs, no early stop.

    ``folder`` takes the curves, the checkpoint and the log. ``patients`` are trained on, at most
    ``voxels`` of each.
    """
    torch.manual_seed(seed)
    config = PaperConfig() if config is None else config
    own = folder / "curves" / f"{patients}-{voxels}"
    cached = _curves(own, patients + HELD_OUT, voxels, seed, reporter)
    task = PaperTask(config, cached[:patients], cached[patients:], seed=seed)
    recipe = Recipe(epochs=config.epochs, lr=config.learning_rate, batch=config.batch, seed=seed)
    history = fit(task, recipe, folder, resume=resume, identity=task.fingerprint, reporter=reporter)
    made = {
        "data": "simulated patients",
        "protocols": [p._asdict() for p in PROTOCOLS],
        "matrix": list(SHAPE),
        "patients": patients,
        "patients_held_out": HELD_OUT,
        "voxels": sum(p.count for p in cached[:patients]),
    }
    return task.weights(provenance(recipe, history, made)), history


def _curves(
    folder: Path,
    patients: int,
    voxels: int,
    seed: int,
    reporter: Reporter,
) -> list[PatientVoxels]:
    """The simulated curves, made once."""
    there = sorted(folder.glob("*.safetensors"))
    if len(there) == patients:
        return [PatientVoxels.open(path) for path in there]
    return simulated_patients(folder, patients, voxels, seed=1000 + seed, reporter=reporter)
