"""An object of the external benchmark: what a program is given, and the truth that it is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from bolus.data import Grid

UNITS = {"cbf": "mL/100mL/min", "cbv": "mL/100mL", "mtt": "s", "delay": "s"}
"""Maps that are scored, and the unit they are scored in: plain ratios of tissue to artery, κ = 1
and a density of 1."""
NAMES = {
    "cbf": ("cbf",),
    "cbv": ("cbv_corrected", "cbv"),
    "mtt": ("mtt",),
    "delay": ("delay", "tmax"),
}
"""Maps that each is taken from, the first that has a value."""
SCALED = ("cbf", "cbv")
"""Maps that a common factor is taken off."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of an object: the voxels of ``label`` (from 1), one tissue or one region.

    ``name`` is that of a region, or of the residue; ``delay`` is that of a tile in s.
    """

    label: int
    name: str
    delay: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Truth:
    """What is true of an object: ``maps`` in UNITS, and ``labels``, 0 where nothing is scored."""

    maps: Mapping[str, Float[np.ndarray, "x y z"]]
    labels: Int[np.ndarray, "x y z"]
    parts: tuple[Part, ...]

    def where(self, *names: str) -> Bool[np.ndarray, "x y z"]:
        """Voxels of the parts of some names; of all parts where none is named."""
        wanted = [part.label for part in self.parts if not names or part.name in names]
        return np.isin(self.labels, wanted)


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """What a program is given of an object: a series, its mask and its arterial input.

    ``dt`` and ``te`` in s, ``baseline`` the number of frames before the bolus, ``aif`` (t,) the
    true ΔR2* in 1/s; ``tumor`` is the region in which tissue may leak, None for none. ``more`` is
    said of the scan in the series' sidecar.
    """

    signal: Float32[np.ndarray, "x y z t"]
    grid: Grid
    dt: float
    te: float
    baseline: int
    aif: Float[np.ndarray, " t"]
    mask: Bool[np.ndarray, "x y z"]
    tumor: Bool[np.ndarray, "x y z"] | None
    truth: Truth
    more: Mapping[str, object] = field(default_factory=dict)


def plane(shape: tuple[int, int, int]) -> Grid:
    """The grid of an object without anatomy: voxels of 2 mm."""
    return Grid(shape=shape, affine=np.diag([2.0, 2.0, 2.0, 1.0]))
