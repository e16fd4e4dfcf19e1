"""Reading the JSON files that bolus wrote."""

import json
from pathlib import Path

from bolus.data import InputError


def read_facts(path: Path) -> dict[str, object]:
    """A JSON object that bolus wrote: its "software" says so. Raises InputError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: this is not a readable JSON file ({error})") from error
    software = found.get("software") if isinstance(found, dict) else None
    if not (isinstance(software, str) and software.lower().startswith("bolus")):
        raise InputError(f'{path}: bolus did not write this file, its "software" is {software!r}')
    return dict(found)
