"""From a cohort, or from simulation, to weights in a file."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from bolus.base.extras import need
from bolus.base.progress import QUIET, Reporter
from bolus.data import BolusError, InputError, Preparation, WeightsError
from bolus.estimators.weights import SMOKE, Weights, read_weights, shipped_weights
from bolus.learning.choices import with_choices
from bolus.learning.cohort import Cohort, read_cohort
from bolus.learning.judgement import Judge
from bolus.learning.lesson import Lesson
from bolus.learning.outcome import Training
from bolus.learning.presets import Job, Preset, preset_named, usual_recipe
from bolus.learning.sample import Sample
from bolus.learning.smoke import SERIES, smoke_sample, smoke_sizes
from bolus.learning.sources import PathLike, Source, find_sources
from bolus.learning.workspace import CHECKPOINT, begin, check_name, finish, forget, work_folder

if TYPE_CHECKING:
    from bolus.learning.processes import Group

T = TypeVar("T")
Existing = Literal["refuse", "resume", "overwrite"]


def train(
    out: PathLike,
    cohort: Sequence[PathLike] = (),
    *,
    preset: str = "phae",
    recipe: object = None,
    seed: int = 0,
    sample: Sample | None = None,
    start: PathLike | Weights | None = None,
    existing: Existing = "refuse",
    judge: Judge | None = None,
    reporter: Reporter = QUIET,
) -> Training:
    """Train on a cohort, or without one on simulation, and write weights to ``out``.

    ``cohort`` as in ``find_sources``. Preset 'phae' adapts ``start`` (the shipped weights) to the
    cohort's population, and keeps that only if the patients held out are explained better; 'paper'
    trains the published network on the cohort's curves alone, from nothing or from ``start``;
    'spinned' learns to deconvolve from simulation, and takes no cohort; the surrogates 'temporal',
    'gan' and 'talebi' learn the maps that the ``sample``'s target makes of the cohort. ``recipe``
    has the sizes and choices of the training: a PaperConfig for 'paper', a SpinnedRecipe for
    'spinned', a SurrogateRecipe for a surrogate; for 'phae' an AdaptRecipe with a cohort, a
    PhaeRecipe without; or a mapping of the fields that are not to be the usual ones. ``sample`` is
    what and how much is learnt. ``judge`` (``bolus.bench.by_benchmark``) may reject an adaptation.
    Beside ``out`` come its log and loss curve (.csv, .png); ``out`` + '.work' has the checkpoint,
    from which ``existing`` 'resume' goes on. Under torchrun every process calls this alike.

    Raises InputError and its kind for what cannot be used, or torch; OutputError for what exists.
    """
    chosen, path, sample = preset_named(preset), check_name(Path(out)), sample or Sample()
    _check_numbers(chosen, bool(cohort), seed, sample)
    lesson = _lesson(preset, chosen, sample)
    begun, sources = _start(chosen, start, bool(cohort)), find_sources(cohort)
    need("torch", "training")
    recipe = _checked(recipe, preset, bool(cohort), sample)
    if sample.smoke:
        sample, sources, judge = smoke_sample(sample, chosen, bool(cohort)), sources[:SERIES], None
    from bolus.learning.processes import joined

    with joined() as group:
        _check_processes(chosen, group)
        shown = reporter if group.first else QUIET
        _by_first(group, lambda: _begin(path, existing, shown))
        job = Job(
            folder=work_folder(path),
            start=begun,
            recipe=recipe,
            seed=seed,
            sample=sample,
            resume=existing == "resume",
            reporter=shown,
            lesson=lesson,
        )
        if chosen.simulated is None or cohort:
            made = _on_cohort(chosen, _cohort(sources, job, group), job, path)
        else:
            made = Training(path=path, weights=chosen.simulated(job))
        made = _marked(_judged(made, job, group, judge), smoke=sample.smoke)
        _by_first(group, lambda: _leave(path, made))
        return made


def _begin(path: Path, existing: Existing, shown: Reporter) -> None:
    begin(path, resume=existing == "resume", overwrite=existing == "overwrite")
    if existing == "resume" and not (work_folder(path) / CHECKPOINT).exists():
        shown.note("nothing to resume: no epoch was finished before")


def _checked(recipe: object, preset: str, cohort: bool, sample: Sample) -> object:
    """The recipe, its fields checked before anything is read; that of a smoke test."""
    if isinstance(recipe, Mapping):
        with_choices(usual_recipe(preset, cohort), recipe)
    return smoke_sizes(usual_recipe(preset, cohort)) if sample.smoke else recipe


def _said(preparation: Preparation) -> str:
    if preparation.motion is None:
        return "head motion is left in the series that are trained on"
    censored = ", frames that moved are censored" if preparation.censoring.moved else ""
    return f"head motion is corrected first, as for maps{censored}"


def _on_cohort(chosen: Preset, found: Cohort, job: Job, path: Path) -> Training:
    assert chosen.cohort is not None
    files, held_out = found.split(job.sample.share(), job.seed)
    weights, adapted = chosen.cohort(replace(job, files=files, held_out=held_out))
    if weights is not None:
        about = {
            "series_skipped": len(found.skipped),
            "validation_share": job.sample.share(),
            "preparation": job.sample.prepared().as_json(),
        }
        weights = replace(weights, provenance={**weights.provenance, **about})
    return Training(
        path=None if weights is None else path,
        weights=weights,
        trained=len(files),
        held_out=len(held_out),
        voxels=found.voxels,
        skipped=found.skipped,
        adapted=adapted,
    )


def _judged(made: Training, job: Job, group: "Group", judge: Judge | None) -> Training:
    """An adaptation as the first process's judge leaves it."""
    if judge is None or made.adapted is None or made.weights is None:
        return made
    before, after = job.start or shipped_weights("phae"), made.weights
    job.reporter.step("the standard benchmark, before and after")
    judged = _by_first(group, lambda: judge(before, after))
    if group.agreed(float(judged is None or judged.kept)):
        return replace(made, judged=judged)
    return replace(made, judged=judged, weights=None, path=None)


