"""What the network sees: tissue curve and arterial input on one grid of time, free of units."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.physics import area

BEFORE, AFTER = 10, 70
"""Seconds before and after the artery's arrival that are seen, one sample a second."""
FINE = 10
"""Points a second that a sample is the mean of."""
SAMPLES = BEFORE + AFTER
SIZE = 2 * SAMPLES + 3
"""Tissue curve, arterial input; log dt, the share of the window that was measured, arrival."""
ARRIVED = 0.1
"""Share of the arterial peak at which its bolus has come."""


@dataclass(frozen=True, eq=False)
class Grid:
    """How curves of one arterial input (t,) every ``dt`` s come on the grid.

    ``matrix`` (t, SAMPLES) are means over a second of the curve joined by straight lines, zero
    outside the scan; ``known`` (SIZE − SAMPLES,) is what all voxels share. ``area`` is the arterial
    input's, in its unit·s.
    """

    matrix: Float[np.ndarray, "t samples"]
    known: Float[np.ndarray, " shared"]
    area: float

    @classmethod
    def of(cls, aif: Float[np.ndarray, " t"], dt: float) -> "Grid":
        """That of an arterial input."""
        arrival = dt * _crossing(aif)
        start = arrival - BEFORE
        fine = start + (np.arange(SAMPLES * FINE) + 0.5) / FINE
        frames = np.arange(aif.size)
        hats = np.maximum(1 - np.abs(fine[:, None] / dt - frames), 0)
        means = hats.reshape(SAMPLES, FINE, aif.size).mean(axis=1).T
        whole = float(area(aif, dt))
        seen = float(((fine >= 0) & (fine <= dt * frames[-1])).mean())
        shared = np.concatenate([10 * (aif @ means) / whole, [np.log(dt), seen, arrival / 30]])
        return cls(means, shared, whole)


def scaled(
    curves: Float[np.ndarray, "n t"], grid: Grid
) -> tuple[Float[np.ndarray, "n samples"], Float[np.ndarray, " n"]]:
    """Curves on the grid over their own root mean square there, and that ``scale`` (n,)."""
    seen = curves @ grid.matrix.astype(curves.dtype)
    scale = np.sqrt(np.einsum("ij,ij->i", seen, seen) / SAMPLES)
    scale = np.maximum(scale, np.finfo(curves.dtype).tiny)
    return seen / scale[:, None], scale


def _crossing(aif: np.ndarray) -> float:
    """Frame, between samples, at which the artery passes ARRIVED of its peak for the first time."""
    level = ARRIVED * aif.max()
    first = int(np.argmax(aif > level))
    if first == 0:
        return 0.0
    low, high = float(aif[first - 1]), float(aif[first])
    return first - 1 + (level - low) / (high - low)
