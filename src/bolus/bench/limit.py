"""What is possible: the posterior under the very prior the curves were drawn from."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from bolus.data import InputError, Perfusion
from bolus.estimators import Prior
from bolus.estimators.bayes import Bayes
from bolus.phantom import CurvePrior
from bolus.physics import RESIDUES, cbv_scale

LIMIT = "limit"
"""Name of the limit's rows."""


def limit_prior(prior: CurvePrior, mtt_steps: int = 40, delay_steps: int = 25) -> Prior:
    """The grid prior that says what ``prior`` draws; raises InputError for an unnamed residue."""
    names = {residue: name for name, residue in RESIDUES.items()}
    unknown = [key for key, (residue, _) in prior.families.items() if residue not in names]
    if unknown:
        raise InputError(f"the limit needs residues of RESIDUES, found {', '.join(unknown)}")
    low, high = prior.cbv
    even = Prior(
        families=tuple((names[residue], shape) for residue, shape in prior.families.values()),
        mtt=prior.mtt,
        delay=prior.delay,
        cbv=(low / cbv_scale(), high / cbv_scale()),
        mtt_steps=mtt_steps,
        delay_steps=delay_steps,
    )
    shares = prior.shares(even.mtt_edges, even.delay_edges)
    if np.ptp(shares) == 0:
        return even
    return replace(even, share=np.broadcast_to(shares, even.shape).copy())


@dataclass(frozen=True)
class Limit:
    """Posterior medians under ``prior``, an estimator like the others.

    No estimator has a smaller expected ``|log(estimate/true)|``, nor a smaller ``|error|`` of the
    delay, than the posterior median when prior and noise are true. So with the benchmark's own
    prior and the true noise of every sample this is the limit, up to the grid, to noise that the
    logarithm leaves Gaussian only to first order, and to the width that ``Bayes`` gives an
    amplitude: against amplitudes summed on a grid, ``|log CBF|`` comes out within 1 %. Tmax is the
    delay.
    """

    prior: Prior

    def __call__(
        self,
        tissue: Float[np.ndarray, "voxels t"],
        aif: Float[np.ndarray, " t"],
        dt: float,
        noise_sd: np.ndarray | None = None,
    ) -> Perfusion:
        """Medians of CBV (ratio), CBF (1/s), MTT and delay (s), each (voxels,), and posterior."""
        found = Bayes(self.prior)(tissue, aif, dt, noise_sd)
        posterior = found.posterior
        assert posterior is not None
        cbv, cbf, mtt, delay = (posterior.quantile(q, 0.5) for q in ("cbv", "cbf", "mtt", "delay"))
        return found._replace(cbv=cbv, cbf=cbf, mtt=mtt, delay=delay, tmax=delay)
