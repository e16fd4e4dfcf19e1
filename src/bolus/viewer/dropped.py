"""Files that were dropped on the page: a browser gives their content, not where they lie."""

from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from bolus.data import InputError


class Dropped:
    """A folder of this machine that holds what was dropped, for as long as the program runs."""

    def __init__(self) -> None:
        self._held: TemporaryDirectory[str] | None = None

    @property
    def folder(self) -> Path:
        """The folder, made when it is first asked for."""
        if self._held is None:
            self._held = TemporaryDirectory(prefix="bolus-dropped-")
        return Path(self._held.name)

    def file(self, name: str) -> Path:
        """Where a dropped file goes, under its name in the folder that was dropped.

        Raises InputError for a name that leads elsewhere.
        """
        parts = PurePosixPath(name).parts
        wrong = not parts or any(part in ("/", "..") or "\\" in part for part in parts)
        if wrong or "\0" in name:
            raise InputError(f"the name of a dropped file is expected, found {name!r}")
        path = self.folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def holds(self, path: Path) -> bool:
        """Whether a path lies in it."""
        return self._held is not None and self.folder in (path, *path.parents)

    def clear(self) -> None:
        """Remove what was dropped."""
        if self._held is not None:
            self._held.cleanup()
        self._held = None
