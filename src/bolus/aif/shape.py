"""Shape of concentration curves: height, rise, width and return."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.ndimage import gaussian_filter1d

SMOOTHING = 0.8
"""SD in s of the Gaussian that curves of single voxels are smoothed with before measuring."""


class Shape(NamedTuple):
    """Shape of n curves; times in s from the first frame, ``height`` in the curves' unit.

    ``rise`` is the time at which the curve first reaches half its height on the way to its peak,
    ``width`` the full width at half maximum (infinite where the curve never falls to half again),
    ``rest`` the mean after the first pass, as a fraction of the height, and ``roughness`` the
    root mean square of the second differences as a fraction of the height.
    """

    height: Float[np.ndarray, " n"]
    peak: Float[np.ndarray, " n"]
    rise: Float[np.ndarray, " n"]
    width: Float[np.ndarray, " n"]
    rest: Float[np.ndarray, " n"]
    roughness: Float[np.ndarray, " n"]


def shape_of(curves: Float[np.ndarray, "n t"], dt: float, smoothing: float = 0.0) -> Shape:
    """Shape of curves (n, t) at intervals of ``dt`` s, after smoothing by ``smoothing`` s.

    Half-maximum crossings are interpolated linearly. A curve that is nowhere positive has NaN
    everywhere but in ``height``.
    """
    values = np.asarray(curves, dtype=float)
    if smoothing > 0:
        values = gaussian_filter1d(values, smoothing / dt, axis=1)
    n, t = values.shape
    top = np.argmax(values, axis=1)
    height = values[np.arange(n), top]
    relative = values / np.where(height > 0, height, np.nan)[:, None]
    rise, fall = _crossings(relative, top)
    behind = np.arange(t) > (2 * fall - rise)[:, None]
    count = behind.sum(axis=1)
    rest = np.where(behind, relative, 0.0).sum(axis=1) / np.maximum(count, 1)
    bend = np.diff(relative, n=2, axis=1)
    return Shape(
        height=height,
        peak=np.where(height > 0, top * dt, np.nan),
        rise=rise * dt,
        width=(fall - rise) * dt,
        rest=np.where(count > 0, rest, np.nan),
        roughness=np.sqrt(np.mean(bend**2, axis=1)),
    )


def _crossings(
    relative: Float[np.ndarray, "n t"], top: Int[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Frames (fractional) of the half-maximum crossings before and after the peak."""
    n, t = relative.shape
    frames, rows = np.arange(t), np.arange(n)
    low = relative < 0.5
    before = np.where(low & (frames < top[:, None]), frames, -1).max(axis=1)
    after = np.where(low & (frames > top[:, None]), frames, t).min(axis=1)
    i, j = np.maximum(before, 0), np.minimum(after, t - 1)
    up = relative[rows, np.minimum(i + 1, t - 1)] - relative[rows, i]
    down = relative[rows, np.maximum(j - 1, 0)] - relative[rows, j]
    with np.errstate(invalid="ignore", divide="ignore"):
        rise = np.where(before >= 0, i + (0.5 - relative[rows, i]) / up, 0.0)
        fall = np.where(after < t, j - (0.5 - relative[rows, j]) / down, np.inf)
    known = np.isfinite(relative[rows, top])
    return np.where(known, rise, np.nan), np.where(known, fall, np.nan)
