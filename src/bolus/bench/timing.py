"""How long methods take, next to one FFT there and back."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from bolus.bench.steps import Steps
from bolus.bench.stopwatch import (
    padded_length,
    peak_bytes,
    seconds,
    timing_batch,
    transform_and_back,
)
from bolus.data import InputError
from bolus.estimators import Estimator, deconvolve

SLOW_SECONDS = 1.0
SHARE = 20
"""A method that takes longer than SLOW_SECONDS on one voxel in SHARE is timed on those only."""
SLOW_REPEATS = 3


@dataclass(frozen=True, kw_only=True)
class TimingSettings:
    """``voxels`` float32 curves of ``frames`` frames, every call ``repeats`` times.

    Raises InputError for less than 60 voxels, 40 frames or one repeat.
    """

    voxels: int = 41_000
    frames: int = 60
    repeats: int = 9

    def __post_init__(self) -> None:
        if self.voxels < 60 or self.frames < 40 or self.repeats < 1:
            raise InputError(
                "timing needs at least 60 voxels, 40 frames and one repeat, found "
                f"{self.voxels}, {self.frames} and {self.repeats}"
            )


@dataclass(frozen=True, kw_only=True)
class SpeedRow:
    """Seconds for all voxels, ``median`` and ``fastest`` of ``repeats``; µs of the median a voxel.

    ``to_floor`` is the ratio of medians to the FFT floor. Where ``scaled``, only
    ``measured_voxels`` were timed and their time multiplied up, its fixed cost with it.
    ``peak_bytes`` is what a call on the measured voxels held at most beyond its input.
    """

    method: str
    measured_voxels: int
    scaled: bool
    repeats: int
    median: float
    fastest: float
    us_per_voxel: float
    to_floor: float
    peak_bytes: int


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Speed of all methods in one run, (``voxels``, ``frames``) float32.

    The FFT floor in s: a forward and an inverse real FFT of the batch already padded to
    ``length``, by scipy.fft with one or two threads (``floor_workers``, the faster), taken before
    every call of a method.
    """

    voxels: int
    frames: int
    length: int
    floor_median: float
    floor_fastest: float
    floor_workers: int
    rows: tuple[SpeedRow, ...]


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A method ready to be timed, and its times in s so far."""

    name: str
    call: Callable[[], object]
    measured: int
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
        n = few if seconds(on(few)) > SLOW_SECONDS else settings.voxels
        return _Candidate(name, on(n), n, peak_bytes(on(n)), [])

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
            times.append(seconds(lambda w=workers: transform_and_back(padded, w)))  # type: ignore[misc]

    for number in range(settings.repeats):
        tick(f"timing, round {number + 1} of {settings.repeats}")
        floor()
        for candidate in candidates:
            if candidate.measured == settings.voxels or number < SLOW_REPEATS:
                candidate.times.append(seconds(candidate.call))
                floor()
    return floors


def _speed(
    candidates: list[_Candidate], floors: dict[int, list[float]], settings: TimingSettings
) -> Speed:
    medians = {workers: float(np.median(times)) for workers, times in floors.items()}
    workers = min(medians, key=lambda count: medians[count])
    return Speed(
        voxels=settings.voxels,
        frames=settings.frames,
        length=padded_length(settings.frames),
        floor_median=medians[workers],
        floor_fastest=min(floors[workers]),
        floor_workers=workers,
        rows=tuple(_row(c, settings.voxels, medians[workers]) for c in candidates),
    )


def _row(candidate: _Candidate, voxels: int, floor: float) -> SpeedRow:
    scale = voxels / candidate.measured
    median = scale * float(np.median(candidate.times))
    return SpeedRow(
        method=candidate.name,
        measured_voxels=candidate.measured,
        scaled=candidate.measured < voxels,
        repeats=len(candidate.times),
        median=median,
        fastest=scale * min(candidate.times),
        us_per_voxel=1e6 * median / voxels,
        to_floor=median / floor,
        peak_bytes=candidate.peak,
    )
