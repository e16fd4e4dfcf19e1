"""The benchmark from seed to rows."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from bolus.bench.design import CurveBatch, Design
from bolus.bench.limit import LIMIT, Limit, limit_prior
from bolus.bench.result import Benchmark
from bolus.bench.rows import AccuracyRow, row
from bolus.bench.score import Errors, errors, joined, rows_where
from bolus.bench.speed import TimingSettings
from bolus.bench.steps import Progress, Steps
from bolus.bench.timing import time_methods, timing_steps
from bolus.data import InputError
from bolus.estimators import METHODS, Estimator, deconvolve, estimator
from bolus.estimators.spectral import OSVD
from bolus.phantom import CurvePrior

FULL_TIMING = TimingSettings()
Methods = Mapping[str, Estimator | str] | Sequence[str]


def bench_methods(methods: Methods | None = None) -> dict[str, Estimator]:
    """Name → estimator; None is all of METHODS and oSVD with the literature's oscillation index.

    A mapping may hold names or configured estimators. Raises MethodError for an unknown name,
    InputError for one called 'limit' or for a bare string.
    """
    if isinstance(methods, str):
        raise InputError(f"methods is a list of names or a mapping, found the string '{methods}'")
    if methods is None:
        named: dict[str, Estimator | str] = {name: name for name in METHODS}
        named["osvd oi=0.035"] = OSVD(oi=0.035)
    elif isinstance(methods, Mapping):
        named = dict(methods)
    else:
        named = {name: name for name in methods}
    if LIMIT in named:
        raise InputError(f"'{LIMIT}' is the name of the limit itself; call the method otherwise")
    return {name: estimator(method) for name, method in named.items()}


def run_benchmark(
    *,
    seed: int = 0,
    methods: Methods | None = None,
    curves_per_cell: int = 960,
    prior: CurvePrior | None = None,
    timing: TimingSettings | None = FULL_TIMING,
    progress: Progress | None = None,
) -> Benchmark:
    """Accuracy of every method and of the limit on the same random curves, and their speed.

    ``curves_per_cell`` curves a repetition time and SNR (see Design); ``prior`` where they are
    drawn from, None the six families; ``timing`` None leaves speed out. A method is given what a
    measurement knows of the noise: the SD of each curve's baseline frames, (n,). Only the limit
    knows prior and noise. Accuracy is the same for the same seed; times are not.
    ``progress(done, total, label)`` is called as each step begins, and at the end.

    Raises MethodError for an unknown method, InputError for settings that make no sense.
    """
    chosen = bench_methods(methods)
    source = CurvePrior() if prior is None else prior
    design = Design(seed=seed, curves_per_cell=curves_per_cell, prior=source)
    total = len(design.dts) * design.inputs * (len(chosen) + 1)
    if timing is not None:
        total += timing_steps(chosen, timing)
    steps = Steps(total, progress)
    rows = _accuracy(design, chosen, steps)
    speed = None if timing is None else time_methods(chosen, timing, seed=seed, steps=steps)
    steps.finish()
    return Benchmark(design=design, methods=tuple(chosen), accuracy=rows, speed=speed)


def _accuracy(
    design: Design, methods: dict[str, Estimator], steps: Steps
) -> tuple[AccuracyRow, ...]:
    limit = Limit(limit_prior(design.prior))
    found: dict[str, list[Errors]] = {name: [] for name in (LIMIT, *methods)}
    cells: list[np.ndarray] = []
    for number, batch in enumerate(design.batches()):
        steps(f"{LIMIT}, TR {batch.dt:g} s")
        found[LIMIT].append(_estimate(limit, batch, batch.noise_sd))
        for name, method in methods.items():
            steps(f"{name}, TR {batch.dt:g} s")
            found[name].append(_estimate(method, batch, batch.baseline_sd))
        place = np.full_like(batch.snr, number)
        cells.append(np.stack([np.full_like(batch.snr, batch.dt), place, batch.snr], axis=1))
    every = {name: joined(parts) for name, parts in found.items()}
    return tuple(_rows(design, every, np.concatenate(cells)))


def _estimate(method: Estimator, batch: CurveBatch, noise_sd: np.ndarray) -> Errors:
    return errors(deconvolve(batch.tissue, batch.aif, batch.dt, method, noise_sd), batch)


def _rows(design: Design, every: dict[str, Errors], cells: np.ndarray) -> Iterator[AccuracyRow]:
    """Rows over all repetition times first, then those of each; the limit leads its SNR."""
    for dt in (None, *design.dts):
        for snr in design.snrs:
            keep = cells[:, 2] == snr
            keep = keep if dt is None else keep & (cells[:, 0] == dt)
            limit = rows_where(every[LIMIT], keep)
            for name, found in every.items():
                these = rows_where(found, keep)
                yield row(name, snr, dt, these, limit, cells[keep, :2], design.seed)
