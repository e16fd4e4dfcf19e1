"""How long methods take, next to one FFT there and back."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float32

from bolus.base.progress import Steps
from bolus.bench.speed import OSVD_NAME, Speed, SpeedRow, TimingSettings
from bolus.bench.stopwatch import (
    padded_length,
    peak_bytes,
    seconds,
    timing_batch,
    transform_and_back,
)
from bolus.estimators import Estimator, deconvolve

SLOW_SECONDS = 1.0
SHARE = 20
"""A method that takes longer than SLOW_SECONDS on one voxel in SHARE is timed on those only."""
SLOW_REPEATS = 3
"""Calls of a method that would take longer than SLOW_SECONDS on all voxels."""


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A method ready to be timed at most ``rounds`` times, and its times in s so far."""

    name: str
    call: Callable[[], object]
    measured: int
    rounds: int
    peak: int
    times: list[float]


def timing_steps(methods: Mapping[str, Estimator], settings: TimingSettings) -> int:
    """Number of steps that ``time_methods`` reports."""
    return 1 + len(methods) + settings.repeats


def time_methods(
    methods: Mapping[str, Estimator],
    settings: TimingSettings | None = None,
    *,
    seed: int = 0,
    steps: Steps | None = None,
) -> Speed:
    """Times of the whole of ``deconvolve``, its checks included, interleaved with the FFT floor.

    Peak memory is taken in a call of its own, after a warm-up.
    """
    settings = TimingSettings() if settings is None else settings
    tick = Steps(timing_steps(methods, settings)) if steps is None else steps
    tick("simulating curves to time")
    batch = timing_batch(settings.voxels, settings.frames, seed)
    tissue, noise = batch.tissue.astype(np.float32), batch.baseline_sd.astype(np.float32)

    def prepare(name: str, method: Estimator) -> _Candidate:
        tick(f"memory of {name}")

        def on(n: int) -> Callable[[], object]:
            return lambda: deconvolve(tissue[:n], batch.aif, batch.dt, method, noise[:n])

        few = max(1, settings.voxels // SHARE)
        on(few)()
        spent = seconds(on(few))
        n = few if spent > SLOW_SECONDS else settings.voxels
        rounds = SLOW_REPEATS if SHARE * spent > SLOW_SECONDS else settings.repeats
        return _Candidate(name, on(n), n, rounds, peak_bytes(on(n)), [])

    candidates = [prepare(name, method) for name, method in methods.items()]
    spare = padded_length(settings.frames) - settings.frames
    floors = _take_times(candidates, np.pad(tissue, ((0, 0), (0, spare))), settings, tick)
    return _speed(candidates, floors, settings)


def _take_times(
    candidates: list[_Candidate],
    padded: Float32[np.ndarray, "n length"],
    settings: TimingSettings,
    tick: Steps,
) -> dict[int, list[float]]:
    """Fill in the times of the candidates; the floor's by number of threads."""
    floors: dict[int, list[float]] = {n: [] for n in {1, min(2, os.cpu_count() or 1)}}

    def floor() -> None:
        for workers, times in floors.items():
            times.append(seconds(partial(transform_and_back, padded, workers)))

    for number in range(settings.repeats):
        tick(f"timing, round {number + 1} of {settings.repeats}")
        floor()
        for candidate in candidates:
            if number < candidate.rounds:
                candidate.times.append(seconds(candidate.call))
                floor()
    return floors


def _speed(
    candidates: list[_Candidate], floors: dict[int, list[float]], settings: TimingSettings
) -> Speed:
    medians = {workers: float(np.median(times)) for workers, times in floors.items()}
    workers = min(medians, key=lambda count: medians[count])
    known = {c.name: settings.voxels / c.measured * float(np.median(c.times)) for c in candidates}
    osvd = known.get(OSVD_NAME, float("nan"))
    return Speed(
        voxels=settings.voxels,
        frames=settings.frames,
        length=padded_length(settings.frames),
        floor_median=medians[workers],
        floor_fastest=min(floors[workers]),
        floor_workers=workers,
        rows=tuple(
            _row(c, settings.voxels, medians[workers], min(floors[workers]), osvd)
            for c in candidates
        ),
    )


def _row(
    candidate: _Candidate, voxels: int, floor: float, fastest_floor: float, osvd: float
) -> SpeedRow:
    scale = voxels / candidate.measured
    median, fastest = scale * float(np.median(candidate.times)), scale * min(candidate.times)
    return SpeedRow(
        method=candidate.name,
        measured_voxels=candidate.measured,
        scaled=candidate.measured < voxels,
        repeats=len(candidate.times),
        median=median,
        fastest=fastest,
        us_per_voxel=1e6 * median / voxels,
        to_floor=median / floor,
        fastest_to_floor=fastest / fastest_floor,
        to_osvd=median / osvd,
        peak_bytes=candidate.peak,
    )
