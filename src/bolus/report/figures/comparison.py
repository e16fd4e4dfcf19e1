"""Truth and estimates side by side."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bolus.base.about import NOTICE
from bolus.data import PerfusionMaps, quantity_of
from bolus.phantom import PatientTruth
from bolus.report.figures.mosaic import one_slice, pixel_aspect
from bolus.report.figures.overview import INK, MUTED, PAPER

ROWS = ("cbf", "cbv", "mtt")


def save_comparison(truth: PatientTruth, results: Mapping[str, PerfusionMaps], path: Path) -> None:
    """One slice of CBF, CBV and MTT: the truth and every method on the truth's colour scale.

    The slice lies a little above the middle of the brain.
    """
    from matplotlib.figure import Figure

    columns = {"truth": truth, **results}
    first = next(iter(results.values()))
    level = _level(first)
    figure = Figure(
        figsize=(2.3 * len(columns) + 0.8, 7.6), dpi=110, facecolor=PAPER, layout="constrained"
    )
    axes = figure.subplots(len(ROWS), len(columns), squeeze=False)
    for row, quantity in zip(axes, map(quantity_of, ROWS), strict=True):
        name = quantity.name
        low, high = quantity.display.range(getattr(truth, name))
        for axis, (column, maps) in zip(row, columns.items(), strict=True):
            volume = np.where(first.mask, getattr(maps, name), np.nan)
            image = axis.imshow(
                one_slice(volume, first.grid, first.mask, level),
                cmap=quantity.display.colours,
                vmin=low,
                vmax=high,
                aspect=pixel_aspect(first.grid),
                interpolation="nearest",
            )
            axis.set_axis_off()
            if name == "cbf":
                axis.set_title(column, color=INK, fontsize=12)
        bar = figure.colorbar(image, ax=list(row), pad=0.01, shrink=0.9, extend="max")
        bar.set_label(f"{quantity.title}, {quantity.unit.printed}", color=INK, fontsize=12)
        bar.ax.tick_params(colors=INK)
        bar.outline.set_visible(False)
    figure.suptitle(f"One digital patient · {NOTICE}", color=MUTED, fontsize=11, x=0.01, ha="left")
    figure.savefig(path, facecolor=PAPER)


def _level(maps: PerfusionMaps) -> float:
    """Where to cut, as a share of the shown slices from below."""
    return 0.6 if maps.mask.shape[2] > 1 else 0.0
