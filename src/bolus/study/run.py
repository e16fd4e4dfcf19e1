"""A cohort in, Table 1 and Figures 3 to 5 out."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bolus.base.parallel import run_all
from bolus.base.progress import QUIET, Reporter
from bolus.data import InputError, LeakageCorrection
from bolus.estimators.phae import read_weights
from bolus.estimators.surrogate import KINDS
from bolus.io import check_output, output_folder
from bolus.io.cohort import Participant, read_participants
from bolus.learning import Sample, Training, train
from bolus.study.extra import RESIDUES
from bolus.study.output import write_results
from bolus.study.patient import Examined, examine
from bolus.study.result import Study
from bolus.study.settings import SPLITS, TRAINABLE, StudySettings
from bolus.study.table import pairs, table_rows
from bolus.study.work import MAPS, begin, finished, forget, keep, work_folder

if TYPE_CHECKING:
    from bolus.estimators.paper.config import PaperConfig

PathLike = str | os.PathLike[str]
TRAINED = {"paper": "phae-paper", "phae": "phae", **{kind: kind for kind in KINDS}}
"""Preset → the method whose weights it makes."""
VOXELS = {"paper": 1024, "phae": 8192, "temporal": 4096, "gan": 8192, "talebi": 8192}
"""Most voxels of a patient that a preset is trained on: 65 epochs of 39 patients take under ten
minutes on two cores."""


def run_study(
    cohort: PathLike,
    out: PathLike,
    *,
    settings: StudySettings | None = None,
    split: str | None = None,
    train_preset: str | None = None,
    jobs: int | None = None,
    dask: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    reporter: Reporter = QUIET,
) -> Study:
    """Examine every patient of a cohort and write tables, figures and page to ``out``.

    ``split`` takes the patients marked 'test' or 'train', or 'all'; None: the test patients where
    there are any, else all. ``train_preset`` names presets of TRAINABLE, with commas between, that
    are first trained on the patients marked 'train', who then take no part. Patients are worked on
    by ``jobs`` local processes, or by the Dask cluster at the address ``dask``. What is finished
    stays in ``out`` + '.work' until the study is whole; ``resume`` goes on from there. A
    patient that cannot be used is reported, and named in the results, and stops no other.

    Raises InputError and OutputError for what no study can be made of.
    """
    chosen, folder, place = settings or StudySettings(), Path(cohort).resolve(), Path(out)
    check_output(place, overwrite)
    everyone = read_participants(folder)
    participants = _split(everyone, split, train_preset)
    names, series = _to_train(everyone, train_preset, chosen)
    plan = _plan(folder, participants, chosen, train_preset)
    work = begin(place, plan, resume=resume, overwrite=overwrite)
    weights, trained = _weights(names, series, chosen, work, resume, reporter)
    examined = _examine(participants, chosen, weights, work, jobs, dask, reporter)
    study = _found(folder, chosen, participants, examined)
    study = replace(
        study,
        weights=weights,
        trained=trained,
        series_trained=sum(_trained_on(path)[0] for path in list(weights.values())[:1]),
    )
    with output_folder(place, overwrite) as partial:
        write_results(study, work / MAPS, partial)
    forget(place)
    return study


def study_in_memory(
    cohort: PathLike,
    settings: StudySettings | None = None,
    *,
    jobs: int | None = None,
    reporter: Reporter = QUIET,
) -> Study:
    """What ``run_study`` finds of a cohort with the weights as shipped; nothing is written.

    Raises InputError for what no study can be made of.
    """
    chosen, folder = settings or StudySettings(), Path(cohort).resolve()
    participants = _split(read_participants(folder), None, None)
    tasks: dict[str, tuple[object, ...]] = {
        one.name: (one, chosen, {}, None) for one in participants
    }
    done: dict[str, Sequence[Examined]] = {}
    for name, found in run_all(examine, tasks, jobs=jobs):
        done[name] = found
        _report(found, len(done), len(tasks), reporter)
    return _found(folder, chosen, participants, [one for name in tasks for one in done[name]])


def _found(
    folder: Path,
    settings: StudySettings,
    participants: Sequence[Participant],
    examined: Sequence[Examined],
) -> Study:
    """The study of patients who were examined. Raises InputError where none could be used."""
    rows = tuple(row for one in examined for row in one.rows)
    if not rows:
        reasons = "; ".join(dict.fromkeys(one.error or "" for one in examined))
        raise InputError(f"{folder}: no patient can be used: {reasons}")
    return Study(
        cohort=folder,
        settings=settings,
        participants=tuple(participants),
        examined=tuple(examined),
        rows=rows,
        table=table_rows(rows, settings),
        pairs=pairs(rows, settings),
        weights={},
        trained=None,
        series_trained=0,
    )


def _split(
    everyone: Sequence[Participant], split: str | None, preset: str | None
) -> tuple[Participant, ...]:
    if split is not None and split not in SPLITS:
        raise InputError(f"the split is one of {', '.join(SPLITS)}, found '{split}'")
    marked = any(one.split == "test" for one in everyone)
    wanted = split or ("test" if marked else "all")
    if preset is not None and wanted != "test":
        raise InputError("patients that weights are trained on are not to be tested with them: "
                         "mark others 'test' in participants.tsv")  # fmt: skip
    chosen = tuple(one for one in everyone if wanted in ("all", one.split))
    if not chosen:
        raise InputError(f"no participant is marked '{wanted}'")
    return chosen


def _plan(
    folder: Path,
    participants: Sequence[Participant],
    settings: StudySettings,
    preset: str | None,
) -> dict[str, object]:
    """What makes a study the same; to be resumed only with the same."""
    return {
        "cohort": str(folder),
        "participants": [[p.name, p.grade, p.split] for p in participants],
        "settings": settings.as_json(),
        "train": preset,
    }


def _to_train(
    everyone: Sequence[Participant], presets: str | None, settings: StudySettings
) -> tuple[dict[str, str], list[Path]]:
    """Method → preset of the weights to be trained, and the series for it. Raises InputError."""
    asked = [] if presets is None else [name.strip() for name in presets.split(",")]
    unknown = [name for name in asked if name not in TRAINABLE]
    if unknown or len(set(asked)) < len(asked):
        found = ", ".join(unknown or asked)
        raise InputError(f"what is trained are ones of {', '.join(TRAINABLE)}, found '{found}'")
    needed = {**dict.fromkeys(RESIDUES, "paper"), **{kind: kind for kind in KINDS}}
    for method in settings.methods:
        if needed.get(method, "") not in ("", *asked):
            raise InputError(
                f"{method} has no weights of its own: --train {needed[method]} makes them"
            )
    for preset in asked:
        own = [TRAINED[preset], *(RESIDUES if preset == "paper" else ())]
        if not set(own) & set(settings.methods):
            raise InputError(f"'{preset}' trains '{own[0]}', which is not among the methods")
    makers = {**{TRAINED[preset]: preset for preset in TRAINED}, **needed}
    names = {name: makers[name] for name in settings.methods if makers.get(name) in asked}
    series = [one.series for one in everyone if one.split == "train"]
    if names and not series:
        raise InputError("no participant is marked 'train' in participants.tsv")
    return names, series if names else []


def _weights(
    names: Mapping[str, str],
    series: Sequence[Path],
    settings: StudySettings,
    work: Path,
    resume: bool,
    reporter: Reporter,
) -> tuple[dict[str, Path], str | None]:
    """Weights by method, trained on the patients marked for it, and a sentence on that."""
    paths, said = {}, []
    for name, preset in names.items():
        path = work / f"{name}.safetensors"
        made = (
            None
            if path.exists()
            else _train(path, name, preset, series, settings, resume, reporter)
        )
        if made is not None and made.path is None:
            reporter.note("the adaptation was not kept; phae stays as shipped")
            used = made.trained + made.held_out
            said.append(f"an adaptation of {name} to {used} patients was not kept")
        else:
            paths[name] = path
    if paths:
        said.insert(0, _on_whom(paths, len(series)))
    return paths, "; ".join(said) or None


def _on_whom(paths: Mapping[str, Path], series: int) -> str:
    """On how many patients the weights were trained, and who their teacher was."""
    told = f"{', '.join(paths)} {'were' if len(paths) > 1 else 'was'}"
    used, held_out = _trained_on(next(iter(paths.values())))
    said = f"{told} trained on {used} other patients of the cohort"
    if held_out:
        said += f", {held_out} held out to stop the training"
    if series > used + held_out:
        said += f"; {series - used - held_out} could not be used"
    taught = [name for name in paths if name in KINDS]
    if taught:
        target = read_weights(paths[taught[0]]).config["target"]
        said += f"; {', '.join(taught)} by the maps of {target}"
    return said


def _train(
    path: Path,
    name: str,
    preset: str,
    series: Sequence[Path],
    settings: StudySettings,
    resume: bool,
    reporter: Reporter,
) -> Training:
    """One method's weights, in the preparation of the study but for leakage."""
    return train(
        path,
        series,
        preset=preset,
        recipe=_recipe(name),
        seed=settings.seed,
        sample=Sample(
            voxels=VOXELS[preset],
            validation=0.0 if settings.published else None,
            preparation=replace(settings.preparation, leakage=LeakageCorrection(use=False)),
            target=settings.target if preset in KINDS else None,
        ),
        existing="resume" if resume else "refuse",
        reporter=reporter,
    )


