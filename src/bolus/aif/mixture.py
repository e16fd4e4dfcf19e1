"""Arterial voxels hold tissue too: what the blood in them adds to the signal of tissue."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from bolus.aif.shape import SMOOTHING, shape_of
from bolus.data import AIF, PreparedSeries, TissueCurves
from bolus.physics.sampling import sampled_later

ROUNDS = 3
LEAST = 3
"""Frames before the bolus of which noise is told."""
RISING = 4.0
"""s from the first blood of a bolus to half its height, at most."""
LEADERS, PART = 10, 0.6
"""Voxels take part that hold this share of the blood of the so-many-th most arterial one …"""
TOGETHER = 1.0
"""… whose blood comes within so many s of that of the arteries first found …"""
FITTING = 1.5
"""… and follow the same curve to so many times their noise."""
MOST = 3
"""Voxels that count as the most arterial."""


@dataclass(frozen=True, eq=False)
class BloodPart:
    """What blood adds to the signal of voxels that hold tissue too.

    Relative to its baseline, a voxel with a share f of blood has the signal
    s(t) = τ(t) + f·(E(t) − τ(t)), with the signal τ of tissue and E = exp(−TE·ΔR2*) of blood.
    ``part`` (t,) is E − τ times a factor that is not known, the deepest sample of it −1; ``noise``
    its SD. In that unit f is ``most`` in the three voxels that hold most of it, over the same
    factor; ``voxels`` took part.
    """

    part: Float[np.ndarray, " t"]
    noise: float
    most: float
    voxels: int


@dataclass(frozen=True, eq=False)
class ArterialPart(BloodPart):
    """``BloodPart`` of arteries, with ``tissue`` (t,) τ and its mean ΔR2* ``curve`` (t,)."""

    tissue: Float[np.ndarray, " t"]
    curve: Float[np.ndarray, " t"]
    te: float
    dt: float


def arterial_part(curves: TissueCurves, series: PreparedSeries, aif: AIF) -> ArterialPart | None:
    """The part that the voxels of an arterial input share, and others that follow it.

    None where the input has no voxels, fewer than ten follow one curve, or fewer than three frames
    precede the bolus. By alternating least squares: the share of every voxel, then the part of
    those that hold much of it.
    """
    if aif.mask is None:
        return None
    part = blood_part(curves, series, aif.mask, aif.slice_time or 0.0, LEADERS)
    if part is None:
        return None
    tissue = np.exp(-(series.te or 1.0) * curves.mean)
    return ArterialPart(**vars(part), tissue=tissue, curve=curves.mean,
                        te=series.te or 1.0, dt=series.dt)  # fmt: skip


def blood_part(
    curves: TissueCurves,
    series: PreparedSeries,
    where: Bool[np.ndarray, "x y z"],
    at: float,
    leaders: int,
) -> BloodPart | None:
    """The part that voxels ``where`` of one kind of vessel share, and others that follow it.

    At the time ``at`` of a frame, in s. None where fewer than so many ``leaders`` follow one curve,
    or fewer than three frames precede the bolus.
    """
    onset = series.frames.onset - series.frames.first
    if onset < LEAST:
        return None
    tissue = np.exp(-(series.te or 1.0) * curves.mean)
    marked, relative = relative_signal(series, where, at)
    if not marked.any():
        return None
    steady = _steady(tissue - relative[marked].mean(axis=0), onset, series.dt)
    excess = relative / relative[:, :steady].mean(axis=1, keepdims=True) - tissue
    sd = excess[:, :steady].std(axis=1, ddof=1)
    level = float(np.median(sd))
    part = _scaled(excess[marked].mean(axis=0))
    timely = _timely(excess, part, series.dt)
    for _ in range(ROUNDS):
        share = excess @ part / (part @ part)
        left = np.sqrt(np.mean((excess - share[:, None] * part) ** 2, axis=1))
        fitting = timely & (left < FITTING * np.maximum(sd, level))
        if fitting.sum() < leaders or not share[fitting].max() > 0:
            return None
        leader = np.sort(share[fitting])[-leaders]
        used = fitting & (share > PART * leader)
        part = _scaled(share[used] @ excess[used])
    share = excess[used] @ part / (part @ part)
    noise = max(float(part[:steady].std(ddof=1)), level / float(np.sqrt(share @ share)))
    return BloodPart(part, noise, float(np.sort(share)[-MOST:].mean()), int(used.sum()))


def relative_signal(
    series: PreparedSeries, mask: Bool[np.ndarray, "x y z"], at: float
) -> tuple[Bool[np.ndarray, " n"], Float[np.ndarray, "n t"]]:
    """Signal over its baseline of brain and arterial voxels, and which are arterial.

    Slices are interpolated to the time ``at`` of a frame, in s.
    """
    whole, frames = series.mask | mask, series.frames
    signal = np.asarray(series.signal[..., frames.used][whole], dtype=float)
    level = signal[:, : frames.onset - frames.first].mean(axis=1)
    good = np.isfinite(signal).all(axis=1) & (level > 0)
    relative = signal[good] / level[good, None]
    late = series.slice_times_in(whole)[good]
    for seconds in np.unique(late[late != at]):
        rows = late == seconds
        relative[rows] = sampled_later(relative[rows], at - float(seconds), series.dt)
    return mask[whole][good], relative


def _steady(drop: Float[np.ndarray, " t"], onset: int, dt: float) -> int:
    """Frames before the blood of a vessel comes, which in arteries is before that of tissue."""
    rise = float(shape_of(drop[None], dt).rise[0])
    return min(onset, max(LEAST, int((rise - RISING) / dt))) if np.isfinite(rise) else onset


def _timely(
    excess: Float[np.ndarray, "n t"], part: Float[np.ndarray, " t"], dt: float
) -> Bool[np.ndarray, " n"]:
    """Voxels whose blood comes with that of the arteries: veins have more of it, and later."""
    own = shape_of(-excess, dt, SMOOTHING)
    first = shape_of(-part[None], dt, SMOOTHING).rise[0]
    return np.abs(own.rise - first) <= TOGETHER


def _scaled(part: Float[np.ndarray, " t"]) -> Float[np.ndarray, " t"]:
    """With a deepest sample of −1."""
    return part / max(float(-part.min()), 1e-12)
