"""The command ``bolus view``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from bolus.cli.groups import grouped
from bolus.cli.options import BrainMask, Quiet, reporting
from bolus.options import Motion, Reading
from bolus.options.estimation import methods
from bolus.options.preparing import motion_options


@dataclass(frozen=True, kw_only=True)
class Source:
    """A series instead of a result."""

    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="INPUT",
            help="A series, as for bolus maps, in which the arteries are not found: mark them on "
            "the page, and OUT is made.",
        ),
    ] = None
    method: Annotated[
        str | None,
        typer.Option("--method", "-m", autocompletion=methods, help="With --from: the method."),
    ] = None
    mask: BrainMask = None
    motion: Annotated[
        Motion | None,
        typer.Option("--motion", help="With --from: as in bolus maps; correct if not given."),
    ] = None


Folder = Annotated[
    Path,
    typer.Argument(
        metavar="OUT",
        help="Folder that bolus maps wrote; or in a BIDS dataset of its results the summary of a "
        "run, or a dataset with one run.",
    ),
]


@grouped
def view(
    folder: Folder,
    given: Source,
    reading: Reading,
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
    --method, --mask, --motion, --te, --tr, --series and --echo go with --from.

    Example: bolus view maps

    Where bolus maps finds no artery: bolus view maps --from dsc.nii.gz
    """
    from bolus.data import Preparation
    from bolus.io import check_apart, check_output
    from bolus.viewer import open_viewer

    _check_alone(given, reading)
    correction, censoring = motion_options(given.motion or Motion.CORRECT)
    found = None
    with reporting(quiet) as reporter:
        reporter.step("reading")
        if given.source is not None:
            check_apart(given.source, folder)
            check_output(folder)
            found = reading.read(given.source)
        viewer = open_viewer(
            folder,
            port=port or 0,
            series=found,
            mask=given.mask,
            weights=weights,
            method=given.method,
            preparation=Preparation(motion=correction, censoring=censoring),
            reporter=reporter,
        )
    typer.echo(viewer.address)
    viewer.run(browser=browser)


def _check_alone(given: Source, reading: Reading) -> None:
    """Raise InputError for options of a series where there is none."""
    from bolus.data import InputError

    beside: dict[str, object] = {"--method": given.method, "--mask": given.mask}
    beside |= {"--motion": given.motion, "--te": reading.te, "--tr": reading.tr}
    beside |= {"--series": reading.series, "--echo": reading.echo}
    alone = [name for name, value in beside.items() if value is not None]
    if given.source is None and alone:
        raise InputError(f"{', '.join(alone)} goes with --from; a result has its own")
