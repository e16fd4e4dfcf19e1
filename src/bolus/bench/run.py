"""The benchmark from seed to rows."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from bolus.base.progress import QUIET, Reporter, Steps
from bolus.bench.arterial import arterial
from bolus.bench.bias import bias
from bolus.bench.design import Design
from bolus.bench.heldout import held_out, home_ground
from bolus.bench.limit import LIMIT
from bolus.bench.protocols import protocols
from bolus.bench.result import Benchmark
from bolus.bench.sgemm import sgemm
from bolus.bench.speed import TimingSettings
from bolus.bench.statistics import AccuracyRow
from bolus.bench.timing import time_methods, timing_steps
from bolus.bench.trial import Work, accuracy_rows, run_trial, trial_steps
from bolus.data import InputError
from bolus.estimators import METHODS, Estimator, estimator
from bolus.estimators.spectral.methods import OSVD
from bolus.phantom import CurvePrior

FULL_TIMING = TimingSettings()
Methods = Mapping[str, Estimator | str] | Sequence[str]
PARTS: dict[str, Callable[[Design, dict[str, Estimator]], Work[Any]]] = {
    "held_out": held_out,
    "home_ground": home_ground,
    "bias": bias,
    "arterial": arterial,
    "protocols": protocols,
    "sgemm": sgemm,
}
"""Name of a further table → what measures it. To add a table: one module, one entry here."""


def bench_methods(methods: Methods | None = None) -> dict[str, Estimator]:
    """Name → estimator; None is all of METHODS, and oSVD with the literature's index.

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
    parts: Collection[str] = tuple(PARTS),
    reporter: Reporter = QUIET,
) -> Benchmark:
    """Accuracy of every method and of the limit on the same random curves, and their speed.

    ``curves_per_cell`` curves a repetition time and SNR (see Design); ``prior`` where they are
    drawn from, None the six families; ``timing`` None leaves speed out; ``parts`` of PARTS are the
    further tables. A method is given what a measurement knows of the noise: the SD of each curve's
    baseline frames, (n,). Only the limit knows prior and noise. Accuracy is the same for the same
    seed; times are not. ``reporter`` gets each step as it begins, and the end.

    Raises MethodError for an unknown method, InputError for settings that make no sense.
    """
    unknown = set(parts) - set(PARTS)
    if unknown or isinstance(parts, str):
        raise InputError(f"parts come from {', '.join(PARTS)}, found {parts}")
    chosen = bench_methods(methods)
    source = CurvePrior() if prior is None else prior
    design = Design(seed=seed, curves_per_cell=curves_per_cell, prior=source)
    accuracy = _accuracy(design, chosen)
    further = {name: PARTS[name](design, chosen) for name in PARTS if name in parts}
    total = accuracy.steps + sum(work.steps for work in further.values())
    if timing is not None:
        total += timing_steps(chosen, timing)
    steps = Steps(total, reporter)
    rows = accuracy.rows(steps)
    more = {name: work.rows(steps) for name, work in further.items()}
    speed = None if timing is None else time_methods(chosen, timing, seed=seed, steps=steps)
    steps.finish()
    return Benchmark(design=design, methods=tuple(chosen), accuracy=rows, speed=speed, further=more)


def _accuracy(design: Design, methods: dict[str, Estimator]) -> Work[AccuracyRow]:
    """Rows over all repetition times first, then those of each; the limit leads its SNR."""

    def rows(steps: Steps) -> tuple[AccuracyRow, ...]:
        trial = run_trial(design, methods, steps)
        return tuple(accuracy_rows(trial, design.seed, design.snrs, (None, *design.dts)))

    return Work(trial_steps(design, methods), rows)
