"""Changes on disk that outlast a kill and a power cut: each is synced before its call returns.

Files appear whole under their names, or not at all. Everything that the listener changes on disk
goes through these functions, so that a test can end the process before and after each of them.
"""

import os
import shutil
from pathlib import Path

from bolus.data import OutputError


def write(path: Path, content: bytes) -> None:
    """A file, whole under its name: readers see the old one or the new one. Raises OutputError."""
    partial = path.with_name(f".{path.name}.partial")
    write_new(partial, content)
    move(partial, path)


def write_new(path: Path, content: bytes) -> None:
    """A file that nobody reads under this name. Raises OutputError."""
    try:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error


def move(source: Path, target: Path) -> None:
    """A file or folder under another name; a file of that name is replaced. Raises OutputError."""
    try:
        source.rename(target)
        sync(target.parent)
        if source.parent != target.parent:
            sync(source.parent)
    except OSError as error:
        raise OutputError(f"{target}: cannot be put in place ({error.strerror})") from error


def make(folder: Path) -> None:
    """A folder, and those it lies in, for this user alone. Raises OutputError."""
    try:
        fresh = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(fresh):
            one.mkdir(mode=0o700, exist_ok=True)
            sync(one.parent)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror})") from error


def remove(path: Path) -> None:
    """A file, or a folder with all in it, is gone; nothing where there is none.

    Raises OutputError.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be removed ({error.strerror})") from error


def sync(folder: Path) -> None:
    """The names in a folder are on disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """All files below a folder are on disk, and their names. Raises OutputError."""
    try:
        for place, _, names in os.walk(folder):
            for name in names:
                sync(Path(place, name))
            sync(Path(place))
    except OSError as error:
        raise OutputError(f"{folder}: cannot be synced ({error.strerror})") from error
