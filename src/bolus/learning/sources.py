"""Which series a cohort is made of: files, globs, DICOM folders, BIDS-like folders."""

import glob
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bolus.data import InputError

PathLike = str | os.PathLike[str]

BIDS_SERIES = ("sub-*/perf/*_dsc.nii*", "sub-*/ses-*/perf/*_dsc.nii*")
SUBJECT = re.compile(r"sub-[^_/\\]+")
ENDINGS = (".nii.gz", ".nii")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A series on disk, the masks beside it, and whose it is.

    ``patient`` counts from 0; series of one BIDS subject share it. ``aif`` and ``brain`` are masks
    on the series' grid, None where there are none.
    """

    path: Path
    patient: int
    aif: Path | None = None
    brain: Path | None = None

    def fingerprint(self) -> str:
        """SHA-256 of where the files lie and how large they are; differs for a changed cohort."""
        digest = hashlib.sha256()
        for path in (self.path, self.aif, self.brain):
            digest.update(f"{path and path.resolve()}\n".encode())
            for file in _files(path):
                digest.update(f"{file.name} {file.stat().st_size}\n".encode())
        return digest.hexdigest()


def find_sources(cohort: Sequence[PathLike]) -> tuple[Source, ...]:
    """Every series once, in the order given.

    An entry is a NIfTI file, a folder with the DICOM files of one series, a folder laid out like
    BIDS (``sub-*/[ses-*/]perf/*_dsc.nii.gz``), or a glob pattern for any of these. A mask
    ``…_label-aif_mask.nii.gz`` or ``…_label-brain_mask.nii.gz`` in a series' folder is used where
    its name begins as the series' does (all of its entities are among the series').

    Raises InputError for an entry that matches nothing.
    """
    paths: dict[Path, Path] = {}
    for entry in cohort:
        for path in _expanded(entry):
            paths.setdefault(path.resolve(), path)
    patients: dict[str, int] = {}
    return tuple(
        Source(
            path=path,
            patient=patients.setdefault(_subject(path), len(patients)),
            aif=_mask(path, "aif"),
            brain=_mask(path, "brain"),
        )
        for path in paths.values()
    )


def _expanded(entry: PathLike) -> Iterator[Path]:
    given = Path(entry)
    if given.exists():
        yield from _series(given)
        return
    found = sorted(glob.glob(str(entry), recursive=True))  # noqa: PTH207 (absolute patterns)
    if not found:
        raise InputError(f"{entry}: no such file, folder, or match of the pattern")
    for path in found:
        yield from _series(Path(path))


def _series(path: Path) -> list[Path]:
    """The BIDS series below a folder, or the file or DICOM folder itself."""
    if not path.is_dir():
        return [path]
    found = sorted(p for pattern in BIDS_SERIES for p in path.glob(pattern))
    found += sorted(path.glob("perf/*_dsc.nii*")) + sorted(path.glob("ses-*/perf/*_dsc.nii*"))
    return [p for p in found if p.name.endswith(ENDINGS)] or [path]


def _subject(path: Path) -> str:
    """Subject and dataset of a BIDS name; any other series is a patient of its own."""
    match = SUBJECT.match(path.name)
    if match is None:
        return str(path.resolve())
    folders = [p for p in path.resolve().parents if p.name == match.group()]
    return str(folders[0]) if folders else str(path.resolve().parent / match.group())


def _mask(series: Path, label: str) -> Path | None:
    """The mask whose entities are all the series', and most of them; None without one."""
    if series.is_dir():
        return None
    own = _entities(series.name)
    best: tuple[int, Path] | None = None
    for path in sorted(series.parent.glob(f"*label-{label}_mask.nii*")):
        entities = _entities(path.name) - {f"label-{label}"}
        if (
            path.name.endswith(ENDINGS)
            and entities <= own
            and (not best or len(entities) > best[0])
        ):
            best = len(entities), path
    return best and best[1]


def _entities(name: str) -> set[str]:
    """The parts of a BIDS name before its suffix."""
    return set(name.split(".", 1)[0].split("_")[:-1])


def _files(path: Path | None) -> list[Path]:
    if path is None or not path.exists():
        return []
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
