"""The command ``bolus study``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bolus.cli.groups import grouped
from bolus.cli.options import Jobs, Overwrite, Quiet, reporting, show
from bolus.options import Motion, Prepared
from bolus.options.preparing import motion_option

if TYPE_CHECKING:
    from bolus.study import StudySettings


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What is compared, by which map, at which noise."""

    methods: Annotated[str, typer.Option(metavar="A,B", help="Methods to compare.")] = (
        "joint,phae,phae-paper,osvd,tikhonov"
    )
    snr: Annotated[
        str,
        typer.Option(
            metavar="A,B", help="Noise: 'none' added, or the SNR of the baseline to reach."
        ),
    ] = "none,50,40,30,20,10"
    map: Annotated[
        str, typer.Option(metavar="cbf|cbv|cbv_corrected", help="The map whose ratio is judged.")
    ] = "cbf"
    train: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="First train on the patients marked train: paper (phae-paper), phae (adapted), "
            "or the surrogates temporal, gan, talebi, by the maps of --target.",
        ),
    ] = None
    target: Annotated[
        str, typer.Option(metavar="METHOD", help="The method whose maps surrogates learn.")
    ] = "osvd"
    residues: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Train phae-paper with each of these residues (exponential, lorentzian, gamma) "
            "and test whether it matters; beside --methods, if these are given.",
        ),
    ] = None
    split: Annotated[
        str | None,
        typer.Option(
            metavar="test|train|all", help="Whom to examine; test patients if any are marked."
        ),
    ] = None
    as_published: Annotated[
        bool,
        typer.Option(
            "--as-published",
            help="As the published study did it: phae-paper trained on the patients marked train, "
            "none held out; no leakage correction; noise in arterial voxels too, whose signals are "
            "averaged; what its program computes beside osvd and tikhonov. The page holds both "
            "side by side.",
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class Alike(Prepared):
    """What is done before deconvolution, for all methods alike; motion is left in, as published."""

    motion: Motion = motion_option(Motion.OFF)
    noisy_aif: Annotated[
        bool,
        typer.Option("--noisy-aif", help="Find frames and arterial input in the noisy series too."),
    ] = False


@dataclass(frozen=True, kw_only=True)
class Chance:
    """What is drawn at random."""

    resamples: Annotated[int, typer.Option(metavar="N", help="Resamples of the bootstrap.")] = 2000
    seed: Annotated[int, typer.Option(help="Same seed, same noise and intervals.")] = 0


@dataclass(frozen=True, kw_only=True)
class Running:
    """Where it runs, and from where it goes on."""

    jobs: Jobs = None
    dask: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Scheduler of a Dask cluster whose workers see the same files."
        ),
    ] = None
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the patients not done yet.")
    ] = False


@grouped
def study(
    cohort: Annotated[
        Path,
        typer.Argument(
            metavar="COHORT",
            help="Folder with participants.tsv (participant_id, grade LGG or HGG, optional split "
            "train or test) and sub-XX/perf/ with series and masks of tumor and nawm.",
        ),
    ],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="RESULTS", help="Folder to make.")],
    compared: Compared,
    prepared: Alike,
    chance: Chance,
    running: Running,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Grade the gliomas of a cohort: ROC table, figures and one page, by every method.

    A patient that cannot be used is named with the reason, and stops no other.

    Example: bolus study cohort -o results
    """
    from bolus.report.text.layout import as_rich
    from bolus.study import run_study
    from bolus.study.layouts import first_table

    settings, preset = _settings(compared, prepared, chance)
    with reporting(quiet) as reporter:
        made = run_study(
            cohort,
            out,
            settings=settings,
            split=compared.split,
            train_preset=preset,
            jobs=running.jobs,
            dask=running.dask,
            resume=running.resume,
            overwrite=overwrite,
            reporter=reporter,
        )
    if not quiet:
        show(as_rich(first_table(made.table)))
        typer.echo(f"{out / 'report.html'}")


def _settings(
    compared: Compared, prepared: Alike, chance: Chance
) -> "tuple[StudySettings, str | None]":
    """What ``run_study`` takes, and what is trained first. Raises InputError."""
    from bolus.study import StudySettings, read_snrs
    from bolus.study.published import as_published
    from bolus.study.residues import methods_of

    methods, preset = _names(compared.methods), compared.train
    if compared.residues is not None:
        own = methods_of(_names(compared.residues))
        usual = methods == StudySettings().methods
        methods = own if usual else tuple(dict.fromkeys((*methods, *own)))
        preset = ",".join(dict.fromkeys(("paper", *_names(preset or ""))))
    settings = StudySettings(
        methods=methods,
        snrs=read_snrs(_names(compared.snr)),
        seed=chance.seed,
        resamples=chance.resamples,
        noisy_aif=prepared.noisy_aif,
        preparation=prepared.preparation(),
        map=compared.map,
        target=compared.target,
    )
    if compared.as_published:
        return as_published(settings), compared.train or "paper"
    return settings, preset


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
