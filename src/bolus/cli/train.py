"""The command ``bolus train``."""

import os
from pathlib import Path
from typing import Annotated

import typer

from bolus.cli.options import (
    Quiet,
    reporting,
    show,
)


def train(
    out: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="WEIGHTS", help="File to make, e.g. ours.safetensors."
        ),
    ],
    cohort: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COHORT]...",
            help="Series to train on: NIfTI files, DICOM folders, a BIDS-like folder, or quoted "
            "globs of these. Without any, the preset is trained on simulation.",
        ),
    ] = None,
    preset: Annotated[
        str,
        typer.Option(
            help="phae: adapt the default method to the cohort's population, without labels; "
            "paper: train the published network on its reconstruction alone; paper-supervised: "
            "its twin that learns the truth of a simulation."
        ),
    ] = "phae",
    epochs: Annotated[
        int | None, typer.Option(metavar="N", help="Epochs; the preset's own if not given.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last whole epoch in WEIGHTS.work.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Same seed, same weights.")] = 0,
    validation: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Share of a cohort's patients that is held out; 0.2 if not given."
        ),
    ] = None,
    voxels: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="At most this many voxels of each series (8192 if not given), or of each "
            "simulated patient.",
        ),
    ] = None,
    patients: Annotated[
        int | None, typer.Option(metavar="N", help="Simulated patients, without a cohort.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="WEIGHTS", help="Weights to start from (phae: the shipped ones)."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start anew, and replace WEIGHTS.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Train on your own series, without labels; use the result with bolus maps --weights.

    WEIGHTS comes with a log (.csv) and a loss curve (.png). An adaptation is kept only if patients
    held out are explained better by it; otherwise no weights are written. Several processes:
    torchrun --nproc-per-node 2 -m bolus train ...

    Example: bolus train 'cohort/*.nii.gz' -o ours.safetensors
    """
    from bolus.training import Sample
    from bolus.training import train as run

    alone = os.environ.get("RANK", "0") == "0"
    with reporting(quiet) as reporter:
        made = run(
            out,
            cohort or (),
            preset=preset,
            epochs=epochs,
            resume=resume,
            seed=seed,
            sample=Sample(voxels=voxels, validation=validation, patients=patients),
            start=start,
            overwrite=overwrite,
            reporter=reporter,
        )
    if quiet or not alone:
        return
    if made.benchmark is not None:
        from bolus.bench import tables

        typer.echo("The standard benchmark, whose population is not the cohort's:")
        show(*tables(made.benchmark))
    typer.echo("\n".join([*made.lines(), *([f"{made.path}"] if made.path else [])]))
