"""The command ``bolus compare``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bolus.cli.app import NOTICE
from bolus.cli.options import Overwrite, Quiet, reporting, show

if TYPE_CHECKING:
    from rich.table import Table

    from bolus.followup import Comparison


def compare(
    before: Annotated[
        Path, typer.Argument(metavar="A", help="Folder that bolus maps wrote, of the first date.")
    ],
    after: Annotated[
        Path, typer.Argument(metavar="B", help="Folder that bolus maps wrote, of the second date.")
    ],
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="Folder to make for the results.")
    ],
    anatomy: Annotated[
        bool,
        typer.Option(
            "--anatomy",
            help="Maps of change on the anatomical image of the first date, too (bolus maps "
            "--anatomy).",
        ),
    ] = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """What changed between two dates of one patient, and the probability that it is real.

    Regions are those of either result. Change over a reference leaves the scale of the arterial
    input out; what protocols that differ rule out is not given.

    Example: bolus compare maps-march maps-june -o change
    """
    from bolus.followup import compare_maps
    from bolus.io import check_apart, check_output

    for folder in (before, after):
        check_apart(folder, out)
    check_output(out, overwrite)
    with reporting(quiet) as reporter:
        found = compare_maps(before, after, anatomy=anatomy, reporter=reporter)
        reporter.step("writing")
        found.save(out, overwrite=overwrite)
    if not quiet:
        show(_table(found))
        lines = [
            f"{d.name}: {d.before}, then {d.after}: {d.effect.value}" for d in found.differences
        ]
        typer.echo("\n".join([*lines, NOTICE, f"{out / 'report.html'}"]))


def _table(found: "Comparison") -> "Table":
    from rich import box
    from rich.table import Table

    from bolus.followup.page import lines_of

    table = Table(title="Change", box=box.SIMPLE_HEAD, title_justify="left")
    names = ("", "region", "kind", "first", "second", "change", "90 %", "probability")
    for column in names:
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for line in lines_of([*found.changes, *found.numbers]):
        table.add_row(
            line.title,
            line.region,
            line.kind,
            line.before,
            line.after,
            line.change,
            line.interval,
            line.probability,
            style="bold" if line.real else None,
        )
    return table
