"""Curves of a subject and their maximum a posteriori fit: noise, units, blocks, where to begin."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.estimators.baseline import baseline_noise, steady_frames
from bolus.estimators.bayes.estimator import amplitudes
from bolus.estimators.blocks import in_blocks
from bolus.estimators.map.newton import Found, Model, NormalPrior, maximum

ROWS = 512
QUIETEST = 1e-5
"""Least noise over the arterial peak: a curve without any would be believed beyond doubt."""


@dataclass(frozen=True, eq=False)
class First:
    """Where to begin: the best of a few ``bank`` curves (cells, t) of parameters ``theta``.

    The logarithm of a curve's size is its first parameter, 0 in the bank; it is begun within
    ``size``. ``handicap`` (cells,) is what the prior has against the others.
    """

    bank: Float[np.ndarray, "cells t"]
    theta: Float[np.ndarray, "cells p"]
    handicap: Float[np.ndarray, " cells"]
    size: tuple[float, float]

    @classmethod
    def of(
        cls,
        model: Model,
        theta: Float[np.ndarray, "cells p"],
        prior: NormalPrior,
        size: tuple[float, float],
    ) -> "First":
        """A bank of a model's curves at some parameters."""
        away = ((theta - prior.mean) / prior.sd)[:, 1:]
        return cls(model(theta)[0], theta, 0.5 * np.square(away).sum(axis=1), size)

    def __call__(
        self, curves: Float[np.ndarray, "n t"], sd: Float[np.ndarray, "n ..."]
    ) -> Float[np.ndarray, "n p"]:
        """The best cell of each curve, with the size that fits best."""
        amplitude, precision = amplitudes(curves, sd, self.bank)
        gain = 0.5 * precision * np.square(np.maximum(amplitude, 0)) - self.handicap
        best = gain.argmax(axis=1)
        start = self.theta[best].copy()
        fits = np.take_along_axis(amplitude, best[:, None], axis=1)[:, 0]
        start[:, 0] = np.log(np.clip(fits, *self.size))
        return start


@dataclass(frozen=True, eq=False)
class Fitted:
    """``found`` of curves over the unit ``scale``, and the RMS ``residual`` (n,) in their unit."""

    found: Found
    residual: Float[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class CurveFit:
    """A model of curves of one arterial input, in units of its highest value ``scale``.

    ``begin`` makes the first parameters of curves (n, t) and their noise.
    """

    aif: Float[np.ndarray, " t"]
    model: Model
    prior: NormalPrior
    begin: Callable[[np.ndarray, np.ndarray], np.ndarray]

    @property
    def scale(self) -> float:
        """Highest value of the arterial input."""
        return float(self.aif.max())

    def __call__(
        self, tissue: Float[np.ndarray, "n t"], noise_sd: Float[np.ndarray, "n ..."] | None
    ) -> Fitted:
        """The most probable parameters of curves; noise None is that before the artery's bolus."""
        given = baseline_noise(tissue, self.aif) if noise_sd is None else noise_sd
        curves = tissue.astype(float) / self.scale
        noise = np.maximum(given.astype(float) / self.scale, QUIETEST)
        steady = max(0, steady_frames(self.aif))

        def block(some: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, ...]:
            return maximum(self.model, self.begin(some, sd), some, sd, self.prior, steady)

        found = Found(*in_blocks(block, curves, noise, size=ROWS))
        counted = np.broadcast_to(np.isfinite(noise), curves.shape)
        left = np.where(counted, curves - found.curves, 0)
        residual = np.sqrt(np.square(left).sum(axis=1) / counted.sum(axis=1))
        return Fitted(found, self.scale * residual)
