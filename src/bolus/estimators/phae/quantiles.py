"""The encoder's posterior: a few quantiles of each quantity, others between them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from bolus.data import PARAMETERS
from bolus.data.perfusion import check_quantile
from bolus.estimators.phae.network import LEVELS, QUANTITIES, quantiles

_LOGARITHMIC = ("mtt", "cbv", "cbf")
_SCORES = ndtri(LEVELS)
LOG_STRETCH = (-0.5, 0.35)
"""Bounds of the logarithm of what calibration multiplies an interval by."""


@dataclass(frozen=True, eq=False)
class QuantilePosterior:
    """Quantiles of CBV, CBF, MTT, delay and Tmax; Tmax is the delay, where every residue peaks.

    ``medians`` (n, quantities) and ``offsets`` (n, quantities, levels − 1) are the encoder's,
    logarithms except for the delay; distances from the median are multiplied by what
    ``calibration`` (quantities, 2) makes of the interval, see ``stretch``. Between and beyond
    LEVELS a quantile is linear in the standard normal score.
    """

    medians: Float[np.ndarray, "n quantities"]
    offsets: Float[np.ndarray, "n quantities offsets"]
    calibration: Float[np.ndarray, "quantities 2"]
    quantities: tuple[str, ...] = PARAMETERS

    def quantile(self, name: str, q: float) -> Float[np.ndarray, " n"]:
        """Posterior quantile (n,): ratio, 1/s or s. NoPosteriorError for another name."""
        check_quantile(self.quantities, name, q)
        place = QUANTITIES.index("delay" if name == "tmax" else name)
        values = quantiles(self.medians[:, place], self.offsets[:, place])
        left = int(np.clip(np.searchsorted(LEVELS, q) - 1, 0, len(LEVELS) - 2))
        share = (ndtri(q) - _SCORES[left]) / (_SCORES[left + 1] - _SCORES[left])
        number = values[left].dtype.type
        at = values[left] + number(share) * (values[left + 1] - values[left])
        middle = self.medians[:, place]
        at = middle + stretch(values, self.calibration[place]) * (at - middle)
        return np.exp(at) if name in _LOGARITHMIC else at


def stretch(
    values: list[Float[np.ndarray, " n"]], calibration: Float[np.ndarray, " 2"]
) -> Float[np.ndarray, " n"]:
    """Factor (n,) on an interval by its 90 % half width h: e^a·h^b for (a, b), clamped."""
    log_factor = calibration[0] + calibration[1] * np.log(half_width(values))
    return np.exp(np.clip(log_factor, *LOG_STRETCH)).astype(values[0].dtype)


def half_width(values: list[Float[np.ndarray, " n"]]) -> Float[np.ndarray, " n"]:
    """Half the distance (n,) between the 5 % and the 95 % quantile of ``values`` at LEVELS."""
    wide = values[LEVELS.index(0.95)] - values[LEVELS.index(0.05)]
    return np.maximum(wide / 2, np.finfo(wide.dtype).tiny)
