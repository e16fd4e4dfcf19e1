"""One template's amplitude under a bounded log-uniform prior."""

import numpy as np
from scipy.special import log_ndtr

NEAR = 6.0
"""Bounds further than this many SDs away from the estimate do not matter."""
WIDEST = 0.15
"""Relative variance at which the expansion in it stops."""


def marginalise(
    amplitude: np.ndarray, precision: np.ndarray, bounds: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean log-amplitude and log-weight of every template, (voxels, cells) both.

    The likelihood of an amplitude A is exp(p·(Â² − (A − Â)²)/2), the prior 1/A between ``bounds``.
    With m and v the mean and variance of the Gaussian cut at the bounds, Z its mass between them
    and r = v/m², the second-order expansion of 1/A and ln A about m gives the weight
    exp(Â²p/2)·√(2π/p)·Z·(1 + r)/m and the mean ln m − 3r/2, clamped to the bounds.
    """
    root = np.sqrt(np.broadcast_to(precision, amplitude.shape))
    low, high = (bounds[0] - amplitude) * root, (bounds[1] - amplitude) * root
    mean, spread, log_mass = amplitude.copy(), np.ones_like(amplitude), np.zeros_like(amplitude)
    near = (low > -NEAR) | (high < NEAR)
    shift, spread[near], log_mass[near] = _truncated(
        low[near].astype(float), high[near].astype(float)
    )
    mean[near] += shift / root[near]
    np.clip(mean, *bounds, out=mean)
    relative = np.minimum(spread / (mean * root) ** 2, WIDEST)
    log_mean = np.clip(np.log(mean) - 1.5 * relative, *np.log(bounds).tolist())
    log_weight = 0.5 * (amplitude * root) ** 2 + log_mass + np.log1p(relative)
    return log_mean, log_weight - np.log(mean) - np.log(root)


def _truncated(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, variance and log-mass of a standard Gaussian between bounds, stable in both tails."""
    right = low > 0
    a, b = np.where(right, -high, low), np.where(right, -low, high)
    log_b = log_ndtr(b)
    log_mass = log_b + np.log1p(-np.exp(np.minimum(log_ndtr(a) - log_b, -1e-12)))
    constant = 0.5 * np.log(2 * np.pi) + log_mass
    at_a, at_b = np.exp(-0.5 * a**2 - constant), np.exp(-0.5 * b**2 - constant)
    mean = at_a - at_b
    variance = np.clip(1 + a * at_a - b * at_b - mean**2, 0, 1)
    return np.where(right, -mean, mean), variance, log_mass
