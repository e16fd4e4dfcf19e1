"""The vein that drains the brain: where it lies, and what its curve owes to the arterial input."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.fft import irfft, rfft
from scipy.special import gammainc

from bolus.aif.mixture import BloodPart, blood_part, relative_signal
from bolus.aif.shape import SMOOTHING, shape_of
from bolus.aif.voxels import agreeing, on_grid, support
from bolus.data import AIF, MaskError, PreparedSeries, Quality, TissueCurves, Vein
from bolus.physics.signal import concentration

LATER = (1.5, 15.0)
"""s that a vein's half-rise comes after the arterial one: least and most."""
CLARITY = 6.0
"""Noise SDs that its curve must rise to."""
FEWEST, MOST, COMPETING = 3, 12, 24
"""Voxels of a vein, and how many of the largest area compete."""
OFF, EQUAL = 0.13, 0.07
"""SDs of logs of areas: of what an arterial input is off by beyond what the fit says (on simulated
heads without a vein), and of a vein's over the arterial one, which T1, haematocrit and oxygen make
unlike though the same agent passes both."""
SHAPE = 0.06
"""SD of the log of what CBF is off by, beyond the area, for the shape of an arterial input."""
THEIRS = OFF**2 / (OFF**2 + EQUAL**2)
"""Part of the log of both areas' ratio that is the arterial input's error."""
VEIN = {
    "delay": (2.5, 1.5),
    "spread": (np.log(4.0), 0.4),
    "form": (np.log(1.5), 0.4),
    "ratio": (0.0, float(np.hypot(OFF, EQUAL))),
}
"""Mean and SD of what describes a vein besides its share: the transport from artery to vein, whose
distribution of times is a delay in s and a gamma density of a mean (log s) and form (log); and the
log of the area of its curve over that of the fitted arterial input."""
FULL, PARTIAL, OFTEN = (-0.05, 0.1), (-0.5, 0.5), 0.8
"""Mean and SD of the log share of blood in the voxels that hold most of a vein: a sinus of 5 to
10 mm fills them, a cortical vein does not; and how often it is the first."""
MODEL = 0.02
"""SD of what one distribution of times leaves of a vein's part of the signal."""


def find_vein(
    curves: TissueCurves, series: PreparedSeries, aif: AIF
) -> Bool[np.ndarray, "x y z"] | None:
    """Voxels of the largest vein, None where fewer than three look like one.

    Of the voxels whose curve rises 1.5 to 15 s after the arterial input and 6 noise SDs high, and
    that touch another, the 24 with the largest area compete; those stay whose curve follows the
    median of them, at most the 12 largest. Tissue is as late, but has a tenth of the area.
    """
    usable = np.flatnonzero((curves.quality & (Quality.NON_FINITE | Quality.NO_BOLUS)) == 0)
    late = series.slice_times_in(series.mask)
    own = shape_of(curves.curves[usable], series.dt, SMOOTHING)
    first = shape_of(aif.curve[None], series.dt).rise[0] + (aif.slice_time or 0.0)
    after = own.rise + late[usable] - first
    fitting = (after >= LATER[0]) & (after <= LATER[1])
    fitting &= own.height >= CLARITY * curves.noise_sd[usable]
    voxels = usable[fitting]
    area = curves.curves[voxels].sum(axis=1)
    voxels = voxels[np.argsort(-area, kind="stable")[:COMPETING]]
    voxels = voxels[support(series.mask, voxels) > 0]
    if voxels.size >= FEWEST:
        voxels = agreeing(curves, voxels, series.dt, late)[:MOST]
    return on_grid(series.mask, voxels) if voxels.size >= FEWEST else None


def venous_part(
    curves: TissueCurves, series: PreparedSeries, aif: AIF, where: Bool[np.ndarray, "x y z"]
) -> BloodPart | None:
    """What the blood of a vein adds to the signal, at the arterial input's time of a frame.

    None where fewer than three voxels follow one curve.
    """
    return blood_part(curves, series, where, aif.slice_time or 0.0, FEWEST)


def venous_curve(
    fine: Float[np.ndarray, " fine"], step: float, q: Float[np.ndarray, " four"], length: int
) -> Float[np.ndarray, " fine"]:
    """The curve of a vein under an arterial input ``fine`` every ``step`` s; ``q`` as VEIN."""
    delay, (spread, form, ratio) = max(q[0], 0.0), np.exp(q[1:])
    edges = (np.arange(fine.size + 1) - 0.5) * step
    times = gammainc(form, np.maximum(edges - delay, 0.0) * form / spread)
    made = irfft(rfft(fine, length) * rfft(np.diff(times), length), length)
    return np.asarray(ratio * made[: fine.size])


def share_residual(share: float) -> float:
    """What a log share is worth under FULL or PARTIAL: a residual, whose square is −2 ln(prior)."""

    def density(mean: float, sd: float, of: float) -> float:
        return float(np.exp(-0.5 * ((of - mean) / sd) ** 2) / sd)

    def prior(of: float) -> float:
        return OFTEN * density(*FULL, of) + (1 - OFTEN) * density(*PARTIAL, of)

    fall = max(0.0, float(np.log(prior(FULL[0]) / max(prior(share), 1e-300))))
    return float(np.copysign(np.sqrt(2 * fall), share - FULL[0]))


def vein_of(
    series: PreparedSeries, aif: AIF, where: Bool[np.ndarray, "x y z"], *, by_hand: bool
) -> Vein:
    """A vein with the mean concentration of its voxels. Raises MaskError where none can be used."""
    marked, relative = relative_signal(series, where, aif.slice_time or 0.0)
    if not marked.any():
        raise MaskError(
            f"none of the {int(where.sum())} marked voxels of a vein has a finite signal and a "
            "positive baseline"
        )
    own = concentration(relative[marked], 1.0, series.te or 1.0)
    return Vein(mask=where, curve=own.mean(axis=0), by_hand=by_hand)
