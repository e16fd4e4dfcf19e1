"""One template's amplitude under a bounded log-uniform prior."""

import numpy as np
from scipy.special import log_ndtr

NEAR = 6.0
"""Bounds further than this many SDs away from the estimate do not matter."""


def marginalise(
    amplitude: np.ndarray, precision: np.ndarray, bounds: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean amplitude and log-weight of every template, (voxels, cells) both.

    The likelihood of an amplitude A is exp(p·(A² − (A − Â)²)/2), the prior 1/A between ``bounds``.
    1/A is taken at the mean of the truncated Gaussian, m, so that the weight is
    exp(Â²p/2)·√(2π/p)·Z/m, with Z the Gaussian's mass between the bounds.
    """
    root = np.sqrt(np.broadcast_to(precision, amplitude.shape))
    low, high = (bounds[0] - amplitude) * root, (bounds[1] - amplitude) * root
    mean, log_mass = amplitude.copy(), np.zeros_like(amplitude)
    near = (low > -NEAR) | (high < NEAR)
    shift, log_mass[near] = _truncated(low[near].astype(float), high[near].astype(float))
    mean[near] += shift / root[near]
    np.clip(mean, *bounds, out=mean)
    return mean, 0.5 * (amplitude * root) ** 2 + log_mass - np.log(mean) - np.log(root)


def _truncated(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and log-mass of a standard Gaussian between two bounds, stable in both tails."""
    right = low > 0
    a, b = np.where(right, -high, low), np.where(right, -low, high)
    log_b = log_ndtr(b)
    log_mass = log_b + np.log1p(-np.exp(np.minimum(log_ndtr(a) - log_b, -1e-12)))
    constant = 0.5 * np.log(2 * np.pi) + log_mass
    mean = np.exp(-0.5 * a**2 - constant) - np.exp(-0.5 * b**2 - constant)
    return np.where(right, -mean, mean), log_mass
