"""A result as tables of pandas: its voxels, and the numbers of its regions."""

from typing import TYPE_CHECKING

import numpy as np

from bolus.base.extras import need
from bolus.data import PerfusionMaps

if TYPE_CHECKING:
    from pandas import DataFrame
    from xarray import Dataset


def voxel_frame(maps: PerfusionMaps) -> "DataFrame":
    """One row a voxel of the brain mask.

    Columns: its place ``i``, ``j``, ``k`` on the grid and ``x``, ``y``, ``z`` in mm (RAS+), every
    map and SD by its name, ``quality`` (Quality bits), and for every region whether the voxel is
    ``in_`` it. ``attrs['units']`` has the units. Raises InputError where pandas is not installed.
    """
    need("pandas", "a table of voxels")
    import pandas

    index = np.argwhere(maps.mask)
    at = index @ maps.grid.affine[:3, :3].T + maps.grid.affine[:3, 3]
    columns: dict[str, np.ndarray] = dict(zip("ijk", index.T, strict=True))
    columns |= dict(zip("xyz", at.T, strict=True))
    columns |= {name: maps.volume(name)[maps.mask] for name in maps.units}
    columns["quality"] = maps.quality[maps.mask]
    regions = {name: found for name, found in maps.regions.items() if name != "brain"}
    columns |= {f"in_{name}": found.mask[maps.mask] for name, found in regions.items()}
    frame = pandas.DataFrame(columns)
    frame.attrs["units"] = dict(maps.units)
    return frame


def number_frame(maps: PerfusionMaps) -> "DataFrame":
    """One row a number of a region: measure, region, value, ends of the 90 % interval, unit.

    Raises InputError where pandas is not installed.
    """
    need("pandas", "a table of numbers")
    import pandas

    return pandas.DataFrame(
        [
            {
                "measure": number.measure,
                "region": number.region,
                "value": number.value,
                "low_90": np.nan if number.interval is None else number.interval[0],
                "high_90": np.nan if number.interval is None else number.interval[1],
                "unit": number.about.unit.written,
                "note": number.note,
            }
            for number in maps.measurements
        ],
        columns=["measure", "region", "value", "low_90", "high_90", "unit", "note"],
    )


def voxel_dataset(maps: PerfusionMaps) -> "Dataset":
    """Maps, SDs, quality and regions as an xarray.Dataset over voxel indices i, j and k.

    Each map has its unit in ``attrs['units']``; the set has ``affine``, from indices to mm (RAS+),
    as 16 numbers row by row, and the method. Raises InputError where xarray is not installed.
    """
    need("xarray", "an xarray.Dataset")
    from xarray import Dataset

    axes = ("i", "j", "k")
    found: dict[str, tuple[object, ...]] = {
        name: (axes, maps.volume(name), {"units": maps.units[name]}) for name in maps.units
    }
    found["quality"] = (axes, maps.quality)
    found |= {f"in_{name}": (axes, region.mask) for name, region in maps.regions.items()}
    about = {"affine": maps.grid.affine.ravel().tolist(), "method": maps.method}
    places = {name: np.arange(n) for name, n in zip(axes, maps.grid.shape, strict=True)}
    return Dataset(found, coords=places, attrs=about)