def _marked(made: Training, *, smoke: bool) -> Training:
    """Weights of a smoke test say so."""
    if made.weights is None or not smoke:
        return made
    told = {**made.weights.provenance, SMOKE: True}
    return replace(made, weights=replace(made.weights, provenance=told))


def _cohort(sources: Sequence[Source], job: Job, group: "Group") -> Cohort:
    """Read by the first process; the others take what it has written."""
    job.reporter.note(_said(job.sample.prepared()))

    def read(resume: bool) -> Cohort:
        return read_cohort(
            sources,
            job.folder,
            sample=job.sample,
            lesson=job.lesson,
            seed=job.seed,
            resume=resume,
            reporter=job.reporter,
        )

    found = _by_first(group, lambda: read(job.resume))
    return read(resume=True) if found is None else found


def _leave(path: Path, made: Training) -> None:
    if made.weights is None:
        forget(work_folder(path), everything=True)
    else:
        finish(path, made.weights)


def _by_first(group: "Group", work: Callable[[], T]) -> T | None:
    """Let the first process work while the others wait; when it fails, all do."""
    result, error = None, None
    if group.first:
        try:
            result = work()
        except BolusError as caught:
            error = caught
    failed = group.agreed(float(error is not None))
    if error is not None:
        raise error
    if failed:
        raise InputError("stopped, for the first process could not go on; its message says why")
    return result


def _lesson(preset: str, chosen: Preset, sample: Sample) -> Lesson | None:
    """What a surrogate learns. Raises InputError for a target too many, or none."""
    if chosen.lesson is None:
        if sample.target is not None:
            raise InputError(f"a target is what a surrogate learns; '{preset}' learns no maps")
        return None
    if sample.target is None:
        raise InputError(
            f"'{preset}' learns the maps of another method: name it as the target (--target METHOD)"
        )
    return Lesson(target=sample.target, slices=chosen.lesson == "slices")


def _start(chosen: Preset, start: PathLike | Weights | None, cohort: bool) -> Weights | None:
    """The weights to go on from, checked."""
    if start is None:
        return None
    if chosen.lesson is not None:
        raise InputError(f"a surrogate starts from nothing; '{chosen.kind}' takes no weights")
    if not cohort:
        raise InputError("weights to start from are for a cohort; simulation starts from nothing")
    weights = read_weights(start) if isinstance(start, str | os.PathLike) else start
    if weights.kind != chosen.kind:
        raise WeightsError(
            f"{start if isinstance(start, str | os.PathLike) else 'start'}: weights of "
            f"'{weights.kind}', this preset starts from '{chosen.kind}'"
        )
    from bolus.estimators.phae import from_weights

    from_weights(weights)
    return weights


def _check_numbers(chosen: Preset, cohort: bool, seed: int, sample: Sample) -> None:
    if cohort and chosen.cohort is None:
        raise InputError(f"{chosen.kind} is trained on known truth, which only a simulation has")
    if not cohort and chosen.simulated is None:
        raise InputError(f"'{chosen.kind}' learns the maps of a cohort: name its series")
    if seed < 0:
        raise InputError(f"the seed is 0 or a positive whole number, found {seed}")
    if not cohort and sample.validation is not None:
        raise InputError("a share for validation is for a cohort; simulation has its own patients")
    if not cohort and sample.preparation is not None:
        raise InputError("a preparation is for a cohort's series; simulation has none")
    if cohort and sample.patients is not None:
        raise InputError("a number of patients is for simulation; a cohort has those it has")
    if not cohort and not chosen.patients and (sample.voxels or sample.patients):
        raise InputError(
            f"the simulation of {chosen.kind} has no patients: its recipe has its sizes"
        )
    if cohort and chosen.judged and sample.share() == 0:
        raise InputError("an adaptation is judged on patients held out: validation must be above 0")


def _check_processes(chosen: Preset, group: "Group") -> None:
    if group.world not in chosen.processes:
        allowed = ", ".join(str(n) for n in chosen.processes)
        raise InputError(f"this preset is shared by {allowed} processes, found {group.world}")
