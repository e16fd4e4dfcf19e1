"""Curves as they would have been sampled at other times."""

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline


def sampled_later(
    curves: Float[np.ndarray, "n t"], seconds: float, dt: float
) -> Float[np.ndarray, "n t"]:
    """Curves sampled every ``dt`` s, as if each sample had been taken ``seconds`` later.

    By cubic splines; past either end the curve stays at its last value. ``seconds`` may be
    negative.
    """
    frames = np.arange(curves.shape[1])
    at = np.clip(frames + seconds / dt, 0, frames[-1])
    return np.asarray(CubicSpline(frames, curves, axis=1)(at), dtype=curves.dtype)
