"""Files that are either there and whole, or as they were."""

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from bolus.data import OutputError


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file in one go: readers see the old one or the new one. Raises OutputError."""
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial-{token_hex(4)}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