def _trained_on(weights: Path) -> tuple[int, int]:
    """Patients that weights were trained on, and those held out, as the file records them."""
    known = read_weights(weights).provenance
    one = "series" if "series" in known else "patients"
    return int(str(known[one])), int(str(known[f"{one}_held_out"]))


def _recipe(name: str) -> "PaperConfig | None":
    """The published network with another residue in its decoder; None: the preset's own."""
    from bolus.estimators.paper.config import PaperConfig

    return PaperConfig(residue=RESIDUES[name]) if name in RESIDUES else None


def _examine(
    participants: Sequence[Participant],
    settings: StudySettings,
    weights: Mapping[str, Path],
    work: Path,
    jobs: int | None,
    dask: str | None,
    reporter: Reporter,
) -> tuple[Examined, ...]:
    """Every patient at every SNR, those not done yet; in the order of the participants."""
    maps = (work / MAPS).resolve()
    tasks = {one.name: (one, settings, weights, maps) for one in participants}
    done = {name: found for name, found in finished(work).items() if name in tasks}
    left = {name: task for name, task in tasks.items() if name not in done}
    for name, found in run_all(examine, left, jobs=jobs, dask=dask):
        keep(work, name, found)
        done[name] = found
        _report(found, len(done), len(tasks), reporter)
    return tuple(one for name in tasks for one in done[name])


def _report(found: Sequence[Examined], done: int, total: int, reporter: Reporter) -> None:
    """A patient is done, at every SNR; those at which nothing could be made are named."""
    for one in found:
        if one.error is not None:
            reporter.skipped(f"{one.participant_id} at SNR {one.snr}", one.error)
    reporter.advance(done, total, found[0].participant_id)


__all__ = ["Study", "run_study", "work_folder"]
