"""What each difference between the published autoencoder and ``phae`` is worth."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bolus.base.extras import need
from bolus.base.json import plain
from bolus.base.progress import QUIET, Reporter, Steps
from bolus.bench.design import Design
from bolus.bench.result import versions
from bolus.bench.score import Errors, errors, joined, rows_where
from bolus.data import InputError
from bolus.estimators import Estimator, deconvolve
from bolus.phantom import CurvePrior

if TYPE_CHECKING:
    from bolus.learning.phae.ablation import AblationTraining

DT = 1.5
SEEDS = (0, 1, 2, 3, 4)
DELAYS = (0.0, 3.0)
"""Delays in s at which the bias of CBF is reported, at the first SNR."""
LONGER = 4
"""Times the curves of the row in which the last step has the time of the others."""


@dataclass(frozen=True, kw_only=True)
class AblationRun:
    """One training: mean ``|log(estimate/true)|`` of CBF and MTT, mean MTT error in s, by SNR.

    ``bias`` is the median of CBF/true at each of DELAYS, at the first SNR; ``seconds`` the time of
    training on one thread; ``curves`` how many it saw.
    """

    step: str
    seed: int
    curves: int
    seconds: float
    log_cbf: tuple[float, ...]
    log_mtt: tuple[float, ...]
    mtt_error: tuple[float, ...]
    bias: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ablation:
    """All trainings, ``snrs`` and ``delays`` (s) that their figures are of."""

    runs: tuple[AblationRun, ...]
    snrs: tuple[float, ...]
    delays: tuple[float, ...]
    test_curves: int
    settings: dict[str, object]

    @property
    def steps(self) -> tuple[str, ...]:
        """Names of the rows, in order."""
        return tuple(dict.fromkeys(run.step for run in self.runs))

    def spread(self, step: str, figure: str) -> list[tuple[float, float]]:
        """Mean and SD (n−1) over the seeds of a figure of AblationRun, one pair an entry.

        Raises KeyError for a step without runs.
        """
        values = np.array([getattr(run, figure) for run in self.runs if run.step == step])
        if not values.size:
            raise KeyError(step)
        values = values.reshape(len(values), -1)
        sd = values.std(axis=0, ddof=1) if len(values) > 1 else np.full(values.shape[1], np.nan)
        return list(zip(values.mean(axis=0).tolist(), sd.tolist(), strict=True))

    def as_json(self) -> dict[str, object]:
        """Plain dictionary: versions, settings and every training."""
        whole = {
            "versions": versions(),
            "snrs": self.snrs,
            "delays": self.delays,
            "test_curves": self.test_curves,
            "settings": self.settings,
            "runs": [asdict(run) for run in self.runs],
        }
        return {key: plain(value, nan_as_none=True) for key, value in whole.items()}


def run_ablation(
    *,
    seeds: Sequence[int] = SEEDS,
    settings: "AblationTraining | None" = None,
    curves_per_cell: int = 960,
    reporter: Reporter = QUIET,
) -> Ablation:
    """Train every step with every seed on the same curves, and test on the benchmark's.

    ``settings`` None is the published table's, about 35 minutes on one core. A last row trains
    the last step on LONGER times the curves, about the time of the others. Loads torch.
    Raises InputError without a seed, and without torch.
    """
    need("torch", "an ablation")
    from bolus.learning.phae.ablation import STEPS, AblationTraining, train_step, training_scenes

    if not seeds:
        raise InputError("an ablation needs at least one seed, found none")
    usual = AblationTraining() if settings is None else settings
    longer = replace(usual, epochs=LONGER * usual.epochs)
    rows = [(step, step, usual) for step in STEPS]
    rows.append((f"{STEPS[-1]}, {LONGER} × the curves", STEPS[-1], longer))
    tests = _Tests.of(curves_per_cell)
    steps, runs = Steps(len(seeds) * len(rows), reporter), []
    for seed in seeds:
        scenes = training_scenes(seed, usual)
        for name, step, size in rows:
            steps(f"{name}, seed {seed}")
            start = time.perf_counter()
            trained = train_step(step, scenes, seed, size)
            seconds = time.perf_counter() - start
            figures = tests.figures(trained)
            runs.append(
                AblationRun(step=name, seed=seed, curves=size.curves, seconds=seconds, **figures)
            )
    steps.finish()
    return Ablation(
        runs=tuple(runs),
        snrs=tests.random.snrs,
        delays=DELAYS,
        test_curves=tests.random.inputs * tests.random.curves_per_input,
        settings=asdict(usual),
    )


@dataclass(frozen=True, eq=False)
class _Tests:
    """The benchmark's curves at TR 1.5 s, and the same with one delay for all."""

    random: Design
    delayed: tuple[Design, ...]

    @classmethod
    def of(cls, curves: int) -> "_Tests":
        random = Design(curves_per_cell=curves, dts=(DT,))
        delayed = tuple(
            replace(random, snrs=random.snrs[:1], prior=CurvePrior(delay=(late, late)))
            for late in DELAYS
        )
        return cls(random, delayed)

    def figures(self, method: Estimator) -> dict[str, tuple[float, ...]]:
        found, snr = _errors(method, self.random)
        parts = [rows_where(found, snr == level) for level in self.random.snrs]
        return {
            "log_cbf": _means(p.log_cbf for p in parts),
            "log_mtt": _means(p.log_mtt for p in parts),
            "mtt_error": _means(p.mtt for p in parts),
            "bias": tuple(
                float(np.median(_errors(method, design)[0].ratio)) for design in self.delayed
            ),
        }


def _errors(method: Estimator, design: Design) -> tuple[Errors, np.ndarray]:
    batches = list(design.batches())
    found = [errors(deconvolve(b.tissue, b.aif, b.dt, method, b.baseline_sd), b) for b in batches]
    return joined(found), np.concatenate([b.snr for b in batches])


def _means(parts: Iterable[np.ndarray]) -> tuple[float, ...]:
    return tuple(float(np.nanmean(part)) for part in parts)
