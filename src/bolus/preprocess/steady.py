"""Which frames at the start of a scan are not yet in steady state."""

import numpy as np
from jaxtyping import Float

TOLERANCE = 0.015
"""Deviation from the baseline, as a fraction, that is never worth dropping a frame for."""

NOISE_FACTOR = 4.0
TREND_FRAMES = 12


def noise_level(curve: Float[np.ndarray, " t"]) -> float:
    """Standard deviation of the frame-to-frame noise of a curve, in the curve's unit.

    1.4826·median|d − median d|/√6 of the second differences d, which a smooth bolus or drift
    hardly touches.
    """
    second = np.diff(curve, n=2)
    return float(1.4826 * np.median(np.abs(second - np.median(second))) / np.sqrt(6.0))


def unsteady_frames(
    before: Float[np.ndarray, " t"], noise: float, tolerance: float = TOLERANCE
) -> int:
    """Number of leading frames that differ from the baseline to come.

    ``before`` (t,) is the mean signal up to the onset of the bolus, ``noise`` its standard
    deviation. A leading frame is dropped when it lies further from the later baseline, brighter or
    darker, than 4 standard deviations of its prediction and than ``tolerance``·baseline; the first
    that does not ends the search. The later baseline is the median of the second half, or, where
    there are at least 12 frames, a Theil-Sen line through the last two thirds, so that drift is
    not taken for an approach to steady state.
    """
    predicted, spread = _prediction(before)
    limit = np.maximum(NOISE_FACTOR * noise * spread, tolerance * np.abs(predicted))
    with np.errstate(invalid="ignore"):
        steady = np.abs(before - predicted) <= limit
    return int(np.argmax(steady)) if steady.any() else len(before)


def _prediction(
    before: Float[np.ndarray, " t"],
) -> tuple[Float[np.ndarray, " t"], Float[np.ndarray, " t"]]:
    """Baseline expected at every frame, and its prediction SD in units of the noise SD."""
    n = len(before)
    if n < TREND_FRAMES:
        late = before[n // 2 :]
        return np.full(n, np.median(late)), np.full(n, np.sqrt(1 + 1 / len(late)))
    frames = np.arange(n, dtype=float)
    late = frames[n // 3 :]
    slope, intercept = _theil_sen(late, before[n // 3 :])
    off = (frames - late.mean()) ** 2 / ((late - late.mean()) ** 2).sum()
    return intercept + slope * frames, np.sqrt(1 + 1 / len(late) + off)


def _theil_sen(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """Slope and intercept of a line: the median of all pairs' slopes, and through the medians."""
    one, other = np.triu_indices(len(x), k=1)
    slope = float(np.median((y[other] - y[one]) / (x[other] - x[one])))
    return slope, float(np.median(y) - slope * np.median(x))
