"""Reading the JSON files that bolus wrote."""

from pathlib import Path

from bolus.base.json import read_json
from bolus.data import InputError


def read_facts(path: Path) -> dict[str, object]:
    """A JSON object that bolus wrote: its "software" says so. Raises InputError."""
    found = read_json(path)
    software = found.get("software")
    if not (isinstance(software, str) and software.lower().startswith("bolus")):
        raise InputError(f'{path}: bolus did not write this file, its "software" is {software!r}')
    return found
