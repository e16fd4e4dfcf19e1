"""The command line: parse, call, write. Everything it does, Python can do."""

import sys

import typer

from bolus.cli import (
    bench,
    compare,
    desk,
    grade,
    import_,
    listen,
    maps,
    simulate,
    study,
    train,
    transfer,
    view,
)
from bolus.cli.app import Command, app, command, group

__all__ = ["app", "main"]

command()(maps.maps)
command()(view.view)
command("app")(desk.desk)
command()(grade.grade)
command()(compare.compare)
command()(study.study)
command()(train.train)
command()(listen.listen)
command()(listen.queue)
command()(transfer.send)
command()(transfer.fetch)
command()(bench.demo)
command()(bench.bench)
simulated = group("simulate", "Make digital data with known truth.")
simulated.command("patient", cls=Command)(simulate.simulate_patient)
simulated.command("cohort", cls=Command)(simulate.simulate_cohort)
imported = group("import", "Data sets as downloaded, to a cohort.")
imported.command("qin", cls=Command)(import_.import_qin)


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
