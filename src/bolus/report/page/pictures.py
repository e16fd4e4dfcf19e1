"""Maps as small pictures that every browser shows, with or without scripts."""

import base64
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8
from scipy.ndimage import binary_erosion

from bolus.data import Grid, PerfusionMaps, Quality
from bolus.report.figures.colours import shades
from bolus.report.figures.mosaic import SLICES, mosaic, pixel_aspect, through
from bolus.report.page.shown import Shown
from bolus.report.rims import RIMS

LEVELS = 255
"""Colours of a map; the last index of a palette is what was not measured, and transparent."""
ARTERY, VEIN = (255, 70, 60), (120, 150, 255)
WHITEST = 170
"""Colours of rims and vessels stand out of a grey no lighter than this, and of each other."""
FLAGS = (
    ("measured", 0, (70, 84, 98)),
    ("no bolus", Quality.NO_BOLUS, (160, 174, 186)),
    ("clipped", Quality.CLIPPED, (230, 180, 0)),
    ("poor fit", Quality.POOR_FIT, (222, 92, 140)),
    ("not finite", Quality.NON_FINITE, (255, 255, 255)),
)
"""Name, bit and colour of what a voxel may be called; a later one wins."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A PNG as base64 with its size in pixels."""

    png: str
    width: int
    height: int


def map_picture(maps: PerfusionMaps, shown: Shown) -> Picture:
    """All shown slices of a map."""
    return picture(_sheet(maps, to_levels(shown.volume, shown.low, shown.high), LEVELS),
                    palette(shown.colours))  # fmt: skip


def bar_picture(colours: str) -> Picture:
    """The colours of a map from low to high, one pixel high."""
    return picture(np.arange(LEVELS, dtype=np.uint8)[None], palette(colours))


def baseline_picture(maps: PerfusionMaps) -> Picture:
    """The baseline in grey with arteries, a vein and the rims of regions in colour."""
    base, greys = maps.series.baseline, LEVELS - 2 - len(RIMS)
    grey = np.where(
        np.isfinite(base), np.minimum(to_levels(base, 0.0, grey_top(maps, base)), greys - 1), 0
    )
    levels = _sheet(maps, grey.astype(np.uint8), LEVELS)
    for colour, name in enumerate(RIMS, start=greys):
        if name in maps.marked:
            inside = _sheet(maps, maps.marked[name].astype(np.uint8), 0).astype(bool)
            levels[inside & ~binary_erosion(inside)] = colour
    if maps.aif.vein is not None:
        levels[_sheet(maps, maps.aif.vein.mask.astype(np.uint8), 0).astype(bool)] = LEVELS - 2
    if maps.aif.mask is not None:
        levels[_sheet(maps, maps.aif.mask.astype(np.uint8), 0).astype(bool)] = LEVELS - 1
    colours = np.repeat(np.linspace(0, WHITEST, greys).round().astype(np.uint8)[:, None], 3, axis=1)
    rest = np.array(
        [*(rim.colour for rim in RIMS.values()), VEIN, ARTERY, (0, 0, 0)], dtype=np.uint8
    )
    return picture(levels, np.concatenate([colours, rest]))


def quality_picture(maps: PerfusionMaps) -> Picture:
    """What every voxel may be called, in the colours of FLAGS."""
    colours = np.zeros((LEVELS + 1, 3), dtype=np.uint8)
    colours[: len(FLAGS)] = [colour for _, _, colour in FLAGS]
    return picture(_sheet(maps, quality_levels(maps), LEVELS), colours)


def quality_levels(maps: PerfusionMaps) -> UInt8[np.ndarray, "x y z"]:
    """Index in FLAGS of every voxel, LEVELS outside the mask."""
    level = np.where(maps.mask, 0, LEVELS).astype(np.uint8)
    for number, (_, bit, _) in enumerate(FLAGS):
        level[maps.mask & ((maps.quality & np.uint8(bit)) != 0)] = number
    return level


def grey_top(maps: PerfusionMaps, base: np.ndarray) -> float:
    """The signal that is white."""
    inside = base[maps.mask & np.isfinite(base)]
    return float(np.percentile(inside, 99.5)) if inside.size else 1.0


def to_levels(volume: np.ndarray, low: float, high: float) -> UInt8[np.ndarray, "x y z"]:
    """Values as 0 to LEVELS − 1 of a window, LEVELS where there is none."""
    with np.errstate(invalid="ignore"):
        share = (volume - low) / (high - low if high > low else 1.0)
        level = np.clip(share * LEVELS, 0, LEVELS - 1)
    return np.where(np.isfinite(volume), level, LEVELS).astype(np.uint8)


def palette(colours: str) -> UInt8[np.ndarray, "n 3"]:
    """LEVELS colours of a map and black."""
    return np.concatenate([shades(colours, LEVELS), np.zeros((1, 3), dtype=np.uint8)])


def slices_told(maps: PerfusionMaps) -> str:
    """Which slices the pictures have."""
    inside = maps.grid.to_ras(maps.mask)
    across = tuple(axis for axis in range(3) if axis != through(inside.shape))
    there = int(inside.any(axis=across).sum())
    if there == 1:
        return "one slice"
    return f"{there} slices" if there <= SLICES else f"{SLICES} of {there} slices, evenly spaced"


def _sheet(maps: PerfusionMaps, volume: np.ndarray, fill: int) -> np.ndarray:
    return sheet(volume, maps.grid, maps.mask, fill)


def sheet(
    volume: UInt8[np.ndarray, "x y z"], grid: Grid, crop: Bool[np.ndarray, "x y z"], fill: int
) -> UInt8[np.ndarray, "rows columns"]:
    """The mosaic of a volume of levels with square pixels, of the slices that ``crop`` is in."""
    flat = mosaic(volume, grid, crop, fill=fill).astype(np.uint8)
    aspect = pixel_aspect(grid)
    if abs(aspect - 1) < 0.01:
        return flat
    rows = np.arange(round(flat.shape[0] * aspect)) / aspect
    return np.asarray(flat[np.minimum(rows.astype(int), flat.shape[0] - 1)])


def picture(levels: UInt8[np.ndarray, "rows columns"], colours: np.ndarray) -> Picture:
    """Levels as a PNG in the colours (n, 3) of a palette."""
    height, width = levels.shape
    png = _png(levels, colours)
    return Picture(png=base64.b64encode(png).decode(), width=width, height=height)


def _png(levels: np.ndarray, colours: np.ndarray) -> bytes:
    """An indexed PNG; index LEVELS is transparent."""
    height, width = levels.shape
    rows = np.concatenate([np.zeros((height, 1), dtype=np.uint8), levels], axis=1)
    clear = bytes([255] * LEVELS + [0])[: len(colours)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, content)
        for kind, content in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", colours.tobytes()),
            (b"tRNS", clear),
            (b"IDAT", zlib.compress(rows.tobytes(), 9)),
            (b"IEND", b""),
        )
    )


def chunk(kind: bytes, content: bytes) -> bytes:
    """A part of a PNG, with its length and checksum."""
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
