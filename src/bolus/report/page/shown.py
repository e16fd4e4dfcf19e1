"""The maps that a page shows, and how."""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from bolus.data import PerfusionMaps
from bolus.report.overview import PANELS, window

SHORT = {
    "cbf": "CBF",
    "cbv": "CBV",
    "cbv_corrected": "CBV corrected",
    "mtt": "MTT",
    "delay": "Delay",
    "tmax": "Tmax",
    "ttp": "TTP",
    "k2": "K2",
    "misfit": "Misfit",
}
LONG = {
    "cbf": "blood flow",
    "cbv": "blood volume",
    "cbv_corrected": "blood volume, leakage off",
    "mtt": "mean transit time",
    "delay": "arrival after the arterial input",
    "tmax": "time to maximum of the response",
    "ttp": "time to peak of the curve",
    "k2": "leakage; above 0 where T1 shortens",
    "misfit": "residual over noise; 1 is a good fit",
}
"""Every map that a page may show, in its order."""
SIGNED = "signed"
"""Colours of a map with a middle at 0: blue below, dark there, orange above."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """A map with its words, ``unit``, name of ``colours``, window (``low``, ``high``) and SD.

    ``volume`` and ``sd`` (x, y, z) are in ``unit``; ``digits`` are those worth printing.
    """

    name: str
    title: str
    meaning: str
    unit: str
    colours: str
    low: float
    high: float
    volume: Float[np.ndarray, "x y z"]
    sd: Float[np.ndarray, "x y z"] | None

    @property
    def digits(self) -> int:
        """Decimals worth printing: one for a window of 100 and more, two from 1 on, then more."""
        power = math.floor(math.log10(self.high - self.low))
        return 1 if power > 1 else min(8, 2 - min(power, 0))


def shown_maps(maps: PerfusionMaps) -> tuple[Shown, ...]:
    """Every map with at least one finite value, in the order of a page.

    Tmax is left out where the method gives it no other value than the delay.
    """
    same = np.array_equal(maps.tmax, maps.delay, equal_nan=True)
    there = (name for name in LONG if name in maps.units and not (same and name == "tmax"))
    found = [
        _shown(maps, name) for name in there if np.isfinite(maps.volume(name)[maps.mask]).any()
    ]
    both = "arrival; Tmax is the same"
    return tuple(replace(s, meaning=both) if same and s.name == "delay" else s for s in found)


def unit_of(maps: PerfusionMaps, name: str) -> str:
    """The unit of a map as a reader takes it."""
    unit = maps.units[name]
    if unit == "relative":
        return "relative"
    return "× noise" if name == "misfit" else unit.replace("/100g", "/100 g")


def _shown(maps: PerfusionMaps, name: str) -> Shown:
    volume = np.where(maps.mask, maps.volume(name), np.nan)
    colours, (low, high) = _colours(name, volume)
    return Shown(
        name=name,
        title=SHORT[name],
        meaning=LONG[name],
        unit=unit_of(maps, name),
        colours=colours,
        low=low,
        high=high,
        volume=volume,
        sd=maps.sd.get(name),
    )


def _colours(name: str, volume: np.ndarray) -> tuple[str, tuple[float, float]]:
    if name == "misfit":
        return "magma", (0.0, 4.0)
    if name == "k2":
        reach = float(np.percentile(np.abs(volume[np.isfinite(volume)]), 98)) or 1.0
        return SIGNED, (-reach, reach)
    panel = PANELS[name]
    return panel.colours, _round(*window(volume, panel))


def _round(low: float, high: float) -> tuple[float, float]:
    """Limits with two or three figures, for a colour bar's ends are read."""
    step = 10.0 ** (math.floor(math.log10(high - low)) - 1)
    return math.floor(low / step) * step, math.ceil(high / step) * step
