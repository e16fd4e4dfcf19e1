"""Whole brains: what a method makes of tissue, lesions and a late hemisphere."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import binary_erosion

from bolus.base.progress import QUIET, Reporter
from bolus.bench.score import held_ratio
from bolus.data import AIF, PerfusionMaps
from bolus.data.options import UNTOUCHED
from bolus.estimators import Estimator
from bolus.estimators.joint import Joint
from bolus.patient import Measured, estimate, measure
from bolus.phantom import Ball, DigitalPatient, LateSide, Realism, simulate_patient
from bolus.report.text.layout import Layout, as_markdown

SEEDS = (2011, 2012, 2013)
"""Of the brains of every kind. Methods are made by looking at others (1000 to 1999)."""
SNRS = (50.0, 20.0, 10.0)
SHAPE = (64, 64, 12)
METHODS: Mapping[str, str | Estimator] = {
    "joint": "joint",
    "joint, no neighbours": Joint(spatial=False),
    "phae": "phae",
    "phae-paper": "phae-paper",
    "osvd": "osvd",
}
LATE = LateSide(later=6.0, mtt=1.75, flow=0.6)
DIAMETERS = (1.5, 3.0, 5.0)
"""Of lesions, in voxels: 1, 19 or so and 81 or so voxels."""
SLOW, FAST = 9.0, 2.5
"""s: transit times of lesions."""
APART = 8.0
"""Voxels between the middles of two lesions, at least."""


class Score(NamedTuple):
    """Of one method in one region of ``voxels`` in all.

    ``error`` is the mean of |ln(CBF/true)|, ``ratio`` the median of CBF/true, ``delay`` its mean
    error in s, ``held`` the share of 90 % intervals of CBF that hold the truth, NaN without any.
    """

    error: float
    ratio: float
    delay: float
    held: float
    voxels: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Brains:
    """Scores by SNR, method and region, and ``seconds`` a brain by method, this machine's."""

    scores: Mapping[tuple[float, str, str], Score]
    regions: tuple[str, ...]
    methods: tuple[str, ...]
    snrs: tuple[float, ...]
    seeds: tuple[int, ...]
    seconds: Mapping[str, float]


class _Voxels(NamedTuple):
    """Of the voxels of one region in one brain, each (n,)."""

    ratio: np.ndarray
    delay: np.ndarray
    held: np.ndarray


def run_brains(
    seeds: Sequence[int] = SEEDS,
    snrs: Sequence[float] = SNRS,
    methods: Mapping[str, str | Estimator] = METHODS,
    shape: tuple[int, int, int] = SHAPE,
    reporter: Reporter = QUIET,
) -> Brains:
    """Simulate every kind of brain with every seed and SNR, and map it with the true input.

    Kinds: a high-grade tumour with lesions in white matter, and a hemisphere that is late.
    """
    found: dict[tuple[float, str, str], list[_Voxels]] = {}
    spent: dict[str, list[float]] = {name: [] for name in methods}
    for number, (seed, snr) in enumerate((a, b) for a in seeds for b in snrs):
        reporter.advance(number, len(seeds) * len(snrs), "brains")
        for made, parts in _brains(seed, snr, shape):
            measured = _measured(made)
            for name, method in methods.items():
                began = time.perf_counter()
                maps = estimate(measured, method)
                spent[name].append(time.perf_counter() - began)
                for region, where in parts.items():
                    inside = where & measured.series.mask
                    found.setdefault((snr, name, region), []).append(_compared(maps, made, inside))
    names = tuple(dict.fromkeys(region for _, _, region in found))
    return Brains(
        scores={key: _score(of) for key, of in found.items()},
        regions=names,
        methods=tuple(methods),
        snrs=tuple(snrs),
        seeds=tuple(seeds),
        seconds={name: float(np.median(times)) for name, times in spent.items()},
    )


