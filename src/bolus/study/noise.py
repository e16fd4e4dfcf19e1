"""The signal-to-noise ratio of a series, and noise added until it has a lower one."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Num

from bolus.data import PreparedSeries
from bolus.preprocess.noise import chi2_median

CENSORED = 0.5
"""Share of the slices; a frame of which no more were measured has no part in the baseline."""


@dataclass(frozen=True)
class Baseline:
    """The brain's baseline signal: its mean ``level``, and the SD of its noise over the frames.

    Both in the signal's unit. The SD is that of the median voxel, √(median variance·ν/median of
    χ²(ν)) with ν = frames − 1, so that vessels and the brain's edge do not count.
    """

    level: float
    sd: float

    @property
    def snr(self) -> float:
        """Mean of the baseline over its SD; infinite without noise."""
        return self.level / self.sd if self.sd > 0 else math.inf


def baseline(series: PreparedSeries) -> Baseline:
    """The baseline of a prepared series, of frames that are not censored in most slices."""
    frames = series.frames
    measured = series.measured[:, : frames.onset - frames.first].mean(axis=0) > CENSORED
    signal = series.signal[..., frames.baseline][..., measured][series.mask].astype(float)
    freedom = signal.shape[1] - 1
    variance = np.nanmedian(signal.var(axis=1, ddof=1)) * freedom / chi2_median(freedom)
    return Baseline(level=float(np.nanmean(signal)), sd=float(np.sqrt(variance)))


def missing_noise(own: Baseline, snr: float) -> float:
    """SD of the noise that brings a series of baseline ``own`` down to ``snr``.

    √((level/snr)² − sd²), for variances add; 0 for an infinite ``snr`` and where the series' own
    SNR is not above it: noise can only be added.
    """
    return math.sqrt(max((own.level / snr) ** 2 - own.sd**2, 0.0))


def with_noise(
    signal: Num[np.ndarray, "x y z t"], sd: float, key: list[int]
) -> Num[np.ndarray, "x y z t"]:
    """A signal with Gaussian noise of SD ``sd`` on its magnitude; same ``key``, same noise."""
    if sd == 0:
        return signal
    noise = np.random.default_rng(key).standard_normal(signal.shape, dtype=np.float32)
    return signal + np.float32(sd) * noise
