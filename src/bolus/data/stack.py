"""The slices of a map as an image shows them: planes of rows and columns, with patient sides."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8

_LETTERS = ("LR", "PA", "SI")
"""Of the axes of DICOM's coordinates (to the left, to the back, to the head): towards, away."""
SLANT = 0.25
"""Least share of a second axis in a direction that two letters stand for: 15 degrees."""


class Edges(NamedTuple):
    """The patient's sides at the edges of an image: letters of R, L, A, P, S, I."""

    left: str
    right: str
    top: str
    bottom: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Stack:
    """Slices in the order of display; ``spacing`` in mm from row to row and column to column.

    What was not measured is NaN; ``inside`` is the brain.
    """

    values: Float[np.ndarray, "slice row column"]
    inside: Bool[np.ndarray, "slice row column"]
    spacing: tuple[float, float]
    edges: Edges


class Pictures(NamedTuple):
    """Pictures of slices, red, green and blue, whose pixels have edges of ``edge`` mm."""

    pixels: UInt8[np.ndarray, "slice row column 3"]
    edge: float


def edges_of(along: Float[np.ndarray, "3"], down: Float[np.ndarray, "3"]) -> Edges:
    """Letters at the edges of an image from the directions of its rows and columns (LPS)."""
    return Edges(left=side(-along), right=side(along), top=side(-down), bottom=side(down))


def side(direction: Float[np.ndarray, "3"]) -> str:
    """The side of the patient that a direction (LPS) points to, 'A', or 'AS' where it is oblique.

    The letter of the largest component first, then any other of at least SLANT.
    """
    unit = direction / np.linalg.norm(direction)
    order = sorted(range(3), key=lambda axis: -abs(unit[axis]))
    seen = [axis for n, axis in enumerate(order) if n == 0 or abs(unit[axis]) >= SLANT]
    return "".join(_LETTERS[axis][int(unit[axis] < 0)] for axis in seen)
