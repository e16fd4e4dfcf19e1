"""How a method explains one voxel: reconstruction, impulse response and posterior."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import PARAMETERS, CurveError, MethodError, Perfusion
from bolus.estimators.deconvolve import (
    Estimator,
    check_input,
    check_noise,
    estimate_together,
    estimator,
)
from bolus.estimators.fit import Fit
from bolus.estimators.protocol import CurveScale, Explaining, Places, Together
from bolus.estimators.weighing import usable_noise

LEVELS = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
"""Posterior quantiles that are given."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """One curve, and what a method makes of it.

    ``time`` (t,) in s; ``curve``, ``aif`` and ``reconstruction`` (t,) share a unit. ``response``
    (l,) in 1/s is the impulse response at ``response_time`` (l,) in s: CBF·R(t − delay) for a
    parametric method, the deconvolved one for a spectral method, with its wrapped half at negative
    times. ``perfusion`` holds one voxel. ``quantiles`` are those of every quantity with a
    posterior at LEVELS, each (levels,) in the quantity's own unit; empty without a posterior.
    """

    time: Float[np.ndarray, " t"]
    curve: Float[np.ndarray, " t"]
    aif: Float[np.ndarray, " t"]
    reconstruction: Float[np.ndarray, " t"]
    response_time: Float[np.ndarray, " l"]
    response: Float[np.ndarray, " l"]
    perfusion: Perfusion
    quantiles: Mapping[str, Float[np.ndarray, " levels"]]


@dataclass(frozen=True, eq=False)
class Explainer:
    """A method bound for the curves of one subject; call it for each voxel that is looked at."""

    estimator: Estimator
    bound: Explaining
    aif: Float[np.ndarray, " t"]
    dt: float

    def __call__(
        self, curve: Float[np.ndarray, " t"], noise_sd: float | np.ndarray | None = None
    ) -> Explanation:
        """Explain one curve (t,); noise_sd in its unit, a number or (t,). Raises CurveError."""
        row, _ = check_input(np.asarray(curve)[None], self.aif, self.dt)
        sd = noise_sd if noise_sd is None or np.ndim(noise_sd) == 0 else np.asarray(noise_sd)[None]
        noise = check_noise(sd, row)
        known = noise is None or usable_noise(self.estimator, noise).all()
        if not (known and np.isfinite(row).all()):
            raise CurveError("the curve or its noise is not finite: there is nothing to explain")
        return _explanation(self.bound.fit(row, noise), row[0], self.aif, self.dt)


@dataclass(frozen=True, eq=False)
class PatientExplainer:
    """The voxels of a patient, estimated together when one is first asked for; call it by row.

    Arguments are those of ``deconvolve_patient``, and so are the errors of the first call.
    """

    estimator: Estimator
    tissue: Float[np.ndarray, "n t"]
    aif: Float[np.ndarray, " t"]
    dt: float
    places: Places
    noise_sd: Float[np.ndarray, "n t"]

    @cached_property
    def _together(self) -> tuple[Together, Bool[np.ndarray, " n"]]:
        return estimate_together(
            self.tissue, self.aif, self.dt, self.places, self.estimator, self.noise_sd
        )

    def __call__(self, row: int) -> Explanation:
        """Explain the curve of one row. Raises CurveError for one that is not finite."""
        together, good = self._together
        if not good[row]:
            raise CurveError("the curve or its noise is not finite: there is nothing to explain")
        place = int(np.count_nonzero(good[:row]))
        return _explanation(together.fit(place), self.tissue[row], self.aif, self.dt)


def explainer(
    method: str | Estimator,
    tissue: Float[np.ndarray, "n t"],
    aif: Float[np.ndarray, " t"],
    dt: float,
) -> Explainer:
    """A method bound for all curves (n, t) of a subject; those not finite do not count.

    Raises CurveError as ``deconvolve``, MethodError for an estimator that does not explain.
    """
    chosen = estimator(method)
    tissue, aif = check_input(tissue, aif, dt)
    good = np.isfinite(tissue).all(axis=1)
    bound = chosen.bind(aif, dt, like=CurveScale.of(tissue if good.all() else tissue[good]))
    if not isinstance(bound, Explaining):
        raise MethodError(f"{type(chosen).__name__} does not say how it explains a curve")
    return Explainer(chosen, bound, aif, dt)


def explain(
    method: str | Estimator,
    curve: Float[np.ndarray, " t"],
    aif: Float[np.ndarray, " t"],
    dt: float,
    noise_sd: float | np.ndarray | None = None,
) -> Explanation:
    """How a method explains one curve (t,), t ≥ 20, with an arterial input (t,), ``dt`` in s.

    ``noise_sd`` is a number or (t,) in the curve's unit; the methods that need it estimate it when
    None. Raises CurveError for what no method can take, MethodError.
    """
    return explainer(method, np.asarray(curve)[None], aif, dt)(curve, noise_sd)


def _explanation(
    fit: Fit, curve: Float[np.ndarray, " t"], aif: Float[np.ndarray, " t"], dt: float
) -> Explanation:
    return Explanation(
        time=dt * np.arange(curve.size),
        curve=curve,
        aif=aif,
        reconstruction=fit.reconstruction,
        response_time=fit.times,
        response=fit.response,
        perfusion=fit.perfusion,
        quantiles=_quantiles(fit.perfusion),
    )


def _quantiles(perfusion: Perfusion) -> dict[str, Float[np.ndarray, " levels"]]:
    known = perfusion.posterior
    if known is None:
        return {}
    return {
        name: np.array([float(known.quantile(name, q)[0]) for q in LEVELS])
        for name in PARAMETERS
        if name in known.quantities
    }
