"""The result folder of one patient."""

from pathlib import Path

from bolus.base.json import write_json
from bolus.data import Identity, PerfusionMaps
from bolus.report.artifacts import Image, Numbers, artifacts
from bolus.report.writing import written


def write_report(maps: PerfusionMaps, folder: Path, identity: Identity | None = None) -> None:
    """Write every file of a result (``artifacts``) into an existing folder.

    Images and the table of numbers have their sidecar beside them. Only the page names the patient,
    and only where ``identity`` is given.
    """
    for artifact in written(artifacts(maps, identity), folder.joinpath):
        if isinstance(artifact.payload, Image | Numbers) and artifact.sidecar is not None:
            write_json(folder / f"{artifact.name}.json", artifact.sidecar)
