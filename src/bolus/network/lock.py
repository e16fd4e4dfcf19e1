"""A folder that one process at a time has."""

import fcntl
from pathlib import Path

from bolus.data import OutputError

NAME = ".listener"


class Owned:
    """Holds a folder until it lets go, or the process ends however it ends. Raises OutputError."""

    def __init__(self, folder: Path) -> None:
        path = folder / NAME
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise OutputError(f"{folder}: another listener has it; one at a time may") from error
        except OSError:  # a file system without locks: nothing can be held
            pass

    def let_go(self) -> None:
        """Another may have it."""
        self._file.close()
