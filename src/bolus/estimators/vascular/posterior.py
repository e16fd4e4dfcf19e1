"""Laplace's normal distribution of the vascular model, and what of it is a map."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from bolus.data import PARAMETERS
from bolus.data.perfusion import check_quantile
from bolus.physics.oxygen import oef_max, transit_heterogeneity

CTH, OEF, SHARE = "cth", "oefmax", "priorshare"
AXES = {
    "cbv": (1.0, 0.0, 0.0, 0.0),
    "cbf": (1.0, -1.0, 0.0, 0.0),
    "mtt": (0.0, 1.0, 0.0, 0.0),
    "delay": (0.0, 0.0, 0.0, 1.0),
    CTH: (0.0, 1.0, -0.5, 0.0),
    "shape": (0.0, 0.0, 1.0, 0.0),
}
"""Direction of a quantity, or of its logarithm, in log CBV, log MTT, log α and delay."""
TIMES = ("delay", "tmax")
STEP = 1e-3
UNSEEN = {"cbv": 0.1, "cbf": 0.2, "mtt": 0.2}
"""SD of logarithms that Laplace's normal distribution leaves out, and tissue of other residues.

On random curves of six families at SNR 50, 20 and 10 the intervals of CBF that should hold 90 %
held 76 to 82 % without it, and 85 to 88 % with it (the curves it was chosen on; 81 to 84 % of
others).
"""


@dataclass(frozen=True, eq=False)
class VascularPosterior:
    """Normal in log CBV, log MTT, log α and delay: ``mean`` (n, 4), ``covariance`` (n, 4, 4).

    Log CTH is linear in these; OEFmax is taken for normal in its logit, by its slope at the
    maximum. CBV, CBF and MTT are less sure than that (UNSEEN). ``prior_sd`` (4,) is that before
    the curve was seen.
    """

    mean: Float[np.ndarray, "n 4"]
    covariance: Float[np.ndarray, "n 4 4"]
    prior_sd: Float[np.ndarray, " 4"]
    dtype: np.dtype
    quantities: tuple[str, ...] = (*PARAMETERS, CTH, OEF)

    def quantile(self, name: str, q: float) -> Float[np.ndarray, " n"]:
        """Posterior quantile (n,): ratio, 1/s or s. NoPosteriorError for another name."""
        check_quantile(self.quantities, name, q)
        axis = self._axis(name)
        middle = _logit(self.value(OEF)) if name == OEF else np.einsum("np,np->n", axis, self.mean)
        value = middle + ndtri(q) * np.hypot(self._sd(axis), UNSEEN.get(name, 0.0))
        if name == OEF:
            return (1 / (1 + np.exp(-value))).astype(self.dtype)
        return (value if name in TIMES else np.exp(value)).astype(self.dtype)

    def value(self, name: str) -> Float[np.ndarray, " n"]:
        """CTH in s or OEFmax at the maximum, (n,)."""
        mtt, shape = np.exp(self.mean[:, 1]), np.exp(self.mean[:, 2])
        return oef_max(mtt, shape) if name == OEF else transit_heterogeneity(mtt, shape)

    def prior_share(self, name: str) -> Float[np.ndarray, " n"]:
        """Width of a quantity's posterior over that of its prior, (n,): 1 where nothing is told.

        ``name`` is one of ``quantities``, or 'shape' for α.
        """
        axis = self._axis(name)
        return self._sd(axis) / np.sqrt(np.square(axis * self.prior_sd).sum(axis=1))

    def _axis(self, name: str) -> Float[np.ndarray, "n 4"]:
        if name != OEF:
            axis = AXES["delay" if name in TIMES else name]
            return np.broadcast_to(np.array(axis), self.mean.shape)
        slope = np.zeros_like(self.mean)
        for place in (1, 2):
            ends = []
            for step in (-STEP, STEP):
                moved = self.mean.copy()
                moved[:, place] += step
                ends.append(_logit(oef_max(np.exp(moved[:, 1]), np.exp(moved[:, 2]))))
            slope[:, place] = (ends[1] - ends[0]) / (2 * STEP)
        return slope

    def _sd(self, axis: Float[np.ndarray, "n 4"]) -> Float[np.ndarray, " n"]:
        return np.sqrt(np.einsum("np,npq,nq->n", axis, self.covariance, axis))


def _logit(share: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(share / (1 - share)))
