"""The method ``vascular``: transit times of capillaries, gamma-distributed, by their posterior."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.data import Description, InputError, Perfusion
from bolus.estimators.fit import parametric_response
from bolus.estimators.map.bound import BoundMap
from bolus.estimators.map.curves import CurveFit, First, Fitted
from bolus.estimators.map.newton import NormalPrior
from bolus.estimators.papers import JESPERSEN, MOURIDSEN, MOURIDSEN_CTH
from bolus.estimators.protocol import Capabilities, CurveScale
from bolus.estimators.vascular.model import GammaCurves
from bolus.estimators.vascular.posterior import CTH, OEF, SHARE, VascularPosterior

PRIOR = NormalPrior(
    mean=np.array([np.log(0.03), np.log(5.0), np.log(2.0), 1.0]),
    sd=np.array([1.5, 0.7, 0.6, 3.0]),
    low=np.array([np.log(1e-4), np.log(0.3), np.log(0.5), -12.0]),
    high=np.array([np.log(5.0), np.log(60.0), np.log(60.0), 16.0]),
)
"""Log CBV (ratio), log MTT (s), log α and delay (s): wide, but around tissue of the brain."""
FIRST_MTTS = np.array([2.5, 6.0, 14.0])
FIRST_DELAYS = np.arange(-8.0, 13.0)
"""Grid in s of the rough first look that says where to begin."""


@dataclass(frozen=True)
class Vascular:
    """Gamma-distributed capillary transit times: CBF, CBV, MTT, delay, CTH and OEFmax.

    C = CBF·AIF ⊗ R(t − delay), R the residue of a gamma distribution of mean MTT and shape α; all
    four parameters are found at once as the maximum of their posterior by Gauss-Newton under a
    wide normal prior (PRIOR), with the error of S0 as an offset, and their uncertainty by Laplace's
    normal distribution. CTH = MTT/√α is the spread of transit times, and OEFmax the oxygen that
    such a network can extract at most (``physics.oxygen``). Both are NaN where the curve says
    little of the spread: where the posterior of log α is over ``informed`` times as wide as its
    prior; that ratio is a map, too. MTT alone would narrow both, and a map of them be another map
    of MTT.
    ``noise_sd`` None reads the noise from the frames before the artery's bolus.

    Source: Mouridsen et al., NeuroImage 2006;33:570, for model and estimation; Mouridsen et al., J
    Cereb Blood Flow Metab 2014;34:1511, for CTH; Jespersen & Østergaard, J Cereb Blood Flow Metab
    2012;32:264, for OEFmax.
    """

    informed: float = 0.9

    capabilities: ClassVar[Capabilities] = Capabilities(
        posterior=True,
        delay=True,
        delay_invariant=True,
        censoring=True,
        response="model",
        positive=True,
    )
    description: ClassVar[Description] = Description(
        sentence="the posterior of a vascular model with gamma-distributed transit times "
        "[vascular]{chosen}; capillary transit time heterogeneity is their standard deviation "
        "[cth], and OEFmax what they can extract of oxygen [oxygen]",
        citations={"vascular": MOURIDSEN, "cth": MOURIDSEN_CTH, "oxygen": JESPERSEN},
    )

    def __post_init__(self) -> None:
        if not 0 < self.informed <= 1:
            raise InputError(f"informed is a share of the prior's width, found {self.informed}")

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> BoundMap:
        """The model of one arterial input; answers are in the precision of ``like``."""
        model = GammaCurves(aif / aif.max(), dt)
        fit = CurveFit(aif, model, PRIOR, _first(model))
        return BoundMap(fit, like.dtype, self._perfusion, _response)

    def _perfusion(self, fitted: Fitted, dtype: np.dtype) -> Perfusion:
        theta = fitted.found.theta
        known = VascularPosterior(theta, fitted.found.covariance, PRIOR.sd, dtype)
        cbv, mtt, delay = np.exp(theta[:, 0]), np.exp(theta[:, 1]), theta[:, 3].astype(dtype)
        width = known.prior_share("shape")
        told = width <= self.informed
        further = {
            name: np.where(told, known.value(name), np.nan).astype(dtype) for name in (CTH, OEF)
        }
        further[SHARE] = width.astype(dtype)
        return Perfusion(
            cbv=cbv.astype(dtype),
            cbf=(cbv / mtt).astype(dtype),
            mtt=mtt.astype(dtype),
            tmax=delay,
            delay=delay,
            residual=fitted.residual.astype(dtype),
            posterior=known,
            further=further,
        )


def _response(theta: Float[np.ndarray, " 4"]) -> tuple[np.ndarray, np.ndarray]:
    volume, mtt, shape = np.exp(theta[:3])
    return parametric_response(volume / mtt, mtt, float(theta[3]), "gamma", shape)


def _first(model: GammaCurves) -> First:
    mtt, delay = (
        axis.ravel() for axis in np.meshgrid(np.log(FIRST_MTTS), FIRST_DELAYS, indexing="ij")
    )
    theta = np.stack([0 * mtt, mtt, 0 * mtt + PRIOR.mean[2], delay], axis=1)
    return First.of(model, theta, PRIOR, (1e-3, 1.0))
