"""JSON in and out: the one place that decides what can be said in it and what is believed of it.

Out: numpy's arrays and numbers, paths, enumerations and tuples become JSON's own values. In: a
file from elsewhere may be large, nested without end, or no object; that is an error with its name.
"""

import json
import math
import os
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path, PurePath

import numpy as np

from bolus.base.files import write_bytes
from bolus.data import BolusError, InputError

LARGEST = 1 << 24
"""Bytes of a file that is read: far more than any sidecar or summary has."""
DEEPEST = 64
"""Levels of nesting that are read: far more than any sidecar or summary has."""


def plain(value: object, *, nan_as_none: bool = False) -> object:
    """A value as JSON's own: None, bool, int, float, str, lists, and dictionaries with text keys.

    Arrays become nested lists, numpy's numbers Python's, paths text, members of an enumeration
    their values, tuples and ranges lists, sets sorted lists, dataclasses their fields.
    ``nan_as_none`` puts None where a number is not finite, which JSON cannot say; without it they
    stay, and ``to_text`` refuses them.

    Raises TypeError for any other object.
    """
    if isinstance(value, Enum):
        return plain(value.value, nan_as_none=nan_as_none)
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist(), nan_as_none=nan_as_none)
    if isinstance(value, float):
        return None if nan_as_none and not math.isfinite(value) else float(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, PurePath):
        return str(value)
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_key(k): plain(v, nan_as_none=nan_as_none) for k, v in value.items()}
    if isinstance(value, Set):
        value = sorted(value)
    if isinstance(value, list | tuple | range):
        return [plain(v, nan_as_none=nan_as_none) for v in value]
    raise TypeError(f"a {type(value).__name__}: {value!r}")


def _key(key: object) -> str:
    return str(key.value if isinstance(key, Enum) else key)


def to_text(value: object, *, compact: bool = False, nan_as_none: bool = False) -> str:
    """JSON text of a value as ``plain`` makes it, in its own order; ``compact``: on one line.

    Raises InputError for what JSON has no word for: other objects, and numbers not finite unless
    ``nan_as_none``.
    """
    spaced = {"separators": (",", ":")} if compact else {"indent": 2}
    try:
        told = plain(value, nan_as_none=nan_as_none)
        return json.dumps(told, ensure_ascii=False, allow_nan=False, **spaced)
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"this cannot be said in JSON ({error})") from error


def from_text(
    text: str | bytes, what: str, error: type[BolusError] = InputError
) -> dict[str, object]:
    """The JSON object of a text; ``what`` names the text in the message.

    Raises ``error`` for text that is no JSON, no object, or nested deeper than DEEPEST.
    """
    try:
        told = json.loads(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
    except RecursionError as cause:
        raise error(f"{what}: JSON nested deeper than {DEEPEST} levels is not read") from cause
    except ValueError as cause:
        raise error(f"{what}: this is not readable JSON ({cause})") from cause
    if not isinstance(told, dict):
        raise error(f"{what}: a JSON object is expected, found {type(told).__name__}")
    _check_depth(told, what, error)
    return told


def _check_depth(told: object, what: str, error: type[BolusError]) -> None:
    level: list[object] = [told]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise error(f"{what}: JSON nested deeper than {DEEPEST} levels is not read")


def read_json(
    path: str | os.PathLike[str], error: type[BolusError] = InputError
) -> dict[str, object]:
    """The JSON object that a file holds, UTF-8 with or without a mark of byte order.

    Raises ``error`` where there is no file, for one over LARGEST bytes, and as ``from_text``.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError as cause:
        raise error(f"{path}: no such file") from cause
    except OSError as cause:
        raise error(f"{path}: cannot be read ({cause.strerror})") from cause
    if len(content) > LARGEST:
        raise error(f"{path}: a JSON file of over {LARGEST >> 20} MB is not read")
    return from_text(content, str(path), error)


def write_json(path: str | os.PathLike[str], mapping: Mapping[str, object]) -> None:
    """Write a mapping as JSON in its own order, UTF-8, indented by two, with a final newline.

    Raises InputError as ``to_text``, OutputError.
    """
    try:
        text = to_text(mapping)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    write_bytes(path, (text + "\n").encode())
