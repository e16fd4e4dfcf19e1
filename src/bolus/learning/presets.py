"""What each preset trains, with a cohort and without."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bolus.base.progress import Reporter
from bolus.data import InputError
from bolus.estimators.weights import Weights, shipped_weights
from bolus.learning.choices import with_choices
from bolus.learning.cohort import LEAST
from bolus.learning.lesson import Lesson
from bolus.learning.sample import Sample
from bolus.learning.voxels import PatientVoxels, fingerprint

if TYPE_CHECKING:
    from bolus.estimators.paper.config import PaperConfig
    from bolus.learning.phae.adapt import Adapted

R = TypeVar("R")
PATIENCE = 10
"""Epochs of ``paper`` on a cohort without a new lowest validation loss, after which it stops."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One training: ``held_out`` is empty for training without validation, ``start`` may be None.

    ``folder`` takes checkpoint and log; ``recipe`` None is the preset's own. ``lesson`` is that of
    a surrogate.
    """

    folder: Path
    files: Sequence[Path] = ()
    held_out: Sequence[Path] = ()
    start: Weights | None = None
    recipe: object = None
    seed: int = 0
    sample: Sample = field(default_factory=Sample)
    resume: bool = False
    reporter: Reporter
    lesson: Lesson | None = None

    def recipe_of(self, kind: type[R], usual: R | None = None) -> R:
        """The recipe given or else the kind's own, with the epochs and the batch given.

        Of a recipe given as a mapping the other fields are those of ``usual``, or the kind's own.
        """
        recipe: Any = self.recipe
        if recipe is None or isinstance(recipe, Mapping):
            recipe = with_choices(kind() if usual is None else usual, recipe or {})
        if not isinstance(recipe, kind):
            raise InputError(
                f"the recipe of this training is a {kind.__name__}, found {type(recipe).__name__}"
            )
        given = {"epochs": self.sample.epochs, "batch": self.sample.batch}
        said = {name: value for name, value in given.items() if value is not None}
        lacking = [name for name in said if not hasattr(recipe, name)]
        if lacking:
            raise InputError(f"this recipe has no {lacking[0]} that could be chosen")
        return replace(recipe, **said)  # type: ignore[type-var]


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A recipe by name: the kind of its weights, and its training with and without a cohort.

    ``processes`` may share its batches; ``judged`` presets need patients held out; ``patients``:
    its simulation is one of whole patients. ``cohort`` is None where only a simulation has what
    is trained on, ``simulated`` where only a cohort has. ``lesson``: it learns the maps of a
    ``Sample.target``, by 'voxels' or 'slices'.
    """

    kind: str
    processes: tuple[int, ...]
    judged: bool
    patients: bool
    simulated: Callable[[Job], Weights] | None
    cohort: "Callable[[Job], tuple[Weights | None, Adapted | None]] | None"
    lesson: str | None = None


def paper_simulated(job: Job) -> Weights:
    """The recipe of the shipped weights of ``phae-paper``."""
    from bolus.estimators.paper.config import PaperConfig
    from bolus.learning.paper.train import PATIENTS, VOXELS, train_paper

    weights, _ = train_paper(
        job.folder,
        config=job.recipe_of(PaperConfig),
        seed=job.seed,
        patients=job.sample.patients or PATIENTS,
        voxels=job.sample.voxels or VOXELS,
        resume=job.resume,
        reporter=job.reporter,
    )
    return weights


def phae_simulated(job: Job) -> Weights:
    """The recipe of the shipped weights of ``phae``."""
    from bolus.learning.phae.train import PhaeRecipe, train_phae

    recipe = job.recipe_of(PhaeRecipe)
    weights, _ = train_phae(
        job.folder, recipe=recipe, seed=job.seed, resume=job.resume, reporter=job.reporter
    )
    return weights


def spinned_simulated(job: Job) -> Weights:
    """The recipe of the shipped weights of ``spinned``."""
    from bolus.learning.spinned.train import SpinnedRecipe, train_spinned

    recipe = job.recipe_of(SpinnedRecipe)
    weights, _ = train_spinned(
        job.folder, recipe=recipe, seed=job.seed, resume=job.resume, reporter=job.reporter
    )
    return weights


def paper_cohort(job: Job) -> "tuple[Weights | None, Adapted | None]":
    """The published training, reconstruction alone, on a cohort; stops early on validation."""
    from bolus.learning.loop import fit
    from bolus.learning.paper.encoder import load_encoder
    from bolus.learning.paper.task import PaperTask
    from bolus.learning.provenance import provenance
    from bolus.learning.recipe import Recipe

    patients, held_out = _opened(job.files), _opened(job.held_out)
    config = paper_config(job, patients)
    task = PaperTask(config, patients, held_out, seed=job.seed)
    if job.start is not None:
        task.module.load_state_dict(load_encoder(job.start).state_dict())
    recipe = Recipe(
        epochs=config.epochs,
        lr=config.learning_rate,
        batch=config.batch,
        seed=job.seed,
        patience=PATIENCE if held_out else None,
    )
    begun = None if job.start is None else job.start.checksum
    history = fit(
        task,
        recipe,
        job.folder,
        resume=job.resume,
        identity=f"{replace(config, epochs=1)} {begun} {fingerprint([*patients, *held_out])}",
        reporter=job.reporter,
    )
    made = {
        "data": "cohort",
        "series": len(patients),
        "series_held_out": len(held_out),
        "voxels": sum(p.count for p in patients),
        "started_from": begun,
    }
    return task.weights(provenance(recipe, history, made)), None


