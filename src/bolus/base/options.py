"""Options described once: frozen objects whose fields are flags, and keys of an options file.

A field is made by ``option``; a group of them is a frozen dataclass, and so is what holds groups.
The command line makes flags of the fields, an options file (TOML) has their names as keys.
"""

import json
import math
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
_KEY = "option"
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


class Option(NamedTuple):
    """How a field is given: its ``flags``, what its value is called, and what it does.

    ``flags`` are those of the command line ('--motion-limit', '-m', '--drift/--no-drift').
    ``listed``: its text is numbers with commas between, which a file may give as an array.
    ``complete`` takes the beginning of a value to those that begin so.
    """

    flags: tuple[str, ...]
    help: str
    metavar: str | None = None
    listed: bool = False
    complete: Callable[[str], list[str]] | None = None

    @property
    def key(self) -> str:
        """The name in an options file: that of the flag, without dashes before it."""
        long = next(flag for flag in self.flags if flag[:2] == "--")
        return long[2:].split("/")[0]

    def is_path(self, value: Any) -> bool:
        """Whether a value is a path, a text that stands for one, or several."""
        if isinstance(value, tuple):
            return any(self.is_path(one) for one in value)
        words = (self.metavar or "").split("|")
        voxel = all(part.strip().isdecimal() for part in str(value).split(","))
        may = bool({"MASK", "FILE"} & set(words))
        return isinstance(value, Path) or (may and value not in words and not voxel)


def option(
    default: Any,
    *flags: str,
    help: str,
    metavar: str | None = None,
    listed: bool = False,
    complete: Callable[[str], list[str]] | None = None,
) -> Any:
    """A field of a dataclass that is an option, with what it is where it is not given."""
    told = Option(flags, help, metavar, listed, complete)
    return field(default=default, metadata={_KEY: told})


def option_of(one: "Field[Any]") -> Option | None:
    """How a field is given; None for one that is no option."""
    found = one.metadata.get(_KEY)
    return found if isinstance(found, Option) else None


class _Place(NamedTuple):
    """Where an option stands: its group (None: on top), its field and its type."""

    group: str | None
    name: str
    kind: Any
    option: Option


def options_from(
    kind: type[T], table: Mapping[str, Any], where: str, folder: str | os.PathLike[str] = "."
) -> T:
    """The options of a table with the names of flags as keys, such as a part of a TOML file.

    ``kind`` is the dataclass to make, ``where`` what errors call the table, and paths in it are
    taken from ``folder``. What the table does not say has its usual value.

    Raises InputError for a key that is no option, or a value of another type, by name and file.
    """
    from bolus.data.errors import InputError  # numpy comes with it: not for --help

    whole: Any = kind
    places, changes = _places(whole), {}
    for key, value in table.items():
        if key not in places:
            close = _like(key, places)
            raise InputError(f"{where}: there is no option '{key}'{close}")
        changes[key] = _value(places[key], value, where, Path(folder))
    return _with(kind, changes)


def read_options(kind: type[T], path: str | os.PathLike[str]) -> T:
    """The options of a TOML file; paths in it are taken from its folder.

    Raises InputError as ``options_from``, and for a file that cannot be read or is no TOML.
    """
    return options_from(kind, read_table(path), str(path), Path(path).parent)


