"""Groups of options: a command takes a frozen object where the command line has options."""

import inspect
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Annotated, Any, get_args, get_type_hints

import typer

from bolus.base.options import Option, option_of, several


def grouped(function: Callable[..., None]) -> Callable[..., None]:
    """The command with the fields of every parameter that is a dataclass as options of its own.

    A field is annotated as an option is, or made by ``bolus.base.options.option``; its default is
    the option's. A field that is a dataclass is a group of its own, whose ``panel`` is the heading
    of its options in the help. The function gets the objects. Options appear in the order of the
    parameters.
    """
    hints = get_type_hints(function, include_extras=True)
    options: list[inspect.Parameter] = []
    groups: dict[str, type] = {}
    for name, given in inspect.signature(function).parameters.items():
        kind = hints[name]
        if _is_group(kind):
            groups[name] = kind
            options += _options(kind)
        else:
            options.append(given.replace(annotation=kind, kind=inspect.Parameter.KEYWORD_ONLY))

    def command(**values: Any) -> None:
        made = {name: _made(kind, values) for name, kind in groups.items()}
        function(**values, **made)

    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    command.__annotations__ = {option.name: option.annotation for option in options}
    return command


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and is_dataclass(kind)


def _made(kind: type, values: dict[str, Any]) -> Any:
    """An object of a group, with its options of ``values``, which lose them."""
    hints = get_type_hints(kind)
    made = {}
    for one in fields(kind):
        if _is_group(hints[one.name]):
            made[one.name] = _made(hints[one.name], values)
        else:
            value = values.pop(one.name)
            made[one.name] = tuple(value or ()) if several(hints[one.name]) else value
    return kind(**made)


def _options(kind: type) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    for one in fields(kind):
        if _is_group(hints[one.name]):
            yield from _options(hints[one.name])
            continue
        told, own, usual = option_of(one), hints[one.name], _default(one)
        if several(own):
            own, usual = list[get_args(own)[0]], list(usual)  # type: ignore[misc]
        yield inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=usual,
            annotation=_in_panel(own, getattr(kind, "panel", None))
            if told is None
            else Annotated[own, _flag(told, getattr(kind, "panel", None), one.default)],
        )


def _in_panel(annotation: Any, panel: str | None) -> Any:
    """The same option under the heading of its group, where it has none of its own."""
    told = [one for one in getattr(annotation, "__metadata__", ()) if hasattr(one, "param_decls")]
    if panel is None or not told or told[0].rich_help_panel is not None:
        return annotation
    other = copy(told[0])
    other.rich_help_panel = panel
    return Annotated[annotation.__origin__, other]


def _default(one: "Field[Any]") -> Any:
    return inspect.Parameter.empty if one.default is MISSING else one.default


def _flag(told: Option, panel: str | None, usual: Any) -> Any:
    """An option as typer takes it, under the heading ``panel`` of the help, with what is usual."""
    return typer.Option(
        *told.flags,
        metavar=told.metavar,
        help=told.help + (" On." if usual is True else ""),
        autocompletion=told.complete,
        rich_help_panel=panel,
    )
