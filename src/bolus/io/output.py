"""Output folders that are either there and whole, or not there."""

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from bolus.base.json import read_json
from bolus.data import InputError, OutputError
from bolus.io.partial import partial_folder, whole


def check_output(path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Raise now what ``output_folder`` would raise later; creates nothing.

    Raises OutputError when the place exists (with ``overwrite``: when it is not a folder that
    bolus wrote) or cannot be written to.
    """
    path = Path(path).resolve()
    if path.exists():
        _check_replaceable(path, overwrite)
    parent = next(folder for folder in path.parents if folder.exists())
    if not parent.is_dir():
        raise OutputError(f"{path}: cannot be written, {parent} is not a folder")
    try:
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise OutputError(f"{path}: {parent} cannot be written to ({error.strerror})") from error


def check_apart(source: Path, out: Path) -> None:
    """Raise OutputError for an input inside ``out``: it would be replaced by its own result."""
    inside, folder = source.resolve(), out.resolve()
    if folder == inside or folder in inside.parents:
        raise OutputError(f"{out}: the input {source} lies in it; choose another OUT")


def _check_replaceable(path: Path, overwrite: bool) -> None:
    if not path.is_dir():
        raise OutputError(f"{path}: a file of this name exists; give the name of a new folder")
    if not overwrite:
        raise OutputError(f"{path}: exists; give another name, or --overwrite (overwrite=True)")
    if any(path.iterdir()) and not _written_by_bolus(path):
        raise OutputError(
            f"{path}: not overwritten, for it is not empty and bolus did not write it "
            "(no summary.json of bolus in it)"
        )


def _written_by_bolus(path: Path) -> bool:
    try:
        software = read_json(path / "summary.json").get("software")
    except InputError:
        return False
    return isinstance(software, str) and software.lower().startswith("bolus")


@contextmanager
def output_folder(
    path: str | os.PathLike[str], overwrite: bool = False, keep: Collection[str] = ()
) -> Iterator[Path]:
    """Yield a temporary sibling folder that becomes ``path`` when the block ends well.

    When the block raises, the temporary folder goes and ``path`` is as before. With ``overwrite``
    an empty folder, or one whose ``summary.json`` says ``"software": "bolus…"``, is replaced; what
    it has of the names ``keep``, and the block did not write, is copied into the new one. What runs
    that were killed left of their temporary folders for this ``path`` is removed.

    Raises OutputError as ``check_output`` does, and when the folder cannot be put in place.
    """
    check_output(path, overwrite)
    path = Path(path).resolve()
    fresh = [folder for folder in path.parents if not folder.exists()]
    try:
        with partial_folder(path.parent, f".{path.name}.partial-") as partial:
            yield partial
            _take_over(path, partial, keep)
            whole(partial)
            _put_in_place(partial, path, overwrite)
    except BaseException:
        with suppress(OSError):  # of the parents made for it, those that are empty
            for parent in fresh:
                parent.rmdir()
        raise


def _take_over(old: Path, new: Path, names: Collection[str]) -> None:
    for name in names:
        source, target = old / name, new / name
        if target.exists() or not source.exists():
            continue
        try:
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy2(source, target)
        except (OSError, shutil.Error) as error:
            raise OutputError(f"{source}: cannot be taken over ({error})") from error


def _put_in_place(partial: Path, path: Path, overwrite: bool) -> None:
    if not path.exists():
        _rename(partial, path)
        return
    _check_replaceable(path, overwrite)
    old = path.with_name(f".{path.name}.old-{token_hex(4)}")
    _rename(path, old)
    try:
        _rename(partial, path)
    except BaseException:
        old.rename(path)
        raise
    try:
        shutil.rmtree(old)
    except OSError as error:
        raise OutputError(
            f"{path}: is in place, but the folder it replaced is still there as {old.name} "
            f"({error.strerror})"
        ) from error


def _rename(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be put in place ({error.strerror})") from error