def read_table(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a TOML file says. Raises InputError for one that cannot be read or is no TOML."""
    from bolus.data.errors import InputError

    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: an options file is TOML, and this is not ({error})") from error


def option_values(options: object) -> dict[str, Any]:
    """Every option that has a value, by its key: what ``options_from`` makes the same object of."""
    found = {}
    kind: Any = type(options)
    for key, place in _places(kind).items():
        holder = options if place.group is None else getattr(options, place.group)
        value = getattr(holder, place.name)
        if value is not None and value != ():
            found[key] = value
    return found


def option_of_key(kind: Any, key: str) -> Option:
    """How the option of a key is given. Raises KeyError for one that is none."""
    return _places(kind)[key].option


def changed(options: T, changes: Mapping[str, Any]) -> T:
    """The same options with other values, by key."""
    made: Any = options
    kind: Any = type(options)
    for key, value in changes.items():
        place = _places(kind)[key]
        change = {place.name: value}
        if place.group is not None:
            change = {place.group: replace(getattr(made, place.group), **change)}
        made = replace(made, **change)
    return cast(T, made)


def option_names(kind: Any) -> dict[str, str]:
    """The field of every option by its key."""
    return {key: place.name for key, place in _places(kind).items()}


def options_text(options: object, about: str = "") -> str:
    """A TOML file of options, one a line, below ``about`` as a comment."""
    comment = [f"# {line}" for line in about.splitlines()]
    lines = [toml_line(key, value) for key, value in option_values(options).items()]
    return "\n".join([*comment, *lines]) + "\n"


@cache
def _places(kind: Any) -> dict[str, _Place]:
    return {place.option.key: place for place in _walk(kind, None)}


def _walk(kind: Any, group: str | None) -> Iterator[_Place]:
    hints = get_type_hints(kind)
    for one in fields(kind):
        told = option_of(one)
        if told is not None:
            yield _Place(group, one.name, hints[one.name], told)
        elif isinstance(hints[one.name], type) and is_dataclass(hints[one.name]):
            yield from _walk(hints[one.name], one.name)


def _with(kind: Any, changes: Mapping[str, Any]) -> Any:
    """An object with some options changed; groups that have no default are made of theirs."""
    hints, groups = get_type_hints(kind), {}
    for one in fields(kind):
        if option_of(one) is None and one.default is MISSING:
            groups[one.name] = hints[one.name]()
    return changed(kind(**groups), changes)


def _like(key: str, known: Mapping[str, object]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(key, known, n=1, cutoff=0.7)
    return f"; did you mean '{close[0]}'?" if close else ""


def _value(place: _Place, value: Any, where: str, folder: Path) -> Any:
    from bolus.data.errors import InputError

    kinds = _alternatives(place.kind)
    if several(place.kind):
        each = value if isinstance(value, list) else [value]
        found = tuple(_taken(kinds[0], one, place.option, folder) for one in each)
        if None not in found:
            return found
    for kind in () if several(place.kind) else kinds:
        taken = _taken(kind, value, place.option, folder)
        if taken is not None:
            return taken
    wanted = " or ".join(_wanted(kind) for kind in kinds)
    if several(place.kind):
        wanted = f"{wanted}, or several, ['a', 'b']"
    if place.option.listed:
        wanted = "numbers, [1, 2] or '1,2'"
    raise InputError(f"{where}: '{place.option.key}' is {wanted}, found {value!r}")


def _taken(kind: Any, value: Any, told: Option, folder: Path) -> Any:
    """A value of TOML as the type of an option has it; None where it is of another."""
    if isinstance(value, bool):
        return value if kind is bool else None
    if isinstance(value, int | float):
        whole = isinstance(value, int)
        as_number = {float: float(value), int: value if whole else None}.get(kind)
        return as_number if math.isfinite(value) else None
    if isinstance(value, str):
        return _taken_text(kind, value, told, folder)
    return ",".join(f"{one:g}" for one in value) if told.listed and _is_numbers(value) else None


def _taken_text(kind: Any, value: str, told: Option, folder: Path) -> Any:
    if issubclass(kind, Path):
        return folder / value
    if issubclass(kind, StrEnum):
        return kind(value) if value in set(kind) else None
    if kind is not str:
        return None
    return str(folder / value) if told.is_path(value) else value


def several(kind: Any) -> bool:
    """Whether an option may be given more than once: its type is tuple[T, ...]."""
    return get_origin(kind) is tuple


def _alternatives(kind: Any) -> list[Any]:
    if several(kind):
        return [get_args(kind)[0]]
    if get_origin(kind) in (Union, UnionType):
        return [one for one in get_args(kind) if one is not NoneType]
    return [kind]


def _wanted(kind: Any) -> str:
    if issubclass(kind, StrEnum):
        return "one of " + ", ".join(kind)
    return "a path" if issubclass(kind, Path) else _WORDS[kind]


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in value
    )  # fmt: skip


Plain = bool | int | float | str


def plain_value(value: Any) -> Plain | list[Plain]:
    """A value as TOML has it: a path and a word of an enumeration are texts, several are a list."""
    if isinstance(value, tuple):
        return [plain for one in value if not isinstance(plain := plain_value(one), list)]
    if isinstance(value, bool | int | float):
        return value
    return value.as_posix() if isinstance(value, Path) else str(value)


def toml_line(key: str, value: Any) -> str:
    """A key with its value, as TOML."""
    plain = plain_value(value)
    if isinstance(plain, list):
        return f"{key} = [{', '.join(map(_written, plain))}]"
    return f"{key} = {_written(plain)}"


def _written(plain: Plain) -> str:
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, str) else repr(plain)
