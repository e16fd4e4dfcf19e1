"""The result of one patient as one offline page."""

from pathlib import Path

from bolus.base.files import write_bytes
from bolus.data import Identity, PerfusionMaps
from bolus.report.page.build import LIMIT, page

__all__ = ["LIMIT", "page", "write_page"]


def write_page(maps: PerfusionMaps, path: Path, identity: Identity | None = None) -> None:
    """Write the page; it names the patient only where ``identity`` is given."""
    write_bytes(path, page(maps, identity).encode())
