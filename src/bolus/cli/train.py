"""The command ``bolus train``."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bolus.cli.groups import grouped
from bolus.cli.options import Quiet, reporting, show
from bolus.options import Motion
from bolus.options.preparing import motion_options

if TYPE_CHECKING:
    from bolus.base.progress import Reporter
    from bolus.learning import Sample, Training
    from bolus.report.text.layout import Table


@dataclass(frozen=True, kw_only=True)
class Network:
    """Which network, from which weights."""

    preset: Annotated[
        str,
        typer.Option(
            help="phae: adapt it to the cohort's population, without labels; "
            "paper: train the published network on its reconstruction alone; spinned: learn "
            "deconvolution from simulation; temporal, gan, talebi: surrogates that learn the maps "
            "of the --target."
        ),
    ] = "phae"
    target: Annotated[
        str | None,
        typer.Option(metavar="METHOD", help="The method whose maps a surrogate learns, e.g. osvd."),
    ] = None
    size: Annotated[
        str | None,
        typer.Option(
            metavar="small|large",
            help="Size of a surrogate: small (if not given) is for two cores, large for a GPU or "
            "a night.",
        ),
    ] = None
    start: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="WEIGHTS", help="Weights to start from (phae: the shipped ones)."
        ),
    ] = None

    def recipe(self) -> object:
        """That of a surrogate in a size; None for the preset's own. Raises InputError."""
        from bolus.data import InputError
        from bolus.learning.surrogate.recipe import RECIPES, recipe_of

        if self.size is None:
            return None
        if self.preset not in {kind for kind, _ in RECIPES}:
            raise InputError(f"a size is that of a surrogate; '{self.preset}' has one alone")
        return recipe_of(self.preset, self.size)


@dataclass(frozen=True, kw_only=True)
class Amount:
    """What and how much is trained on."""

    epochs: Annotated[
        int | None, typer.Option(metavar="N", help="Epochs; the preset's own if not given.")
    ] = None
    validation: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Share of a cohort's patients that is held out; 0.2 if not given."
        ),
    ] = None
    voxels: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="At most this many voxels of each series (8192 if not given), or of each "
            "simulated patient.",
        ),
    ] = None
    patients: Annotated[
        int | None, typer.Option(metavar="N", help="Simulated patients, without a cohort.")
    ] = None
    batch: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Voxels a batch of the paper presets (1536 if not given) and temporal (512), "
            "slices of gan and talebi (4).",
        ),
    ] = None
    motion: Annotated[
        Motion | None,
        typer.Option(
            "--motion", help="Head motion of a cohort, as in bolus maps; correct if not given."
        ),
    ] = None

    def sample(self, target: str | None) -> "Sample":
        """As the package takes it, with the teacher of a surrogate."""
        from bolus.data import LeakageCorrection, Preparation
        from bolus.learning import Sample

        preparation = None
        if self.motion is not None:
            correction, censoring = motion_options(self.motion)
            leakage = LeakageCorrection(use=False)
            preparation = Preparation(motion=correction, censoring=censoring, leakage=leakage)
        return Sample(
            voxels=self.voxels,
            validation=self.validation,
            patients=self.patients,
            epochs=self.epochs,
            batch=self.batch,
            preparation=preparation,
            target=target,
        )


@grouped
def train(
    out: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="WEIGHTS", help="File to make, e.g. ours.safetensors."
        ),
    ],
    network: Network,
    amount: Amount,
    cohort: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COHORT]...",
            help="Series to train on: NIfTI files, DICOM folders, a BIDS-like folder, or quoted "
            "globs of these. Without any, the preset is trained on simulation.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last whole epoch in WEIGHTS.work.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Same seed, same weights.")] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start anew, and replace WEIGHTS.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Train on your own series, without labels; use the result with bolus maps --weights.

    A surrogate (temporal, gan, talebi) learns the maps that another method makes of your series,
    with that method's errors.

    WEIGHTS comes with a log (.csv) and a loss curve (.png). An adaptation is kept only if patients
    held out are explained better by it; otherwise no weights are written. Several processes:
    torchrun --nproc-per-node 2 -m bolus train ...

    Example: bolus train 'cohort/*.nii.gz' -o ours.safetensors
    """
    from bolus.learning import train as run

    with reporting(quiet) as reporter:
        made = run(
            out,
            cohort or (),
            preset=network.preset,
            recipe=network.recipe(),
            resume=resume,
            seed=seed,
            sample=amount.sample(network.target),
            start=network.start,
            overwrite=overwrite,
            reporter=reporter,
        )
        if quiet or os.environ.get("RANK", "0") != "0":
            return
        compared = _compared(network.start, made, reporter)
    if compared:
        typer.echo("The standard benchmark, whose population is not the cohort's:")
        show(*compared)
    typer.echo("\n".join([*made.lines(), *([f"{made.path}"] if made.path else [])]))


def _compared(start: Path | None, made: "Training", reporter: "Reporter") -> "list[Table]":
    """The benchmark before and after an adaptation that was kept; else nothing."""
    if made.adapted is None or made.weights is None:
        return []
    from bolus.bench import compare_weights, tables
    from bolus.estimators.phae import read_weights, shipped_weights

    before = shipped_weights("phae") if start is None else read_weights(start)
    return list(tables(compare_weights(before, made.weights, reporter=reporter)))
