"""The noise of curves, read before the bolus."""

import numpy as np
from jaxtyping import Float

ARRIVED = 0.05
"""Share of the arterial peak at which its bolus has begun."""
ENOUGH = 6
"""Frames before the bolus that are enough to read noise from."""


def steady_frames(aif: Float[np.ndarray, " t"]) -> int:
    """Frames before the artery's bolus but for the last, −1 where it begins at once."""
    return int(np.argmax(aif > ARRIVED * aif.max())) - 1


def baseline_noise(
    tissue: Float[np.ndarray, "n t"], aif: Float[np.ndarray, " t"]
) -> Float[np.ndarray, "n 1"]:
    """SD before the artery's bolus, or of second differences where there is too little before it.

    White noise of SD σ has second differences of SD √6·σ.
    """
    before = steady_frames(aif)
    if before >= ENOUGH:
        noise = tissue[:, :before].std(axis=1, ddof=1)
    else:
        noise = np.median(np.abs(np.diff(tissue, 2, axis=1)), axis=1) / (0.6745 * np.sqrt(6))
    floor = 1e-4 * np.abs(tissue).max(axis=1)
    return np.maximum(np.maximum(noise, floor), np.finfo(tissue.dtype).tiny)[:, None]
