"""The result of one patient under BIDS names."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from bolus.base.json import write_json
from bolus.data import PerfusionMaps
from bolus.io import KEPT, write_kept
from bolus.io.bids.dataset import BidsNames, dataset_folder
from bolus.io.bids.description import raw_dataset, raw_link
from bolus.report.artifacts import Artifact, Image, artifacts
from bolus.report.writing import written

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
            same = PurePosixPath(found[1]).parts[0] == names.subject
            inputs = [f"bids:raw:{found[1]}"] if same else []
        write_bids(maps, partial, names, inputs)


def write_bids(
    maps: PerfusionMaps, folder: Path, names: BidsNames, inputs: Sequence[str] = ()
) -> None:
    """Write every file of a result (``artifacts``) under its BIDS name below an existing folder.

    The prepared series goes beside them, from which the viewer has the curves.

    The page does not name the patient. The sidecars say besides what BIDS asks of derivatives,
    ``inputs`` being BIDS URIs, and the arterial table has one too.
    """
    kept = folder / names.path(KEPT)
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_kept(maps.series, kept)

    def place(file: str) -> Path:
        target = folder / names.path(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    for artifact in written(artifacts(maps, named=lambda file: names.path(file).name), place):
        if artifact.sidecar is not None:
            write_json(folder / names.path(f"{artifact.name}.json"), _sidecar(artifact, inputs))


def _sidecar(artifact: Artifact, inputs: Sequence[str]) -> dict[str, object]:
    """A sidecar with the fields of BIDS derivatives; of an image's, what is unknown is left out."""
    said = dict(artifact.sidecar or {})
    if not isinstance(artifact.payload, Image):
        return said
    if artifact.payload.reference:
        return said
    kind = {"Type": MASK_TYPES.get(artifact.name, "ROI"), "SpatialReference": "orig"}
    return {
        **{key: value for key, value in said.items() if value is not None},
        **(kind if artifact.payload.mask else {"SkullStripped": True}),
        **({"Sources": list(inputs)} if inputs else {}),
    }
