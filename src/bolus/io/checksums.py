"""SHA-256 of what was read, so that a result can be traced to its input without naming it."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from bolus.data import InputError

_CHUNK = 1 << 20


def files_below(folder: Path) -> Iterator[Path]:
    """Every regular file below a folder; links are followed, each folder is entered once."""
    seen: set[tuple[int, int]] = set()
    for root, folders, names in os.walk(folder, followlinks=True, onerror=_raise):
        status = Path(root).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders.sort()
        yield from (path for name in sorted(names) if (path := Path(root, name)).is_file())


def _raise(error: OSError) -> None:
    raise InputError(f"{error.filename}: this folder cannot be read ({error.strerror})") from error


def mask_checksum(mask: Bool[np.ndarray, "x y z"]) -> str:
    """SHA-256 in hexadecimal of the voxels of a mask, whatever file they came from."""
    return hashlib.sha256(np.packbits(mask).tobytes()).hexdigest()


def checksum(path: str | os.PathLike[str]) -> str:
    """SHA-256 in hexadecimal of a file's bytes, or of all files' in a folder.

    A folder's files are taken one after the other, sorted by their name relative to it; their
    names are not part of the sum.

    Raises InputError where there is nothing, or nothing readable.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if not path.is_dir():
        return checksum_of([path])
    return checksum_of(sorted(files_below(path), key=lambda p: p.relative_to(path).as_posix()))


def checksum_of(paths: Iterable[Path]) -> str:
    """SHA-256 of several files' bytes in the order given. Raises InputError on unreadable ones."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    return digest.hexdigest()
