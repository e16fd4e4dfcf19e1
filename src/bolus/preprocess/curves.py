"""From the signal of a prepared series to concentration curves."""

import numpy as np
from jaxtyping import Float, UInt8

from bolus.data import FrameWindow, PreparedSeries, Quality, TissueCurves
from bolus.physics.signal import FLOOR, concentration
from bolus.preprocess.detect import bolus_match, first_pass, time_to_peak
from bolus.preprocess.noise import pooled_sd

RESOLUTION = 1e-5
"""Noise of TE·ΔR2* below which none is believed: the rounding of float32."""

BLOCK = 16384
"""Voxels handled at a time, which bounds the memory."""


def tissue_curves(series: PreparedSeries) -> TissueCurves:
    """Concentration curves of all voxels in the mask of a prepared series.

    ΔR2* = −ln(S/S0)/TE in 1/s, or TE·ΔR2* where the echo time is unknown, as float32 (n, t) over
    the used frames. S0 is the voxel's geometric mean over the baseline frames, so that the baseline
    of a curve is zero: with the arithmetic mean noise of relative SD σ lifts the whole curve by
    σ²/2, be it Gaussian (the logarithm falls) or Rician (S0 rises), and the area of one that is as
    low as white matter's by a fifth at SNR 10. ``noise_sd`` is the SD of the concentration over the
    baseline frames (``pooled_sd``). Both are of measured samples only.

    Quality bits: CLIPPED, the signal fell to 1 % of S0 or lower and was clamped to that;
    NON_FINITE, a sample is NaN or infinite or S0 ≤ 0, and the row is NaN; NO_BOLUS, the curve
    cannot be told from its own noise at a false-alarm rate of 1 % (``bolus_match``), and ``ttp``
    is NaN. ``ttp`` counts from the start of the first used frame where the times of slices are
    known.
    """
    signal = series.signal[..., series.frames.used][series.mask]
    te = series.te or 1.0
    before = [
        (rows, np.flatnonzero(measured[: series.frames.onset - series.frames.first]))
        for rows, measured in series.alike(series.mask)
    ]
    s0, own, count = np.empty(len(signal)), np.empty(len(signal)), np.empty(len(signal), dtype=int)
    for rows, frames in before:
        s0[rows], count[rows] = np.mean(signal[rows][:, frames], axis=1, dtype=float), frames.size
    curves, quality = _concentration(signal, s0, te)
    del signal
    for rows, frames in before:
        baseline = curves[rows][:, frames]
        own[rows] = np.std(baseline, axis=1, ddof=1, dtype=float)
        curves[rows] -= np.mean(baseline, axis=1, dtype=float, keepdims=True).astype(curves.dtype)
    noise = np.maximum(pooled_sd(own, s0, count), RESOLUTION / te)
    ttp = _mark_bolus(curves, noise, quality, series.frames, series.dt)
    ttp += series.slice_times_in(series.mask)
    return TissueCurves(
        curves=curves,
        noise_sd=noise,
        time=np.arange(curves.shape[1]) * series.dt,
        quality=quality,
        ttp=ttp,
    )


def _concentration(
    signal: Float[np.ndarray, "n t"], s0: Float[np.ndarray, " n"], te: float
) -> tuple[Float[np.ndarray, "n t"], UInt8[np.ndarray, " n"]]:
    """Curves (NaN rows for unusable voxels) and the bits CLIPPED and NON_FINITE."""
    curves = np.full(signal.shape, np.nan, dtype=np.float32)
    quality = np.full(len(signal), int(Quality.NON_FINITE), dtype=np.uint8)
    for start in range(0, len(signal), BLOCK):
        rows = slice(start, start + BLOCK)
        good = start + np.flatnonzero(np.isfinite(signal[rows]).all(axis=1) & (s0[rows] > 0))
        own = s0[good, None]
        clipped = (signal[good] <= FLOOR * own).any(axis=1)
        quality[good] = np.where(clipped, int(Quality.CLIPPED), 0)
        curves[good] = concentration(signal[good], own, te)
    return curves, quality


def _mark_bolus(
    curves: Float[np.ndarray, "n t"],
    noise: Float[np.ndarray, " n"],
    quality: UInt8[np.ndarray, " n"],
    frames: FrameWindow,
    dt: float,
) -> Float[np.ndarray, " n"]:
    """Sets the bit NO_BOLUS in ``quality``; the time to peak (NaN without bolus) is returned."""
    ttp = np.full(len(curves), np.nan)
    usable = np.flatnonzero((quality & Quality.NON_FINITE) == 0)
    if usable.size == 0:
        return ttp
    onset = frames.onset - frames.first
    template = first_pass(np.mean(curves, axis=0, dtype=float, where=_rows(usable, curves)), onset)
    peak, reach = int(np.argmax(template)), max(1, int(np.count_nonzero(template)) // 2)
    for start in range(0, usable.size, BLOCK):
        rows = usable[start : start + BLOCK]
        found, shift = bolus_match(curves[rows], noise[rows], template, onset, dt)
        quality[rows[~found]] |= int(Quality.NO_BOLUS)
        ttp[rows[found]] = time_to_peak(curves[rows[found]], peak + shift[found], reach, dt)
    return ttp


def _rows(usable: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """(n, 1) mask of the usable rows."""
    mask = np.zeros((len(curves), 1), dtype=bool)
    mask[usable] = True
    return mask
