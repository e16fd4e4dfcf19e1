"""Troughs of a curve."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Trough(NamedTuple):
    """A place lower than what is before and after it.

    ``first`` is the first frame of its bottom, which may be flat; ``prominence`` the depth below
    the lower of the highest values on either side, up to where the curve is lower still; ``width``
    that at half of this depth, in frames, linear between them.
    """

    first: int
    prominence: float
    width: float


def troughs(curve: Float[np.ndarray, " t"]) -> list[Trough]:
    """Every trough but those at the ends, in turn.

    The same as ``find_peaks`` of scipy.signal finds in the negated curve; that module takes a
    second to import.
    """
    edges = np.flatnonzero(np.diff(curve)) + 1
    starts, ends = np.r_[0, edges], np.r_[edges, len(curve)] - 1
    level = curve[starts]
    low = 1 + np.flatnonzero((level[1:-1] < level[:-2]) & (level[1:-1] < level[2:]))
    return [_trough(curve, int(starts[k]), int(ends[k])) for k in low]


def _trough(curve: Float[np.ndarray, " t"], first: int, last: int) -> Trough:
    bottom = curve[first]
    before, after = curve[first::-1], curve[last:]
    prominence = float(min(_rim(before), _rim(after)) - bottom)
    half = bottom + 0.5 * prominence
    width = last - first + _reach(before, half) + _reach(after, half)
    return Trough(first, prominence, float(width))


def _rim(side: Float[np.ndarray, " t"]) -> float:
    """Highest value of one side of a trough, from its bottom to where the curve is lower."""
    lower = np.flatnonzero(side < side[0])
    return float(side[: lower[0] if lower.size else None].max())


def _reach(side: Float[np.ndarray, " t"], level: float) -> float:
    """Frames from the bottom of a trough to where one side of it rises to a level."""
    at = int(np.argmax(side >= level))
    return at - float((side[at] - level) / (side[at] - side[at - 1]))
