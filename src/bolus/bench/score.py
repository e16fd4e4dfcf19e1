"""From estimates to the figures of a row."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.bench.design import CurveBatch
from bolus.data import Perfusion

FLOOR = 0.01
"""Estimates that are missing or under this fraction of the true value count as this fraction."""
LEVEL = 0.9
INTERVALS = ("cbf", "mtt", "delay", "cbv")
RESAMPLES = 1000
MAD_TO_SD = 1.4826


class Errors(NamedTuple):
    """One method's errors, an entry a curve.

    ``log_*`` are |log(estimate/true)| with the estimate held at FLOOR·true or above; ``mtt`` and
    ``delay`` absolute errors in s (of Tmax where ``has_delay`` is false), NaN where there is no
    estimate; ``ratio`` the held CBF over the true one; ``failed`` where it had to be held;
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


@dataclass(frozen=True, kw_only=True)
class AccuracyRow:
    """One method at one SNR, at one repetition time or (``dt`` None) over all of them.

    ``log_cbf``, ``log_mtt``, ``log_cbv``: means of |log(estimate/true)|; ``log_cbf_ci`` the 95 %
    bootstrap interval of the first, arterial inputs resampled; ``to_limit`` its ratio to the
    limit's. ``cbf_bias`` the median of CBF/true, ``cbf_spread`` its robust SD (1.4826·MAD).
    ``mtt_error`` and ``delay_error`` mean absolute errors in s, the latter of the quantity
    ``delay_from``. ``correlation`` of log CBF with the truth. ``failed`` is the share of CBF
    estimates that are missing or under 1 % of the truth, which count as 1 % of it. ``coverage`` is
    the share of 90 % intervals that hold the truth.
    """

    method: str
    snr: float
    dt: float | None
    n: int
    log_cbf: float
    log_cbf_ci: tuple[float, float]
    to_limit: float
    cbf_bias: float
    cbf_spread: float
    log_mtt: float
    mtt_error: float
    log_cbv: float
    delay_error: float
    delay_from: str
    correlation: float
    failed: float
    coverage: dict[str, float] | None


def errors(found: Perfusion, batch: CurveBatch) -> Errors:
    """Errors of a method's estimates on a batch."""
    cbf, mtt, cbv = (
        _ratio(np.asarray(value, dtype=float), true)
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


def _ratio(estimate: Float[np.ndarray, " n"], true: Float[np.ndarray, " n"]) -> np.ndarray:
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


def row(
    method: str,
    snr: float,
    dt: float | None,
    e: Errors,
    limit: Errors,
    group: np.ndarray,
    seed: int,
) -> AccuracyRow:
    """Figures of one row; ``group`` (n, 2) are the repetition time and arterial input of a curve.

    ``limit`` holds the limit's errors on the same curves.
    """
    log_ratio = np.log(e.ratio)
    median = float(np.median(e.ratio))
    return AccuracyRow(
        method=method,
        snr=snr,
        dt=dt,
        n=e.log_cbf.size,
        log_cbf=float(e.log_cbf.mean()),
        log_cbf_ci=bootstrap(e.log_cbf, group, seed),
        to_limit=float(e.log_cbf.mean() / limit.log_cbf.mean()),
        cbf_bias=median,
        cbf_spread=float(MAD_TO_SD * np.median(np.abs(e.ratio - median))),
        log_mtt=float(e.log_mtt.mean()),
        mtt_error=_mean(e.mtt),
        log_cbv=float(e.log_cbv.mean()),
        delay_error=_mean(e.delay),
        delay_from="delay" if e.has_delay.any() else "tmax",
        correlation=_correlation(log_ratio + np.log(e.true_cbf), np.log(e.true_cbf)),
        failed=float(e.failed.mean()),
        coverage=_coverage(e.covered),
    )


def _coverage(covered: Float[np.ndarray, "n 4"]) -> dict[str, float] | None:
    shares = {name: _mean(covered[:, i]) for i, name in enumerate(INTERVALS)}
    return shares if np.isfinite(list(shares.values())).any() else None


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    flat = a.size < 2 or np.ptp(a) == 0 or np.ptp(b) == 0
    return float("nan") if flat else float(np.corrcoef(a, b)[0, 1])


def bootstrap(
    values: Float[np.ndarray, " n"], group: np.ndarray, seed: int, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """95 % interval of the mean, whole arterial inputs resampled within each repetition time.

    Curves of one arterial input err alike, so that resampling single curves would promise too much.
    """
    rng = np.random.default_rng(seed)
    total, count = np.zeros(resamples), np.zeros(resamples)
    for stratum in np.unique(group[:, 0]):
        inside = group[:, 0] == stratum
        _, place = np.unique(group[inside, 1], return_inverse=True)
        sums, sizes = np.bincount(place, values[inside]), np.bincount(place)
        draw = rng.integers(sums.size, size=(resamples, sums.size))
        total += sums[draw].sum(axis=1)
        count += sizes[draw].sum(axis=1)
    low, high = np.quantile(total / count, [0.025, 0.975])
    return float(low), float(high)


def rows_where(e: Errors, keep: Bool[np.ndarray, " n"]) -> Errors:
    """Errors of some curves only."""
    return Errors(*(values[keep] for values in e))


def joined(parts: list[Errors]) -> Errors:
    """Errors of several batches as one."""
    return Errors(*(np.concatenate(column) for column in zip(*parts, strict=True)))
