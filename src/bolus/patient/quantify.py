"""Voxels put back on their grid, in the units of the clinic, with what is doubtful marked."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

from bolus.data import (
    AIF,
    PARAMETERS,
    Perfusion,
    PerfusionMaps,
    PreparedSeries,
    Quality,
    TissueCurves,
    quantity_of,
)
from bolus.data.quantities import FLOW, VOLUME
from bolus.data.scale import with_common
from bolus.estimators.phae import Weights
from bolus.estimators.protocol import Estimator, capabilities, description
from bolus.patient.leakage import LeakageFit
from bolus.physics import area, cbf_scale, cbv_scale, noise_gain
from bolus.physics.signal import signal_recovery
from bolus.preprocess import noise_share

ONE_SD = 0.6827
"""Share of a Gaussian within one SD of its mean."""
FORMED = ("cbf", "mtt")
"""Maps that depend on the form of the residue: its area is CBV's."""
MISFIT_NOISE = 2.0
"""A fit is poor when its misfit passes this …"""
MISFIT_SHARE = 0.15
"""… and this share of the curve's own root mean square."""


@dataclass(frozen=True, eq=False)
class LeakageResult:
    """The fit of a leakage correction; CBV of the curves before it, (n,), and its SD if known."""

    fit: LeakageFit
    cbv: Float[np.ndarray, " n"]
    cbv_sd: Float[np.ndarray, " n"] | None


def quantify(
    series: PreparedSeries,
    curves: TissueCurves,
    aif: AIF,
    perfusion: Perfusion,
    *,
    method: str,
    estimator: Estimator,
    seconds: Mapping[str, float],
    leak: LeakageResult | None = None,
    hematocrit: float | None = None,
) -> PerfusionMaps:
    """Maps (x, y, z) from the perfusion of a prepared series' masked voxels.

    With a known echo time CBV = 100·κ/ρ·ratio in mL/100 g and CBF = 6000·κ/ρ·rate in
    mL/100 g/min, κ by the ``hematocrit`` of large vessels (``plasma_ratio``); without, both stay
    plain ratios. SDs of both hold what is not known of the scale of the arterial input. A voxel
    without a bolus keeps its CBF and CBV, but has no transit time, arrival or peak time, unless all
    voxels are estimated together, with intervals. ``perfusion`` is that of ``curves``; with a
    ``leak`` these are corrected, and the map of CBV is that of the uncorrected ones.
    """
    together = capabilities(estimator).joint and capabilities(estimator).posterior
    units = Units(series.relative, hematocrit)
    onto = _Grid(series.mask, _timely(curves), _finite(curves), units, together)
    share, frames = _noise_shares(series, estimator), series.frames
    used = series.signal[..., frames.used][series.mask]
    volumes = onto.maps(
        {
            "cbf": perfusion.cbf,
            "cbv": perfusion.cbv if leak is None else leak.cbv,
            **({} if leak is None else {"cbv_corrected": perfusion.cbv, "k2": leak.fit.k2}),
            "mtt": perfusion.mtt,
            "delay": perfusion.delay,
            "tmax": perfusion.tmax,
            "ttp": curves.ttp,
            "psr": signal_recovery(used, frames.onset - frames.first, series.dt),
            "misfit": misfits(curves, perfusion.residual, series.te, share),
            **perfusion.further,
        }
    )
    own = onto.maps(_sds(perfusion, leak, float(area(aif.curve, aif.dt))))
    return PerfusionMaps(
        series=series,
        aif=aif,
        method=method,
        parameters=_parameters(estimator),
        description=description(estimator),
        volumes=volumes,
        leakage_model=None if leak is None else leak.fit.model,
        sd=_absolute(own, volumes, aif.scale_sd),
        common=_common(own, perfusion.common, aif.scale_sd),
        quality=_quality(series, curves, perfusion, share),
        mask=series.mask,
        tissue=curves.mean,
        noise=float(np.nanmedian(curves.noise_sd)),
        seconds=dict(seconds),
        flagged_frames=_flagged_frames(series, estimator),
    )


