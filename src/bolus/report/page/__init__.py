"""The result of one patient as one offline page."""

from pathlib import Path

from bolus.data import Identity, PerfusionMaps
from bolus.io import write_bytes


def write_page(maps: PerfusionMaps, path: Path, identity: Identity | None = None) -> None:
    """Write the page; it names the patient only where ``identity`` is given."""
    write_bytes(path, b"<!doctype html><title>bolus</title>")
