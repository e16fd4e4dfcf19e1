"""The option ``--config``: a file that stands for flags."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from bolus.base.options import option_names, option_values, options_from, plain_value, read_table
from bolus.options import MapOptions
from bolus.options.training import TrainOptions

RECIPE = "recipe"
"""The table of a training's options file that has the fields of its recipe."""


def _taker(kind: type, table_of: str | None = None) -> Callable[..., Path | None]:
    """Lets the values of the file stand where no flag is given.

    What the file has in the table ``table_of`` becomes texts NAME=VALUE of the flag of that name.
    """

    def take(context: typer.Context, path: Path | None) -> Path | None:
        if path is None or context.resilient_parsing:
            return path
        table = read_table(path)
        further = table.pop(table_of, {}) if table_of else {}
        said: Any = options_from(kind, table, str(path), path.parent)
        values, names = option_values(said), option_names(kind)
        context.default_map = {names[key]: plain_value(values[key]) for key in table}
        if table_of and further:
            context.default_map[table_of] = _texts(further, table_of, path)
        return path

    return take


def _texts(table: Any, name: str, path: Path) -> list[str]:
    from bolus.data.errors import InputError

    if not isinstance(table, dict):
        raise InputError(f"{path}: '{name}' is a table, [{name}], found {table!r}")
    return [f"{key}={json.dumps(value)}" for key, value in table.items()]


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        is_eager=True,
        callback=_taker(MapOptions),
        help="Options from a TOML file, the names of flags as keys (te = 0.03, spatial = false); "
        "a flag wins over the file. Every result holds its own as bolus.toml.",
        rich_help_panel="Run",
    ),
]
TrainConfig = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        is_eager=True,
        callback=_taker(TrainOptions, RECIPE),
        help="Options from a TOML file, the names of flags as keys (epochs = 4, keep-worse = "
        "true), fields of the recipe in a table [recipe]; a flag wins over the file.",
        rich_help_panel="Run",
    ),
]
