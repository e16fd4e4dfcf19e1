"""What is possible: the posterior under the very prior the curves were drawn from."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.data import InputError, Perfusion
from bolus.estimators import Bound, Capabilities, CurveScale, Prior
from bolus.estimators.bayes.estimator import Bayes
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
    amplitude: with amplitudes summed on a grid instead, ``|log CBF|`` comes out within
    1 % of it. Tmax is the delay.
    """

    prior: Prior

    capabilities: ClassVar[Capabilities] = Bayes.capabilities

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> Bound:
        """The posterior bound to one arterial input, read by its medians."""
        return _BoundLimit(Bayes(self.prior).bind(aif, dt, like=like))


@dataclass(frozen=True, eq=False)
class _BoundLimit:
    bayes: Bound

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Medians of CBV (ratio), CBF (1/s), MTT and delay (s), each (voxels,), and posterior."""
        found = self.bayes(tissue, noise_sd)
        posterior = found.posterior
        assert posterior is not None
        cbv, cbf, mtt, delay = (posterior.quantile(q, 0.5) for q in ("cbv", "cbf", "mtt", "delay"))
        return found._replace(cbv=cbv, cbf=cbf, mtt=mtt, delay=delay, tmax=delay)
