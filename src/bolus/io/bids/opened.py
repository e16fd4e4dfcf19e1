"""A result in a BIDS dataset, as the folder that it would be without one."""

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bolus.base.json import read_json
from bolus.data import InputError
from bolus.data.anatomy import anatomy_name
from bolus.io.bids.dataset import BidsNames
from bolus.io.bids.description import DESCRIPTION
from bolus.io.series_store import KEPT

SUMMARY = "summary.json"
_RUN = re.compile(
    r"(?P<subject>sub-[A-Za-z0-9]+)(?:_(?P<session>ses-[A-Za-z0-9]+))?"
    r"_desc-(?P<label>[A-Za-z0-9]+)_(?:summary\.json|report\.html)"
)
BESIDE = ("quality", "brain_mask", "aif_mask", "vein_mask", "roi_tumor", "roi_reference")
"""Images of a result besides the maps that its summary names."""
ALONE = (KEPT, SUMMARY, "aif.tsv", "report.html")
"""Its other files."""


@contextmanager
def result_folder(path: Path) -> Iterator[Path]:
    """A folder with the files of a result under their plain names, for as long as it is read.

    ``path`` is the folder of a result, which is given back as it is; the summary or the page of one
    run in a BIDS dataset of derivatives; or such a dataset that holds one run. Errors that leave
    the context name ``path``.

    Raises InputError for a dataset with no run, or with several, which it names.
    """
    run = _run_of(path)
    if run is None:
        yield path
        return
    dataset, names = run
    summary = dataset / names.path(SUMMARY)
    with TemporaryDirectory(prefix="bolus-bids-") as made:
        folder = Path(made)
        for plain in _plain_names(read_json(summary)):
            source = dataset / names.path(plain)
            if source.exists():
                _put(source.resolve(), folder / plain)
        try:
            yield folder
        except InputError as error:
            raise type(error)(str(error).replace(str(folder), str(summary))) from error


def _run_of(path: Path) -> tuple[Path, BidsNames] | None:
    """Dataset and names of the run that a path means; None for a plain result."""
    if path.is_dir() and (path / DESCRIPTION).is_file() and not (path / SUMMARY).is_file():
        runs = sorted(one for one in path.rglob("*_summary.json") if _RUN.fullmatch(one.name))
        if len(runs) == 1:
            return path, _names(runs[0])
        listing = "".join(f"\n  {run}" for run in runs)
        found = f"{len(runs)} runs; give the summary of one:{listing}" if runs else "none"
        raise InputError(f"{path}: a BIDS dataset with one run of bolus is expected, found {found}")
    if not path.is_file() or not _RUN.fullmatch(path.name):
        return None
    parents = (one for one in path.resolve().parents if (one / DESCRIPTION).is_file())
    dataset = next(parents, None)
    if dataset is None:
        raise InputError(f"{path}: lies in no BIDS dataset, for no {DESCRIPTION} is above it")
    return dataset, _names(path)


def _names(path: Path) -> BidsNames:
    found = _RUN.fullmatch(path.name)
    if found is None:
        raise InputError(f"{path}: the summary of a run is expected")
    return BidsNames(**found.groupdict())


def _plain_names(summary: Mapping[str, Any]) -> list[str]:
    units = summary.get("units")
    further = summary.get("further_anatomies")
    count = 1 + len(further if isinstance(further, list) else ())
    anatomies = [anatomy_name(number) for number in range(1, count + 1)]
    images = [*(units if isinstance(units, dict) else ()), *BESIDE, *anatomies]
    return [
        *(f"{name}{ending}" for name in images for ending in (".nii.gz", ".json")),
        *(f"{name}_xfm.tfm" for name in anatomies),
        *ALONE,
    ]


def _put(source: Path, target: Path) -> None:
    """A link, or a copy where links are not allowed."""
    try:
        target.symlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