@dataclass(frozen=True)
class Units:
    """In what units maps are: ``relative`` ones, or those of blood of a ``hematocrit``."""

    relative: bool
    hematocrit: float | None = None

    def scale(self, name: str) -> float:
        """What a quantity's plain value is multiplied with: 100·κ/ρ or 6000·κ/ρ, or 1."""
        scales = {FLOW: cbf_scale(self.hematocrit), VOLUME: cbv_scale(self.hematocrit)}
        return 1.0 if self.relative else scales.get(quantity_of(name).unit, 1.0)


@dataclass(frozen=True, eq=False)
class _Grid:
    """Puts values of masked voxels (n,) onto the grid, in their unit; times where a bolus is.

    What is estimated ``together`` has times wherever there is a curve: where a voxel's own shows no
    bolus the others' do, and the interval says how little that is.
    """

    mask: Bool[np.ndarray, "x y z"]
    timely: Bool[np.ndarray, " n"]
    finite: Bool[np.ndarray, " n"]
    units: Units
    together: bool

    def maps(self, values: Mapping[str, Float[np.ndarray, " n"]]) -> dict[str, np.ndarray]:
        """The maps of values by name."""
        return {name: self._map(name, own) for name, own in values.items()}

    def _map(self, name: str, values: Float[np.ndarray, " n"]) -> Float[np.ndarray, "x y z"]:
        out = np.full(self.mask.shape, np.nan, dtype=np.float32)
        scaled = self.units.scale(name) * values
        quantity = quantity_of(name)
        if quantity.timed:
            known = self.finite if self.together and quantity.estimated else self.timely
            scaled = np.where(known, scaled, np.nan)
        out[self.mask] = scaled
        return out


def _timely(curves: TissueCurves) -> Bool[np.ndarray, " n"]:
    """Curves whose times mean something."""
    return (curves.quality & np.uint8(Quality.NO_BOLUS | Quality.NON_FINITE)) == 0


def _finite(curves: TissueCurves) -> Bool[np.ndarray, " n"]:
    """Curves that are finite."""
    return (curves.quality & np.uint8(Quality.NON_FINITE)) == 0


def _sds(
    perfusion: Perfusion, leak: LeakageResult | None, arterial: float
) -> dict[str, np.ndarray]:
    """SDs of what has a posterior, over an ``arterial`` area.

    The uncorrected CBV's is that of the uncorrected curves, and the corrected one's holds what is
    not known of the area that the correction added: a leak lifts the end of a curve, on which
    volume depends, and flow hardly.
    """
    if perfusion.posterior is None:
        return {}
    known = [n for n in perfusion.posterior.quantities if n in (*PARAMETERS, *perfusion.further)]
    found = {name: half_width(perfusion, name) for name in known}
    for name, values in perfusion.further.items():
        if name in found:
            found[name] = np.where(np.isfinite(values), found[name], np.nan)
    if leak is None or leak.cbv_sd is None:
        return found
    corrected = found["cbv"]
    if leak.fit.area_sd is not None:
        corrected = np.hypot(corrected, leak.fit.area_sd / arterial)
    return found | {"cbv": leak.cbv_sd, "cbv_corrected": corrected}


def _absolute(
    own: Mapping[str, np.ndarray], volumes: Mapping[str, np.ndarray], scale_sd: float | None
) -> dict[str, np.ndarray]:
    """SDs of maps with that of the scale that all voxels of CBF and CBV share."""
    return {
        name: with_common(sd, volumes[name], scale_sd) if quantity_of(name).scaled else sd
        for name, sd in own.items()
    }


def _common(own: Mapping[str, np.ndarray], form: float, scale_sd: float | None) -> dict[str, float]:
    """By map that has an SD what of its logarithm all voxels share: scale, and form of residues."""
    parts = {
        name: np.hypot(
            form if name in FORMED else 0.0, (scale_sd or 0.0) if quantity_of(name).scaled else 0.0
        )
        for name in own
    }
    return {name: float(sd) for name, sd in parts.items() if sd > 0}


