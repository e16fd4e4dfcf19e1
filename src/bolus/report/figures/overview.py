"""One picture of one patient: curves, arteries and maps."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bolus.base.about import NOTICE
from bolus.data import PerfusionMaps, Quality, quantity_of
from bolus.data.quantities import display_of
from bolus.report.figures.colours import colour_map
from bolus.report.figures.mosaic import mosaic, pixel_aspect

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

INK, PAPER, MUTED = "#e8e8e8", "#101214", "#8b9299"
ARTERY, VEIN, TISSUE = "#ff6b5e", "#a99bff", "#5ec8ff"


PANEL_WIDTH, BAR_WIDTH, TITLE_HEIGHT, FOOT_HEIGHT = 4.2, 1.15, 0.45, 0.75
"""Inches."""
COLUMNS = 5

FLAGS = {
    "measured": "#2f3a44",
    "no bolus": "#6f7f8c",
    "clipped": "#e0b400",
    "poor fit": "#c94f7c",
    "not finite": "#ffffff",
}


def overview(maps: PerfusionMaps) -> "Figure":
    """Figure of ten panels: curves, arterial voxels, CBF, CBV, MTT; arrival and how far to trust.

    Arrival is the delay where the method has one, else Tmax. How far to trust: the SD of CBF as a
    share of it where the method has a posterior, the misfit, the quality.
    """
    figure, axes = _sheet(maps)
    _curves(axes[0], maps)
    _arteries(axes[1], maps)
    arrival = "delay" if np.isfinite(maps.delay).any() else "tmax"
    volume = "cbv_corrected" if "cbv_corrected" in maps.volumes else "cbv"
    for axis, name in zip(axes[2:7], ("cbf", volume, "mtt", arrival, "ttp"), strict=True):
        _map(axis, maps, name)
    if "cbf" in maps.sd:
        _uncertainty(axes[7], maps)
    else:
        axes[7].set_axis_off()
        axes[7].text(
            0.5,
            0.5,
            f"{maps.method} says nothing\nof its uncertainty",
            color=MUTED,
            fontsize=13,
            ha="center",
            va="center",
            transform=axes[7].transAxes,
        )
    _map(axes[8], maps, "misfit")
    _quality(axes[9], maps)
    relative = " · relative: echo time unknown" if maps.relative else ""
    figure.text(
        0.01,
        0.985,
        f"bolus · {maps.method}{relative} · {NOTICE}",
        color=MUTED,
        fontsize=12,
        va="top",
    )
    return figure


def _sheet(maps: PerfusionMaps) -> "tuple[Figure, list[Axes]]":
    """A figure of two rows of COLUMNS panels that have the shape of the mosaics."""
    from matplotlib.figure import Figure

    rows, columns = mosaic(maps.mask.astype(float), maps.grid, maps.mask).shape
    tall = PANEL_WIDTH * min(1.2, max(0.6, rows / columns * pixel_aspect(maps.grid)))
    row_height = tall + TITLE_HEIGHT + FOOT_HEIGHT
    width, height = COLUMNS * (PANEL_WIDTH + BAR_WIDTH) + 0.55, 2 * row_height + 0.4
    figure = Figure(figsize=(width, height), dpi=90, facecolor=PAPER)
    axes = []
    for n in range(2 * COLUMNS):
        row, column = divmod(n, COLUMNS)
        left = 0.65 + column * (PANEL_WIDTH + BAR_WIDTH)
        bottom = (1 - row) * row_height + FOOT_HEIGHT
        box = (left / width, bottom / height, PANEL_WIDTH / width, tall / height)
        axes.append(figure.add_axes(box))
    return figure, axes


def save_overview(maps: PerfusionMaps, path: Path) -> None:
    """Write the picture as PNG."""
    overview(maps).savefig(path, facecolor=PAPER)


def _title(axis: "Axes", text: str) -> None:
    axis.set_title(text, color=INK, fontsize=13, loc="left", pad=8, y=1.0)  # y: nothing to avoid


def _image(
    axis: "Axes",
    maps: PerfusionMaps,
    volume: np.ndarray,
    colours: "str | Colormap",
    limits: tuple[float, float],
) -> "AxesImage":
    image = axis.imshow(
        mosaic(volume, maps.grid, maps.mask),
        cmap=colours,
        vmin=limits[0],
        vmax=limits[1],
        aspect=pixel_aspect(maps.grid),
        interpolation="nearest",
    )
    axis.set_axis_off()
    axis.text(
        0.0, 0.5, "R", color=MUTED, fontsize=11, ha="right", va="center", transform=axis.transAxes
    )
    return image


def _map(axis: "Axes", maps: PerfusionMaps, name: str) -> None:
    colours = colour_map(display_of(name).colours)
    image = _image(axis, maps, maps.volume(name), colours, maps.display_range(name))
    _title(axis, quantity_of(name).meaning)
    _bar(axis, image, maps.unit(name).printed)


def _uncertainty(axis: "Axes", maps: PerfusionMaps) -> None:
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 100 * maps.sd["cbf"] / maps.cbf
    image = _image(axis, maps, share, "cividis", (0, 100))
    _title(axis, "Uncertainty of CBF")
    _bar(axis, image, "SD, % of CBF")


def _bar(axis: "Axes", image: "AxesImage", label: str) -> None:
    bar = axis.figure.colorbar(image, cax=axis.inset_axes((1.03, 0, 0.035, 1)), extend="max")
    bar.set_label(label, color=INK, fontsize=12)
    bar.ax.tick_params(colors=INK, labelsize=11)
    bar.outline.set_visible(False)


def _curves(axis: "Axes", maps: PerfusionMaps) -> None:
    time = maps.series.dt * np.arange(maps.tissue.size)
    height = maps.aif.curve.max()
    scale = height / max(maps.tissue.max(), np.finfo(float).tiny) / 2
    axis.plot(time, maps.aif.curve, color=ARTERY, lw=2.2, label="arterial input")
    if maps.aif.mixed is not None:
        told = "as its voxels are"
        axis.plot(time, maps.aif.mixed, color=ARTERY, lw=1.4, ls=":", label=told)
    if maps.aif.vein is not None:
        axis.plot(time, maps.aif.vein.curve, color=VEIN, lw=1.4, ls="-.", label="vein")
    axis.plot(time, scale * maps.tissue, color=TISSUE, lw=2.2, label=f"mean tissue × {scale:.2g}")
    frames = maps.series.frames
    axis.axvspan(0, (frames.onset - frames.first) * maps.series.dt, color=INK, alpha=0.07, lw=0)
    axis.set_facecolor(PAPER)
    axis.tick_params(colors=INK, labelsize=11)
    for name, spine in axis.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(MUTED)
    axis.set_xlabel("time, s (shaded: baseline)", color=INK, fontsize=12)
    axis.set_ylabel("TE·ΔR2*" if maps.relative else "ΔR2*, 1/s", color=INK, fontsize=12)
    axis.set_ylim(top=1.3 * height)
    axis.legend(frameon=False, labelcolor=INK, fontsize=12, loc="upper right")
    quality = "" if maps.aif.quality is None else f", quality {maps.aif.quality:.2f}"
    _title(axis, f"Arterial input ({maps.aif.origin}{quality})")


def _arteries(axis: "Axes", maps: PerfusionMaps) -> None:
    base = maps.series.baseline
    inside = base[maps.mask & np.isfinite(base)]
    high = float(np.percentile(inside, 99.5)) if inside.size else 1.0
    _image(axis, maps, base, "gray", (0, high))
    edge = mosaic(maps.mask.astype(float), maps.grid, maps.mask, fill=0.0)
    axis.contour(edge, levels=[0.5], colors=[TISSUE], linewidths=0.7)
    vein = None if maps.aif.vein is None else maps.aif.vein.mask
    for found, colour in ((vein, VEIN), (maps.aif.mask, ARTERY)):
        inside = maps.mask & (False if found is None else found)
        rows, columns = np.nonzero(mosaic(inside.astype(float), maps.grid, maps.mask, fill=0.0))
        axis.scatter(columns, rows, s=16, marker="s", color=colour, linewidths=0)
    count = 0 if maps.aif.mask is None else int(maps.aif.mask.sum())
    more = "" if maps.aif.vein is None else f", {maps.aif.vein.voxels} of a vein"
    _title(axis, f"Baseline, brain, {count} arterial voxels{more}")


def _quality(axis: "Axes", maps: PerfusionMaps) -> None:
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    bits = (Quality.NO_BOLUS, Quality.CLIPPED, Quality.POOR_FIT, Quality.NON_FINITE)
    level = np.where(maps.mask, 0.0, np.nan)
    for number, bit in enumerate(bits, start=1):
        level[maps.mask & ((maps.quality & np.uint8(bit)) != 0)] = number
    _image(axis, maps, level, ListedColormap(list(FLAGS.values())), (0, 4))
    inside = level[maps.mask]
    shares = [float((inside == n).mean()) if inside.size else 0.0 for n in range(5)]
    axis.legend(
        handles=[
            Patch(color=colour, label=f"{label} {100 * share:.1f} %")
            for (label, colour), share in zip(FLAGS.items(), shares, strict=True)
        ],
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=3,
        frameon=False,
        labelcolor=INK,
        fontsize=11,
    )
    _title(axis, "Quality")
