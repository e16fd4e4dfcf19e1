"""What a BIDS derivatives dataset says of itself: its description, README and .bidsignore."""

import os
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from bolus.base.about import NOTICE
from bolus.base.files import write_bytes
from bolus.base.json import read_json, write_json
from bolus.data import QUANTITIES, InputError, OutputError

DESCRIPTION = "dataset_description.json"
TOP = (DESCRIPTION, "README", ".bidsignore")
"""Files at the top of a dataset, besides the pages."""
BIDS_VERSION = "1.10.0"
_RAW = re.compile(r"(sub-[A-Za-z0-9]+)/(ses-[A-Za-z0-9]+/)?perf/\1_[^/]+\.nii(\.gz)?")


def check_description(root: Path) -> None:
    """Raise OutputError unless a folder is a derivatives dataset that bolus made."""
    told = _read(root / DESCRIPTION)
    if told is None:
        raise OutputError(f"{root}: not added to, for it is not empty and no BIDS dataset (it has "
                          f"no readable {DESCRIPTION})")  # fmt: skip
    names = _makers(told)
    if told.get("DatasetType") != "derivative" or "bolus" not in names:
        raise OutputError(
            f"{root}: not added to, for it is a dataset of type "
            f"'{told.get('DatasetType', 'raw')}' by {', '.join(names) or 'nobody named'}, "
            "not derivatives by bolus"
        )


def _makers(told: dict[str, object]) -> list[str]:
    made = told.get("GeneratedBy")
    entries = made if isinstance(made, list) else []
    return [str(one.get("Name")) for one in entries if isinstance(one, dict)]


def write_description(root: Path, raw: Path | None, suffixes: Sequence[str]) -> None:
    """Write what is missing at the top of a dataset.

    An existing description gets this version of bolus, and the raw dataset's DOI. Raises
    OutputError.
    """
    description, readme, ignore = (root / name for name in TOP)
    told = _read(description) or {
        "Name": "Perfusion maps by bolus",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [],
    }
    now = _with(told, root, raw)
    if now != _read(description):
        write_json(description, now)
    for path, text in ((readme, _readme(suffixes)), (ignore, _ignore(suffixes))):
        if not path.exists():
            write_bytes(path, text.encode())


def _with(told: dict[str, object], root: Path, raw: Path | None) -> dict[str, object]:
    """A description with this version, and with what is known of the raw dataset."""
    mine = {"Name": "bolus", "Version": version("bolus")}
    now = {**told, "GeneratedBy": _added(told.get("GeneratedBy"), mine)}
    if raw is None:
        return now
    doi = (_read(raw / DESCRIPTION) or {}).get("DatasetDOI")
    if isinstance(doi, str) and doi:
        now["SourceDatasets"] = _added(told.get("SourceDatasets"), {"DOI": doi})
    if link := raw_link(root, raw):
        now["DatasetLinks"] = {"raw": link}
    return now


def _added(entries: object, one: dict[str, str]) -> list[object]:
    found = list(entries) if isinstance(entries, list) else []
    return found if one in found else [*found, one]


def raw_dataset(source: str | os.PathLike[str]) -> tuple[Path, str] | None:
    """The raw dataset that a file lies in, and its path there; None for a file of no dataset."""
    path = Path(source).resolve()
    for root in path.parents[1:4]:
        inside = path.relative_to(root).as_posix()
        if _RAW.fullmatch(inside) and (root / DESCRIPTION).is_file():
            return root, inside
    return None


def raw_link(root: Path, raw: Path) -> str | None:
    """The way from a dataset up to the raw one around it; None for another place.

    A path to elsewhere could name anyone; this one is nothing but '../..'.
    """
    return os.path.relpath(raw, root) if raw.resolve() in root.resolve().parents else None


def _read(path: Path) -> dict[str, object] | None:
    try:
        return read_json(path)
    except InputError:
        return None


def _ignore(suffixes: Sequence[str]) -> str:
    """One '*' a pattern and no slash after a folder: more of gitignore the validator misreads."""
    endings = ("nii.gz", "json", "tsv")
    lines = [f"sub-*_{suffix}.{ending}" for suffix in suffixes for ending in endings]
    lines += ["sub-*_xfm.tfm", "sub-*_bolus.toml", "sub-*_series.safetensors"]
    return "\n".join([*lines, "sub-*_report.html", "figures", "index.html", "results.tsv", ""])


def _readme(suffixes: Sequence[str]) -> str:
    maps = ", ".join(suffix for suffix in suffixes if suffix in QUANTITIES)
    return f"""Perfusion maps from DSC-MRI, made by bolus. {NOTICE}

sub-XX[_ses-YY]_desc-<method>_report.html shows the maps of one run.
perf/ holds sub-XX[_ses-YY]_desc-<method>_<map>.nii.gz with a sidecar each:

  {maps}
                                        the maps; the sidecar says the unit, times are in seconds
  desc-<method>SD                       standard deviation of the map of that name
  desc-<method>Corrected_cbv            blood volume of curves corrected for leakage
  desc-<method>Alone_cbv                blood volume by each voxel's own curve
  quality                               sum of bits that the sidecar explains, 0 is good
  label-<region>_desc-<method>_mask     brain, arterial voxels (aif), regions that were given
  aif.tsv                               arterial input
  series.safetensors                    the prepared series, for bolus view
  summary.json                          method, input and medians; a run without it is not whole

NaN marks what was not measured. BIDS has no suffixes for DSC-MRI yet: .bidsignore lists those
used here ({", ".join(suffixes)}).
"""
