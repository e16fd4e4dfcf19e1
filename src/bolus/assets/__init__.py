"""Scripts and styles that others made and pages carry with them; see README.md and LICENSES.txt."""

from functools import cache
from importlib.resources import files

NIIVUE = "0.69.0"
"""Version of ``niivue.umd.js``, the viewer of volumes; its script defines ``niivue``."""
UPLOT = "1.6.32"
"""Version of ``uPlot.iife.min.js`` and ``uPlot.min.css``; the script defines ``uPlot``."""
NAMES = ("niivue.umd.js", "uPlot.iife.min.js", "uPlot.min.css", "LICENSES.txt")


@cache
def asset_bytes(name: str) -> bytes:
    """A file of NAMES, as it is. Raises KeyError for another name."""
    if name not in NAMES:
        raise KeyError(f"no asset '{name}'; there are {', '.join(NAMES)}")
    return files(__package__).joinpath(name).read_bytes()


def asset_text(name: str) -> str:
    """A file of NAMES as text; neither script holds ``</script``, so both may stand in a page."""
    return asset_bytes(name).decode()
