"""The command ``bolus train``."""

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bolus.cli.config import TrainConfig
from bolus.cli.groups import grouped
from bolus.cli.options import Quiet, reporting_lines, show
from bolus.options.preparing import motion_options
from bolus.options.training import TrainOptions

if TYPE_CHECKING:
    from bolus.bench.result import Benchmark
    from bolus.learning import Judge, Sample, Training
    from bolus.learning.run import Existing


Recipe = Annotated[
    list[str] | None,
    typer.Option(
        "--recipe",
        metavar="NAME=VALUE",
        help="A field of the preset's recipe, learning_rate=5e-4 or 'widths=[64, 64]'; may be "
        "given again. A name that it does not have is answered by those it has.",
        rich_help_panel="Network",
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume", help="Go on from the last whole epoch in WEIGHTS.work.", rich_help_panel="Run"
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Start anew, and replace WEIGHTS.", rich_help_panel="Run"),
]


@grouped
def train(
    out: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="WEIGHTS", help="File to make, e.g. ours.safetensors."
        ),
    ],
    options: TrainOptions,
    cohort: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COHORT]...",
            help="Series to train on: NIfTI files, DICOM folders, a BIDS-like folder, or quoted "
            "globs of these. Without any, the preset is trained on simulation.",
        ),
    ] = None,
    recipe: Recipe = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    config: TrainConfig = None,
    quiet: Quiet = False,
) -> None:
    """Train on your own series, without labels; use the result with bolus maps --weights.

    A surrogate (temporal, gan, talebi) learns the maps that another method makes of your series,
    with that method's errors.

    WEIGHTS comes with a log (.csv) and a loss curve (.png). An adaptation is kept only if it
    explains the patients held out better and does not make the standard benchmark worse;
    otherwise no weights are written. A GPU is used where there is one. Several processes:
    torchrun --nproc-per-node 2 -m bolus train ...

    Example: bolus train 'cohort/*.nii.gz' -o ours.safetensors
    """
    from bolus.learning import train as run

    shown: list[Benchmark] = []
    with reporting_lines(quiet) as reporter:
        made = run(
            out,
            cohort or (),
            preset=options.network.preset,
            recipe=_recipe(options, _choices(recipe or ())),
            seed=options.network.seed,
            sample=_sample(options),
            start=options.network.start,
            existing=_existing(resume, overwrite),
            judge=_judge(options, shown, reporter),
            reporter=reporter,
        )
    if not quiet and os.environ.get("RANK", "0") == "0":
        _tell(made, shown)


def _tell(made: "Training", shown: "Sequence[Benchmark]") -> None:
    """The benchmark, what came of the training, and where it lies."""
    if shown:
        from bolus.bench import tables

        typer.echo("The standard benchmark, whose population is not the cohort's:")
        show(*tables(shown[0]))
    typer.echo("\n".join([*made.lines(), *([f"{made.path}"] if made.path else [])]))


def _choices(texts: Sequence[str]) -> dict[str, object]:
    """Fields of a recipe by their names, from NAME=VALUE. Raises InputError."""
    from bolus.data import InputError

    found: dict[str, object] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not (sign and name.strip() and value.strip()):
            raise InputError(f"--recipe is NAME=VALUE, such as learning_rate=5e-4, found '{text}'")
        try:
            found[name.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[name.strip()] = value.strip()
    return found


def _recipe(options: TrainOptions, choices: dict[str, object]) -> object:
    """That of a surrogate in a size, or the fields chosen; None for the preset's own."""
    from bolus.data import InputError
    from bolus.learning.choices import with_choices
    from bolus.learning.surrogate.recipe import RECIPES, recipe_of

    preset, size = options.network.preset, options.network.size
    if size is None:
        return choices or None
    if preset not in {kind for kind, _ in RECIPES}:
        raise InputError(f"a size is that of a surrogate; '{preset}' has one alone")
    return with_choices(recipe_of(preset, size), choices)


def _sample(options: TrainOptions) -> "Sample":
    """As the package takes it, with the teacher of a surrogate."""
    from bolus.data import LeakageCorrection, Preparation
    from bolus.learning import Sample

    amount, preparation = options.amount, None
    if amount.motion is not None:
        correction, censoring = motion_options(amount.motion)
        leakage = LeakageCorrection(use=False)
        preparation = Preparation(motion=correction, censoring=censoring, leakage=leakage)
    return Sample(
        voxels=amount.voxels,
        validation=amount.validation,
        patients=amount.patients,
        epochs=amount.epochs,
        batch=amount.batch,
        preparation=preparation,
        target=options.network.target,
        smoke=options.keeping.smoke,
    )


def _existing(resume: bool, overwrite: bool) -> "Existing":
    from bolus.data import InputError

    if resume and overwrite:
        raise InputError("--resume goes on, --overwrite starts anew: give one of them")
    return "resume" if resume else "overwrite" if overwrite else "refuse"


def _judge(options: TrainOptions, shown: "list[Benchmark]", reporter: object) -> "Judge":
    """The benchmark before and after an adaptation, which is put into ``shown``."""
    from bolus.base.progress import Reporter
    from bolus.bench.adaptation import by_benchmark

    assert isinstance(reporter, Reporter)
    return by_benchmark(anyway=options.keeping.keep_worse, seen=shown.append, reporter=reporter)
