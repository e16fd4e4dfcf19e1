"""A map of the apparent diffusion coefficient (ADC) on the grid of a series."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from bolus.data import Grid, InputError
from bolus.io.map import read_map

USUAL = (0.3e-3, 3.0e-3)
"""mm²/s between which the median of a brain lies."""
UNITS = {1.0: "mm2/s", 1e-3: "1e-3 mm2/s", 1e-6: "1e-6 mm2/s"}
"""What maps are stored in, in mm²/s."""
FINEST = 1.0
"""mm: the points within a voxel at which a finer map is averaged lie no further apart."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Diffusion:
    """A map of diffusion as it lies in its file.

    ``adc`` (x, y, z) are its values, 0 where there is none, in mm²/s where ``unit`` is 1, else in a
    unit that is told from them (None). ``image`` (x, y, z) is what it can be registered by: that
    without diffusion weighting. None of a map alone, which has too little contrast: of simulated
    maps of ADC none could be registered. ``name`` is what errors call it.
    """

    adc: Float[np.ndarray, "x y z"]
    grid: Grid
    name: str
    image: Float[np.ndarray, "x y z"] | None = None
    unit: float | None = None

    def onto(
        self, grid: Grid, to_own: Float[np.ndarray, "4 4"] | None = None
    ) -> Float[np.ndarray, "x y z"]:
        """The ADC in mm²/s (x, y, z) on another grid, float32.

        Every voxel gets the mean of the map at points within it, 0 where the map does not reach.
        ``to_own`` takes mm of the other grid to mm of the map; None where both headers mean one
        place. Raises InputError for a map elsewhere, or in no unit that is known.
        """
        own = self.grid
        if to_own is not None:
            own = Grid(shape=own.shape, affine=np.linalg.inv(to_own) @ own.affine)
        found = self.adc if own.matches(grid) else averaged_onto(self.adc, own, grid)
        if not found.any():
            raise InputError(
                f"{self.name}: this map of ADC lies elsewhere than the series, by both headers"
            )
        unit = unit_of(found[found > 0], self.name) if self.unit is None else self.unit
        scaled: np.ndarray = found * unit
        return scaled.astype(np.float32)


def read_adc(path: str | os.PathLike[str]) -> Diffusion:
    """A map of ADC from a NIfTI file. Raises InputError for what is no map."""
    stored, own = read_map(path)
    values = np.where(np.isfinite(stored) & (stored > 0), stored, 0.0)
    if not values.any():
        raise InputError(f"{Path(path)}: a map of ADC has values above 0, found none")
    return Diffusion(adc=values, grid=own, name=str(Path(path)))


def unit_of(values: Float[np.ndarray, " n"], name: str) -> float:
    """The unit of values above 0 of a head, in mm²/s. Raises InputError for none that is known."""
    middle = float(np.median(values))
    for unit in UNITS:
        if USUAL[0] <= middle * unit <= USUAL[1]:
            return unit
    raise InputError(
        f"{name}: a map of ADC in {', '.join(UNITS.values())} is expected, whose median over the "
        f"head is about 0.8e-3 mm2/s; found a median of {middle:g}"
    )


def averaged_onto(
    volume: Float[np.ndarray, "x y z"], source: Grid, target: Grid
) -> Float[np.ndarray, "i j k"]:
    """Means over the points within every voxel of a grid, of a volume on another, linear between.

    Only points where the volume has a value count; 0 where there are none.
    """
    from scipy.ndimage import map_coordinates

    steps = [max(1, round(edge / FINEST)) for edge in target.voxel_size]
    to_source = np.linalg.inv(source.affine) @ target.affine
    index = np.indices(target.shape).reshape(3, -1)
    total, count = np.zeros(index.shape[1]), np.zeros(index.shape[1])
    for offset in np.ndindex(*steps):
        shift = (np.array(offset) + 0.5) / steps - 0.5
        at = to_source[:3, :3] @ (index + shift[:, None]) + to_source[:3, 3:]
        nearest = map_coordinates(volume > 0, at, order=0, output=bool, mode="constant")
        value = map_coordinates(volume, at, order=1, output=np.float64, mode="constant")
        total += np.where(nearest, value, 0.0)
        count += nearest
    return np.where(count > 0, total / np.maximum(count, 1), 0.0).reshape(target.shape)
