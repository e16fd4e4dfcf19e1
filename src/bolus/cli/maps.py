"""The command ``bolus maps``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from bolus.cli.config import Config
from bolus.cli.groups import grouped
from bolus.cli.options import Jobs, Run, reporting_run
from bolus.options import MapOptions

if TYPE_CHECKING:
    from bolus.base.progress import Reporter
    from bolus.batch import Batch

FAILED = 2
"""Exit status where an input has no maps: that of input that cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Many:
    """Many series at once."""

    panel: ClassVar[str] = "Many series at once"

    participant: Annotated[
        list[str] | None,
        typer.Option(
            "--participant",
            metavar="LABEL",
            help="Of a BIDS dataset only this participant, 01 or sub-01; may be given again.",
        ),
    ] = None
    jobs: Jobs = None
    dask: Annotated[
        str | None,
        typer.Option(
            "--dask",
            metavar="ADDRESS",
            help="Scheduler of a Dask cluster whose workers see the same files.",
        ),
    ] = None
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep the results that are there, make the others.")
    ] = False


@grouped
def maps(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT",
            help="4D NIfTI file (with its BIDS .json, if any) or a folder with DICOM files; "
            "several of them, or a BIDS dataset, for maps of all.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Folder to make for the results.",
            rich_help_panel="Output",
        ),
    ],
    options: MapOptions,
    many: Many,
    run: Run,
    config: Config = None,
) -> None:
    """Perfusion maps of one patient: CBF, CBV, MTT, Tmax, delay, TTP, quality, and a picture.

    Without an echo time, in the files or by --te, the maps are relative and say so.

    Example: bolus maps dsc.nii.gz -o maps

    In a BIDS data set: bolus maps sub-01/perf/sub-01_dsc.nii.gz -o derivatives/bolus --bids

    Of many patients, each in its own folder, with a page over all: bolus maps a.nii.gz b -o all
    """
    from bolus.batch import is_many

    several = is_many(sources, many.participant or ())
    with reporting_run(run, sources) as (reporter, log):
        if several:
            made = _all(sources, out, options, many, run.overwrite, reporter)
            lines = _closing(made)
        else:
            made = None
            lines = _one(sources[0], out, options, run.overwrite, reporter)
    log("\n".join(lines))
    if not run.quiet:
        typer.echo("\n".join(lines))
    if made is not None and made.failed:
        raise typer.Exit(FAILED)


def _one(
    source: Path, out: Path, options: MapOptions, overwrite: bool, reporter: "Reporter"
) -> list[str]:
    from bolus.batch import map_one
    from bolus.report import closing_lines

    result, page = map_one(source, out, options, overwrite=overwrite, reporter=reporter)
    return [*closing_lines(result), f"{page}"]


def _all(
    sources: list[Path],
    out: Path,
    options: MapOptions,
    many: Many,
    overwrite: bool,
    reporter: "Reporter",
) -> "Batch":
    from bolus.batch import find_inputs, map_all

    return map_all(
        find_inputs(sources, many.participant or ()),
        out,
        options,
        jobs=many.jobs,
        dask=many.dask,
        resume=many.resume,
        overwrite=overwrite,
        reporter=reporter,
    )


def _closing(made: "Batch") -> list[str]:
    """What became of all."""
    whole = len(made.outcomes)
    return [
        *(
            f"{one.label}: {one.state}; {one.error if one.state == 'failed' else one.verdict}"
            for one in made.outcomes
        ),
        f"{whole - len(made.failed)} of {whole} series have maps",
        f"{made.page}",
    ]
