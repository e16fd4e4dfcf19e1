"""The command ``bolus view``."""

from pathlib import Path
from typing import Annotated

import typer

from bolus.cli.options import (
    BrainMask,
    EchoTime,
    Quiet,
    RepetitionTime,
    SeriesNumber,
    check_apart,
    methods,
    reporting,
)


def view(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder that bolus maps wrote.")],
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", min=1, max=65535, help="Port; else any free one."),
    ] = None,
    browser: Annotated[
        bool,
        typer.Option("--browser/--no-browser", help="Open the page where there is a display. On."),
    ] = True,
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights", metavar="FILE", help="Weights that the maps were made with, if your own."
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="INPUT",
            help="A series, as for bolus maps, in which the arteries are not found: mark them on "
            "the page, and OUT is made.",
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option("--method", "-m", autocompletion=methods, help="With --from: the method."),
    ] = None,
    mask: BrainMask = None,
    motion: Annotated[
        bool | None,
        typer.Option(
            "--motion/--no-motion", help="With --from: take out the motion of the head. On."
        ),
    ] = None,
    te: EchoTime = None,
    tr: RepetitionTime = None,
    series: SeriesNumber = None,
    quiet: Quiet = False,
) -> None:
    """Look at a result voxel by voxel: curves, fit, posterior; arteries by hand; tumour ratios.

    A page on this machine only. The address that is printed opens it once; Ctrl-C ends it.
    --method, --mask, --motion, --te, --tr and --series go with --from.

    Example: bolus view maps

    Where bolus maps finds no artery: bolus view maps --from dsc.nii.gz
    """
    from bolus.data import InputError
    from bolus.io import check_output, read_series
    from bolus.viewer import open_viewer

    beside: dict[str, object] = {"--method": method, "--mask": mask, "--motion": motion}
    beside |= {"--te": te, "--tr": tr, "--series": series}
    alone = [name for name, value in beside.items() if value is not None]
    if source is None and alone:
        raise InputError(f"{', '.join(alone)} goes with --from; a result has its own")
    found = None
    with reporting(quiet) as reporter:
        reporter.step("reading")
        if source is not None:
            check_apart(source, folder)
            check_output(folder)
            found = read_series(source, te=te, tr=tr, series=series)
        viewer = open_viewer(
            folder,
            port=port or 0,
            series=found,
            mask=mask,
            weights=weights,
            method=method,
            motion=motion is not False,
            reporter=reporter,
        )
    typer.echo(viewer.address)
    viewer.run(browser=browser)
