"""The noise of curves: its size, what it does over time, and samples that are censored."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

LEAST = 1e-7
"""Of the arterial peak: an SD under it is that of no measured curve."""


class Noise(NamedTuple):
    """Noise of n curves.

    ``mean`` (n, 1) is the root mean square SD of the samples that have weight, ``shape`` (n, t) or
    (n, 1) the SD of every sample over it, infinite where one is censored; curves of the same
    ``pattern`` (n,) have the same samples censored.
    """

    mean: Float[np.ndarray, "n 1"]
    shape: Float[np.ndarray, "n t"]
    pattern: Int[np.ndarray, " n"]


def noise_of(sd: Float[np.ndarray, "n t"], dtype: np.dtype) -> Noise:
    """From the SD of every sample, (n, t) or (n, 1), infinite in censored ones.

    In units of the arterial peak; never under LEAST, and in a precision ``dtype``.
    """
    sd = np.maximum(sd, LEAST).astype(dtype)
    kept = np.isfinite(sd)
    if kept.all():
        mean = np.sqrt(np.square(sd).mean(axis=1, keepdims=True))
        return Noise(mean, sd / mean, np.zeros(len(sd), dtype=np.intp))
    power = np.square(np.where(kept, sd, 0)).sum(axis=1, keepdims=True)
    mean = np.sqrt(power / kept.sum(axis=1, keepdims=True))
    pattern = np.unique(kept, axis=0, return_inverse=True)[1].ravel()
    return Noise(mean, sd / mean, pattern)


def weights(shape: Float[np.ndarray, "rows k"], frames: int) -> Float[np.ndarray, " t"]:
    """Weight of each of so many samples, 1 over the mean relative variance of the rows.

    ``shape`` is (rows, t) or (rows, 1).
    """
    weight = 1 / np.square(shape).mean(axis=0)
    return np.broadcast_to(weight, (frames,))
