"""The maps that a page shows, and how."""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from bolus.data import QUANTITIES, PerfusionMaps


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
    there = (name for name in QUANTITIES if name in maps.units and not (same and name == "tmax"))
    found = [
        _shown(maps, name) for name in there if np.isfinite(maps.volume(name)[maps.mask]).any()
    ]
    both = f"{QUANTITIES['delay'].meaning}; Tmax is the same"
    return tuple(replace(s, meaning=both) if same and s.name == "delay" else s for s in found)


def _shown(maps: PerfusionMaps, name: str) -> Shown:
    quantity = QUANTITIES[name]
    low, high = maps.display_range(name)
    return Shown(
        name=name,
        title=quantity.title,
        meaning=quantity.meaning,
        unit=maps.unit(name).printed,
        colours=quantity.display.colours,
        low=low,
        high=high,
        volume=np.where(maps.mask, maps.volume(name), np.nan),
        sd=maps.sd.get(name),
    )
