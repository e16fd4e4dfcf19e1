"""The option ``--config``: a file that stands for flags."""

from pathlib import Path
from typing import Annotated

import typer

from bolus.base.options import option_names, option_values, options_from, plain_value, read_table
from bolus.options import MapOptions


def _take(context: typer.Context, path: Path | None) -> Path | None:
    """Let the values of the file stand where no flag is given."""
    if path is not None and not context.resilient_parsing:
        table = read_table(path)
        said = options_from(MapOptions, table, str(path), path.parent)
        values, names = option_values(said), option_names(MapOptions)
        context.default_map = {names[key]: plain_value(values[key]) for key in table}
    return path


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        is_eager=True,
        callback=_take,
        help="Options from a TOML file, the names of flags as keys (te = 0.03, spatial = false); "
        "a flag wins over the file. Every result holds its own as bolus.toml.",
        rich_help_panel="Run",
    ),
]
