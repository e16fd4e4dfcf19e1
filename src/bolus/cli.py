"""The command line: parse, call, write. Everything it does, Python can do."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from bolus.pipeline import Progress

NOTICE = "Research software, not a medical device."

app = typer.Typer(
    name="bolus",
    help="Perfusion maps from dynamic susceptibility contrast MRI (DSC-MRI).\n\n" + NOTICE,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Start with [bold]bolus demo[/bold], then [bold]bolus maps dsc.nii.gz -o maps[/bold].",
)
simulate = typer.Typer(help="Make digital data with known truth.", no_args_is_help=True)
app.add_typer(simulate, name="simulate")

BrainMask = Annotated[
    Path | None, typer.Option("--mask", metavar="NIFTI", help="Brain mask on the series' grid.")
]
EchoTime = Annotated[
    float | None, typer.Option("--te", metavar="S", help="Echo time in seconds, e.g. 0.03.")
]
RepetitionTime = Annotated[
    float | None,
    typer.Option("--tr", metavar="S", help="Time between frames in seconds, e.g. 1.5."),
]
SeriesNumber = Annotated[
    int | None,
    typer.Option("--series", metavar="N", help="Series number, in a DICOM folder of several."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no closing lines.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace an earlier result in OUT (nothing else).")
]


def _methods(start: str) -> list[str]:
    """Method names for shell completion."""
    from bolus.estimators import METHODS

    return [name for name in METHODS if name.startswith(start)]


def _show_version(wanted: bool | None) -> None:
    if wanted:
        from bolus.report import software

        typer.echo(software())
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool | None,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Name and version, then exit."
        ),
    ] = None,
) -> None:
    pass


@app.command()
def maps(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="4D NIfTI file (with its BIDS .json, if any) or a folder with DICOM files.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="Folder to make for the results.")
    ],
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            "-m",
            autocompletion=_methods,
            help="phae (default, with uncertainty), osvd, csvd, svd, tikhonov, tikhonov-fixed, "
            "bayes (slow, with uncertainty) or phae-paper.",
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="FILE", help="Weights made by bolus train."),
    ] = None,
    aif: Annotated[
        str,
        typer.Option(
            "--aif",
            metavar="auto|FILE",
            help="Arterial input: found automatically, averaged over a NIfTI mask, or read from a "
            "TSV table (columns time_s, from the first used frame, and delta_r2star_per_s).",
        ),
    ] = "auto",
    mask: BrainMask = None,
    te: EchoTime = None,
    tr: RepetitionTime = None,
    series: SeriesNumber = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Perfusion maps of one patient: CBF, CBV, MTT, Tmax, delay, TTP, quality, and a picture.

    Without an echo time, in the files or by --te, the maps are relative and say so.

    Example: bolus maps dsc.nii.gz -o maps
    """
    from bolus.io import check_output, read_series
    from bolus.pipeline import method_or_weights, perfusion_maps

    _check_apart(source, out)
    check_output(out, overwrite)
    with _progress(quiet) as step:
        step("reading")
        chosen = method_or_weights(method, weights)
        found = read_series(source, te=te, tr=tr, series=series)
        result = perfusion_maps(found, chosen, None if aif == "auto" else aif, mask, progress=step)
        step("writing")
        result.save(out, overwrite=overwrite)
    if not quiet:
        from bolus.report import closing_lines

        typer.echo("\n".join([*closing_lines(result), f"{out / 'overview.png'}"]))


