"""Maps over the anatomy, as pictures of a page."""

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

from bolus.data import PerfusionMaps
from bolus.report.figures.over_anatomy import beneath, sheets
from bolus.report.page.pictures import Picture, chunk
from bolus.report.page.shown import Shown

FIRST = (("cbv_corrected", "cbv"), ("tmax", "delay"))
"""Of each, the first that there is lies over the anatomy."""


def over_anatomy(maps: PerfusionMaps, shown: Sequence[Shown]) -> list[tuple[Shown, int, Picture]]:
    """Blood volume and lateness over each anatomy, whose number from 1 is told; none without."""
    named = {one.name: one for one in shown}
    wanted = [next((n for n in names if n in named), None) for names in FIRST]
    chosen = [named[name] for name in wanted if name is not None]
    windows = [(s.volume, s.low, s.high, s.colours) for s in chosen]
    return [
        (one, number, _picture(sheet))
        for number, anatomy in enumerate(maps.anatomies, 1)
        for one, sheet in zip(chosen, sheets(maps, anatomy, windows), strict=True)
    ]


def anatomy_words(maps: PerfusionMaps, number: int) -> str:
    """What an image is called: by its number only where there are several."""
    if len(maps.anatomies) == 1:
        return "the anatomical image"
    return f"anatomical image {number}"


def anatomy_beneath(maps: PerfusionMaps) -> UInt8[np.ndarray, "x y z"] | None:
    """The first anatomy in the voxels of the series, as greys; None without one."""
    return None if maps.anatomy is None else beneath(maps.anatomy, maps.grid, maps.mask)


def _picture(sheet: UInt8[np.ndarray, "rows columns 3"]) -> Picture:
    """A PNG of colours."""
    height, width, _ = sheet.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), sheet.reshape(height, -1)], axis=1)
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, content)
        for kind, content in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(rows.tobytes(), 9)),
            (b"IEND", b""),
        )
    )
    return Picture(png=base64.b64encode(png).decode(), width=width, height=height)