def half_width(perfusion: Perfusion, name: str) -> Float[np.ndarray, " n"]:
    """Half the central credible interval that holds as much as ±1 SD of a Gaussian, (n,)."""
    low, high = perfusion.interval(name, ONE_SD)
    return (high - low) / 2


def _quality(
    series: PreparedSeries,
    curves: TissueCurves,
    perfusion: Perfusion,
    share: Float[np.ndarray, "n t"] | None,
) -> UInt8[np.ndarray, "x y z"]:
    flags = curves.quality.copy()
    flags[poor_fit(curves, perfusion, series.te, share)] |= np.uint8(Quality.POOR_FIT)
    quality = np.full(series.grid.shape, Quality.OUTSIDE_MASK, dtype=np.uint8)
    quality[series.mask] = flags
    return quality


def misfits(
    curves: TissueCurves,
    residual: Float[np.ndarray, " n"],
    te: float | None,
    share: Float[np.ndarray, "n t"] | None = None,
) -> Float[np.ndarray, " n"]:
    """Root mean square residual over that of the noise, (n,): about 1 where the fit is good.

    ``te`` in s, None for curves of TE·ΔR2*. The noise of C = −ln(S/S0)/TE grows as the signal
    falls, to first order by S0/S = e^(TE·C): its RMS is the baseline's SD times that of e^(TE·C).
    ``share`` (n, t) is the part that every sample's noise has in the mean square; None: 1/t each.
    """
    power = np.square(noise_gain(curves.curves, te or 1.0))
    mean = power.mean(axis=1) if share is None else np.einsum("nt,nt->n", power, share)
    return residual / (curves.noise_sd * np.sqrt(mean))


def _noise_shares(series: PreparedSeries, estimator: Estimator) -> Float[np.ndarray, "n t"] | None:
    """For ``misfits``: what was left out has no part, what was interpolated has less noise."""
    if series.measured.all():
        return None
    shares = np.empty((int(series.mask.sum()), series.measured.shape[1]))
    weighs = capabilities(estimator).censoring
    for rows, measured in series.alike(series.mask):
        left = measured / measured.sum()
        shares[rows] = left if weighs else noise_share(~measured) / measured.size
    return shares


def _flagged_frames(series: PreparedSeries, estimator: Estimator) -> str:
    """What became of flagged frames: one of FLAGGED."""
    moved = series.moved_frames
    if not moved.any():
        return "none"
    if series.left_out is None or not series.left_out[moved].all():
        return "kept"
    return "left out" if capabilities(estimator).censoring else "interpolated"


def poor_fit(
    curves: TissueCurves,
    perfusion: Perfusion,
    te: float | None,
    share: Float[np.ndarray, "n t"] | None,
) -> Bool[np.ndarray, " n"]:
    """Curves (n,) of which the method leaves more than the noise, and much of the curve itself."""
    size = np.sqrt(np.einsum("ij,ij->i", curves.curves, curves.curves) / curves.curves.shape[1])
    unexplained = misfits(curves, perfusion.residual, te, share) > MISFIT_NOISE
    return unexplained & (perfusion.residual > MISFIT_SHARE * size)


def _parameters(estimator: Estimator) -> dict[str, object]:
    """The estimator's own fields, for the record; of weights what identifies them."""
    weights = getattr(estimator, "weights", None)
    if isinstance(weights, Weights):
        config = dict(weights.config)
        found: dict[str, object] = {
            "weights": weights.kind,
            "checksum": weights.checksum,
            "config": config,
        }
        if weights.file:
            found |= {"weights_file": weights.file, "weights_file_sha256": weights.sha256}
        return found
    if is_dataclass(estimator) and not isinstance(estimator, type):
        return asdict(estimator)
    return {}
