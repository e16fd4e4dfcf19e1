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
ATTEMPTS = 20
"""Folders made before giving up, where another run takes each for dead before it is locked."""
_LOCKS = os.name == "posix"


@contextmanager
def partial_folder(parent: Path, start: str) -> Iterator[Path]:
    """Yield a new folder ``start`` + 8 letters in ``parent``; it goes where the block raises.

    The system gives up the lock on the file in it when the process ends, however it ends. What
    earlier processes left under such names is removed, but nothing whose maker lives, and nothing
    on systems and file systems without such locks.

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
        if mine and set(token) <= set("0123456789abcdef"):
            _remove_if_dead(folder)


def _begun(parent: Path, start: str) -> tuple[Path, IO[bytes] | None]:
    """A new folder and its lock, which is held; None where the file system has no locks."""
    for _ in range(ATTEMPTS):
        folder = parent / f"{start}{token_hex(4)}"
        try:
            folder.mkdir(parents=True)
            if not _LOCKS:
                return folder, None
            lock = (folder / LOCK).open("xb")
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made ({error.strerror})") from error
        locked = _locked(lock)
        if locked is None:  # without the file nobody takes the folder for dead
            lock.close()
            whole(folder)
            return folder, None
        # Another run may have taken the folder for dead before it was locked.
        if locked and (folder / LOCK).exists():
            return folder, lock
        lock.close()
        shutil.rmtree(folder, ignore_errors=True)
    raise OutputError(f"{parent}: none of {ATTEMPTS} folders '{start}…' could be locked")


def _remove_if_dead(folder: Path) -> None:
    """Remove a folder with a lock file that nobody holds, which is held until it is gone."""
    with suppress(OSError):
        if not folder.is_symlink() and folder.is_dir():
            with (folder / LOCK).open("r+b") as lock:
                if _locked(lock):
                    shutil.rmtree(folder, ignore_errors=True)


def _locked(lock: IO[bytes]) -> bool | None:
    """Whether the lock could be had, at once: False where another process holds it.

    None where the file system has no such locks, as Lustre and NFS may.
    """
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
