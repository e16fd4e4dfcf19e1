"""Colour maps by name: matplotlib's, and the one of signed quantities."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from bolus.data.display import SIGNED

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

SIGNED_COLOURS = ("#5cc8ff", "#34393e", "#ffb347")
"""Below 0, at 0, above 0."""


def shades(name: str, count: int) -> UInt8[np.ndarray, "n 3"]:
    """``count`` colours (red, green, blue) of a colour map, evenly spaced from low to high."""
    return (colour_map(name)(np.linspace(0, 1, count))[:, :3] * 255).round().astype(np.uint8)


def colour_map(name: str) -> "Colormap":
    """A colour map as matplotlib takes it."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    if name == SIGNED:
        return LinearSegmentedColormap.from_list(SIGNED, SIGNED_COLOURS)
    return colormaps[name]
