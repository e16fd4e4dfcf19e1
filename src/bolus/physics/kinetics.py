"""Tracer kinetics: the forward model and the central volume theorem."""

import math
from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace, device

from bolus.physics.convolution import QUADRATURES, convolve
from bolus.physics.residue import Exponential, Residue

Array = Any


@dataclass(frozen=True, eq=False)
class ForwardModel:
    """From perfusion to tissue curves, C(t) = CBF·∫ AIF(τ)·R(t − τ − d) dτ, for one input.

    The only forward model of the package. Source: Østergaard et al., Magn Reson Med 1996;36:715;
    CAPLEX Q.IC1.005 for the impulse response CBF·R(t − d).
    """

    aif: Array
    """Arterial input (t,), or one for each voxel (voxels, t)."""
    dt: float
    """Seconds between samples."""
    residue: Residue
    """R, the residue function."""
    quadrature: str = "piecewise-linear"
    """A name in QUADRATURES."""

    def __call__(
        self, cbf: Array, mtt: Array, delay: Array, shape: Array | float | None = None
    ) -> Array:
        """Tissue concentration (voxels, t), in the unit of the arterial input.

        ``cbf`` in 1/s, ``mtt`` in s, signed ``delay`` d in s, all (voxels,); ``shape`` (voxels,) or
        a number, for residues that have one.
        """
        return self.weighted(cbf, *self.weights(mtt, delay, shape))

    def weights(
        self, mtt: Array, delay: Array, shape: Array | float | None = None
    ) -> tuple[Array, int]:
        """What the input is convolved with, (voxels, lags) in s, and how many lags are ahead of it.

        Of an input it depends on the number of its samples alone.
        """
        xp = array_namespace(self.aif, mtt)
        lead = _frames_ahead(delay, self.dt)
        lags = xp.arange(-lead, self.aif.shape[-1], dtype=mtt.dtype, device=device(mtt))
        made = QUADRATURES[self.quadrature](lags, self.dt, mtt, delay, self.residue, shape)
        return made, lead

    def weighted(self, cbf: Array, weights: Array, lead: int) -> Array:
        """Tissue concentration (voxels, t) by what ``weights`` has made."""
        return cbf[..., None] * convolve(self.aif, weights, lead)


def dispersed(curves: Array, dt: float, time: float, delay: float = 0.0) -> Array:
    """Curves (..., t), every ``dt`` s, after a transport of mean ``time`` s and a ``delay`` in s.

    Its kernel is an exponential vascular transport function. Source: Calamante et al., Magn Reson
    Med 2000;44:466.
    """
    if time == 0 and delay == 0:
        return curves
    xp = array_namespace(curves)
    mean, late = (xp.asarray([value], dtype=curves.dtype) for value in (time, delay))
    made = ForwardModel(curves, dt, Exponential())(1 / mean, mean, late)
    return made if curves.ndim > 1 else made[0]


def impulse_response(
    t: Array,
    cbf: Array,
    mtt: Array,
    residue: Residue,
    delay: Array,
    shape: Array | float | None = None,
) -> Array:
    """What ``ForwardModel`` convolves with, CBF·R(t − d), 0 before d: 1/s (CAPLEX Q.IC1.005).

    ``t`` in s; ``cbf`` in 1/s, ``mtt`` and ``delay`` d in s, and ``shape``, for residues that have
    one, broadcast with it.
    """
    xp = array_namespace(t)
    past = t - delay
    extra = () if shape is None else (shape,)
    response = cbf * residue(xp.where(past < 0, 0 * past, past), mtt, *extra)
    return xp.where(past < 0, 0 * response, response)


def _frames_ahead(delay: Array, dt: float) -> int:
    """Arterial samples after the tissue sample that the earliest delay reaches, at least one."""
    earliest = array_namespace(delay).min(delay)
    detach = getattr(earliest, "detach", None)
    return max(0, math.ceil(-float(detach() if detach else earliest) / dt)) + 1


def area(curve: Array, dt: float) -> Array:
    """Area under sampled curves along the last axis by the trapezoid rule, in unit·s."""
    xp = array_namespace(curve)
    ends = curve[..., 0] + curve[..., -1]
    return dt * (xp.sum(curve, axis=-1) - ends / 2)


def blood_volume(tissue: Array, aif: Array) -> Array:
    """CBV as a ratio of areas, ∫C dt / ∫AIF dt, κ = 1; ``tissue`` (…, t), ``aif`` (t,)."""
    return area(tissue, 1.0) / area(aif, 1.0)


def transit_time(cbv: Array, cbf: Array) -> Array:
    """Central volume theorem, MTT = CBV/CBF, in s for CBF in 1/s."""
    return cbv / cbf


def blood_flow(cbv: Array, mtt: Array) -> Array:
    """Central volume theorem, CBF = CBV/MTT, in 1/s."""
    return cbv / mtt
