"""Whether ``bolus maps`` takes some options: ``python -m bolus.cli.parse --method=osvd``.

Exit code 0 where it does; 2, with one line on stderr that says why, where it does not. Nothing is
read but weights that are named.
"""

import sys
from dataclasses import fields
from typing import Any, TypeVar

import typer

from bolus.cli import app
from bolus.cli.maps import Estimation, Given, Strokes
from bolus.cli.reading import Prepared

T = TypeVar("T")


def wrong_options(flags: list[str]) -> str | None:
    """What is wrong with options of ``bolus maps``, None where nothing is.

    Its input and its output need not be given.
    """
    from bolus.data import BolusError

    command = typer.main.get_command(app).commands["maps"]  # type: ignore[attr-defined]
    for param in command.params:
        param.required = False
    try:
        values = command.make_context("maps", list(flags)).params
        _made(values)
    except (BolusError, typer.BadParameter) as error:
        return str(error)
    except Exception as error:  # a usage error, of the click that typer brings or of click itself
        if not hasattr(error, "format_message"):
            raise
        return str(error.format_message())
    return None


def _made(values: dict[str, Any]) -> None:
    """Make of the values what the command would, before it reads a series. Raises BolusError."""
    from bolus.estimators import estimator

    estimator(_group(Estimation, values).chosen())
    _group(Given, values).known()
    _group(Strokes, values).thresholds()
    _group(Prepared, values).preparation()


def _group(kind: type[T], values: dict[str, Any]) -> T:
    return kind(**{one.name: values[one.name] for one in fields(kind)})  # type: ignore[arg-type]


if __name__ == "__main__":
    wrong = wrong_options(sys.argv[1:])
    if wrong is not None:
        sys.stderr.write(" ".join(wrong.split()) + "\n")
        sys.exit(2)
