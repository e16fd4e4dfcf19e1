"""Simulated brains mapped by every method: the run."""

import time
import tracemalloc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bolus.base.parallel import run_all
from bolus.base.progress import QUIET, Reporter
from bolus.bench.brain.cases import CASES, Case
from bolus.bench.brain.limits import LIMITS, limits
from bolus.bench.brain.subject import Shape, Subject, make_subject
from bolus.bench.brain.voxels import Errors, Voxels, errors_of
from bolus.estimators import Estimator, estimator
from bolus.estimators.joint import Joint
from bolus.patient import perfusion_of

SEEDS = (2011, 2012, 2013)
"""Of the brains of every case. Methods are made by looking at others (1000 to 1999)."""
SHAPE = (64, 64, 12)
MAIN: Mapping[str, str | Estimator] = {
    "joint": "joint",
    "joint, no neighbours": Joint(spatial=False),
    "phae": "phae",
    "phae-paper": "phae-paper",
    "osvd": "osvd",
}
FURTHER = ("vascular", "cpi", "spinned", "tikhonov", "svd-pws")
"""Methods that have tables of their own, for want of room."""
METHODS: Mapping[str, str | Estimator] = {**MAIN, **{name: name for name in FURTHER}}


@dataclass(frozen=True, eq=False)
class Mapped:
    """One brain of a case: its ``voxels``, and by method their ``errors`` and the ``seconds``.

    ``size`` is the number of voxels of the brain, ``shape`` its grid. The limits are among the
    methods. ``refused`` is as in Subject.
    """

    case: Case
    seed: int
    voxels: Voxels
    errors: Mapping[str, Errors]
    seconds: Mapping[str, float]
    size: int
    shape: Shape
    refused: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Brains:
    """All brains that were mapped, and the most ``memory`` in bytes a method took for one."""

    mapped: tuple[Mapped, ...]
    methods: tuple[str, ...]
    seeds: tuple[int, ...]
    memory: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How brains are mapped: by which ``methods``, on what grid, with the limits or without."""

    methods: Mapping[str, str | Estimator]
    shape: Shape
    limits: bool


def run_brains(
    seeds: Sequence[int] = SEEDS,
    cases: Sequence[Case] = CASES,
    methods: Mapping[str, str | Estimator] = METHODS,
    shape: Shape = SHAPE,
    *,
    limit: bool = True,
    memory: bool = False,
    jobs: int | None = None,
    reporter: Reporter = QUIET,
) -> Brains:
    """Simulate every case with every seed, and map each brain by every method.

    ``limit`` adds what is possible, where the arterial input is the true one and the brain has
    lesions; ``memory`` measures that of every method on the first brain. On ``jobs`` cores (None:
    all). Same arguments, same errors.
    """
    choice = Choice(methods=methods, shape=shape, limits=limit)
    tasks = {
        f"{seed} {number}": (case, seed, choice)
        for seed in seeds
        for number, case in enumerate(cases)
    }
    done = dict[str, Mapped]()
    reporter.advance(0, len(tasks), "brains")
    for name, found in run_all(map_brain, tasks, jobs=jobs):
        done[name] = found
        reporter.advance(len(done), len(tasks), "brains")
    return Brains(
        mapped=tuple(done[name] for name in tasks),
        methods=tuple(methods),
        seeds=tuple(seeds),
        memory=_memory(make_subject(cases[0], seeds[0], shape), methods) if memory else {},
    )


def map_brain(case: Case, seed: int, choice: Choice) -> Mapped:
    """Simulate one brain and map it."""
    subject = make_subject(case, seed, choice.shape)
    errors, seconds = dict[str, Errors](), dict[str, float]()
    for name, method in choice.methods.items():
        chosen = estimator(method)
        began = time.perf_counter()
        found = perfusion_of(subject.measured, subject.measured.curves, chosen)
        seconds[name] = time.perf_counter() - began
        errors[name] = errors_of(found, subject.rows, subject.voxels)
    if choice.limits and case.lesions and case.aif == "true":
        began = time.perf_counter()
        errors.update(limits(subject))
        seconds.update(dict.fromkeys(LIMITS, time.perf_counter() - began))
    size = int(subject.measured.series.mask.sum())
    refused = subject.refused
    return Mapped(case, seed, subject.voxels, errors, seconds, size, choice.shape, refused)


def _memory(subject: Subject, methods: Mapping[str, str | Estimator]) -> dict[str, int]:
    """Bytes at most that each method adds to what is there before it begins."""
    found = dict[str, int]()
    for name, method in methods.items():
        chosen = estimator(method)
        tracemalloc.start()
        perfusion_of(subject.measured, subject.measured.curves, chosen)
        found[name] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return found


def seconds_of(found: Brains, method: str) -> float:
    """Median seconds a brain of a method; NaN without any."""
    spent = [one.seconds[method] for one in found.mapped if method in one.seconds]
    return float(np.median(spent)) if spent else np.nan
