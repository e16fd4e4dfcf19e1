"""Volumes for the viewer, small enough for a page."""

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import QUANTITIES, PerfusionMaps
from bolus.report.figures.mosaic import through
from bolus.report.page.over_anatomy import anatomy_beneath
from bolus.report.page.pictures import (
    FLAGS,
    grey_top,
    palette,
    quality_levels,
    to_levels,
)
from bolus.report.page.shown import Shown

MISSING, MOST = -32768, 32767
"""Code of a value that was not measured, and the highest code: a value at it is that or more."""


@dataclass(frozen=True, kw_only=True)
class Fineness:
    """How much is kept: ``steps`` in a map's window, and whether SDs and the lesser maps are."""

    steps: int
    sds: bool
    lesser: bool


FINENESS = (
    Fineness(steps=2000, sds=True, lesser=True),
    Fineness(steps=500, sds=True, lesser=True),
    Fineness(steps=200, sds=True, lesser=True),
    Fineness(steps=200, sds=False, lesser=True),
    Fineness(steps=200, sds=False, lesser=False),
)
"""What is tried, the best first."""


def packed(maps: PerfusionMaps, shown: Sequence[Shown], room: int) -> str | None:
    """All volumes as JSON of at most ``room`` bytes, as fine as that allows; None where it cannot.

    Values are whole steps of a window's part (``step``) from ``offset``, two bytes each, within the
    brain mask; low bytes come before high ones, deflated, as base64. Everything is in the order of
    the array's memory with the first axis fastest, as in NIfTI.
    """
    for fineness in FINENESS:
        text = json.dumps(_volumes(maps, shown, fineness), sort_keys=True, separators=(",", ":"))
        safe = text.replace("<", "\\u003c")
        if len(safe) <= room:
            return safe
    return None


def _volumes(maps: PerfusionMaps, shown: Sequence[Shown], fineness: Fineness) -> dict[str, object]:
    kept = [s for s in shown if fineness.lesser or not QUANTITIES[s.name].lesser]
    base, anatomy = maps.series.baseline, anatomy_beneath(maps)
    return {
        "shape": list(maps.grid.shape),
        "affine": maps.grid.affine.tolist(),
        "inverse": np.linalg.inv(maps.grid.affine).tolist(),
        "mask": _bits(maps.mask),
        "baseline": _deflated(_flat(to_levels(base, 0.0, grey_top(maps, base)))),
        "anatomy": None if anatomy is None else _deflated(_flat(anatomy)),
        "quality": _deflated(_flat(quality_levels(maps))[_flat(maps.mask)]),
        "flags": [name for name, _, _ in FLAGS],
        "rois": {name: _bits(mask) for name, mask in sorted(maps.marked.items())},
        "colours": {c: _text(palette(c)[:-1].tobytes()) for c in sorted({s.colours for s in kept})},
        "maps": [_map(s, maps.mask, fineness) for s in kept],
        "start": _start(maps),
        "left": _left_out(shown, kept, fineness),
    }


def _map(shown: Shown, mask: np.ndarray, fineness: Fineness) -> dict[str, object]:
    step = (shown.high - shown.low) / fineness.steps
    return {
        "name": shown.name,
        "title": shown.title,
        "meaning": shown.meaning,
        "unit": shown.unit,
        "colours": shown.colours,
        "low": float(f"{shown.low:.6g}"),
        "high": float(f"{shown.high:.6g}"),
        "digits": shown.digits,
        "step": step,
        "offset": shown.low,
        "codes": _codes(_flat(shown.volume)[_flat(mask)], shown.low, step),
        "sd": _codes(_flat(shown.sd)[_flat(mask)], 0.0, step)
        if fineness.sds and shown.sd is not None
        else None,
    }


def _codes(values: Float[np.ndarray, " n"], offset: float, step: float) -> str:
    """Values as whole steps from the offset, low bytes first and high bytes after them."""
    finite = np.isfinite(values)
    with np.errstate(over="ignore"):
        steps = np.rint((np.where(finite, values, 0.0).astype(float) - offset) / step)
    codes = np.where(finite, np.clip(steps, -MOST, MOST), MISSING).astype("<i2")
    return _deflated(codes.view(np.uint8).reshape(-1, 2).T)


def _start(maps: PerfusionMaps) -> list[int]:
    """The voxel that is shown first: the middle of the largest slice of tumour or brain."""
    region = maps.rois.get("tumor", maps.found.get("hypoperfused", maps.mask))
    axis = through(region.shape)
    sizes = region.sum(axis=tuple(a for a in range(3) if a != axis))
    voxels = np.argwhere(region)
    plane = voxels[voxels[:, axis] == sizes.argmax()]
    middle = plane[int(np.abs(plane - plane.mean(axis=0)).sum(axis=1).argmin())]
    return [int(n) for n in middle]


def _left_out(shown: Sequence[Shown], kept: Sequence[Shown], fineness: Fineness) -> str:
    names = [s.title for s in shown if s not in kept]
    names += [] if fineness.sds or not any(s.sd is not None for s in shown) else ["uncertainties"]
    return ", ".join(names)


def _flat(volume: np.ndarray) -> np.ndarray:
    return volume.ravel(order="F")


def _bits(mask: Bool[np.ndarray, "x y z"]) -> str:
    return _deflated(np.packbits(_flat(mask), bitorder="little"))


def _deflated(values: np.ndarray) -> str:
    return _text(zlib.compress(values.tobytes(), 6))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
