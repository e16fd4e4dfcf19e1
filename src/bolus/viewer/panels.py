"""How volumes are shown: names, units, colours, the span of the colour bar."""

from typing import NamedTuple, TypedDict

import numpy as np

from bolus.data import QUANTITIES, Quantity, quantity_of
from bolus.data.display import Display, Percentiles, Range, UpToPercentile
from bolus.data.quantities import SD
from bolus.report.figures.colours import shades
from bolus.viewer.view import View

SHADES = 256
FEW_ABOVE = 99.8
"""Percentile of the peaks at which their colour bar ends, so that arteries differ in colour."""


class Image(NamedTuple):
    """A volume beside the maps: what its button and its legend say, and its display."""

    title: str
    words: str
    display: Display


PALETTES = {
    "gray": "Grey",
    "jet": "Rainbow (clinical)",
    "inferno": "Inferno",
    "viridis": "Viridis",
    "cividis": "Cividis",
}
"""Colour maps that may be chosen for all maps instead of their own, which grow evenly brighter.

The rainbow does not: it is there for eyes that are used to it.
"""

IMAGES = {
    "peak": Image(
        "Peak",
        "Highest concentration of the curve; arteries stand out",
        Display("inferno", UpToPercentile(FEW_ABOVE)),
    ),
    "baseline": Image("Baseline", "Mean image before the bolus", Display("gray", Percentiles())),
}
"""What the page shows besides the maps; their buttons follow those of the maps."""


class Shown(TypedDict):
    """One volume as the page receives it; ``window`` are the ends of its colour bar.

    ``spread`` is the window of the volume ``…_sd``, None where there is none.
    """

    name: str
    title: str
    words: str
    unit: str
    colours: str
    window: Range
    spread: Range | None


def shown(view: View) -> list[Shown]:
    """Every volume that holds anything: the maps in the order of QUANTITIES, then IMAGES."""
    maps = [_map(view, quantity) for name, quantity in QUANTITIES.items() if _there(view, name)]
    return [*maps, *(_image(view, name) for name in IMAGES)]


def _there(view: View, name: str) -> bool:
    if name == "ttp":
        return True
    maps = view.maps
    return maps is not None and name in maps.units and bool(np.isfinite(maps.volume(name)).any())


def _map(view: View, quantity: Quantity) -> Shown:
    name, maps = quantity.name, view.maps
    return Shown(
        name=name,
        title=quantity.title,
        words=quantity.meaning,
        unit=unit(view, name),
        colours=quantity.display.colours,
        window=quantity.display.range(view.volume(name)[view.brain]),
        spread=None if maps is None or name not in maps.sd else maps.display_range(name + SD),
    )


def _image(view: View, name: str) -> Shown:
    image = IMAGES[name]
    return Shown(
        name=name,
        title=image.title,
        words=image.words,
        unit=concentration(view) if name == "peak" else "",
        colours=image.display.colours,
        window=image.display.range(view.volume(name)[view.brain]),
        spread=None,
    )


def unit(view: View, name: str) -> str:
    """The unit of a map as people read it."""
    return quantity_of(name).unit_of(view.series.relative).printed


def concentration(view: View) -> str:
    """The unit of the curves."""
    return "TE·ΔR2*" if view.series.relative else "1/s"


def ramps(names: set[str]) -> dict[str, str]:
    """Colour maps by name, each SHADES colours as one string of hexadecimals."""
    return {name: shades(name, SHADES).tobytes().hex() for name in sorted(names)}