def _brains(
    seed: int, snr: float, shape: tuple[int, int, int]
) -> list[tuple[DigitalPatient, dict[str, Bool[np.ndarray, "x y z"]]]]:
    """Both kinds of brain, each with its regions."""
    plain = simulate_patient(seed=seed, snr=snr, tumor="high", shape=shape)
    lesions = _lesions(plain, np.random.default_rng(seed))
    balls = tuple(ball for ball, _ in lesions)
    hurt = simulate_patient(
        seed=seed, snr=snr, tumor="high", shape=shape, realism=Realism(balls=balls)
    )
    free = ~hurt.masks.vessels
    inside = np.zeros(shape, dtype=bool)
    regions = dict[str, np.ndarray]()
    for ball, name in lesions:
        where = ball.mask(shape) & hurt.masks.brain & free
        inside |= where
        regions[name] = regions.get(name, np.zeros(shape, dtype=bool)) | where
    assert hurt.masks.tumor is not None
    first = {
        "grey": hurt.masks.grey & ~inside,
        "white": hurt.masks.white & ~inside,
        "tumour": hurt.masks.tumor & free,
        **regions,
    }
    late = simulate_patient(
        seed=seed, snr=snr, frames=80, shape=shape, realism=Realism(late_side=LATE)
    )
    tissue = late.masks.grey | late.masks.white
    half = np.zeros(shape, dtype=bool)
    half[: shape[0] // 2] = True
    return [(hurt, first), (late, {"late side": tissue & half, "other side": tissue & ~half})]


def _lesions(made: DigitalPatient, rng: np.random.Generator) -> list[tuple[Ball, str]]:
    """Lesions of every size, slow and fast, with their names, deep in white matter."""
    deep = binary_erosion(made.masks.white) & ~made.masks.vessels
    places = rng.permutation(np.argwhere(deep))
    found, kept = list[tuple[Ball, str]](), list[np.ndarray]()
    kinds = [(d, m) for m in (SLOW, FAST) for d in DIAMETERS]
    for place in places:
        if len(found) == len(kinds):
            break
        if all(np.linalg.norm(place - other) >= APART for other in kept):
            diameter, mtt = kinds[len(found)]
            name = f"MTT {mtt:g} s, {diameter:g} voxels"
            kept.append(place)
            centre = (float(place[0]), float(place[1]), float(place[2]))
            found.append((Ball(centre=centre, diameter=diameter, mtt=mtt), name))
    return found


def _measured(made: DigitalPatient) -> Measured:
    """The patient measured with the brain and the arterial input as they are."""
    found = measure(made.series, made.masks.aif, made.masks.brain, preparation=UNTOUCHED)
    curve = made.aif[found.series.frames.used]
    return replace(found, aif=AIF(curve=curve, dt=made.series.dt, origin="given"))


def _compared(
    maps: PerfusionMaps, made: DigitalPatient, where: Bool[np.ndarray, "x y z"]
) -> _Voxels:
    true, flow = made.truth.cbf[where], maps.cbf[where]
    ratio = held_ratio(np.nan_to_num(flow.astype(float)), true.astype(float))
    late = maps.delay if np.isfinite(maps.delay).any() else maps.tmax
    delay = np.abs(late[where] - made.truth.delay[where])
    sd = maps.sd.get("cbf")
    if sd is None:
        return _Voxels(ratio, delay, np.full(ratio.shape, np.nan))
    spread = np.arcsinh(sd[where] / np.maximum(flow, 1e-6))  # of a log-normal posterior
    return _Voxels(ratio, delay, (np.abs(np.log(ratio)) <= 1.645 * spread).astype(float))


def _score(parts: Sequence[_Voxels]) -> Score:
    ratio, delay, held = (np.concatenate(values) for values in zip(*parts, strict=True))
    if not ratio.size:
        return Score(np.nan, np.nan, np.nan, np.nan, 0)
    log_ratio: Float[np.ndarray, " n"] = np.abs(np.log(ratio))
    return Score(
        error=float(log_ratio.mean()),
        ratio=float(np.median(ratio)),
        delay=float(np.nanmean(delay)) if np.isfinite(delay).any() else np.nan,
        held=float(held.mean()),
        voxels=int(ratio.size),
    )


def brain_page(found: Brains) -> str:
    """The tables as a page of Markdown."""
    seeds = ", ".join(map(str, found.seeds))
    head = (
        "# Whole brains\n\nWritten by `bolus bench --brain`. Simulated patients (seeds "
        f"{seeds}) at TR 1.5 s, mapped with the\ntrue arterial input and without motion: one with "
        "a high-grade tumour and balls of slow and of fast\ntissue in its white matter, one with a "
        f"hemisphere {LATE.later:g} s late, its transit time {LATE.mtt:g} and its\nflow "
        f"{LATE.flow:g} times what they were. Seconds a brain, on this machine: "
        + ", ".join(f"{name} {s:.2f}" for name, s in found.seconds.items())
        + ".\n"
    )
    parts = [_table(found, snr) for snr in found.snrs]
    return "\n".join([head, *(f"## {one.title}\n\n{as_markdown(one)}" for one in parts)])


def _table(found: Brains, snr: float) -> Layout:
    def cell(method: str, region: str) -> str:
        s = found.scores[snr, method, region]
        held = "" if np.isnan(s.held) else f", {100 * s.held:.0f} %"
        return f"{s.error:.2f} ({s.ratio:.2f}{held})"

    rows = tuple(
        (
            f"{region}, n = {found.scores[snr, found.methods[0], region].voxels}",
            *(cell(method, region) for method in found.methods),
        )
        for region in found.regions
    )
    return Layout(
        name=f"brain-{snr:g}",
        title=f"SNR {snr:g}",
        note="Mean |ln(CBF/true)| over the voxels of a region; in parentheses the median of "
        "CBF/true and the share of the 90 % intervals that hold the truth. Missing values count as "
        "0.01 of the true one.",
        columns=("region", *found.methods),
        sections=(("", rows),),
    )