def paper_config(job: Job, patients: Sequence[PatientVoxels]) -> "PaperConfig":
    """The configuration given, that of the start, or the published one.

    The batch is halved as long as there are series of one length and repetition time that do not
    fill it, for batches do not mix protocols; every patient is trained on.
    """
    from bolus.estimators.paper.config import PaperConfig
    from bolus.learning.paper.task import BLOCKS

    usual = None if job.start is None else PaperConfig.from_dict(job.start.config)
    config = job.recipe_of(PaperConfig, usual)

    def filled(batch: int) -> bool:
        blocks: dict[tuple[int, float], int] = {}
        for p in patients:
            protocol = (p.aif.size, p.dt)
            blocks[protocol] = blocks.get(protocol, 0) + p.count // (batch // BLOCKS)
        return min(blocks.values()) >= BLOCKS

    batch = config.batch
    while batch > LEAST and not filled(batch):
        batch = max(LEAST, batch // 2)
    if batch != config.batch:
        job.reporter.note(
            f"batches of {batch} voxels: a protocol of the cohort has too few for more"
        )
    return replace(config, batch=batch)


def phae_cohort(job: Job) -> "tuple[Weights | None, Adapted | None]":
    """Adaptation to the cohort's population, by the physics and without labels."""
    from bolus.learning.phae.adapt import AdaptRecipe, adapt

    recipe = job.recipe_of(AdaptRecipe)
    adapted = adapt(
        _opened(job.files),
        _opened(job.held_out),
        shipped_weights("phae") if job.start is None else job.start,
        job.folder,
        recipe=recipe,
        seed=job.seed,
        resume=job.resume,
        reporter=job.reporter,
    )
    return adapted.weights, adapted


def surrogate_cohort(job: Job, *, kind: str) -> "tuple[Weights | None, Adapted | None]":
    """The maps of the target, learnt from curves or slices; stops early on patients held out."""
    from bolus.learning.surrogate.recipe import RECIPES, SurrogateRecipe
    from bolus.learning.surrogate.train import train_surrogate

    assert job.lesson is not None
    weights = train_surrogate(
        kind,
        job.lesson,
        _opened(job.files),
        _opened(job.held_out),
        job.folder,
        recipe=job.recipe_of(SurrogateRecipe, RECIPES[kind, "small"]),
        seed=job.seed,
        resume=job.resume,
        reporter=job.reporter,
    )
    return weights, None


def _surrogate(kind: str, lesson: str) -> Preset:
    return Preset(
        kind=kind,
        processes=(1,),
        judged=False,
        patients=False,
        simulated=None,
        cohort=partial(surrogate_cohort, kind=kind),
        lesson=lesson,
    )


PRESETS = {
    "phae": Preset(
        kind="phae",
        processes=(1, 2, 4),
        judged=True,
        patients=False,
        simulated=phae_simulated,
        cohort=phae_cohort,
    ),
    "paper": Preset(
        kind="phae-paper",
        processes=(1, 2, 3, 6),
        judged=False,
        patients=True,
        simulated=paper_simulated,
        cohort=paper_cohort,
    ),
    "spinned": Preset(
        kind="spinned",
        processes=(1, 2, 4),
        judged=False,
        patients=False,
        simulated=spinned_simulated,
        cohort=None,
    ),
    "temporal": _surrogate("temporal", "voxels"),
    "gan": _surrogate("gan", "slices"),
    "talebi": _surrogate("talebi", "slices"),
}


def usual_recipe(preset: str, cohort: bool) -> object:
    """The recipe that a preset has where none is given; torch is needed for it."""
    if preset == "paper":
        from bolus.estimators.paper.config import PaperConfig

        return PaperConfig()
    if preset == "spinned":
        from bolus.learning.spinned.train import SpinnedRecipe

        return SpinnedRecipe()
    if preset == "phae":
        from bolus.learning.phae.adapt import AdaptRecipe
        from bolus.learning.phae.train import PhaeRecipe

        return AdaptRecipe() if cohort else PhaeRecipe()
    from bolus.learning.surrogate.recipe import RECIPES

    return RECIPES[preset, "small"]


def preset_named(name: str) -> Preset:
    """The preset of a name. Raises InputError."""
    if name not in PRESETS:
        raise InputError(f"the preset is one of {', '.join(PRESETS)}, found '{name}'")
    return PRESETS[name]


def _opened(files: Sequence[Path]) -> list[PatientVoxels]:
    return [PatientVoxels.open(path) for path in files]
