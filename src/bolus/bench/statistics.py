"""The figures of a row, from the errors of its curves."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.bench.score import INTERVALS, Errors

RESAMPLES = 1000
RIVALS = ("osvd", "tikhonov")
"""What the literature uses; a method is measured against the better of the two."""
MAD_TO_SD = 1.4826
ROUNDING = 1e-9
"""Logarithms that differ by less are equal."""


@dataclass(frozen=True, kw_only=True)
class AccuracyRow:
    """One method at one SNR, at one repetition time or (``dt`` None) over all of them.

    ``residue`` names the only residue of the curves, or 'all' that there are in the table.
    ``log_cbf``, ``log_mtt``, ``log_cbv``: means of ``|log(estimate/true)|``; ``log_cbf_ci`` the
    95 % bootstrap interval of the first, arterial inputs resampled; ``to_limit`` its ratio to the
    limit's, ``to_rival`` to that of the better of RIVALS (NaN where there is none). ``cbf_bias``
    the median of CBF/true, ``cbf_spread`` its robust SD (1.4826·MAD).
    ``mtt_error`` and ``delay_error`` mean absolute errors in s, the latter of the quantity
    ``delay_from``. ``correlation`` of log CBF with the truth. ``failed`` is the share of CBF
    estimates that are missing or under 1 % of the truth, which count as 1 % of it. ``coverage`` is
    the share of 90 % intervals that hold the truth.
    """

    method: str
    residue: str
    snr: float
    dt: float | None
    n: int
    log_cbf: float
    log_cbf_ci: tuple[float, float]
    to_limit: float
    to_rival: float
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


def row(
    method: str,
    snr: float,
    dt: float | None,
    e: Errors,
    limit: Errors | None,
    group: np.ndarray,
    seed: int,
    *,
    rival: float = math.nan,
    residue: str = "all",
) -> AccuracyRow:
    """Figures of one row; ``group`` (n, 2) are the repetition time and arterial input of a curve.

    ``limit`` holds the limit's errors on the same curves, ``rival`` is the smaller log_cbf of
    RIVALS.
    """
    best = math.nan if limit is None else float(limit.log_cbf.mean())
    log_ratio = np.log(e.ratio)
    median = float(np.median(e.ratio))
    return AccuracyRow(
        method=method,
        residue=residue,
        snr=snr,
        dt=dt,
        n=e.log_cbf.size,
        log_cbf=float(e.log_cbf.mean()),
        log_cbf_ci=bootstrap(e.log_cbf, group, seed),
        to_limit=float(e.log_cbf.mean() / best),
        to_rival=float(e.log_cbf.mean() / rival),
        cbf_bias=median,
        cbf_spread=float(MAD_TO_SD * np.median(np.abs(e.ratio - median))),
        log_mtt=float(e.log_mtt.mean()),
        mtt_error=_mean(e.mtt),
        log_cbv=float(e.log_cbv.mean()),
        delay_error=_mean(e.delay),
        delay_from="delay" if e.has_delay.any() else "tmax",
        correlation=_correlation(log_ratio + np.log(e.true_cbf), np.log(e.true_cbf)),
        failed=float(e.failed.mean()),
        coverage=coverage(e.covered),
    )


def coverage(covered: Float[np.ndarray, "n 4"]) -> dict[str, float] | None:
    """Share of intervals that hold the truth, by quantity; None without intervals."""
    shares = {name: _mean(covered[:, i]) for i, name in enumerate(INTERVALS)}
    return shares if np.isfinite(list(shares.values())).any() else None


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    flat = a.size < 2 or min(np.ptp(a), np.ptp(b)) < ROUNDING
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


def bootstrap_median(
    values: Float[np.ndarray, " n"], place: np.ndarray, seed: int, resamples: int = 200
) -> tuple[float, float]:
    """95 % interval of the median; whole arterial inputs, numbered by ``place`` (n,), resampled."""
    rng = np.random.default_rng(seed)
    parts = [values[place == number] for number in np.unique(place)]
    medians = [
        np.median(np.concatenate([parts[i] for i in rng.integers(len(parts), size=len(parts))]))
        for _ in range(resamples)
    ]
    low, high = np.quantile(medians, [0.025, 0.975])
    return float(low), float(high)
