"""Slice timing: slices of a frame are acquired one after the other."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.data import AIF, NoPosteriorError, Perfusion, Posterior, PreparedSeries, TissueCurves
from bolus.data.perfusion import NUMBERS
from bolus.estimators import Estimator, capabilities, deconvolve
from bolus.physics.sampling import sampled_later

LATE = ("tmax", "delay")
"""What is counted from the arterial input."""


def lateness(series: PreparedSeries, aif: AIF) -> Float[np.ndarray, " n"]:
    """Seconds by which each voxel of the mask is acquired after the arterial input, (n,).

    A curve from outside counts as acquired at the mean time of the slices. Zero where the times of
    slices are unknown.
    """
    own = series.slice_times_in(series.mask)
    if series.slice_times is None:
        return own
    artery = float(series.slice_times.mean()) if aif.slice_time is None else aif.slice_time
    return own - artery


def solved(
    chosen: Estimator,
    curves: TissueCurves,
    aif: AIF,
    late: Float[np.ndarray, " n"],
    noise_sd: Float[np.ndarray, "n ..."],
) -> Perfusion:
    """Perfusion of curves that are acquired ``late`` s (n,) after the arterial input.

    What is sampled s later shows everything s earlier. With the tissue's C(t + s) and the artery's
    AIF(t), C = AIF ⊗ R(t − delay), a method that estimates the delay finds delay − s, and s is
    added to delay and Tmax. The others read their times off the frames, and one on the causal
    matrix takes no delay below zero: they are given the arterial input at the slice's own times
    instead, AIF(t + s), by cubic splines (not a method with a posterior or a scale of all curves,
    which must see all of them at once).
    """
    if not late.any():
        return deconvolve(curves.curves, aif.curve, aif.dt, chosen, noise_sd=noise_sd)
    told = capabilities(chosen)
    if not (told.delay or told.posterior or told.subject_scale):
        return _by_slices(chosen, curves, aif, late, noise_sd)
    found = deconvolve(curves.curves, aif.curve, aif.dt, chosen, noise_sd=noise_sd)
    return later(found, late)


def later(found: Perfusion, seconds: Float[np.ndarray, " n"]) -> Perfusion:
    """The same perfusion, ``seconds`` (n,) later after the arterial input."""
    posterior = None if found.posterior is None else Later(found.posterior, seconds)
    added = seconds.astype(found.delay.dtype)
    return found._replace(tmax=found.tmax + added, delay=found.delay + added, posterior=posterior)


@dataclass(frozen=True, eq=False)
class Later:
    """A posterior whose times are ``seconds`` (n,) later."""

    posterior: Posterior
    seconds: Float[np.ndarray, " n"]

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names for which quantiles can be had."""
        return self.posterior.quantities

    def quantile(self, name: str, q: float) -> Float[np.ndarray, " n"]:
        """Posterior quantile of one quantity. Raises NoPosteriorError for another name."""
        if name not in self.quantities:
            raise NoPosteriorError(f"no posterior of '{name}'; there is one of {self.quantities}")
        values = self.posterior.quantile(name, q)
        return values + self.seconds.astype(values.dtype) if name in LATE else values


def _by_slices(
    chosen: Estimator,
    curves: TissueCurves,
    aif: AIF,
    late: Float[np.ndarray, " n"],
    noise_sd: Float[np.ndarray, "n ..."],
) -> Perfusion:
    """Curves that are acquired at one time with the arterial input at that time."""
    parts, order = [], []
    for seconds in np.unique(late):
        rows = np.flatnonzero(late == seconds)
        own = sampled_later(aif.curve[None], float(seconds), aif.dt)[0]
        parts.append(deconvolve(curves.curves[rows], own, aif.dt, chosen, noise_sd=noise_sd[rows]))
        order.append(rows)
    back = np.argsort(np.concatenate(order))
    cbv, cbf, mtt, tmax, delay, residual = (
        np.concatenate([getattr(part, name) for part in parts])[back] for name in NUMBERS
    )
    return Perfusion(cbv, cbf, mtt, tmax, delay, residual)
