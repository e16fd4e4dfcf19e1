"""A surrogate from the voxels of a cohort to weights."""

from collections.abc import Sequence
from pathlib import Path

from bolus.base.progress import Reporter
from bolus.estimators.surrogate.config import QUANTITIES, SurrogateConfig
from bolus.estimators.weights import Weights
from bolus.learning.lesson import Lesson
from bolus.learning.loop import fit
from bolus.learning.provenance import provenance
from bolus.learning.recipe import Recipe
from bolus.learning.surrogate.pupils import caps_of
from bolus.learning.surrogate.recipe import SurrogateRecipe
from bolus.learning.surrogate.task import SurrogateTask
from bolus.learning.voxels import PatientVoxels, fingerprint


def train_surrogate(
    kind: str,
    lesson: Lesson,
    patients: Sequence[PatientVoxels],
    held_out: Sequence[PatientVoxels],
    folder: Path,
    *,
    recipe: SurrogateRecipe,
    seed: int,
    resume: bool,
    reporter: Reporter,
) -> Weights:
    """Weights of the preset ``kind`` after its training; stops early where patients are held out.

    ``folder`` takes the checkpoint and the log. The caps of the maps are those of ``patients``.
    """
    config = SurrogateConfig(
        target=lesson.target,
        quantities=QUANTITIES[kind],
        caps=caps_of(patients, QUANTITIES[kind]),
        step=recipe.step,
        before=recipe.before,
        samples=recipe.samples,
        tower=recipe.tower,
        hidden=recipe.hidden,
        image=recipe.image,
    )
    task = SurrogateTask(kind, config, recipe, patients, held_out, seed=seed)
    how = Recipe(
        epochs=recipe.epochs,
        lr=recipe.learning_rate,
        batch=recipe.batch,
        schedule="cosine",
        seed=seed,
        patience=recipe.patience if held_out else None,
    )
    identity = f"{kind} {config} {recipe} {fingerprint([*patients, *held_out])}"
    history = fit(task, how, folder, resume=resume, identity=identity, reporter=reporter)
    made = {
        "data": "cohort",
        "target": lesson.target,
        "series": len(patients),
        "series_held_out": len(held_out),
        "voxels": sum(p.count for p in patients),
        "started_from": None,
    }
    return task.weights(provenance(how, history, made))
