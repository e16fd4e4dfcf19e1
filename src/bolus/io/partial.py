"""Folders in the making, and what killed runs left of theirs."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO

from bolus.data import OutputError

if os.name == "posix":
    import fcntl

LOCK = ".making"
"""A file that the maker of a partial folder holds locked for as long as it lives."""
_LOCKS = os.name == "posix"


@contextmanager
def partial_folder(parent: Path, start: str) -> Iterator[Path]:
    """Yield a new folder ``start`` + 8 letters in ``parent``; it goes where the block raises.

    The system gives up the lock on the file in it when the process ends, however it ends. What
    earlier processes left under such names is removed, but nothing whose maker lives, and nothing
    on systems without such locks.

    Raises OutputError.
    """
    folder, lock = _begun(parent, start)
    try:
        remove_dead(parent, start)
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        if lock is not None:
            lock.close()


def whole(folder: Path) -> None:
    """Take the lock file out of a folder that is whole. Raises OutputError."""
    try:
        (folder / LOCK).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be finished ({error.strerror})") from error


def remove_dead(parent: Path, start: str) -> None:
    """Remove partial folders whose makers are gone; others stay."""
    for folder in parent.iterdir() if _LOCKS else ():
        token = folder.name.removeprefix(start)
        mine = folder.name.startswith(start) and len(token) == 8
        if mine and set(token) <= set("0123456789abcdef") and _is_dead(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _begun(parent: Path, start: str) -> tuple[Path, IO[bytes] | None]:
    """A new folder and its lock, which is held."""
    while True:
        folder = parent / f"{start}{token_hex(4)}"
        try:
            folder.mkdir(parents=True)
            if not _LOCKS:
                return folder, None
            lock = (folder / LOCK).open("xb")
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made ({error.strerror})") from error
        # Another run may have taken the folder for dead before it was locked.
        if _locked(lock) and (folder / LOCK).exists():
            return folder, lock
        lock.close()


def _is_dead(folder: Path) -> bool:
    """Whether this is a folder with a lock file that nobody holds."""
    with suppress(OSError):
        if not folder.is_symlink() and folder.is_dir():
            with (folder / LOCK).open("rb") as lock:
                return _locked(lock)
    return False


def _locked(lock: IO[bytes]) -> bool:
    """Whether the lock could be had, at once."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
