"""Every method on every curve of a design, and the rows of a table from it."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Bool

from bolus.base.progress import Steps
from bolus.bench.design import CurveBatch, Design
from bolus.bench.limit import LIMIT, Limit, limit_prior
from bolus.bench.score import Errors, errors, joined, rows_where
from bolus.bench.statistics import RIVALS, AccuracyRow, row
from bolus.estimators import Estimator, deconvolve
from bolus.estimators.bayes.estimator import Bayes

Rows = TypeVar("Rows")
Methods = Mapping[str, Estimator]


@dataclass(frozen=True, eq=False)
class Work(Generic[Rows]):
    """A table still to be measured: the number of its steps, and what makes its rows."""

    steps: int
    rows: Callable[[Steps], tuple[Rows, ...]]


@dataclass(frozen=True, eq=False)
class Trial:
    """Errors of every method on the same curves, and what each curve is, (n,).

    ``place`` numbers the arterial input, ``dt`` and ``delay`` in s, ``residue`` is the position in
    the prior's families.
    """

    errors: dict[str, Errors]
    dt: np.ndarray
    place: np.ndarray
    snr: np.ndarray
    delay: np.ndarray
    residue: np.ndarray

    def where(self, keep: Bool[np.ndarray, " n"]) -> "Trial":
        """Some of the curves."""
        found = {name: rows_where(e, keep) for name, e in self.errors.items()}
        own = (self.dt, self.place, self.snr, self.delay, self.residue)
        return Trial(found, *(values[keep] for values in own))


def quick(methods: Methods) -> dict[str, Estimator]:
    """The methods that take less than about a millisecond a curve."""
    return {name: m for name, m in methods.items() if not isinstance(m, Bayes)}


def trial_steps(design: Design, methods: Methods, *, limit: bool = True) -> int:
    """Number of steps that ``run_trial`` reports."""
    return len(design.dts) * design.inputs * (len(methods) + limit)


def run_trial(
    design: Design, methods: Methods, steps: Steps, *, limit: bool = True, label: str = ""
) -> Trial:
    """Estimate all curves of a design; with ``limit`` also the Bayes limit under its own prior.

    A method is given what a measurement knows of the noise: the SD of each curve's baseline frames.
    """
    best = Limit(limit_prior(design.prior)) if limit else None
    found: dict[str, list[Errors]] = {name: [] for name in ([LIMIT] if limit else []) + [*methods]}
    batches, note = [], f"{label}: " if label else ""
    for batch in design.batches():
        batches.append(batch)
        if best is not None:
            steps(f"{note}{LIMIT}, TR {batch.dt:g} s")
            found[LIMIT].append(estimate(best, batch, batch.noise_sd))
        for name, method in methods.items():
            steps(f"{note}{name}, TR {batch.dt:g} s")
            found[name].append(estimate(method, batch, batch.baseline_sd))
    sizes = [b.snr.size for b in batches]
    return Trial(
        errors={name: joined(parts) for name, parts in found.items()},
        dt=np.repeat([b.dt for b in batches], sizes),
        place=np.repeat(np.arange(len(batches)), sizes),
        snr=np.concatenate([b.snr for b in batches]),
        delay=np.concatenate([b.delay for b in batches]),
        residue=np.concatenate([b.residue for b in batches]),
    )


def estimate(method: Estimator, batch: CurveBatch, noise_sd: np.ndarray) -> Errors:
    """Errors of a method on a batch when it is given this noise, (n,) or (n, t) in 1/s."""
    return errors(deconvolve(batch.tissue, batch.aif, batch.dt, method, noise_sd), batch)


def accuracy_rows(
    trial: Trial,
    seed: int,
    snrs: Sequence[float],
    dts: Sequence[float | None] = (None,),
    residue: str = "all",
) -> Iterator[AccuracyRow]:
    """Rows of every method, repetition time by repetition time (None: all), then SNR by SNR."""
    for dt in dts:
        for snr in snrs:
            keep = trial.snr == snr
            part = trial.where(keep if dt is None else keep & (trial.dt == dt))
            limit, rival = part.errors.get(LIMIT), rival_error(part)
            group = np.stack([part.dt, part.place], axis=1)
            for name, found in part.errors.items():
                yield row(name, snr, dt, found, limit, group, seed, rival=rival, residue=residue)


def rival_error(trial: Trial) -> float:
    """Mean |log(CBF/true)| of the better of RIVALS; NaN when neither took part."""
    known = [trial.errors[name].log_cbf.mean() for name in RIVALS if name in trial.errors]
    return float(min(known)) if known else math.nan
