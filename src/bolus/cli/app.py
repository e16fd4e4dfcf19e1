"""The command line's root: its groups, and the options before any command."""

from typing import Annotated

import typer

from bolus.base.about import NOTICE

app = typer.Typer(
    name="bolus",
    help="Perfusion maps from dynamic susceptibility contrast MRI (DSC-MRI).\n\n" + NOTICE,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Start with [bold]bolus demo[/bold], then [bold]bolus maps dsc.nii.gz -o maps[/bold].",
)


def _show_version(wanted: bool | None) -> None:
    if wanted:
        from bolus.base.about import software

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


def group(name: str, told: str) -> typer.Typer:
    """A group of commands under one name."""
    made = typer.Typer(help=told, no_args_is_help=True)
    app.add_typer(made, name=name)
    return made
