"""A map as colour pictures, one a slice, that any archive shows: bar, unit, sides, research use.

All slices have one range, so that they are equally bright: that of the page and of the windows.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int, UInt8

from bolus.base.about import NOTICE, software
from bolus.data import PerfusionMaps, quantity_of
from bolus.data.display import Range
from bolus.data.quantities import display_of
from bolus.data.stack import Edges, Pictures, Stack
from bolus.report.figures.colours import shades
from bolus.report.figures.overview import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TALL = 440
"""Pixels of the longer side of a slice, about: every voxel has a whole number of them."""
MARGIN, HEAD, FOOT, BAR = 34, 64, 44, 130
"""Pixels around the slice: for the letters, the title, the notice, and colour bar with unit."""
WIDE = 480
"""Pixels that the notice takes, at least."""
SHADES = 256
_DOTS = 100
_NUMBER = (150, 24)
"""Width and height in pixels of the number of a slice."""


def capture(maps: PerfusionMaps, name: str, stack: Stack) -> Pictures | None:
    """Pictures of the slices of a map, cut to the brain; None for an SD, or for nothing measured.

    Voxels are seen as they are: nothing is interpolated.
    """
    if name not in maps.volumes or not np.isfinite(stack.values).any():
        return None
    edge, rows, columns = _sampled(stack)
    frame = _frame(maps, name, stack.edges, (rows.size, columns.size))
    picture = np.repeat(frame[None], len(stack.values), axis=0)
    level = _levels(stack.values, maps.display_range(name))
    colours = np.vstack([shades(display_of(name).colours, SHADES), np.zeros((1, 3), np.uint8)])
    top, left = HEAD + MARGIN, MARGIN
    wide, tall = _NUMBER
    for k, seen in enumerate(level):
        shown = colours[seen][rows][:, columns]
        picture[k, top : top + rows.size, left : left + columns.size] = shown
        picture[k, HEAD - tall - 2 : HEAD - 2, -wide:] = _number(k + 1, len(level))
    return Pictures(picture, edge)


def _levels(values: np.ndarray, shown: Range) -> Int[np.ndarray, "slice row column"]:
    """The shade of every voxel, from 0 to SHADES − 1; SHADES where nothing was measured."""
    low, high = shown
    known = np.isfinite(values)
    share = np.clip((np.where(known, values, low) - low) / (high - low), 0, 1)
    return np.where(known, (share * (SHADES - 1)).round().astype(int), SHADES)


def _sampled(stack: Stack) -> tuple[float, Int[np.ndarray, " r"], Int[np.ndarray, " c"]]:
    """The edge of a pixel in mm, and the row and column of the slice that each of it shows."""
    spans = [_span(np.asarray(stack.inside.any(axis=axes))) for axes in ((0, 2), (0, 1))]
    longest = max(
        (stop - start) * mm for (start, stop), mm in zip(spans, stack.spacing, strict=True)
    )
    edge = min(stack.spacing) / max(1, round(TALL * min(stack.spacing) / longest))
    found = []
    for (start, stop), mm in zip(spans, stack.spacing, strict=True):
        middle = (np.arange(round((stop - start) * mm / edge)) + 0.5) * edge / mm
        found.append(np.minimum(start + middle.astype(int), stop - 1))
    return edge, found[0], found[1]


def _span(touched: Bool[np.ndarray, " n"], around: int = 2) -> tuple[int, int]:
    """The first and the last but one of an axis that the brain touches, and some around it."""
    index = np.flatnonzero(touched)
    return max(0, int(index[0]) - around), min(touched.size, int(index[-1]) + around + 1)


def _frame(
    maps: PerfusionMaps, name: str, sides: Edges, size: tuple[int, int]
) -> UInt8[np.ndarray, "row column 3"]:
    """What all slices have in common, drawn once."""
    from matplotlib.figure import Figure

    rows, columns = size
    tall, wide = rows + 2 * MARGIN + HEAD + FOOT, max(WIDE, columns + 2 * MARGIN + BAR)
    figure = Figure(figsize=(wide / _DOTS, tall / _DOTS), dpi=_DOTS, facecolor="black")

    def write(
        text: str, x: float, y: float, size: float = 10, colour: str = INK, **more: str
    ) -> None:
        figure.text(x / wide, 1 - y / tall, text, None, color=colour, fontsize=size, **more)

    quantity = quantity_of(name)
    write(f"{quantity.title} · {maps.method}", 10, 8, 12, va="top", weight="bold")
    write(quantity.meaning, 10, 34, 8.5, MUTED, va="top")
    middle_x, middle_y = MARGIN + columns / 2, HEAD + MARGIN + rows / 2
    centre = {"ha": "center", "va": "center", "weight": "bold"}
    write(sides.left, MARGIN / 2, middle_y, 12, **centre)
    write(sides.right, MARGIN * 1.5 + columns, middle_y, 12, **centre)
    write(sides.top, middle_x, HEAD + MARGIN / 2, 12, **centre)
    write(sides.bottom, middle_x, HEAD + MARGIN * 1.5 + rows, 12, **centre)
    write(f"Research use only. {NOTICE}", 10, tall - 28, 9, "#ffb347", va="bottom", weight="bold")
    write(f"{software()}; not for diagnosis", 10, tall - 8, 7.5, MUTED, va="bottom")
    box = (
        (columns + 2 * MARGIN + 12) / wide,
        (FOOT + MARGIN) / tall,
        22 / wide,
        rows / tall,
    )
    _bar(figure, box, display_of(name).colours, maps.display_range(name), maps.unit(name).printed)
    return _pixels(figure)


def _bar(
    figure: "Figure",
    box: tuple[float, float, float, float],
    colours: str,
    ends: Range,
    unit: str,
) -> None:
    axis = figure.add_axes(box)
    axis.imshow(
        shades(colours, SHADES)[:, None],
        aspect="auto",
        interpolation="nearest",
        origin="lower",
        extent=(0, 1, *ends),
    )
    axis.set_xticks([])
    axis.yaxis.tick_right()
    axis.yaxis.set_label_position("right")
    axis.set_ylabel(unit, color=INK, fontsize=10)
    axis.tick_params(colors=INK, labelsize=9)


@lru_cache(maxsize=512)
def _number(k: int, count: int) -> UInt8[np.ndarray, "row column 3"]:
    """'slice k of count', in its own small picture."""
    from matplotlib.figure import Figure

    wide, tall = _NUMBER
    figure = Figure(figsize=(wide / _DOTS, tall / _DOTS), dpi=_DOTS, facecolor="black")
    figure.text(0.95, 0.5, f"slice {k} of {count}", color=INK, fontsize=9, ha="right", va="center")
    return _pixels(figure)


def _pixels(figure: "Figure") -> UInt8[np.ndarray, "row column 3"]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
