"""Oxygen extraction by capillaries of many transit times.

A capillary of transit time τ takes blood of oxygen content C along its length x by
dC/dx = −kτ·(α·P50·(C/(B − C))^(1/h) − α·Pt). What it extracts is Q(τ) = 1 − C(1)/C(0), and a
network whose transit times have the density h(τ) extracts OEFmax = ∫ h(τ)·Q(τ) dτ at most.
Source: Jespersen & Østergaard, J Cereb Blood Flow Metab 2012;32:264.
"""

from functools import cache

import numpy as np
from jaxtyping import Float
from scipy.interpolate import RectBivariateSpline
from scipy.special import gammaincinv

RATE = 118.0
"""k, by which oxygen leaves capillaries, 1/s; fitted by the source to a resting brain."""
HENRY = 3.1e-5
"""α, solubility of oxygen in plasma, mL/mL/mmHg."""
HALF_PRESSURE = 26.0
"""P50, at which haemoglobin is half saturated, mmHg."""
HILL = 2.8
"""h, Hill's exponent."""
CAPACITY = 0.1943
"""B, oxygen that haemoglobin of blood can bind, mL/mL."""
SATURATION = 0.95
"""Share of B that arterial blood holds."""
TISSUE_PRESSURE = 25.0
"""Pt, oxygen tension of tissue, mmHg, the same everywhere."""
_MTTS = np.geomspace(0.1, 100.0, 41)
_SHAPES = np.geomspace(0.05, 100.0, 41)
_SHARES = (np.arange(200) + 0.5) / 200


def extraction(transit: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Share Q of the oxygen that a capillary of ``transit`` time s extracts, any shape.

    The equation is solved for the time that a content is reached after.
    """
    content, time = _descent()
    left = np.interp(transit, time, content)
    return np.asarray(1 - left / content[0])


@cache
def _descent() -> tuple[np.ndarray, np.ndarray]:
    """Falling oxygen contents, mL/mL, and the time in s at which blood has come down to each."""
    ratio = TISSUE_PRESSURE / HALF_PRESSURE
    lowest = CAPACITY * ratio**HILL / (1 + ratio**HILL)
    highest = SATURATION * CAPACITY
    content = lowest + (highest - lowest) * np.geomspace(1, 1e-9, 20_001)
    pressure = HALF_PRESSURE * (content / (CAPACITY - content)) ** (1 / HILL)
    slowness = 1 / (RATE * HENRY * (pressure - TISSUE_PRESSURE))
    steps = -np.diff(content) * (slowness[1:] + slowness[:-1]) / 2
    return content, np.concatenate([[0.0], np.cumsum(steps)])


def oef_max(
    mtt: Float[np.ndarray, "..."], shape: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """OEFmax of gamma-distributed transit times of mean ``mtt`` s and ``shape``, broadcast.

    Read from a table over 0.1 to 100 s and shapes of 0.05 to 100, clamped at its ends.
    """
    x = np.clip(np.log(mtt), np.log(_MTTS[0]), np.log(_MTTS[-1]))
    y = np.clip(np.log(shape), np.log(_SHAPES[0]), np.log(_SHAPES[-1]))
    first, second = np.broadcast_arrays(x, y)
    return np.asarray(_table()(first, second, grid=False))


@cache
def _table() -> RectBivariateSpline:
    """OEFmax on a grid: the mean of Q at evenly spaced quantiles of the transit times."""
    quantiles = gammaincinv(_SHAPES[:, None], _SHARES) / _SHAPES[:, None]
    values = extraction(_MTTS[:, None, None] * quantiles).mean(axis=-1)
    return RectBivariateSpline(np.log(_MTTS), np.log(_SHAPES), values)


def transit_heterogeneity(
    mtt: Float[np.ndarray, "..."], shape: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """CTH, the standard deviation of gamma-distributed transit times, MTT/√shape, in s."""
    return np.asarray(mtt / np.sqrt(shape))
