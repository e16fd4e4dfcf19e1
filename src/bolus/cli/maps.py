"""The command ``bolus maps``."""

from pathlib import Path
from typing import Annotated

import typer

from bolus.cli.config import Config
from bolus.cli.groups import grouped
from bolus.cli.options import Overwrite, Quiet, check_apart, reporting
from bolus.options import MapOptions


@grouped
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
    options: MapOptions,
    config: Config = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Perfusion maps of one patient: CBF, CBV, MTT, Tmax, delay, TTP, quality, and a picture.

    Without an echo time, in the files or by --te, the maps are relative and say so.

    Example: bolus maps dsc.nii.gz -o maps

    In a BIDS data set: bolus maps sub-01/perf/sub-01_dsc.nii.gz -o derivatives/bolus --bids
    """
    from bolus.io import check_dicom_output
    from bolus.report import closing_lines

    check_apart(source, out)
    for path in (options.reading.echo, options.given.anatomy):
        if path is not None:
            check_apart(path, out)
    layout = options.layout
    with reporting(quiet) as reporter:
        reporter.step("reading")
        chosen = options.estimation.chosen()
        options.preparation()
        names = layout.check(source, out, chosen, overwrite)
        series = options.reading.read(source)
        if layout.dicom:
            check_dicom_output(series)
        result = options.run_on(series, chosen, reporter)
        reporter.step("writing")
        page = layout.write(result, out, names, source=source, overwrite=overwrite)
    if not quiet:
        typer.echo("\n".join([*closing_lines(result), f"{page}"]))
