"""Maps and curves drawn into matplotlib axes of the user's own, in the user's own style."""

from typing import TYPE_CHECKING

import numpy as np

from bolus.data import PerfusionMaps, quantity_of
from bolus.data.quantities import display_of
from bolus.report.figures.colours import colour_map
from bolus.report.figures.mosaic import mosaic, pixel_aspect

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_map(maps: PerfusionMaps, name: str, axes: "Axes | None" = None) -> "Axes":
    """One map as a mosaic of slices with its colour bar, the patient's right on the left.

    ``name`` is that of a map or of the SD of one ('cbf', 'cbf_sd'); ``axes`` None makes a figure.
    Raises InputError for a map that is not there.
    """
    shown = maps[name]
    axes = _axes(axes)
    low, high = maps.display_range(name)
    image = axes.imshow(
        mosaic(shown.values, shown.grid, maps.mask),
        cmap=colour_map(display_of(name).colours),
        vmin=low,
        vmax=high,
        aspect=pixel_aspect(shown.grid),
        interpolation="nearest",
    )
    axes.set_axis_off()
    axes.set_title(quantity_of(name).meaning if shown.name == name else f"SD of {shown.name}")
    axes.figure.colorbar(image, ax=axes, label=shown.unit.printed)
    return axes


def plot_curves(maps: PerfusionMaps, axes: "Axes | None" = None) -> "Axes":
    """Arterial input and mean tissue curve over time in s, each over its own highest value."""
    axes = _axes(axes)
    for label, curve in (("arterial input", maps.aif.curve), ("mean tissue", maps.tissue)):
        axes.plot(maps.series.dt * np.arange(curve.size), curve / curve.max(), label=label)
    axes.set_xlabel("time, s")
    axes.set_ylabel("over its highest value")
    axes.legend()
    return axes


def _axes(given: "Axes | None") -> "Axes":
    if given is not None:
        return given
    from matplotlib import pyplot

    return pyplot.subplots()[1]
