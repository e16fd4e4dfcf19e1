"""Voxels put back on their grid, in the units of the clinic, with what is doubtful marked."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass

import numpy as np
from jaxtyping import Float, UInt8

from bolus.data import AIF, DSCSeries, Perfusion, PerfusionMaps, Quality, SeriesError, TissueCurves
from bolus.estimators.phae import Weights
from bolus.physics import cbf_scale, cbv_scale

ONE_SD = 0.6827
"""Share of a Gaussian within one SD of its mean."""
MISFIT_NOISE = 3.0
"""A fit is poor when its residual passes this many noise SDs …"""
MISFIT_SHARE = 0.25
"""… and this share of the curve's own root mean square."""


def quantify(
    series: DSCSeries,
    curves: TissueCurves,
    aif: AIF,
    perfusion: Perfusion,
    *,
    method: str,
    estimator: object,
    seconds: Mapping[str, float],
) -> PerfusionMaps:
    """Maps (x, y, z) from the perfusion of a prepared series' masked voxels.

    With a known echo time CBV = 100·κ/ρ·ratio in mL/100 g and CBF = 6000·κ/ρ·rate in
    mL/100 g/min; without, both stay plain ratios. A voxel without a bolus keeps its CBF and CBV,
    but has no transit time, arrival or peak time.

    Raises SeriesError when the series has not been prepared.
    """
    if series.mask is None:
        raise SeriesError("a series must be prepared (frames and mask found) before its maps")
    quality = _quality(series, curves, perfusion)
    flow, volume = (1.0, 1.0) if series.relative else (cbf_scale(), cbv_scale())
    timely = (curves.quality & np.uint8(Quality.NO_BOLUS | Quality.NON_FINITE)) == 0

    def spread(values: np.ndarray, keep: np.ndarray | bool = True) -> np.ndarray:
        out = np.full(series.grid.shape, np.nan, dtype=np.float32)
        out[series.mask] = np.where(keep, values, np.nan)
        return out

    return PerfusionMaps(
        series=series,
        aif=aif,
        method=method,
        parameters=_parameters(estimator),
        cbf=spread(flow * perfusion.cbf),
        cbv=spread(volume * perfusion.cbv),
        mtt=spread(perfusion.mtt, timely),
        tmax=spread(perfusion.tmax, timely),
        delay=spread(perfusion.delay, timely),
        ttp=spread(curves.ttp, timely),
        misfit=spread(perfusion.residual / curves.noise_sd),
        sd={
            name: spread(factor * half_width(perfusion, name), keep)
            for name, factor, keep in (
                ("cbf", flow, True),
                ("cbv", volume, True),
                ("mtt", 1.0, timely),
                ("tmax", 1.0, timely),
                ("delay", 1.0, timely),
            )
            if perfusion.posterior is not None and name in perfusion.posterior.quantities
        },
        quality=quality,
        mask=series.mask,
        tissue=curves.mean,
        noise=float(np.nanmedian(curves.noise_sd)),
        seconds=dict(seconds),
    )


def half_width(perfusion: Perfusion, name: str) -> Float[np.ndarray, " n"]:
    """Half the central credible interval that holds as much as ±1 SD of a Gaussian, (n,)."""
    low, high = perfusion.interval(name, ONE_SD)
    return (high - low) / 2


def _quality(
    series: DSCSeries, curves: TissueCurves, perfusion: Perfusion
) -> UInt8[np.ndarray, "x y z"]:
    flags = curves.quality.copy()
    flags[_poor_fit(curves.curves, perfusion.residual, curves.noise_sd)] |= np.uint8(
        Quality.POOR_FIT
    )
    quality = np.full(series.grid.shape, Quality.OUTSIDE_MASK, dtype=np.uint8)
    quality[series.mask] = flags
    return quality


def _poor_fit(
    curves: Float[np.ndarray, "n t"],
    residual: Float[np.ndarray, " n"],
    noise_sd: Float[np.ndarray, " n"],
) -> np.ndarray:
    size = np.sqrt(np.einsum("ij,ij->i", curves, curves) / curves.shape[1])
    return (residual > MISFIT_NOISE * noise_sd) & (residual > MISFIT_SHARE * size)


def _parameters(estimator: object) -> dict[str, object]:
    """The estimator's own fields, for the record; of weights what identifies them."""
    weights = getattr(estimator, "weights", None)
    if isinstance(weights, Weights):
        config = dict(weights.config)
        return {"weights": weights.kind, "checksum": weights.checksum, "config": config}
    if is_dataclass(estimator) and not isinstance(estimator, type):
        return asdict(estimator)
    return {}
