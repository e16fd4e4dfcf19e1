"""Percentage signal recovery and peak height of a tumour, of the mean signal of its voxels."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.data import PerfusionMaps
from bolus.data.measures import Measurement
from bolus.findings.draws import DRAWS, HIGH, LOW, SEED
from bolus.physics.signal import concentration, signal_recovery


class MeanSignal(NamedTuple):
    """Mean signal (t,) of a region over the used frames, and the noise SD of a sample of it.

    The noise is that of the mean itself before the bolus, so what voxels have in common is in it.
    """

    signal: Float[np.ndarray, " t"]
    noise: float
    voxels: int


Ask = Callable[[Float[np.ndarray, "k t"]], Float[np.ndarray, " k"]]


def recovery_numbers(maps: PerfusionMaps) -> tuple[Measurement, ...]:
    """PSR of the tumour in %, the log of its ratio to that of the reference, and of peak heights.

    None where there is no tumour; the ratios need a reference. Intervals come of the noise of the
    regions' mean signals.
    """
    if "tumor" not in maps.rois:
        return ()
    onset = maps.series.frames.onset - maps.series.frames.first
    dt, te = maps.series.dt, maps.series.te or 1.0
    tumor = _mean_signal(maps, "tumor")
    found = [_number("recovery", _recovery(onset, dt), (tumor,), lambda share: share)]
    if "reference" in maps.rois:
        both = (tumor, _mean_signal(maps, "reference"))
        found.append(_number("recovery_log_ratio", _recovery(onset, dt), both, _log_ratio))
        found.append(_number("peak_ratio", _peak(onset, te), both, lambda a, b: a / b))
    return tuple(number for number in found if math.isfinite(number.value))


def _mean_signal(maps: PerfusionMaps, name: str) -> MeanSignal:
    inside = maps.rois[name] & maps.mask
    used = maps.series.signal[..., maps.series.frames.used][inside].astype(float)
    if not len(used):
        return MeanSignal(np.full(used.shape[1], np.nan), 0.0, 0)
    signal = used.mean(axis=0)
    before = signal[: maps.series.frames.onset - maps.series.frames.first]
    noise = float(before.std(ddof=1)) if before.size > 1 else 0.0
    return MeanSignal(signal, noise, len(used))


def _recovery(onset: int, dt: float) -> Ask:
    return lambda signal: np.asarray(signal_recovery(signal, onset, dt))


def _peak(onset: int, te: float) -> Ask:
    """Highest ΔR2* from the onset on, in 1/s."""

    def ask(signal: Float[np.ndarray, "k t"]) -> Float[np.ndarray, " k"]:
        base = signal[:, :onset].mean(axis=1)[:, None]
        return np.asarray(concentration(signal[:, onset:], base, te)).max(axis=1)

    return ask


def _log_ratio(
    tumor: Float[np.ndarray, " k"], reference: Float[np.ndarray, " k"]
) -> Float[np.ndarray, " k"]:
    ratio = tumor / reference
    return np.log(np.where(ratio > 0, ratio, np.nan))


def _number(
    measure: str,
    ask: Ask,
    regions: tuple[MeanSignal, ...],
    combine: Callable[..., Float[np.ndarray, " k"]],
) -> Measurement:
    """The number of the signals as they are; the spread of its interval by signals with noise."""
    random = np.random.default_rng(SEED)
    with np.errstate(all="ignore"):
        value = float(combine(*(ask(one.signal[None]) for one in regions))[0])
        noisy = [
            one.signal + one.noise * random.standard_normal((DRAWS, one.signal.size))
            for one in regions
        ]
        drawn = combine(*(ask(signal) for signal in noisy))
    interval = None
    if np.isfinite(drawn).all() and math.isfinite(value):
        low, middle, high = np.quantile(drawn, [LOW, 0.5, HIGH])
        interval = (value + float(low - middle), value + float(high - middle))
    return Measurement(
        measure=measure, region="tumor", value=value, interval=interval, voxels=regions[0].voxels
    )
