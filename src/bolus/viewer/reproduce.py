"""Whether a stored result can be made again from the series kept beside it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from bolus.base.progress import Reporter
from bolus.data import PerfusionMaps, SeriesError, quantity_of
from bolus.estimators import Estimator
from bolus.io import KEPT
from bolus.patient import estimate
from bolus.viewer.view import Result

NEAR = 0.01
"""Values agree within so much of the larger, and of the map's median size."""
MOST = 0.01
"""Share of voxels that may disagree: rounding may move a threshold of the method there."""


def check_reproducible(
    result: Result, chosen: Estimator, name: str, folder: Path, reporter: Reporter
) -> None:
    """Make the maps of a stored result again and hold each against the stored one.

    Raises SeriesError, with the map that disagrees most, where more than MOST of the brain's voxels
    do: then the kept series is not that of the maps, and new maps of it would be wrong.
    """
    reporter.step("making the present maps again")
    again = estimate(result.measured, chosen, name=name)
    shares = disagreement(result.maps, again)
    worst = max(shares, key=lambda which: shares[which])
    if shares[worst] > MOST:
        was, now = (float(np.nanmedian(maps.volume(worst))) for maps in (result.maps, again))
        raise SeriesError(
            f"{folder / KEPT}: maps made of it are not the ones beside it: {worst} differs in "
            f"{100 * shares[worst]:.0f} % of the brain (median {was:.4g} stored, {now:.4g} made "
            "again), so the result stays as it is; make it anew from the source with bolus maps"
        )


def disagreement(one: PerfusionMaps, other: PerfusionMaps) -> Mapping[str, float]:
    """Share of the brain's voxels in which two results disagree, by the name of the map.

    Maps that change with the regions are left out: these may have been drawn anew.
    """
    return {
        name: _share(one.volume(name)[one.mask], other.volume(name)[one.mask])
        if name in other.units
        else 1.0
        for name in one.units
        if not quantity_of(name).regional
    }


def _share(one: Float[np.ndarray, " n"], other: Float[np.ndarray, " n"]) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    size = float(np.median(np.abs(one[known]))) if known.any() else 0.0
    limit = NEAR * (np.maximum(np.abs(one), np.abs(other)) + size)
    with np.errstate(invalid="ignore"):
        apart = np.abs(one - other) > limit
    return float(np.mean(np.where(known, apart, np.isfinite(one) != np.isfinite(other))))
