"""The command ``bolus view``."""

from pathlib import Path
from typing import Annotated

import typer

from bolus.cli.options import Quiet, progress


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
    quiet: Quiet = False,
) -> None:
    """Look at a result voxel by voxel: curves, fit, posterior; arteries by hand; tumour ratios.

    A page on this machine only. The address that is printed opens it once; Ctrl-C ends it.

    Example: bolus view maps
    """
    from bolus.viewer import open_viewer

    with progress(quiet) as step:
        step("reading")
        viewer = open_viewer(folder, port=port or 0, weights=weights, progress=step)
    typer.echo(viewer.address)
    viewer.run(browser=browser)
