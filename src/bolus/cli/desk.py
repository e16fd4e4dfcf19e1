"""The command ``bolus app``."""

from typing import Annotated

import typer


def desk(
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", min=1, max=65535, help="Port; else any free one."),
    ] = None,
    browser: Annotated[
        bool,
        typer.Option("--browser/--no-browser", help="Open the page where there is a display. On."),
    ] = True,
) -> None:
    """From a folder to maps without the command line: a page that finds the series and maps them.

    Give it a folder, choose the series, and the maps open in the viewer when they are made. It
    runs what bolus maps runs, on this machine only; Ctrl-C ends it.

    Example: bolus app
    """
    from bolus.viewer import open_desk

    opened = open_desk(port=port or 0)
    typer.echo(opened.address)
    opened.run(browser=browser)
