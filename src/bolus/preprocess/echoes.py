"""Two echoes of one series as a series of one, in which T1 has no part."""

import hashlib
import math
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from bolus.data import DSCSeries, SeriesError

VISIBLE = 4.0
"""SDs of noise above which the signal of an echo is believed."""
LEAST = 8
"""Frames in which both echoes of a voxel are visible, at least, to tell how they go together."""
QUIET = 0.25
"""Share of the steps from frame to frame, the smallest, that noise is measured by."""
BLOCK = 16384
"""Voxels handled at a time, and about as many that noise is measured in: bounds the memory."""


def two_echoes(first: DSCSeries, second: DSCSeries) -> DSCSeries:
    """One series of two echoes of the same excitations: their ratio, at the difference of TE.

    S2/S1 = e^(−(TE2 − TE1)·R2*): what T1 does to both cancels, so that ΔR2* of it is free of the T1
    effect of agent that leaked. The signal is that ratio times a constant of the voxel, by which
    its mean is about that of the second echo; ``te`` is TE2 − TE1, and ``echoes`` holds both.

    Where the second echo is lost in noise, at the peak of an artery, the first one alone says what
    R2* is, −ln S1/TE1, continued from the frames in which both are seen: T1 matters least there.
    Voxels in which the first echo is lost keep the second echo as it is: air, and no tissue.

    Source: Newbould et al., Magn Reson Med 2007;58:70.

    Raises SeriesError for series that do not go together, or whose echo times are not known, or not
    rising.
    """
    _check(first, second)
    assert first.te is not None
    assert second.te is not None
    noise = tuple(_noise(one.signal) for one in (first, second))
    signal = np.empty(second.signal.shape, dtype=np.float32)
    flat, *both = (one.reshape(-1, one.shape[3]) for one in (signal, first.signal, second.signal))
    for start in range(0, len(flat), BLOCK):
        rows = slice(start, start + BLOCK)
        flat[rows] = _combined(both[0][rows], both[1][rows], (first.te, second.te), noise)
    told = f"{first.source.checksum} {second.source.checksum}".encode()
    checksum = hashlib.sha256(told).hexdigest() if first.source.checksum else ""
    return replace(
        first,
        signal=signal,
        te=second.te - first.te,
        echoes=(first.te, second.te),
        source=replace(first.source, checksum=checksum),
    )


def _check(first: DSCSeries, second: DSCSeries) -> None:
    if first.signal.shape != second.signal.shape or not np.allclose(
        first.grid.affine, second.grid.affine, atol=1e-3
    ):
        raise SeriesError(
            f"two echoes lie on one grid and have the same frames, found {first.signal.shape} and "
            f"{second.signal.shape}"
            + (" at different places" if first.signal.shape == second.signal.shape else "")
        )
    if abs(first.dt - second.dt) > 1e-4 * first.dt:
        raise SeriesError(
            f"two echoes have one time between frames, found {first.dt:g} and {second.dt:g} s"
        )
    if first.te is None or second.te is None or not first.te < second.te:
        raise SeriesError(
            "the echo times of two echoes must be known and rise, found "
            f"{_told(first.te)} and {_told(second.te)}"
        )


def _told(te: float | None) -> str:
    return "none" if te is None else f"{te:g} s"


def _noise(signal: Float[np.ndarray, "x y z t"]) -> float:
    """SD of the noise of a series, from the lowest quarter of its steps from frame to frame.

    They are those of noise, √2 of its SD, where no bolus passes. The median over voxels with more
    than a tenth of the highest signal.
    """
    level = signal.mean(axis=3)
    seen = signal[level > 0.1 * np.nanpercentile(level, 99)]
    seen = seen[:: 1 + len(seen) // BLOCK].astype(float)
    steps = np.abs(np.diff(seen, axis=1))
    quiet = np.nanquantile(steps, QUIET, axis=1) / ndtri((1 + QUIET) / 2)
    return float(np.nanmedian(quiet)) / math.sqrt(2)


def _combined(
    one: Float[np.ndarray, "n t"],
    other: Float[np.ndarray, "n t"],
    echo_times: tuple[float, float],
    noise: tuple[float, ...],
) -> Float[np.ndarray, "n t"]:
    """The signal of voxels (n, t); see ``two_echoes``."""
    te, later = echo_times
    shown = one > VISIBLE * noise[0]
    both = shown & (other > VISIBLE * noise[1])
    usable = both.sum(axis=1) >= LEAST
    logs = [np.log(np.where(both, s, 1.0), dtype=np.float64) for s in (one, other)]
    fall = (logs[1] - logs[0]) / (later - te)
    count = np.maximum(both.sum(axis=1, keepdims=True), 1)
    middle = np.sum(fall, axis=1, keepdims=True, where=both) / count
    alone = np.log(np.where(shown, one, VISIBLE * noise[0] or 1.0), dtype=np.float64) / te
    level = np.sum(alone, axis=1, keepdims=True, where=both) / count
    change = np.where(both, fall - middle, alone - level)
    scale = np.sum(other, axis=1, keepdims=True, where=both) / count
    combined = scale * np.exp((later - te) * change)
    return np.where(usable[:, None] & np.isfinite(one + other), combined, other).astype(np.float32)
