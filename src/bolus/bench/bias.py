"""Whether CBF is right in the median, delay by delay and repetition time by repetition time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from bolus.base.progress import Steps
from bolus.bench.design import Design, held_out_prior
from bolus.bench.statistics import bootstrap_median
from bolus.bench.trial import Methods, Trial, Work, quick, run_trial, trial_steps

SNR = 50.0
DTS = (1.0, 1.25, 1.5, 2.0)
EDGES = (-1.0, 0.0, 1.0, 2.0, 3.0, 4.0)
"""Edges of the bins of delay in s."""
IN_FAMILY, HELD_OUT = "in-family", "held out"


@dataclass(frozen=True, kw_only=True)
class BiasRow:
    """Median of CBF/true of ``n`` curves, 95 % interval by resampling of arterial inputs.

    The curves have a delay from ``low`` to ``high`` s at any of DTS (``by`` 'delay'), or any delay
    at one repetition time, ``low`` = ``high`` (``by`` 'dt'). ``residues`` are IN_FAMILY or
    HELD_OUT.
    """

    method: str
    residues: str
    by: str
    low: float
    high: float
    n: int
    median: float
    ci: tuple[float, float]


def bias(design: Design, methods: Methods) -> Work[BiasRow]:
    """Bias at SNR 50 on twice the design's curves; the slow methods are left out, not the limit."""
    plain = replace(design, dts=DTS, snrs=(SNR,), curves_per_cell=2 * design.curves_per_cell)
    designs = {IN_FAMILY: plain, HELD_OUT: replace(plain, prior=held_out_prior())}
    fast = quick(methods)

    def rows(steps: Steps) -> tuple[BiasRow, ...]:
        found: list[BiasRow] = []
        for name, own in designs.items():
            found += bias_rows(run_trial(own, fast, steps, label=f"bias, {name}"), name, own.seed)
        return tuple(found)

    return Work(sum(trial_steps(own, fast) for own in designs.values()), rows)


def bias_rows(trial: Trial, residues: str, seed: int) -> Iterator[BiasRow]:
    """Rows of every method for each bin of delay, then for each repetition time."""
    bins = list(pairwise(EDGES))
    inside = {("delay", low, high): _within(trial.delay, low, high) for low, high in bins}
    inside |= {("dt", dt, dt): trial.dt == dt for dt in DTS}
    for (by, low, high), keep in inside.items():
        part = trial.where(keep)
        for method, found in part.errors.items():
            known = found.ratio.size > 0
            yield BiasRow(
                method=method,
                residues=residues,
                by=by,
                low=low,
                high=high,
                n=found.ratio.size,
                median=float(np.median(found.ratio)) if known else np.nan,
                ci=bootstrap_median(found.ratio, part.place, seed) if known else (np.nan, np.nan),
            )


def _within(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """From ``low`` up to ``high``, the last edge included."""
    return (low <= values) & ((values < high) | (values == high) & (high == EDGES[-1]))
