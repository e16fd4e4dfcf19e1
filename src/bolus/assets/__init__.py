"""What others made and the package carries: scripts and styles of pages, tissue maps of a head.

Where each came from is in README.md, and its licence in LICENSES.txt.
"""

from functools import cache
from importlib.resources import files
from pathlib import Path

NIIVUE = "0.69.0"
"""Version of ``niivue.umd.js``, the viewer of volumes; its script defines ``niivue``."""
UPLOT = "1.6.32"
"""Version of ``uPlot.iife.min.js`` and ``uPlot.min.css``; the script defines ``uPlot``."""
NAMES = ("niivue.umd.js", "uPlot.iife.min.js", "uPlot.min.css", "LICENSES.txt")
TEMPLATE = ("mni152_grey.nii.gz", "mni152_white.nii.gz", "mni152_brain.nii.gz")
"""Tissue maps of the ICBM 152 template: shares of a voxel of 1 mm, 0 to 255."""


@cache
def asset_bytes(name: str) -> bytes:
    """A file of NAMES, as it is. Raises KeyError for another name."""
    if name not in NAMES:
        raise KeyError(f"no asset '{name}'; there are {', '.join(NAMES)}")
    return files(__package__).joinpath(name).read_bytes()


def asset_text(name: str) -> str:
    """A file of NAMES as text; neither script holds ``</script``, so both may stand in a page."""
    return asset_bytes(name).decode()


def asset_path(name: str) -> Path:
    """Where a file of TEMPLATE lies. Raises KeyError for another name."""
    if name not in TEMPLATE:
        raise KeyError(f"no asset '{name}'; there are {', '.join(TEMPLATE)}")
    return Path(__file__).with_name(name)
