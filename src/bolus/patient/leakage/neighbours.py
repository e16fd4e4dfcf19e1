"""Curves of voxels whose signal is averaged with that of the neighbours that agree."""

from itertools import product

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array

from bolus.data import LeakagePlaces
from bolus.physics.signal import delta_r2star, signal_from_r2star

PARTS = 5
"""Parts of a series whose mean signals are compared; the first is before the bolus."""
AGREES = 4.0
"""SDs of noise by which the signals of two voxels that agree differ at most, in every part."""


def averaged_with_neighbours(
    tissue: Float[np.ndarray, "n t"],
    noise_sd: Float[np.ndarray, " n"],
    te: float,
    places: LeakagePlaces,
) -> tuple[Float[np.ndarray, "n t"], Float[np.ndarray, " n"]]:
    """ΔR2* (n, t) of the mean signal of each voxel and its neighbours, and the noise SD (n,) of it.

    Neighbours are the up to 26 that touch a voxel, are as it is inside or outside the tumour, and
    agree with it. The signal is averaged, not its logarithm: S0·e^(−TE·ΔR2*), where S0 goes with
    1/σ, for the noise of the signal is everywhere the same. A logarithm of noise is no mean of
    zero: E[−ln(S + n)] ≈ −ln S + σ²/(2·S²).
    """
    relative = np.maximum(noise_sd * te, np.finfo(np.float32).tiny)
    s0, signal = 1 / relative, signal_from_r2star(tissue, 1.0, te)
    one, other = _agreeing(signal, relative, places)
    n = len(tissue)
    weights = csr_array((s0[other], (one, other)), shape=(n, n))
    total, count = weights @ np.ones(n), np.bincount(one, minlength=n)
    mean = weights @ signal / total[:, None]
    return np.asarray(delta_r2star(mean, 1.0, te)), np.sqrt(count) / total / te


def _agreeing(
    signal: Float[np.ndarray, "n t"], relative: Float[np.ndarray, " n"], places: LeakagePlaces
) -> tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]:
    """Pairs of rows that agree, each with itself and both ways round."""
    parts = np.array_split(np.arange(signal.shape[1]), PARTS)[1:]
    level = np.stack([signal[:, part].mean(axis=1) for part in parts], axis=1)
    variance = relative[:, None] ** 2 / np.array([part.size for part in parts])
    padded = places.index - places.index.min(axis=0, initial=0) + 1
    rows = np.full(padded.max(axis=0, initial=0) + 2, -1)
    rows[tuple(padded.T)] = every = np.arange(len(signal))
    pairs = [(every, every)]
    for step in product((-1, 0, 1), repeat=3):
        if step <= (0, 0, 0):
            continue
        near = rows[tuple((padded + step).T)]
        one = np.flatnonzero(near >= 0)
        other = near[one]
        apart = (level[one] - level[other]) ** 2 / (variance[one] + variance[other])
        agree = (apart <= AGREES**2).all(axis=1) & (places.tumor[one] == places.tumor[other])
        pairs += [(one[agree], other[agree]), (other[agree], one[agree])]
    return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])
