"""A recipe with some of its fields chosen otherwise, by name."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from bolus.data import InputError

R = TypeVar("R")
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def with_choices(recipe: R, choices: Mapping[str, object]) -> R:
    """The recipe with other values of some fields, each of the type it has.

    Whole numbers stand for numbers, and lists for tuples. Raises InputError for a name that is no
    field of it or a value of another type.
    """
    known = [one.name for one in fields(recipe)]  # type: ignore[arg-type]
    changes: dict[str, Any] = {}
    for name, value in choices.items():
        if name not in known:
            raise InputError(f"this recipe has no '{name}' to choose; it has {', '.join(known)}")
        changes[name] = _like(getattr(recipe, name), value, f"{name} of a recipe")
    return replace(recipe, **changes)  # type: ignore[type-var]


def _like(usual: Any, value: Any, name: str) -> Any:
    kind = type(usual)
    if kind is tuple and isinstance(value, list | tuple) and value:
        return tuple(_like(usual[0] if usual else 1, one, name) for one in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is kind and kind is not tuple:
        return value
    wanted = "a list of numbers, [256, 192]" if kind is tuple else _WORDS[kind]
    raise InputError(f"{name} is {wanted}, found {value!r}")
