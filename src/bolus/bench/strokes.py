"""Volumes of simulated strokes by every method, beside the true ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float

from bolus.base.parallel import run_all
from bolus.base.progress import QUIET, Reporter
from bolus.data import ArterialInputError, PerfusionMaps, Preparation, StrokeThresholds
from bolus.data.options import UNTOUCHED
from bolus.findings.stroke import stroke_numbers
from bolus.patient import estimate, measure
from bolus.phantom import DigitalPatient, simulate_patient, stroke_patient
from bolus.phantom.acquisition import BRIGHTNESS, magnitude_noise

SEEDS = tuple(range(2121, 2131))
"""Of the strokes. Methods and intervals are made by looking at others (1000 to 1999)."""
SNRS = (50.0, 20.0, 10.0)
METHODS = ("joint", "phae", "osvd")
SHAPE = (64, 64, 14)
MANY, SMALL = tuple(range(2400, 2600)), (48, 48, 10)
"""Seeds and matrix of the strokes by which intervals are judged, and are not made."""
TR, TE, FRAMES = 1.5, 0.03, 60
"""Repetition and echo time in s, and frames."""


@dataclass(frozen=True, kw_only=True)
class StrokeRow:
    """One number of one stroke: the true one, the estimate, and its 90 % interval.

    ``low`` and ``high`` are not numbers where there is no interval.
    """

    seed: int
    snr: float
    method: str
    measure: str
    region: str
    true: float
    value: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """Estimate less truth."""
        return self.value - self.true

    @property
    def held(self) -> float:
        """1 where the interval holds the truth, 0 where it does not; nan without."""
        if not np.isfinite(self.low):
            return np.nan
        return float(self.low <= self.true <= self.high)


def run_strokes(
    seeds: Sequence[int] = SEEDS,
    snrs: Sequence[float] = SNRS,
    methods: Sequence[str] = METHODS,
    shape: tuple[int, int, int] = SHAPE,
    *,
    jobs: int | None = None,
    reporter: Reporter = QUIET,
) -> tuple[StrokeRow, ...]:
    """Simulate a stroke with every seed, at every SNR, and measure it by every method.

    On ``jobs`` cores (None: all). Same arguments, same rows.
    """
    tasks = {f"{s} {n}": (s, n, tuple(methods), tuple(shape)) for s in seeds for n in snrs}
    done = dict[str, tuple[StrokeRow, ...]]()
    reporter.advance(0, len(tasks), "strokes")
    for name, rows in run_all(measure_stroke, tasks, jobs=jobs):
        done[name] = rows
        reporter.advance(len(done), len(tasks), "strokes")
    return tuple(row for name in tasks for row in done[name])


def run_intervals(
    seeds: Sequence[int] = MANY, *, jobs: int | None = None, reporter: Reporter = QUIET
) -> tuple[StrokeRow, ...]:
    """Simulate a stroke with every seed, each at one of SNRS in turn, and measure it by ``joint``.

    Many patients rather than large ones: six seconds of one core each. One in whom no artery is
    found is skipped, and told.
    """
    tasks = {f"{s}": (s, SNRS[s % len(SNRS)], METHODS[:1], SMALL) for s in seeds}
    done = dict[str, tuple[StrokeRow, ...] | str]()
    reporter.advance(0, len(tasks), "strokes")
    for name, found in run_all(_measured_or_why, tasks, jobs=jobs):
        done[name] = found
        if isinstance(found, str):
            reporter.skipped(f"stroke {name}", found)
        reporter.advance(len(done), len(tasks), "strokes")
    known = (done[name] for name in tasks)
    return tuple(row for rows in known if not isinstance(rows, str) for row in rows)


def _measured_or_why(
    seed: int, snr: float, methods: tuple[str, ...], shape: tuple[int, int, int]
) -> tuple[StrokeRow, ...] | str:
    """The numbers of a stroke, or why it has none."""
    try:
        return measure_stroke(seed, snr, methods, shape)
    except ArterialInputError as error:
        return str(error)


def measure_stroke(
    seed: int, snr: float, methods: tuple[str, ...], shape: tuple[int, int, int]
) -> tuple[StrokeRow, ...]:
    """The numbers of one stroke at one SNR. The brain is known, and the head does not move."""
    made = _stroke(seed, shape)
    noisy = magnitude_noise(
        np.random.default_rng([seed, round(snr)]), made.series.signal, BRIGHTNESS / snr
    )
    series, asked = replace(made.series, signal=noisy), StrokeThresholds()
    preparation: Preparation = replace(UNTOUCHED, stroke=asked)
    measured = measure(
        series, None, made.masks.brain, regions={"adc": made.adc}, preparation=preparation
    )
    rows = list[StrokeRow]()
    for method in methods:
        maps = estimate(measured, method)
        rows += _rows(seed, snr, maps, true_numbers(made, maps))
    return tuple(rows)


@lru_cache(maxsize=1)
def _stroke(seed: int, shape: tuple[int, int, int]) -> DigitalPatient:
    """The patient without noise."""
    return simulate_patient(
        seed=seed, snr=np.inf, tr=TR, te=TE, frames=FRAMES, shape=shape,
        realism=stroke_patient(seed),
    )  # fmt: skip


def true_numbers(made: DigitalPatient, maps: PerfusionMaps) -> dict[tuple[str, str], float]:
    """The numbers by the same rules on the true maps; the true core is what was made dead."""
    truth = made.truth
    known = replace(
        maps,
        volumes={**maps.volumes, "tmax": truth.tmax, "cbf": truth.cbf, "cbv": truth.cbv,
                 "adc": _dead(made)},
        sd={},
    )  # fmt: skip
    return {(one.measure, one.region): one.value for one in stroke_numbers(known)}


def _dead(made: DigitalPatient) -> Float[np.ndarray, "x y z"]:
    """A map of diffusion of which only the true core lies below any threshold."""
    core = made.masks.infarct_whole
    assert core is not None
    return np.where(core, 1e-6, 1e-2)


def _rows(
    seed: int, snr: float, maps: PerfusionMaps, true: dict[tuple[str, str], float]
) -> list[StrokeRow]:
    return [
        StrokeRow(
            seed=seed,
            snr=snr,
            method=maps.method,
            measure=one.measure,
            region=one.region,
            true=true[one.measure, one.region],
            value=one.value,
            low=np.nan if one.interval is None else one.interval[0],
            high=np.nan if one.interval is None else one.interval[1],
        )
        for one in maps.measurements
    ]
