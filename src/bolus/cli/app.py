"""The command line's root: its groups, and the options before any command."""

from functools import partial
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from bolus.base.about import NOTICE


def _plain(params: list[Any]) -> list[Any]:
    """Flags without a type and a default, and arguments without a type: their names say it."""
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar, param.show_default = "", False
        elif param.param_type_name == "argument":
            param.display_type_rich = lambda ctx: None
    return params


class Command(TyperCommand):
    """A command whose help shows flags plainly."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its options and arguments."""
        return _plain(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands whose help shows flags plainly."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its options."""
        return _plain(super().get_params(ctx))


app = typer.Typer(
    name="bolus",
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
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
            "--version",
            "-V",
            callback=_show_version,
            is_eager=True,
            help="Name and version, then exit.",
        ),
    ] = None,
) -> None:
    pass


def group(name: str, told: str) -> typer.Typer:
    """A group of commands under one name."""
    made = typer.Typer(help=told, no_args_is_help=True, cls=Group)
    app.add_typer(made, name=name)
    return made


command = partial(app.command, cls=Command)
"""Registers a function as a command."""
