"""The objects of the external benchmark: which there are, and how each is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np

from bolus.bench.brain.cases import KINDS, Case
from bolus.bench.brain.voxels import TISSUE, scored_voxels
from bolus.bench.external.leaking import PROTOCOLS, leaking
from bolus.bench.external.made import Made, Part, Truth, plane
from bolus.bench.objects import DISPERSIONS, LATE, TE, Tiles, dispersion_object, kudo
from bolus.phantom import simulate_patient
from bolus.physics import cbf_scale, cbv_scale
from bolus.preprocess import find_series_frames

S0 = 1000.0
"""Signal of tiles before the bolus."""
GOLDEN_SNR = 500.0
"""With a drop of 40 % a contrast to noise of 200."""
BRAIN_SHAPE = (64, 64, 12)


@dataclass(frozen=True, kw_only=True)
class External:
    """An object: its ``kind`` says how it is scored, its ``family`` what shares a common factor.

    ``make`` gives it for a seed.
    """

    kind: str
    family: str
    make: Callable[[int], Made]


def golden() -> Tiles:
    """OSIPI's reference object for DSC-MRI, rebuilt: 14 curves without delay, exponential.

    CBV 4 and 2 mL/100 mL, MTT 24 to 3.4 s, 161 frames at TR 1.243 s, contrast to noise 200. Its own
    curves are sums of rectangles, up to 18 % too large; these are integrals.
    """
    whole = kudo(1.243)
    own = (whole.delay == 0) & (whole.residue == "exponential")
    return replace(
        whole,
        **{name: getattr(whole, name)[own] for name in ("cbv", "mtt", "delay", "residue")},
        prior=None,
        snr=GOLDEN_SNR,
        seconds=161 * 1.243,
    )


def from_tiles(tiles: Tiles, seed: int) -> Made:
    """Tiles on a slice, 21 in a row; a part is a tile."""
    seen, places = tiles.seen(seed), tiles.places
    where = tuple(places.index.T)

    def volume(values: np.ndarray, nothing: float) -> np.ndarray:
        out = np.full((*places.shape, *values.shape[1:]), nothing, dtype=np.float32)
        out[where] = values
        return out

    true = {
        "cbf": 6000 * tiles.cbf,
        "cbv": 100 * tiles.cbv,
        "mtt": tiles.mtt,
        "delay": tiles.delay,
    }
    number = np.repeat(np.arange(1, tiles.cbv.size + 1), tiles.voxels)
    labels = volume(number, 0).astype(np.int16)
    each = enumerate(zip(tiles.residue, tiles.delay, strict=True), 1)
    parts = tuple(Part(label=n, name=str(r), delay=float(late)) for n, (r, late) in each)
    maps = {name: volume(np.repeat(v, tiles.voxels), np.nan) for name, v in true.items()}
    return Made(
        signal=volume(S0 * seen.signal, 0.0),
        grid=plane(places.shape),
        dt=tiles.dt,
        te=TE,
        baseline=tiles.before,
        aif=seen.aif,
        mask=labels > 0,
        tumor=None,
        truth=Truth(maps=maps, labels=labels, parts=parts),
    )


def brain(case: Case, seed: int, shape: tuple[int, int, int] = BRAIN_SHAPE) -> Made:
    """A simulated brain in steady state with its true arterial input; parts are its tissues."""
    made = simulate_patient(
        seed=seed,
        snr=case.snr,
        tr=case.tr,
        frames=case.frames,
        tumor=KINDS[case.population].tumor,
        shape=shape,
        realism=case.realism(),
    )
    frames = find_series_frames(made.series, made.masks.brain)
    voxels = scored_voxels(made, (), None)
    labels = np.zeros(shape, dtype=np.int16)
    labels[tuple(voxels.index.T)] = 1 + voxels.tissue
    scale = {"cbf": 6000 / cbf_scale(), "cbv": 100 / cbv_scale(), "mtt": 1.0, "delay": 1.0}
    maps = {name: (k * getattr(made.truth, name)).astype(np.float32) for name, k in scale.items()}
    there = np.unique(voxels.tissue)
    te = made.series.te
    assert te is not None
    return Made(
        signal=made.series.signal[..., frames.first :].astype(np.float32),
        grid=made.series.grid,
        dt=made.series.dt,
        te=te,
        baseline=frames.onset - frames.first,
        aif=made.aif[frames.first :],
        mask=made.masks.brain,
        tumor=made.masks.tumor,
        truth=Truth(
            maps=maps,
            labels=labels,
            parts=tuple(Part(label=1 + int(n), name=TISSUE[n]) for n in there),
        ),
        more={"MagneticFieldStrength": made.settings.field},
    )


def _dispersed(name: str, place: int, seed: int) -> Made:
    return from_tiles(dispersion_object(DISPERSIONS[name], LATE[place]), seed + place)


def _all() -> dict[str, External]:
    found = {"golden": External(kind="golden", family="golden", make=partial(from_tiles, golden()))}
    for name, place in product(DISPERSIONS, range(len(LATE))):
        make = partial(_dispersed, name, place)
        key = f"dispersion-{name}-{LATE[place]:g}s"
        found[key] = External(kind="dispersion", family="dispersion", make=make)
    for dt in (1.0, 1.5):
        key = f"kudo-{dt:g}s"
        found[key] = External(kind="kudo", family=key, make=partial(from_tiles, kudo(dt)))
    for name in PROTOCOLS:
        make = partial(leaking, name)
        found[f"leakage-{name}"] = External(kind="leakage", family="leakage", make=make)
    for population, snr in (("tumour", 50.0), ("tumour", 20.0), ("stroke", 50.0)):
        key, case = f"brain-{population}-snr{snr:g}", Case(population=population, snr=snr)
        found[key] = External(kind="brain", family=key, make=partial(brain, case))
    return found


OBJECTS: Mapping[str, External] = _all()
"""All objects, by name."""
