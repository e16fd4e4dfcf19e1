"""A BIDS derivatives dataset on disk: how files are called, and how they enter it.

```
DATASET/dataset_description.json, README, .bidsignore
DATASET/sub-XX[_ses-YY]_desc-<method>_report.html
DATASET/sub-XX[/ses-YY]/figures/sub-XX[_ses-YY]_desc-<method>_overview.png
DATASET/sub-XX[/ses-YY]/perf/sub-XX[_ses-YY]_desc-<method>_{cbf,cbv,mtt,…}.nii.gz + .json
DATASET/sub-XX[/ses-YY]/perf/sub-XX[_ses-YY]_desc-<method>SD_{cbf,…}.nii.gz + .json
DATASET/sub-XX[/ses-YY]/perf/sub-XX[_ses-YY]_space-anat_desc-<method>_{anat,cbf,…}.nii.gz + .json
DATASET/sub-XX[/ses-YY]/perf/sub-XX[_ses-YY]_from-dsc_to-anat_mode-image_desc-<method>_xfm.tfm
DATASET/sub-XX[/ses-YY]/perf/sub-XX[_ses-YY]_desc-<method>_bolus.toml
DATASET/sub-XX[/ses-YY]/perf/sub-XX[_ses-YY]_desc-<method>_series.safetensors
DATASET/sub-XX[/ses-YY]/perf/sub-XX[_ses-YY]_label-{brain,aif,…}_desc-<method>_mask.nii.gz + .json
```

BIDS has no words for DSC-MRI yet, so ``.bidsignore`` names the suffixes that it does not know. All
files of one run hold its method in ``desc``: runs of several methods lie beside each other, and
each keeps its own masks and arterial input.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bolus.data import QUANTITIES, InputError, OutputError
from bolus.io.bids.description import DESCRIPTION, TOP, check_description, write_description
from bolus.io.cohort import participant_name
from bolus.io.output import check_output
from bolus.io.partial import partial_folder, whole

_NAME = re.compile(r"(sub-[A-Za-z0-9]+)(?:_(ses-[A-Za-z0-9]+))?_.+")
_VARIANTS = {"_sd": "SD", "_corrected": "Corrected", "_alone": "Alone"}
SUFFIXES = tuple(
    dict.fromkeys((
        *(name.partition("_")[0] for name in QUANTITIES),
        "quality", "mask", "aif", "numbers", "motion", "summary", "series", "anat", "xfm",
    ))
)  # fmt: skip
"""What follows the last underscore of the files in ``perf``; BIDS knows none of them there."""
_ANATOMY, _TRANSFORM = "space-{}_", "from-dsc_to-{}_mode-image_"
_ON_ANATOMY = re.compile(r"(anat\d*)(_.+)?")
_LAST = "_summary.json"
_PARTIAL = ".bolus-partial-"


@dataclass(frozen=True, kw_only=True)
class BidsNames:
    """Names of the files of one run: ``subject`` 'sub-…', ``session`` 'ses-…' or None, a label.

    ``label`` is the method in letters and digits. ``of`` makes one of what a user gives.
    """

    subject: str
    session: str | None
    label: str

    @classmethod
    def of(cls, subject: str, session: str | None, method: str) -> "BidsNames":
        """Names from a subject and session, with or without 'sub-' and 'ses-', and a method.

        Raises InputError for a label that BIDS does not allow.
        """
        label = re.sub(r"[^A-Za-z0-9]", "", method)
        if not label:
            raise InputError(f"a method's name holds letters or digits, found '{method}'")
        named = None if session is None else session_name(session)
        return cls(subject=participant_name(subject), session=named, label=label)

    @property
    def stem(self) -> str:
        """What every name begins with, 'sub-XX' or 'sub-XX_ses-YY'."""
        return self.subject if self.session is None else f"{self.subject}_{self.session}"

    @property
    def folder(self) -> PurePosixPath:
        """Folder of the session, or of the subject without one, in the dataset."""
        return PurePosixPath(self.subject, *([] if self.session is None else [self.session]))

    def path(self, plain: str) -> PurePosixPath:
        """Where a file of a result folder, such as 'cbf_sd.json', lies in the dataset."""
        stem, _, ending = plain.partition(".")
        name = f"{self.stem}_{self._told(stem)}.{ending}"
        if ending == "html":
            return PurePosixPath(name)
        return self.folder / ("figures" if ending in ("png", "svg") else "perf") / name

    def _told(self, stem: str) -> str:
        if stem.endswith("_mask") or stem.startswith("roi_"):
            region = _alphanumeric(stem.removesuffix("_mask").removeprefix("roi_"))
            return f"label-{region}_desc-{self.label}_mask"
        space, variant = "", ""
        if there := _ON_ANATOMY.fullmatch(stem):
            if there[2] == "_xfm":
                return f"{_TRANSFORM.format(there[1])}desc-{self.label}_xfm"
            space, stem = _ANATOMY.format(there[1]), "anat" if there[2] is None else there[2][1:]
        for ending, told in _VARIANTS.items():
            if stem.endswith(ending):
                stem, variant = stem.removesuffix(ending), told + variant
        return f"{space}desc-{self.label}{variant}_{_alphanumeric(stem)}"

    def present(self, dataset: Path) -> list[Path]:
        """Files of such a run that are in the dataset, sorted."""
        there = "|".join(name.format(r"anat\d*") for name in (_ANATOMY, _TRANSFORM))
        mine = re.compile(
            rf"{self.stem}_(label-[A-Za-z0-9]+_|{there})?desc-{self.label}(Corrected|Alone)?(SD)?_[A-Za-z0-9]+\..+"
        )
        places = (dataset, dataset / self.folder / "perf", dataset / self.folder / "figures")
        return sorted(
            path
            for place in places
            if place.is_dir()
            for path in place.iterdir()
            if mine.fullmatch(path.name) and path.is_file()
        )


def session_name(given: str) -> str:
    """'ses-…' for a label with or without it. Raises InputError for one BIDS does not allow."""
    name = given if given.startswith("ses-") else f"ses-{given}"
    if not re.fullmatch(r"ses-[A-Za-z0-9]+", name):
        raise InputError(f"a session is letters and digits after 'ses-', found '{given}'")
    return name


def named_in(path: str | os.PathLike[str]) -> tuple[str | None, str | None]:
    """Subject and session that a BIDS file name begins with; None for what it does not say."""
    found = _NAME.fullmatch(Path(path).name)
    return (None, None) if found is None else (found[1], found[2])


def check_dataset(
    dataset: str | os.PathLike[str], names: BidsNames, overwrite: bool = False
) -> None:
    """Raise now what ``dataset_folder`` would raise later; creates nothing.

    Raises OutputError for a folder that is not a derivatives dataset of bolus, or that holds such
    a run already (unless ``overwrite``), or where nothing can be written.
    """
    root = Path(dataset).resolve()
    if not root.exists():
        try:
            check_output(root)
        except OutputError:
            if not root.is_dir():  # else another run has made it meanwhile
                raise
        else:
            return
    if not root.is_dir():
        raise OutputError(f"{root}: a file of this name exists; give the name of a dataset folder")
    if any(not path.name.startswith(".") for path in root.iterdir()):
        check_description(root)
    if not os.access(root, os.W_OK):
        raise OutputError(f"{root}: cannot be written to")
    if names.present(root) and not overwrite:
        raise OutputError(
            f"{root}: holds maps of {names.stem} by {names.label} already; "
            "give --overwrite (overwrite=True) to replace them"
        )


@contextmanager
def dataset_folder(
    dataset: str | os.PathLike[str],
    names: BidsNames,
    overwrite: bool = False,
    raw: Path | None = None,
) -> Iterator[Path]:
    """Yield a folder whose files enter the dataset, under the same paths, when the block ends well.

    The dataset is made where there is none, its description, README and .bidsignore with it;
    ``raw`` is the raw dataset that the files come from. When the block raises, or a file cannot be
    put in place, the dataset is as before. With ``overwrite`` all files of an earlier such run go.
    The summary enters last: a run without one is not whole.

    Raises OutputError as ``check_dataset`` does.
    """
    check_dataset(dataset, names, overwrite)
    root = Path(dataset).resolve()
    new = [folder for folder in (root, *root.parents) if not folder.exists()]
    try:
        with partial_folder(root, _PARTIAL) as partial:
            yield partial
            check_dataset(root, names, overwrite)
            whole(partial)
            _join(partial, root, names, raw)
            shutil.rmtree(partial, ignore_errors=True)
    finally:
        with suppress(OSError):
            for folder in new:
                folder.rmdir()


def _join(partial: Path, root: Path, names: BidsNames, raw: Path | None) -> None:
    """Describe the dataset and let the files enter; undo that when a step fails."""
    fresh = not (root / DESCRIPTION).exists()
    try:
        write_description(root, raw, SUFFIXES)
        _enter(partial, root, names)
    except BaseException:
        if fresh and not any(root.glob("sub-*")):
            for name in TOP:
                (root / name).unlink(missing_ok=True)
        raise


def _enter(partial: Path, root: Path, names: BidsNames) -> None:
    """Move the run's old files aside and its new ones in; undo that when a step fails."""
    old = [path.relative_to(root) for path in names.present(root)]
    new = [path.relative_to(partial) for path in partial.rglob("*") if path.is_file()]
    new.sort(key=lambda path: (path.name.endswith(_LAST), path))
    aside = partial / ".old"
    done: list[tuple[Path, Path]] = []
    try:
        for source, target, paths in ((root, aside, old), (partial, root, new)):
            for path in paths:
                _make((target / path).parent)
                _move(source / path, target / path)
                done.append((source / path, target / path))
    except BaseException:
        for source, target in reversed(done):
            target.replace(source)
        _prune(root, new)
        raise


def _move(source: Path, target: Path) -> None:
    if target.exists():
        raise OutputError(f"{target}: exists")
    try:
        source.rename(target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be put in place ({error.strerror})") from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror})") from error


def _prune(root: Path, paths: Sequence[Path]) -> None:
    """Remove those folders of some files that are empty."""
    folders = {folder for path in paths for folder in path.parents if folder != Path()}
    for folder in sorted(folders, key=lambda f: len(f.parts), reverse=True):
        with suppress(OSError):
            (root / folder).rmdir()


def _alphanumeric(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", text)
