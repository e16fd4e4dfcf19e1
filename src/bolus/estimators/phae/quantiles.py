"""The posterior as the encoder tells it: a few quantiles of each quantity, others between them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from bolus.data import InputError, NoPosteriorError
from bolus.estimators.phae.network import LEVELS, QUANTITIES, quantiles

_LOGARITHMIC = ("mtt", "cbv", "cbf")
_SCORES = ndtri(LEVELS)


@dataclass(frozen=True, eq=False)
class QuantilePosterior:
    """Quantiles of CBV, CBF, MTT, delay and Tmax; Tmax is the delay, where every residue peaks.

    ``medians`` (n, quantities) and ``offsets`` (n, quantities, levels − 1) are the encoder's,
    logarithms except for the delay. Between and beyond LEVELS a quantile is linear in the
    standard normal score.
    """

    medians: Float[np.ndarray, "n quantities"]
    offsets: Float[np.ndarray, "n quantities offsets"]
    quantities: tuple[str, ...] = ("cbv", "cbf", "mtt", "tmax", "delay")

    def quantile(self, name: str, q: float) -> Float[np.ndarray, " n"]:
        """Posterior quantile (n,): ratio, 1/s or s. NoPosteriorError for another name."""
        if name not in self.quantities:
            raise NoPosteriorError(f"no posterior of '{name}'; there is one of {self.quantities}")
        if not 0 < q < 1:
            raise InputError(f"a quantile lies between 0 and 1, found {q}")
        place = QUANTITIES.index("delay" if name == "tmax" else name)
        values = quantiles(self.medians[:, place], self.offsets[:, place])
        left = int(np.clip(np.searchsorted(LEVELS, q) - 1, 0, len(LEVELS) - 2))
        share = (ndtri(q) - _SCORES[left]) / (_SCORES[left + 1] - _SCORES[left])
        at = values[left] + values[left].dtype.type(share) * (values[left + 1] - values[left])
        return np.exp(at) if name in _LOGARITHMIC else at
