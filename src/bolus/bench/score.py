"""Errors of estimates, curve by curve."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.bench.design import CurveBatch
from bolus.data import Perfusion

FLOOR = 0.01
"""Estimates that are missing or under this fraction of the true value count as this fraction."""
LEVEL = 0.9
INTERVALS = ("cbf", "mtt", "delay", "cbv")


class Errors(NamedTuple):
    """One method's errors, an entry a curve.

    ``log_*`` are |log(estimate/true)| with the estimate clamped to FLOOR·true or above; ``mtt`` and
    ``delay`` absolute errors in s (of Tmax where ``has_delay`` is false), NaN where there is no
    estimate; ``ratio`` the clamped CBF over the true one; ``failed`` where it had to be clamped;
    ``covered`` (n, 4) whether the intervals of INTERVALS hold the truth, NaN where there are none.
    """

    log_cbf: np.ndarray
    log_mtt: np.ndarray
    log_cbv: np.ndarray
    mtt: np.ndarray
    delay: np.ndarray
    has_delay: np.ndarray
    ratio: np.ndarray
    true_cbf: np.ndarray
    failed: np.ndarray
    covered: np.ndarray


def errors(found: Perfusion, batch: CurveBatch) -> Errors:
    """Errors of a method's estimates on a batch."""
    cbf, mtt, cbv = (
        held_ratio(np.asarray(value, dtype=float), true)
        for value, true in ((found.cbf, batch.cbf), (found.mtt, batch.mtt), (found.cbv, batch.cbv))
    )
    has_delay = np.isfinite(found.delay)
    return Errors(
        log_cbf=np.abs(np.log(cbf)),
        log_mtt=np.abs(np.log(mtt)),
        log_cbv=np.abs(np.log(cbv)),
        mtt=np.abs(found.mtt - batch.mtt),
        delay=np.abs(np.where(has_delay, found.delay, found.tmax) - batch.delay),
        has_delay=has_delay,
        ratio=cbf,
        true_cbf=batch.cbf,
        failed=cbf <= FLOOR,
        covered=_covered(found, batch),
    )


def held_ratio(
    estimate: Float[np.ndarray, " n"], true: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Estimate over truth, (n,); FLOOR where the estimate is missing or under FLOOR·true."""
    return np.fmax(estimate / true, FLOOR)


def _covered(found: Perfusion, batch: CurveBatch) -> Float[np.ndarray, "n 4"]:
    out = np.full((batch.cbf.size, len(INTERVALS)), np.nan)
    known = () if found.posterior is None else found.posterior.quantities
    for column, name in enumerate(INTERVALS):
        if name in known:
            low, high = found.interval(name, LEVEL)
            true = getattr(batch, name)
            out[:, column] = (low <= true) & (true <= high)
    return out


def rows_where(e: Errors, keep: Bool[np.ndarray, " n"]) -> Errors:
    """Errors of some curves only."""
    return Errors(*(values[keep] for values in e))


def joined(parts: list[Errors]) -> Errors:
    """Errors of several batches as one."""
    return Errors(*(np.concatenate(column) for column in zip(*parts, strict=True)))
