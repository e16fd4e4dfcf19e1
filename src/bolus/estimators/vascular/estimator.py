"""The method ``vascular``: transit times of capillaries, gamma-distributed, by their posterior."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from bolus.data import Description, InputError, Perfusion
from bolus.estimators.baseline import baseline_noise, steady_frames
from bolus.estimators.bayes.estimator import amplitudes
from bolus.estimators.blocks import in_blocks
from bolus.estimators.fit import Fit, parametric_response
from bolus.estimators.map.newton import Found, NormalPrior, maximum
from bolus.estimators.papers import JESPERSEN, MOURIDSEN, MOURIDSEN_CTH
from bolus.estimators.protocol import Capabilities, CurveScale
from bolus.estimators.vascular.model import GammaCurves
from bolus.estimators.vascular.posterior import CTH, OEF, VascularPosterior

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
ROWS = 256
QUIETEST = 1e-5
"""Least noise over the arterial peak: a curve without any would be believed beyond doubt."""


@dataclass(frozen=True)
class Vascular:
    """Gamma-distributed capillary transit times: CBF, CBV, MTT, delay, CTH and OEFmax.

    C = CBF·AIF ⊗ R(t − delay), R the residue of a gamma distribution of mean MTT and shape α; all
    four parameters are found at once as the maximum of their posterior by Gauss-Newton under a
    wide normal prior (PRIOR), with the error of S0 as an offset, and their uncertainty by Laplace's
    normal distribution. CTH = MTT/√α is the spread of transit times, and OEFmax the oxygen that
    such a network can extract at most (``physics.oxygen``). Both are NaN where the curve says
    little of the spread: where the posterior of log α is over ``informed`` times as wide as its
    prior. MTT alone would narrow both, and a map of them be another map of MTT.
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

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> "BoundVascular":
        """The model of one arterial input; answers are in the precision of ``like``."""
        scale = float(aif.max())
        return BoundVascular(self, aif, scale, GammaCurves(aif / scale, dt), like.dtype)


@dataclass(frozen=True, eq=False)
class BoundVascular:
    """``Vascular`` bound to the arterial input ``aif``, whose highest value is ``scale``."""

    options: Vascular
    aif: Float[np.ndarray, " t"]
    scale: float
    model: GammaCurves
    dtype: np.dtype

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion with a posterior; noise_sd (voxels, t) or (voxels, 1) in the curves' unit."""
        return self._perfusion(*self._found(tissue, noise_sd))

    def fit(self, curve: Float[np.ndarray, "1 t"], noise_sd: np.ndarray | None = None) -> Fit:
        """The curve of the maximum, with the offset that is free in the fit."""
        found, residual = self._found(curve, noise_sd)
        volume, mtt, shape = np.exp(found.theta[0, :3])
        delay = float(found.theta[0, 3])
        response = parametric_response(volume / mtt, mtt, delay, "gamma", shape)
        made = (self.scale * found.curves[0]).astype(self.dtype)
        return Fit(self._perfusion(found, residual), made, *response)

    def _found(
        self, tissue: np.ndarray, noise_sd: np.ndarray | None
    ) -> tuple[Found, Float[np.ndarray, " n"]]:
        given = baseline_noise(tissue, self.aif) if noise_sd is None else noise_sd
        curves = tissue.astype(float) / self.scale
        noise = np.maximum(given.astype(float) / self.scale, QUIETEST)
        start, steady = _Start.of(self.model), max(0, steady_frames(self.aif))

        def block(some: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, ...]:
            return maximum(self.model, start(some, sd), some, sd, PRIOR, steady)

        found = Found(*in_blocks(block, curves, noise, size=ROWS))
        counted = np.broadcast_to(np.isfinite(noise), curves.shape)
        left = np.where(counted, curves - found.curves, 0)
        residual = np.sqrt(np.square(left).sum(axis=1) / counted.sum(axis=1))
        return found, self.scale * residual

    def _perfusion(self, found: Found, residual: np.ndarray) -> Perfusion:
        dtype, theta = self.dtype, found.theta
        known = VascularPosterior(theta, found.covariance, PRIOR.sd, dtype)
        cbv, mtt, delay = np.exp(theta[:, 0]), np.exp(theta[:, 1]), theta[:, 3].astype(dtype)
        told = known.prior_share("shape") <= self.options.informed
        further = {
            name: np.where(told, known.value(name), np.nan).astype(dtype) for name in (CTH, OEF)
        }
        return Perfusion(
            cbv=cbv.astype(dtype),
            cbf=(cbv / mtt).astype(dtype),
            mtt=mtt.astype(dtype),
            tmax=delay,
            delay=delay,
            residual=residual.astype(dtype),
            posterior=known,
            further=further,
        )


@dataclass(frozen=True, eq=False)
class _Start:
    """Where to begin: the best of a few ``bank`` curves (cells, t) of CBV 1 at ``theta``."""

    bank: np.ndarray
    theta: np.ndarray
    handicap: np.ndarray

    @classmethod
    def of(cls, model: GammaCurves) -> "_Start":
        mtt, delay = (
            axis.ravel() for axis in np.meshgrid(np.log(FIRST_MTTS), FIRST_DELAYS, indexing="ij")
        )
        theta = np.stack([0 * mtt, mtt, 0 * mtt + PRIOR.mean[2], delay], axis=1)
        away = ((theta - PRIOR.mean) / PRIOR.sd)[:, [1, 3]]
        return cls(model(theta)[0], theta, 0.5 * np.square(away).sum(axis=1))

    def __call__(self, curves: np.ndarray, sd: np.ndarray) -> Float[np.ndarray, "n 4"]:
        amplitude, precision = amplitudes(curves, sd, self.bank)
        gain = 0.5 * precision * np.square(np.maximum(amplitude, 0)) - self.handicap
        best = gain.argmax(axis=1)
        start = self.theta[best].copy()
        size = np.take_along_axis(amplitude, best[:, None], axis=1)[:, 0]
        start[:, 0] = np.log(np.clip(size, 1e-3, 1.0))
        return start
