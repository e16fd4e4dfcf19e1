"""How volumes are shown: names, units, colours, the span of the colour bar."""

from typing import TypedDict

import numpy as np

from bolus.report.overview import PANELS, Panel, window
from bolus.viewer.view import View

SHADES = 256
TITLES = {
    "cbf": "CBF",
    "cbv": "CBV",
    "cbv_corrected": "CBV corrected",
    "mtt": "MTT",
    "tmax": "Tmax",
    "delay": "Delay",
    "ttp": "TTP",
    "k2": "K2",
    "misfit": "Misfit",
    "peak": "Peak",
    "baseline": "Baseline",
}
"""In the order of the buttons."""
WORDS = {
    "cbf": "Cerebral blood flow",
    "cbv": "Cerebral blood volume",
    "cbv_corrected": "Cerebral blood volume of curves corrected for leakage",
    "mtt": "Mean transit time",
    "tmax": "Time of the maximum of the impulse response",
    "delay": "Arrival after the arterial input",
    "ttp": "Time to the peak of the curve, from the first used frame",
    "k2": "Leakage, positive where T1 shortens",
    "misfit": "Residual over noise; about 1 where the curve is explained",
    "peak": "Highest concentration of the curve; arteries stand out",
    "baseline": "Mean image before the bolus",
}
OTHERS = {
    "k2": Panel("", "cividis", None),
    "misfit": Panel("", "magma", None),
    "peak": Panel("", "inferno", None),
    "baseline": Panel("", "gray", None),
}
"""As PANELS, for what the picture of a result does not hold or shows in another way."""
SPANS = {"misfit": (0.0, 4.0)}
FEW_ABOVE = 99.8
"""Percentile of the peaks at which their colour bar ends, so that arteries differ in colour."""


class Shown(TypedDict):
    """One volume as the page is told of it; ``window`` are the ends of its colour bar.

    ``spread`` is the window of the volume ``…_sd``, None where there is none.
    """

    name: str
    title: str
    words: str
    unit: str
    colours: str
    window: tuple[float, float]
    spread: tuple[float, float] | None


def shown(view: View) -> list[Shown]:
    """Every volume that holds anything, in the order of TITLES."""
    names = [name for name in TITLES if _there(view, name)]
    return [_shown(view, name) for name in names]


def _there(view: View, name: str) -> bool:
    if name in ("baseline", "peak", "ttp"):
        return True
    maps = view.maps
    return maps is not None and name in maps.units and bool(np.isfinite(maps.volume(name)).any())


def _shown(view: View, name: str) -> Shown:
    panel = OTHERS.get(name) or PANELS[name]
    inside = view.volume(name)[view.brain]
    return Shown(
        name=name,
        title=TITLES[name],
        words=WORDS[name],
        unit=unit(view, name),
        colours=panel.colours,
        window=_window(name, inside, panel),
        spread=_spread(view, name, panel),
    )


def _window(name: str, inside: np.ndarray, panel: Panel) -> tuple[float, float]:
    finite = inside[np.isfinite(inside)]
    if name == "peak" and finite.size:
        return 0.0, float(np.percentile(finite, FEW_ABOVE))
    return SPANS.get(name) or window(inside, panel)


def _spread(view: View, name: str, panel: Panel) -> tuple[float, float] | None:
    if view.maps is None or name not in view.maps.sd:
        return None
    return window(view.maps.sd[name][view.brain], panel._replace(medians=3))


def unit(view: View, name: str) -> str:
    """The unit of a volume as people write it; '' where it has none."""
    if name == "baseline":
        return ""
    if name == "peak":
        return concentration(view)
    told = "s" if view.maps is None else view.maps.units[name]
    if told == "relative":
        return "1/s, relative" if name == "cbf" else "relative"
    return {"mL/100g/min": "mL/100 g/min", "mL/100g": "mL/100 g", "1": ""}.get(told, told)


def concentration(view: View) -> str:
    """The unit of the curves."""
    return "TE·ΔR2*" if view.series.relative else "1/s"


def ramps(names: set[str]) -> dict[str, str]:
    """Colour maps of matplotlib by name, each SHADES colours as one string of hexadecimals."""
    from matplotlib import colormaps

    shades = np.linspace(0, 1, SHADES)
    return {
        name: colormaps[name](shades, bytes=True)[:, :3].astype(np.uint8).tobytes().hex()
        for name in sorted(names)
    }
