"""Volumes as mosaics in radiological convention."""

import math

import numpy as np
from jaxtyping import Shaped

from bolus.data import Grid

SLICES = 12
"""At most this many slices are shown."""


def mosaic(
    volume: Shaped[np.ndarray, "x y z"],
    grid: Grid,
    crop: Shaped[np.ndarray, "x y z"],
    fill: float = np.nan,
) -> Shaped[np.ndarray, "rows columns"]:
    """Slices of a volume side by side, patient right on the left, anterior (or superior) on top.

    Slices run along the axis with the fewest voxels; those that the boolean ``crop`` touches are
    shown, evenly thinned to SLICES, and cut to its bounding box. Pixels between slices are
    ``fill``.
    """
    tiles = _tiles(volume, grid, crop)
    keep = np.arange(len(tiles))
    if keep.size > SLICES:
        keep = np.linspace(0, keep.size - 1, SLICES).round().astype(int)
    return _tiled([tiles[k] for k in keep], fill)


def one_slice(
    volume: Shaped[np.ndarray, "x y z"],
    grid: Grid,
    crop: Shaped[np.ndarray, "x y z"],
    level: float,
) -> Shaped[np.ndarray, "rows columns"]:
    """One of the slices of ``mosaic``, at a share ``level`` of them from the first."""
    tiles = _tiles(volume, grid, crop)
    return tiles[round(level * (len(tiles) - 1))]


def _tiles(volume: np.ndarray, grid: Grid, crop: np.ndarray) -> list[np.ndarray]:
    turned, inside = grid.to_ras(volume), grid.to_ras(crop).astype(bool)
    across = through(turned.shape)
    turned, inside = np.moveaxis(turned, across, 2), np.moveaxis(inside, across, 2)
    rows, columns = (_extent(np.asarray(inside.any(axis=a))) for a in ((1, 2), (0, 2)))
    # image columns run from the patient's right to the left, rows from top to bottom
    return [turned[rows, columns][::-1, ::-1, k].T for k in np.flatnonzero(inside.any(axis=(0, 1)))]


def through(shape: tuple[int, ...]) -> int:
    """Axis across the slices: the one with the fewest voxels, foot to head when in doubt."""
    return 2 if shape[2] == min(shape) else int(np.argmin(shape))


def pixel_aspect(grid: Grid) -> float:
    """Height over width of a mosaic's pixel."""
    size = np.array(grid.voxel_size)
    order = [int(np.argmax(np.abs(row))) for row in grid.affine[:3, :3] / size]
    slices = through(tuple(grid.shape[axis] for axis in order))
    across, up = (size[axis] for n, axis in enumerate(order) if n != slices)
    return float(up / across)


def _extent(touched: np.ndarray, margin: int = 2) -> slice:
    index = np.flatnonzero(touched)
    return slice(max(0, int(index[0]) - margin), int(index[-1]) + margin + 1)


def _tiled(tiles: list[np.ndarray], fill: float) -> np.ndarray:
    height, width = tiles[0].shape
    columns = min(len(tiles), max(1, round(math.sqrt(len(tiles) * 1.2 * height / width))))
    rows = math.ceil(len(tiles) / columns)
    sheet = np.full(
        (rows * height, columns * width), fill, dtype=np.result_type(tiles[0], type(fill))
    )
    for n, tile in enumerate(tiles):
        row, column = divmod(n, columns)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = tile
    return sheet
