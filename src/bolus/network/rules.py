"""Rules: which series maps are made of, by which options, and where the results go."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bolus.data import InputError
from bolus.estimators import estimator
from bolus.network.destination import Destination, Entity, Web
from bolus.network.header import Header
from bolus.options import Layout, MapOptions

LARGEST = 1 << 20
"""Bytes of a rule file that is read."""
USUAL = MapOptions()
_PATHS = ("tls_ca", "tls_cert", "tls_key", "ca")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Series of one kind.

    ``description`` are patterns for the description of a series, in which * stands for any text;
    case does not count. ``options`` are those of maps, ``send`` names destinations. Raises
    InputError for options of what the listener decides itself: how the result is laid out, and
    which series of a folder is taken.
    """

    name: str
    description: tuple[str, ...] = ("*",)
    modality: str = "MR"
    options: MapOptions = USUAL
    send: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.options.layout != Layout() or self.options.reading.series is not None:
            raise InputError(
                f"options of rule '{self.name}': how a result is laid out, and which series is "
                "taken, is decided by the listener, and stands in no rule"
            )

    def check(self) -> None:
        """Raise InputError where no maps can be made by the options; weights are read."""
        try:
            estimator(self.options.estimation.chosen())
            self.options.preparation()
        except InputError as error:
            raise InputError(f"options of rule '{self.name}': {error}") from error

    def matches(self, header: Header) -> bool:
        """Whether a series is of that kind."""
        if header.modality.upper() != self.modality.upper():
            return False
        described = header.description.strip().lower()
        return any(fnmatchcase(described, pattern.lower()) for pattern in self.description)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Rules in their order, of which the first that matches counts, and destinations by name.

    ``listen`` are options of ``bolus listen``, by their long names. Raises InputError for a rule
    that sends to a destination that is not there, or has the name of another.
    """

    rules: tuple[Rule, ...]
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    listen: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.rules:
            raise InputError("at least one rule is needed, found none ([[rules]])")
        names = [rule.name for rule in self.rules]
        for rule in self.rules:
            if names.count(rule.name) > 1:
                raise InputError(f"two rules have the name '{rule.name}'")
            for name in rule.send:
                if name not in self.destinations:
                    known = ", ".join(self.destinations) or "none"
                    raise InputError(
                        f"rule '{rule.name}' sends to '{name}', which is no destination; known "
                        f"are: {known}"
                    )

    def first(self, header: Header) -> Rule | None:
        """The rule for a series, None where none is."""
        return next((rule for rule in self.rules if rule.matches(header)), None)


def read_rules(path: Path) -> Rules:
    """Rules of a TOML file with ``[[rules]]``, ``[destinations.NAME]`` and ``[listen]``.

    Files that it names lie beside it unless their path is absolute; ``[rules.options]`` is as an
    options file of maps. Raises InputError.
    """
    path = Path(path)
    told = read_toml(path)
    try:
        _known(told, {"rules", "destinations", "listen"}, "the file")
        return Rules(
            rules=tuple(
                _rule(one, n, path.parent) for n, one in enumerate(_listed(told, "rules"), 1)
            ),
            destinations={
                name: _destination(name, one, path.parent)
                for name, one in _table(told, "destinations").items()
            },
            listen=_table(told, "listen"),
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file. Raises InputError where there is none, or it is none."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise InputError(f"{path}: a rule file of over {LARGEST >> 20} MB is not read")
        return tomllib.loads(content.decode())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: this is not readable TOML ({error})") from error


def _rule(told: Any, number: int, folder: Path) -> Rule:
    if not isinstance(told, dict):
        raise InputError(f"rule {number}: a table is expected, found {type(told).__name__}")
    name = _text(told.get("name", f"{number}"), f"name of rule {number}")
    where = f"rule '{name}'"
    _known(told, {one.name for one in fields(Rule)}, where)
    return Rule(
        name=name,
        description=_texts(told.get("description", "*"), f"description of {where}"),
        modality=_text(told.get("modality", "MR"), f"modality of {where}"),
        options=MapOptions.from_mapping(
            _table(told, "options"), f"options of {where}", folder.resolve()
        ),
        send=_texts(told.get("send", []), f"send of {where}"),
    )


def _destination(name: str, told: Any, folder: Path) -> Entity | Web:
    where = f"destination '{name}'"
    if not isinstance(told, dict):
        raise InputError(f"{where}: a table is expected, found {type(told).__name__}")
    kind = Web if "url" in told else Entity
    _known(told, {one.name for one in fields(kind)}, where)
    made = dict(told)
    for key, value in told.items():
        wanted = {"port": int, "move_port": int, "tls": bool}.get(key, str)
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise InputError(f"{where}: {key} is {wanted.__name__}, found {value!r}")
        if key in _PATHS:
            made[key] = folder / str(value)
    try:
        return kind(**made)
    except TypeError as error:
        raise InputError(f"{where}: ae, host and port are needed, or url") from error
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _known(told: Mapping[str, Any], names: set[str], where: str) -> None:
    for name in told:
        if name not in names:
            raise InputError(f"{where} has no '{name}'; known are: {', '.join(sorted(names))}")


def _table(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = told.get(name, {})
    if not isinstance(found, dict):
        raise InputError(f"{name}: a table is expected, found {type(found).__name__}")
    return found


def _listed(told: Mapping[str, Any], name: str) -> list[Any]:
    found = told.get(name, [])
    if not isinstance(found, list):
        raise InputError(f"{name}: a list of tables is expected ([[{name}]])")
    return found


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise InputError(f"{what}: text is expected, found {value!r}")
    return value


def _texts(value: Any, what: str) -> tuple[str, ...]:
    return tuple(_text(one, what) for one in (value if isinstance(value, list) else [value]))