@simulate.command("patient")
def simulate_one(
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to make for the patient.")
    ],
    seed: Annotated[int, typer.Option(help="Same seed, same patient.")] = 0,
    snr: Annotated[float, typer.Option(help="Baseline signal of the brain over noise SD.")] = 50.0,
    field: Annotated[float, typer.Option(help="Field strength, 1.5 or 3 T.")] = 3.0,
    tr: Annotated[float, typer.Option(help="Time between frames in seconds.")] = 1.5,
    te: Annotated[
        float | None, typer.Option(help="Echo time in seconds; 0.025 at 1.5 T, 0.02 at 3 T.")
    ] = None,
    frames: Annotated[int, typer.Option(help="Number of frames.")] = 60,
    tumor: Annotated[str, typer.Option(help="none, low or high (grade).")] = "none",
    matrix: Annotated[
        str, typer.Option(metavar="X,Y,Z", help="Voxels along each axis.")
    ] = "64,64,12",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """One digital patient: series, masks, true arterial input and truth maps.

    Anatomy comes from the MNI152 tissue maps. Example: bolus simulate patient -o patient --tumor
    high
    """
    from bolus.io import check_output, output_folder
    from bolus.phantom import simulate_patient, write_patient

    check_output(out, overwrite)
    with _progress(quiet) as step:
        step("simulating")
        patient = simulate_patient(
            seed=seed,
            snr=snr,
            field=field,
            tr=tr,
            te=te,
            frames=frames,
            tumor=tumor,
            shape=_matrix(matrix),
        )
        step("writing")
        with output_folder(out, overwrite) as folder:
            write_patient(patient, folder)
    if not quiet:
        typer.echo(f"{out / 'dsc.nii.gz'}")


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to make for the results.")
    ] = Path("demo"),
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a patient, map it with every method, and compare with the truth (a minute)."""
    from bolus.demo import render, run_demo
    from bolus.io import check_output

    check_output(out, overwrite)
    with _progress(quiet) as step:
        result = run_demo(out, overwrite=overwrite, progress=step)
    if not quiet:
        _show(render(result))
        typer.echo(f"{out / 'comparison.png'}\n{out / 'phae' / 'overview.png'}")


@app.command()
def bench(
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the figures here.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the tables here, as a page.")
    ] = None,
    ablation: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Instead train every step from the published network to phae five times (half an "
            "hour), and write that table here.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same curves.")] = 0,
    curves: Annotated[
        int, typer.Option(metavar="N", help="Curves for each repetition time and SNR.")
    ] = 960,
    quiet: Quiet = False,
) -> None:
    """Accuracy of every method on random curves, its distance to the Bayes limit, and its speed.

    A few minutes. Accuracy is the same for the same seed; times are this machine's.
    """
    from bolus.bench import ablation_page, page, run_ablation, run_benchmark, tables
    from bolus.io import write_bytes, write_json

    with _progress(quiet) as step:

        def tell(done: int, total: int, label: str) -> None:
            step(f"{label} ({done} of {total})")

        if ablation is not None:
            write_bytes(ablation, ablation_page(run_ablation(progress=tell)).encode())
            return
        result = run_benchmark(seed=seed, curves_per_cell=curves, progress=tell)
    if json is not None:
        write_json(json, result.as_json())
    if markdown is not None:
        write_bytes(markdown, page(result).encode())
    _show(*tables(result))


@app.command()
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
            "paper: train the published network on its reconstruction alone; spinned: its twin "
            "that learns the truth of a simulation."
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
        float, typer.Option(metavar="SHARE", help="Share of the patients that is held out.")
    ] = 0.2,
    voxels: Annotated[
        int, typer.Option(metavar="N", help="At most this many voxels of each series.")
    ] = 8192,
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
    from bolus.training import train as run

    alone = os.environ.get("RANK", "0") == "0"
    with _lines(quiet) as say:
        made = run(
            out,
            cohort or (),
            preset=preset,
            epochs=epochs,
            resume=resume,
            seed=seed,
            validation=validation,
            voxels=voxels,
            start=start,
            overwrite=overwrite,
            progress=say,
        )
    if quiet or not alone:
        return
    if made.benchmark is not None:
        from bolus.bench import tables

        typer.echo("The standard benchmark, whose population is not the cohort's:")
        _show(*tables(made.benchmark))
    typer.echo("\n".join([*made.lines(), *([f"{made.path}"] if made.path else [])]))


def _show(*tables: "Table") -> None:
    """Tables on stdout, as wide as they need be when that is not a terminal."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 140)
    for table in tables:
        console.print(table)


def _check_apart(source: Path, out: Path) -> None:
    """An input inside OUT would be replaced by its own result."""
    from bolus.data import OutputError

    inside, folder = source.resolve(), out.resolve()
    if folder == inside or folder in inside.parents:
        raise OutputError(f"{out}: the input {source} lies in it; choose another OUT")


def _matrix(text: str) -> tuple[int, int, int]:
    from bolus.data import InputError

    parts = text.split(",")
    if len(parts) != 3 or not all(p.strip().isdigit() for p in parts):
        raise InputError(f"--matrix takes three whole numbers like 64,64,12, found '{text}'")
    x, y, z = (int(p) for p in parts)
    return x, y, z


@contextmanager
def _progress(quiet: bool) -> "Iterator[Progress]":
    """A spinner with the step's name on stderr; silent when asked or when not a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield lambda step: status.update(step)


@contextmanager
def _lines(quiet: bool) -> "Iterator[Progress]":
    """Progress of a long run: steps as a spinner, epochs as lines on stderr.

    What was skipped or changed is said even when quiet.
    """
    with _progress(quiet) as step:

        def say(text: str) -> None:
            if text.startswith(("skipped", "batches", "nothing")) or (
                text.startswith("epoch") and not quiet
            ):
                typer.echo(text, err=True)
            else:
                step(text)

        yield say


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exit 0, 2 for bad input or usage, 1 for a bug."""
    try:
        app(arguments)
    except Exception as error:
        from bolus.data.errors import BolusError  # numpy comes with it: not for --help

        if not isinstance(error, BolusError):
            raise
        typer.echo("bolus: " + " ".join(str(error).split()), err=True)
        sys.exit(2)
