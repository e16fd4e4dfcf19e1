"""The mean concentration of marked voxels, judged."""

import numpy as np
from jaxtyping import Bool, Float

from bolus.aif.score import arterial_score
from bolus.data import AIF, ArterialInputError, Criterion, MaskError, PreparedSeries, TissueCurves
from bolus.physics.sampling import sampled_later
from bolus.physics.signal import FLOOR, concentration

MIN_CLARITY = 6.0
"""Noise SDs that an arterial curve must rise to."""

VISIBLE = 2.0
"""Noise SDs of the signal under which the trough of a saturated artery lies."""

LEAST = 2
"""Frames of the baseline of which an SD can be taken, …"""

MOSTLY = 0.5
"""… those that were measured in more than this part of the voxels."""

SATURATED_LOSS = 0.3
"""Part of the score that is lost when all voxels are saturated."""


def aif_from_mask(
    curves: TissueCurves, series: PreparedSeries, mask: Bool[np.ndarray, "x y z"]
) -> AIF:
    """Arterial input of marked voxels (x, y, z) of a prepared series: their mean concentration.

    Concentrations are averaged, not signals: they are linear in the contrast agent, and bright
    voxels do not outweigh dark ones. The voxels need not lie in the brain mask. Those without a
    finite signal and a positive baseline are left out, and a note says how many; others say how
    arterial the curve looks (``arterial_score``), how many voxels were clipped at 1 % of S0, and
    how many are saturated, with less than 2 noise SDs of signal left at the peak; when all are,
    the score loses 30 %. Where slices were acquired one after the other, curves of other slices
    than most voxels lie in are interpolated to the time of these.

    Raises MaskError for a mask that is empty or on another grid, ArterialInputError when no marked
    voxel has a usable signal.
    """
    if mask.shape != series.grid.shape:
        raise MaskError(f"arterial mask of shape {mask.shape} on a grid of {series.grid.shape}")
    if not mask.any():
        raise MaskError("the arterial mask is empty")
    return arterial_mean(curves, series, mask)


def arterial_mean(
    curves: TissueCurves, series: PreparedSeries, mask: Bool[np.ndarray, "x y z"]
) -> AIF:
    """Mean concentration of the marked voxels with its score; see ``aif_from_mask``."""
    signal = np.asarray(series.signal[..., series.frames.used][mask], dtype=float)
    steady = series.measured_in(mask)[:, : series.frames.onset - series.frames.first]
    before = np.flatnonzero(steady.mean(axis=0) > MOSTLY)
    if before.size < LEAST:
        raise ArterialInputError(
            f"{before.size} frames of the baseline were measured in most of the marked voxels, at "
            f"least {LEAST} are needed; mark voxels of fewer slices"
        )
    s0 = np.empty(len(signal))
    for rows, measured in series.alike(mask):
        s0[rows] = signal[rows][:, np.flatnonzero(measured[: steady.shape[1]])].mean(axis=1)
    good = np.isfinite(signal).all(axis=1) & (s0 > 0)
    if not good.any():
        raise ArterialInputError(
            f"none of the {len(good)} marked voxels has a finite signal and a positive baseline"
        )
    level = s0[good, None]
    own = concentration(signal[good], level, series.te or 1.0)
    own, slice_time = _aligned(own, series.slice_times_in(mask)[good], series.dt)
    curve = own.mean(axis=0)
    if not curve.max() > 0:
        raise ArterialInputError("the marked voxels show no drop of signal")
    noise = float(np.std(curve[before], ddof=1))
    if curve.max() < MIN_CLARITY * noise:
        raise ArterialInputError(
            f"no bolus passes the {int(good.sum())} marked voxels: their mean curve peaks at "
            f"{curve.max() / noise:.1f} noise SDs, at least {MIN_CLARITY:.0f} are needed"
        )
    late = slice_time - mean_time(curves, series)
    score = arterial_score(curve, curves.mean, noise, series.dt, late)
    clipped = int((signal[good] <= FLOOR * level).any(axis=1).sum())
    relative = signal[good] / level
    saturated = _saturated(relative[:, before], relative[:, int(np.argmax(curve))])
    used = mask.copy()
    used[mask] = good
    return AIF(
        curve=curve,
        dt=series.dt,
        origin="mask",
        mask=used,
        score=score.with_criteria(*_counts(good, clipped, saturated)),
        notes=(f"mean of {int(good.sum())} voxels",),
        slice_time=None if series.slice_times is None else slice_time,
    )


def mean_time(curves: TissueCurves, series: PreparedSeries) -> float:
    """Seconds from the start of a frame to the mean tissue curve; 0 where they are unknown."""
    usable = np.isfinite(curves.curves[:, 0])
    times = series.slice_times_in(series.mask)[usable]
    return float(times.mean()) if times.size else 0.0


def _aligned(
    own: Float[np.ndarray, "n t"], late: Float[np.ndarray, " n"], dt: float
) -> tuple[Float[np.ndarray, "n t"], float]:
    """Curves as if all had been acquired at one time of a frame, and that time in s.

    It is that of most voxels, the earliest of several; their curves stay as they are.
    """
    times, count = np.unique(late, return_counts=True)
    reference = float(times[np.argmax(count)])
    for seconds in times[times != reference]:
        rows = late == seconds
        own[rows] = sampled_later(own[rows], reference - float(seconds), dt)
    return own, reference


def _saturated(before: Float[np.ndarray, "n b"], trough: Float[np.ndarray, " n"]) -> int:
    """Voxels in the noise at the peak; baseline (n, b) and signal there (n,), relative to S0."""
    noise = float(np.sqrt(np.median(np.var(before, axis=1, ddof=1))))
    return int(np.sum(trough < VISIBLE * noise))


def _counts(good: Bool[np.ndarray, " n"], clipped: int, saturated: int) -> list[Criterion]:
    """How many of the marked voxels cannot be used, and of the others are clipped or saturated."""
    used, found = int(good.sum()), []
    if not good.all():
        text = f"{int((~good).sum())} marked voxels have no usable signal"
        found.append(Criterion("usable", None, text, concern=True, voxels=int((~good).sum())))
    if clipped:
        text = f"{clipped} voxels fell to 1 % of their baseline and were clipped"
        found.append(Criterion("clipped", None, text, concern=True, voxels=clipped))
    if saturated:
        text = f"{saturated} voxels are saturated, their peak is lost in noise"
        worth = 1 - SATURATED_LOSS * saturated / used
        found.append(Criterion("saturated", worth, text, concern=True, voxels=saturated))
    return found
