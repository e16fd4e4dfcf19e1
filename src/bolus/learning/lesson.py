"""What a surrogate network is taught: the maps that a method makes of every series."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from bolus.data import InputError, TissueCurves
from bolus.estimators import METHODS, estimator
from bolus.patient.estimate import perfusion_of
from bolus.patient.measure import Measured

TAUGHT = ("cbv", "cbf", "tmax")
"""Maps of the teacher that are kept, in this order: a ratio, 1/s and s."""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """The method ``target`` teaches its maps, voxel by voxel or by whole ``slices``.

    Raises InputError for a name that METHODS does not hold.
    """

    target: str
    slices: bool = False

    def __post_init__(self) -> None:
        if self.target not in METHODS:
            raise InputError(f"the target is one of {', '.join(METHODS)}, found '{self.target}'")

    def of(
        self,
        measured: Measured,
        curves: TissueCurves,
        usable: Bool[np.ndarray, " n"],
        most: int,
        rng: np.random.Generator,
    ) -> "tuple[Int[np.ndarray, ' m'], Mapping[str, np.ndarray]]":
        """Rows of ``curves`` to be kept, ``most`` at most, and what belongs to each.

        'targets' (m, maps) are the teacher's, NaN where the curve is not usable or it has none;
        'pixels' (m, 5) the places and the sides of their slice. By slices, whole ones are kept
        until ``most`` is reached.
        """
        found = perfusion_of(measured, curves, estimator(self.target))
        targets = np.stack([getattr(found, name) for name in TAUGHT], axis=1)
        targets[~usable] = np.nan
        pixels = np.argwhere(measured.series.mask)
        if not self.slices:
            known = np.flatnonzero(usable & np.isfinite(targets).all(axis=1))
            rows = rng.permutation(known)[:most]
        else:
            finite = np.isfinite(curves.curves).all(axis=1)
            rows = _slices(pixels[:, 2], finite, usable, most, rng)
        sides = np.broadcast_to(measured.series.mask.shape[:2], (len(rows), 2))
        return rows, {"targets": targets[rows], "pixels": np.hstack([pixels[rows], sides])}


def _slices(
    level: Int[np.ndarray, " n"],
    finite: Bool[np.ndarray, " n"],
    usable: Bool[np.ndarray, " n"],
    most: int,
    rng: np.random.Generator,
) -> Int[np.ndarray, " m"]:
    """Rows of whole slices in random order, one after the other; at least one slice."""
    kept: list[np.ndarray] = []
    for number in rng.permutation(np.unique(level[usable])):
        rows = np.flatnonzero((level == number) & finite)
        if kept and sum(map(len, kept)) + len(rows) > most:
            break
        kept.append(rows)
    return np.concatenate(kept) if kept else np.empty(0, dtype=np.intp)
