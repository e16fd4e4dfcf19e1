"""Fractional tumour burden, and the spread of normalised CBV in a tumour."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Bool, Float

from bolus.data.measures import Measurement
from bolus.data.options import Burden
from bolus.findings.draws import TumorVolume, expected
from bolus.grading import hotspot

Statistic = Callable[[Float[np.ndarray, " n"]], float]


def burden_numbers(volume: TumorVolume, burden: Burden) -> tuple[Measurement, ...]:
    """Median, 95th percentile, hot spot, and the classes of ``burden`` in %, each expected.

    Means over draws of what the voxels may truly be: a count above a threshold in the map itself is
    off where noise, or a method that smooths it, changes the spread. Of a method without SDs they
    are those of the map, without interval.
    """
    asked = statistics_of(volume.where, burden)
    found = {name: [ask(volume.values)] for name, ask in asked.items()}
    if volume.sd is not None:
        drawn = list(_drawn(volume, asked))
        found = {name: [one[name] for one in drawn] for name in asked}
    return tuple(_measurement(name, values, volume, burden) for name, values in found.items())


def statistics_of(where: Bool[np.ndarray, "x y z"], burden: Burden) -> Mapping[str, Statistic]:
    """What is asked of the normalised CBV (n,) of a tumour's voxels ``where``, by measure."""
    near = where[tuple(slice(at.min(), at.max() + 1) for at in np.nonzero(where))]

    def hottest(values: Float[np.ndarray, " n"]) -> float:
        grid = np.zeros(near.shape)
        grid[near] = values
        return hotspot(grid, near)[0]

    def share(low: float, high: float) -> Statistic:
        return lambda values: 100 * float(((values >= low) & (values <= high)).mean())

    above = float(np.nextafter(burden.high, np.inf))
    below = float(np.nextafter(burden.low, -np.inf))
    return {
        "cbv_ratio_median": lambda values: float(np.median(values)),
        "cbv_ratio_p95": lambda values: float(np.quantile(values, 0.95)),
        "cbv_ratio_hotspot": hottest,
        "burden_low": share(-np.inf, below),
        "burden_middle": share(burden.low, burden.high),
        "burden_high": share(above, np.inf),
    }


def _drawn(volume: TumorVolume, asked: Mapping[str, Statistic]) -> list[dict[str, float]]:
    return [{name: ask(values) for name, ask in asked.items()} for values in volume.draws()]


def _measurement(
    name: str, values: list[float], volume: TumorVolume, burden: Burden
) -> Measurement:
    value, interval = expected(values)
    return Measurement(
        measure=name,
        region="tumor",
        value=value,
        interval=None if volume.sd is None else interval,
        voxels=int(volume.values.size),
        note=burden.sentence if name == "burden_low" else "",
    )
