"""Options of ``bolus maps`` in a rule: the same names, the same meaning, checked before a start."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from bolus.data import InputError
from bolus.network.rules import Rules

OWN = (
    "output", "overwrite", "quiet", "dicom", "anonymize", "bids", "subject", "session", "help",
    "series",
)  # fmt: skip
"""What the listener decides itself, by the long names."""


def flags_of(options: Mapping[str, Any]) -> list[str]:
    """The flags that a table of options is: ``drift = false`` is ``--no-drift``.

    Raises InputError for an option that the listener decides itself, or a value that is none.
    """
    return list(_flags(options))


def _flags(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        plain = name.replace("_", "-")
        if plain in OWN:
            raise InputError(f"--{plain} is decided by the listener, and stands in no rule")
        if isinstance(value, bool):
            yield f"--{plain}" if value else f"--no-{plain}"
        elif isinstance(value, int | float | str):
            yield f"--{plain}={value}"
        elif isinstance(value, list) and all(isinstance(v, int | float) for v in value):
            yield f"--{plain}=" + ",".join(f"{v}" for v in value)
        else:
            raise InputError(f"--{plain}: text, a number, true, false or numbers, found {value!r}")


def check_options(rules: Rules) -> None:
    """Raise InputError where ``bolus maps`` would not take the options of a rule."""
    for rule in rules.rules:
        try:
            flags = flags_of(rule.options)
            if flags:
                _check(flags)
        except InputError as error:
            raise InputError(f"options of rule '{rule.name}': {error}") from error


def _check(flags: list[str]) -> None:
    """Ask the command line itself, in a process of its own, as maps are made, too."""
    command = [sys.executable, "-m", "bolus.cli.parse", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise InputError(lines[-1] if lines else "bolus maps does not take them")
