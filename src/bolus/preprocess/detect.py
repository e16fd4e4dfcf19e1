"""Which voxels saw the bolus, and when it was strongest there."""

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import gaussian_filter1d
from scipy.special import stdtrit

from bolus.preprocess.noise import PRIOR_FRAMES

FALSE_ALARM = 0.01
"""Largest rate at which a voxel of pure noise passes for one with a bolus."""

EARLIEST, LATEST = -4.0, 12.0
"""Arrival relative to the mean curve that is searched, in s."""

TEMPLATE_FLOOR = 0.3
SMOOTHING = 1.0
"""SD of the Gaussian that the search for the peak uses, in s."""


def bolus_match(
    curves: Float[np.ndarray, "n t"],
    noise_sd: Float[np.ndarray, " n"],
    template: Float[np.ndarray, " t"],
    baseline: int,
    dt: float,
) -> tuple[Bool[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Whether each curve holds a bolus, and by how many frames it best matches later than the mean.

    A matched filter: with m the ``template`` (``first_pass`` of the mean curve), shifted by δ,
    z = max over δ of Σ C·m / (sd·√(Σm² + (Σm)²/baseline)), whose second term is the noise of S0.
    A voxel passes when z exceeds the one-sided t quantile at a false-alarm rate of 1 %, divided
    by the number of shifts (−4 … 12 s). Rows must be finite.
    """
    shifts = np.arange(int(np.floor(EARLIEST / dt)), int(np.ceil(LATEST / dt)) + 1)
    bank = np.stack([_shifted(template, int(shift)) for shift in shifts], axis=1)
    weight = np.sqrt((bank**2).sum(0) + bank.sum(0) ** 2 / baseline)
    complete = weight > 0.7 * weight.max()
    shifts, bank = shifts[complete], bank[:, complete] / weight[complete]
    z = curves @ bank.astype(curves.dtype)
    best = np.argmax(z, axis=1)
    limit = -stdtrit(baseline - 1 + PRIOR_FRAMES, FALSE_ALARM / len(shifts))
    return z[np.arange(len(z)), best] > limit * noise_sd, shifts[best]


def first_pass(mean: Float[np.ndarray, " t"], onset: int) -> Float[np.ndarray, " t"]:
    """The first pass of a mean curve: what lies above 30 % of its peak around the peak, height 1.

    All zero where the curve is nowhere positive from ``onset`` on.
    """
    peak = onset + int(np.argmax(mean[onset:]))
    if not mean[peak] > 0:
        return np.zeros_like(mean)
    height = np.clip(mean / mean[peak] - TEMPLATE_FLOOR, 0.0, None) / (1 - TEMPLATE_FLOOR)
    low = np.flatnonzero(height == 0)
    start = low[low < peak].max(initial=-1)
    end = low[low > peak].min(initial=len(mean))
    frames = np.arange(len(mean))
    return np.where((frames > start) & (frames < end), height, 0.0)


def time_to_peak(
    curves: Float[np.ndarray, "n t"], expected: Int[np.ndarray, " n"], reach: int, dt: float
) -> Float[np.ndarray, " n"]:
    """Time of the peak in s from the first frame, (n,).

    The curves are smoothed by a Gaussian of SD 1 s; the largest sample within ``reach`` frames of
    the ``expected`` one is refined by the parabola through it and its neighbours.
    """
    last = curves.shape[1] - 1
    sigma = max(SMOOTHING / dt, 0.4)
    frames = np.clip(expected[:, None] + np.arange(-reach - 1, reach + 2), 0, last)
    near = np.take_along_axis(gaussian_filter1d(curves, sigma, axis=1), frames, axis=1)
    rows, top = np.arange(len(near)), 1 + np.argmax(near[:, 1:-1], axis=1)
    left, centre, right = near[rows, top - 1], near[rows, top], near[rows, top + 1]
    bend = 2 * centre - left - right
    inside = (bend > 0) & (left <= centre) & (right <= centre)
    offset = np.where(inside, 0.5 * (right - left) / np.where(inside, bend, 1.0), 0.0)
    return (frames[rows, top] + offset) * dt


def _shifted(template: Float[np.ndarray, " t"], shift: int) -> Float[np.ndarray, " t"]:
    """The template later by ``shift`` frames, zeros moved in."""
    frames = np.arange(len(template)) - shift
    inside = (frames >= 0) & (frames < len(template))
    return np.where(inside, template[np.clip(frames, 0, len(template) - 1)], 0.0)
