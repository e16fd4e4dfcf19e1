"""The result of one patient under BIDS names."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bolus.base.json import read_json
from bolus.data import PerfusionMaps
from bolus.io import write_json
from bolus.io.bids import BidsNames, dataset_folder
from bolus.io.bids_description import raw_dataset, raw_link
from bolus.report.folder import write_report

MASK_TYPES = {"brain_mask": "Brain", "roi_tumor": "Lesion"}
"""BIDS' words for masks, by the name in a result folder; every other is an ROI."""


def save_bids(
    maps: PerfusionMaps,
    dataset: str | os.PathLike[str],
    names: BidsNames,
    *,
    source: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> None:
    """Add a result to a derivatives dataset, which is made where there is none.

    ``source`` is the input. Where it lies in a raw BIDS dataset, that one's DOI is noted, and
    where the derivatives lie inside it under the same subject, the sidecars name the input.

    Raises OutputError as ``dataset_folder`` does.
    """
    found = None if source is None else raw_dataset(source)
    with dataset_folder(dataset, names, overwrite, None if found is None else found[0]) as partial:
        inputs: list[str] = []
        if found is not None and raw_link(Path(dataset), found[0]) is not None:
            same = found[1].startswith(f"{names.subject}/")
            inputs = [f"bids:raw:{found[1]}"] if same else []
        write_bids(maps, partial, names, inputs)


def write_bids(
    maps: PerfusionMaps, folder: Path, names: BidsNames, inputs: Sequence[str] = ()
) -> None:
    """Write every file of a result under its BIDS name below an existing folder.

    They are ``write_report``'s, the page without a patient's name. The sidecars say besides what
    BIDS asks of derivatives, ``inputs`` being BIDS URIs, and the arterial table has one too.
    """
    with TemporaryDirectory(dir=folder) as plain:
        write_report(maps, Path(plain))
        files = sorted(Path(plain).iterdir())
        images = {path.name.removesuffix(".nii.gz") for path in files}
        for path in files:
            target = folder / names.path(path.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".json" and path.stem in images:
                told = read_json(path)
                write_json(target, _sidecar(told, path.stem, inputs))
            else:
                path.rename(target)
    write_json(folder / names.path("aif.json"), _aif_sidecar(maps))


def _sidecar(told: dict[str, object], name: str, inputs: Sequence[str]) -> dict[str, object]:
    """A sidecar with the fields of BIDS derivatives; what is unknown is left out."""
    known = {key: value for key, value in told.items() if value is not None}
    mask = name.endswith("_mask") or name.startswith("roi_")
    kind = {"Type": MASK_TYPES.get(name, "ROI"), "SpatialReference": "orig"}
    return {
        **known,
        **(kind if mask else {"SkullStripped": True}),
        **({"Sources": list(inputs)} if inputs else {}),
    }


def _aif_sidecar(maps: PerfusionMaps) -> dict[str, object]:
    """What the arterial table and its columns are."""
    about = {
        "Description": f"Arterial input; origin: {maps.aif.origin}",
        "time_s": {"Description": "Time from the first used frame", "Units": "s"},
    }
    if maps.relative:
        told = "Echo time times the change of R2*, for the echo time is unknown"
        return {**about, "te_delta_r2star": {"Description": told}}
    change = {"Description": "Change of the transverse relaxation rate R2*", "Units": "1/s"}
    return {**about, "delta_r2star_per_s": change}
