"""Estimators of other packages, found by their entry points.

A package declares them in its ``pyproject.toml``, by name → class or factory:

    [project.entry-points."bolus.estimators"]
    mine = "my_package.module:Mine"
"""

import warnings
from collections.abc import Callable, MutableMapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

GROUP = "bolus.estimators"


def add_registered(methods: MutableMapping[str, Callable[..., Any]]) -> None:
    """Enter the factories that installed packages register, in the order of their names.

    One that cannot be imported, is not callable, or has a name that is taken is left out with a
    RuntimeWarning that names it: what is wrong in one package does not stop the others.
    """
    for point in sorted(entry_points(group=GROUP), key=lambda one: (one.name, one.value)):
        refusal = _refusal(point, methods)
        if refusal is not None:
            told = f"estimator '{point.name}' of {point.value} is left out: {refusal}"
            warnings.warn(told, RuntimeWarning, stacklevel=2)


def _refusal(point: EntryPoint, methods: MutableMapping[str, Callable[..., Any]]) -> str | None:
    """Why an estimator cannot be entered; None where it is now."""
    if point.name in methods:
        return "a method of this name is there already"
    try:
        found = point.load()
    except Exception as error:  # code of others, which may fail in any way: reported by name
        return f"{type(error).__name__}: {error}"
    if not callable(found):
        return f"a class or a factory is expected, found {type(found).__name__}"
    methods[point.name] = found
    return None
