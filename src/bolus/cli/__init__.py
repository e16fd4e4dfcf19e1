"""The command line: parse, call, write. Everything it does, Python can do."""

import sys

import typer

from bolus.cli import (
    bench,
    compare,
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
from bolus.cli.app import app, group

__all__ = ["app", "main"]

app.command()(maps.maps)
app.command()(view.view)
app.command()(grade.grade)
app.command()(compare.compare)
app.command()(study.study)
app.command()(train.train)
app.command()(listen.listen)
app.command()(listen.queue)
app.command()(transfer.send)
app.command()(transfer.fetch)
app.command()(bench.demo)
app.command()(bench.bench)
simulated = group("simulate", "Make digital data with known truth.")
simulated.command("patient")(simulate.simulate_patient)
simulated.command("cohort")(simulate.simulate_cohort)
imported = group("import", "Data sets as downloaded, to a cohort.")
imported.command("qin")(import_.import_qin)


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
