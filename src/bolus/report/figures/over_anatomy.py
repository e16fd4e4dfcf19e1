"""The anatomical image in the slices of the series, finer than its voxels, and maps over it."""

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float, UInt8

from bolus.data import Anatomy, Grid, PerfusionMaps
from bolus.io import resample_linear, resample_nearest
from bolus.report.figures.colours import shades
from bolus.report.figures.mosaic import mosaic, pixel_aspect, through

EDGE, FINEST = 1.5, 3
"""mm: about the edge of a pixel; and parts at most that a voxel's edge is cut into."""
TOP = 99.0
"""Percentile of the anatomy beneath the brain that is white."""
FAINT, OPAQUE = 0.0, 0.85
"""Opacity of a map at the low and at the high end of its colours."""
LEVELS = 256
WHITE, DIMMED = 254, 0.75
"""The highest grey, 255 being what is transparent on a page; and the part of it beneath a map."""


def finer(grid: Grid) -> Grid:
    """The grid with its voxels cut within its slices, to about EDGE."""
    size = np.array(grid.voxel_size)
    parts = np.clip(np.rint(size / EDGE), 1, FINEST).astype(int)
    parts[_across(grid)] = 1
    affine = grid.affine.copy()
    affine[:3, :3] = grid.affine[:3, :3] / parts
    affine[:3, 3] += affine[:3, :3] @ ((1 - parts) / 2)
    x, y, z = (int(n * k) for n, k in zip(grid.shape, parts, strict=True))
    return Grid(shape=(x, y, z), affine=affine)


def beneath(anatomy: Anatomy, grid: Grid, mask: np.ndarray) -> UInt8[np.ndarray, "i j k"]:
    """The anatomy on a grid in the series' place, as greys from 0 to WHITE; 0 outside of it.

    White is TOP percent of what lies in ``mask``, a mask of that grid.
    """
    seen = resample_linear(anatomy.image.volume, anatomy.seen_by_series, grid)
    inside = seen[mask & np.isfinite(seen)]
    top = float(np.percentile(inside, TOP)) if inside.size else 1.0
    low = min(0.0, float(inside.min())) if inside.size else 0.0
    with np.errstate(invalid="ignore"):
        grey = np.clip((seen - low) / max(top - low, 1e-12), 0, 1) * WHITE
    return np.where(np.isfinite(seen), grey, 0).astype(np.uint8)


def sheets(
    maps: PerfusionMaps, anatomy: Anatomy, shown: Iterable[tuple[np.ndarray, float, float, str]]
) -> Iterator[UInt8[np.ndarray, "rows columns 3"]]:
    """Mosaics of maps over one of their anatomies, as colours.

    ``shown`` are maps with the ends of their windows and their colours. A map is the more opaque
    the higher it is in its window, from FAINT to OPAQUE.
    """
    fine = finer(maps.grid)
    mask = resample_nearest(maps.mask, maps.grid, fine)
    grey = _square(mosaic(beneath(anatomy, fine, mask), fine, mask, fill=0), fine)
    for volume, low, high, colours in shown:
        moved = resample_linear(np.where(maps.mask, volume, np.nan), maps.grid, fine)
        sheet = _square(mosaic(moved, fine, mask), fine)
        yield _blended(grey, sheet, (low, high), shades(colours, LEVELS))


def _blended(
    grey: np.ndarray,
    values: Float[np.ndarray, "rows columns"],
    window: tuple[float, float],
    colours: UInt8[np.ndarray, "n 3"],
) -> UInt8[np.ndarray, "rows columns 3"]:
    low, high = window
    share = np.clip((np.nan_to_num(values, nan=low) - low) / (high - low), 0, 1)
    opacity = np.where(np.isfinite(values), FAINT + (OPAQUE - FAINT) * share, 0)[..., None]
    over = colours[np.rint(share * (LEVELS - 1)).astype(int)]
    mixed = DIMMED * grey[..., None] * (1 - opacity) + over * opacity
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def _square(sheet: np.ndarray, grid: Grid) -> np.ndarray:
    """A mosaic with square pixels."""
    aspect = pixel_aspect(grid)
    if abs(aspect - 1) < 0.01:
        return sheet
    rows = np.arange(round(sheet.shape[0] * aspect)) / aspect
    return sheet[np.minimum(rows.astype(int), sheet.shape[0] - 1)]


def _across(grid: Grid) -> int:
    """The array's axis across its slices."""
    numbers = np.arange(np.prod(grid.shape)).reshape(grid.shape)
    turned = grid.to_ras(numbers)
    axis = through(turned.shape)
    step = tuple(int(n == axis) for n in range(3))
    if turned.shape[axis] == 1:
        return int(np.argmin(grid.shape))
    moved = np.unravel_index(int(turned[step]), grid.shape)
    first = np.unravel_index(int(turned[0, 0, 0]), grid.shape)
    return int(np.argmax(np.abs(np.subtract(moved, first))))
