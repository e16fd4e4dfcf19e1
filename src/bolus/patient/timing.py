"""Slice timing: slices of a frame are acquired one after the other."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from bolus.data import AIF, NoPosteriorError, Perfusion, Posterior, PreparedSeries, TissueCurves
from bolus.data.perfusion import NUMBERS
from bolus.estimators import CurveScale, Estimator, capabilities, deconvolve
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
    added to delay and Tmax. The others read their times off the frames, or know none, and one on
    the causal matrix takes no delay below zero: they are given the arterial input at the slice's
    own times instead (``at_slice``), and the scale of all curves with it.
    """
    if late.any() and not capabilities(chosen).delay:
        return _by_slices(chosen, curves, aif, late, noise_sd)
    found = deconvolve(curves.curves, aif.curve, aif.dt, chosen, noise_sd=noise_sd)
    return later(found, late) if late.any() else found


def at_slice(aif: AIF, late: float) -> Float[np.ndarray, " t"]:
    """The arterial input at the times of a slice that is acquired ``late`` s after it, (t,).

    AIF(t + late), by cubic splines.
    """
    return sampled_later(aif.curve[None], late, aif.dt)[0]


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
    parts, order, tissue = list[Perfusion](), [], curves.curves
    like = CurveScale.of(tissue[np.isfinite(tissue).all(axis=1)])
    for seconds in np.unique(late):
        rows, own = np.flatnonzero(late == seconds), at_slice(aif, float(seconds))
        noise = noise_sd[rows]
        parts.append(deconvolve(tissue[rows], own, aif.dt, chosen, noise_sd=noise, like=like))
        order.append(rows)
    back = np.argsort(np.concatenate(order))
    cbv, cbf, mtt, tmax, delay, residual = (
        np.concatenate([getattr(part, name) for part in parts])[back] for name in NUMBERS
    )
    known = [part.posterior for part in parts if part.posterior is not None]
    joined = Joined(tuple(known), back) if len(known) == len(parts) else None
    further = {
        name: np.concatenate([part.further[name] for part in parts])[back]
        for name in parts[0].further
    }
    return Perfusion(cbv, cbf, mtt, tmax, delay, residual, joined, parts[0].common, further)


@dataclass(frozen=True, eq=False)
class Joined:
    """Posteriors of parts of the voxels, one after the other in the order ``back`` (n,)."""

    parts: tuple[Posterior, ...]
    back: Int[np.ndarray, " n"]

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names for which quantiles can be had of all."""
        first, *others = (part.quantities for part in self.parts)
        return tuple(name for name in first if all(name in other for other in others))

    def quantile(self, name: str, q: float) -> Float[np.ndarray, " n"]:
        """Posterior quantile of one quantity. Raises NoPosteriorError for another name."""
        return np.concatenate([part.quantile(name, q) for part in self.parts])[self.back]
