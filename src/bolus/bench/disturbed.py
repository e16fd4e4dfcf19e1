"""What methods make of curves that are not what they take them for, and whether they say so.

Each disturbance is something that scanners and patients do. A method may be wrong where its
interval is wide, or where its misfit marks the voxel; it must not be wrong in silence.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from bolus.bench.score import FLOOR
from bolus.data import Perfusion, TissueCurves
from bolus.estimators import Estimator, Places, capabilities, deconvolve, deconvolve_patient
from bolus.patient.quantify import misfits, poor_fit
from bolus.phantom import CurvePrior, random_arterial_inputs
from bolus.phantom.curves import clean_curves
from bolus.physics import concentration, dispersed, leak_term, signal_from_r2star

TE, DT, SECONDS, PARTS = 0.03, 1.5, 105.0, 6
"""Echo time, repetition time and length in s, and the parts of a frame in which curves are made."""
INPUTS = 5
"""Arterial inputs, each with its share of the curves, which are taken for one patient's."""
ONSET = (30.0, 38.0)
"""s at which the arterial bolus begins."""
HELD, FLAGGED = 0.85, 0.80
"""Shares of intervals that hold the truth, or else of voxels that are marked, that are asked."""

Curve = Float[np.ndarray, " t"]
Changed = Callable[[Curve, Curve], Curve]


def as_it_is(aif: Curve, tissue: Curve) -> Curve:
    """The arterial input that the tissue had."""
    return aif


def scaled(factor: float) -> Changed:
    """The input times a factor."""
    return lambda aif, tissue: factor * aif


def saturated(share: float) -> Changed:
    """The input cut off at a share of its peak."""
    return lambda aif, tissue: np.minimum(aif, share * aif.max())


def mixed(share: float) -> Changed:
    """Arterial voxels that hold so much tissue: two signals add, and are converted as one."""

    def change(aif: Curve, tissue: Curve) -> Curve:
        artery, rest = (signal_from_r2star(c, 1.0, TE) for c in (aif, tissue))
        return np.asarray(concentration((1 - share) * artery + share * rest, np.array(1.0), TE))

    return change


@dataclass(frozen=True, kw_only=True)
class Disturbance:
    """One thing that is otherwise than methods take it.

    ``prior`` is what tissue is drawn from; ``behind`` the mean time in s of an exponential
    transport from the artery to it, ``wide`` that of one from the artery to where it was measured;
    ``measured`` makes the input that methods are given from the true one and the mean tissue.
    ``blood`` is the share of arterial blood in tissue voxels, whose signals add, ``agent`` that of
    its ΔR2* that adds to the tissue's; ``leak`` is K2 in 1/s. ``until`` is when the series ends, in
    s after the arterial peak. ``drop`` is the signal's at the highest tissue peak, in place of what
    it is, with Rician noise.
    """

    name: str
    prior: CurvePrior = field(default_factory=CurvePrior)
    snr: float = 50.0
    behind: float = 0.0
    wide: float = 0.0
    measured: Changed = as_it_is
    blood: float = 0.0
    agent: float = 0.0
    leak: float = 0.0
    until: float | None = None
    drop: float | None = None


DISTURBANCES: tuple[Disturbance, ...] = (
    Disturbance(name="none"),
    *(Disturbance(name=f"dispersion artery to tissue {s:g} s", behind=s) for s in (1, 2, 3, 5)),
    *(Disturbance(name=f"input measured {s:g} s too wide", wide=s) for s in (2, 3)),
    *(
        Disturbance(name=f"peak of the input cut at {s:g}", measured=saturated(s))
        for s in (0.8, 0.6, 0.4)
    ),
    *(
        Disturbance(name=f"{100 * s:g} % tissue in arterial voxels", measured=mixed(s))
        for s in (0.2, 0.5)
    ),
    *(
        Disturbance(name=f"{100 * s:g} % arterial blood in the voxel, signals add", blood=s)
        for s in (0.005, 0.02, 0.05)
    ),
    *(
        Disturbance(name=f"{100 * s:g} % arterial blood in the voxel, ΔR2* adds", agent=s)
        for s in (0.005, 0.02, 0.05)
    ),
    Disturbance(name="MTT 0.6 to 1.5 s", prior=CurvePrior(mtt=(0.6, 1.5))),
    Disturbance(name="MTT 20 to 40 s", prior=CurvePrior(mtt=(20.0, 40.0))),
    Disturbance(name="delay -8 to -4 s", prior=CurvePrior(delay=(-8.0, -4.0))),
    Disturbance(name="delay 8 to 14 s", prior=CurvePrior(delay=(8.0, 14.0))),
    Disturbance(name="series ends 10 s after the peak", until=10.0),
    *(Disturbance(name=f"input times {s:g}", measured=scaled(s)) for s in (0.5, 2)),
    *(Disturbance(name=f"SNR {s:g}", snr=s) for s in (200.0, 500.0)),
    Disturbance(name="signal falls by 95 %, SNR 20", drop=0.95, snr=20.0),
    Disturbance(name="T2* leak, not corrected", leak=-0.02),
)


@dataclass(frozen=True, eq=False)
class Sampled:
    """Curves (n, t) in 1/s as measured of one input (t,), with their noise before the bolus (n,).

    ``cbf`` (1/s) and ``cbv`` (n,) are the truth.
    """

    tissue: Float[np.ndarray, "n t"]
    aif: Curve
    noise_sd: Float[np.ndarray, " n"]
    cbf: Float[np.ndarray, " n"]
    cbv: Float[np.ndarray, " n"]


@dataclass(frozen=True, kw_only=True)
class DisturbedRow:
    """Of one method: mean |ln(CBF/true)|, median of CBF/true and of the misfit.

    ``held`` and ``held_cbv`` are the shares of 90 % intervals that hold the truth, NaN without
    intervals; ``flagged`` that of voxels marked as a poor fit.
    """

    method: str
    disturbance: str
    log_cbf: float
    ratio: float
    held: float
    held_cbv: float
    misfit: float
    flagged: float

    @property
    def silent(self) -> bool:
        """Whether its intervals hold too seldom, and too few voxels are marked."""
        return self.held < HELD and self.flagged < FLAGGED


def sampled(one: Disturbance, seed: int, number: int, count: int) -> Sampled:
    """``count`` curves of the input of a number; the same tissue and noise in all disturbances."""
    fine = DT / PARTS
    time = fine * np.arange(round(SECONDS / fine))
    artery = random_arterial_inputs(np.random.default_rng([seed, number, 0]), 1, time, ONSET)[0]
    rng = np.random.default_rng([seed, number, 1])
    truth = one.prior.sample(rng, count)
    arrived = dispersed(artery, fine, one.behind)
    clean = clean_curves(truth, one.prior, arrived, DT, PARTS)
    aif = dispersed(artery, fine, one.wide)[::PARTS]
    clean = clean - leak_term(np.full(count, one.leak), clean.mean(axis=0), DT)
    clean += one.agent * artery[::PARTS]
    if one.drop is not None:
        factor = -np.log(1 - one.drop) / (TE * clean.max())
        clean, aif = factor * clean, factor * aif
    given = one.measured(aif, clean.mean(axis=0))
    end = aif.size if one.until is None else int(np.argmax(aif)) + round(one.until / DT)
    arrival = int(np.argmax(artery > 0.01 * artery.max())) // PARTS
    before = arrival + min(0, round(one.prior.delay[0] / DT))
    tissue = _converted(_noisy(one, clean, artery[::PARTS], rng), before)
    noise_sd = np.full(count, np.sqrt(tissue[:, :before].var(axis=1, ddof=1).mean()))
    return Sampled(tissue[:, :end], given[:end], noise_sd, truth.cbf, truth.cbv)


def _noisy(
    one: Disturbance, clean: Float[np.ndarray, "n t"], blood: Curve, rng: np.random.Generator
) -> Float[np.ndarray, "n t"]:
    """Signals over their baselines, with Gaussian noise, or Rician where they fall deep."""
    signal = (1 - one.blood) * signal_from_r2star(clean, 1.0, TE)
    signal += one.blood * signal_from_r2star(blood, 1.0, TE)
    real, other = rng.standard_normal((2, *clean.shape)) / one.snr
    return signal + real if one.drop is None else np.hypot(signal + real, other)


def _converted(signal: Float[np.ndarray, "n t"], before: int) -> Float[np.ndarray, "n t"]:
    """Curves in 1/s whose baseline, so many frames, is zero."""
    curves = np.asarray(concentration(signal, np.ones((len(signal), 1)), TE))
    return curves - curves[:, :before].mean(axis=1, keepdims=True)


def disturbed_rows(
    one: Disturbance, methods: dict[str, Estimator], seed: int, count: int
) -> Iterator[DisturbedRow]:
    """Every method on the same curves, ``count`` of each input."""
    parts = [sampled(one, seed, number, count) for number in range(INPUTS)]
    for name, method in methods.items():
        yield _row(name, one.name, [_judged(_solved(method, part), part) for part in parts])


@dataclass(frozen=True, eq=False)
class _Judged:
    """One input's curves: CBF over the true one, misfit, marks, and what intervals hold."""

    ratio: Float[np.ndarray, " n"]
    misfit: Float[np.ndarray, " n"]
    flagged: Bool[np.ndarray, " n"]
    held: Float[np.ndarray, "quantities n"]


def _solved(method: Estimator, part: Sampled) -> Perfusion:
    if not capabilities(method).joint:
        return deconvolve(part.tissue, part.aif, DT, method, part.noise_sd)
    rows = np.arange(len(part.tissue))
    places = Places(np.stack([rows, 0 * rows, 0 * rows], axis=1), (rows.size, 1, 1))
    return deconvolve_patient(part.tissue, part.aif, DT, places, method, part.noise_sd)


def _judged(found: Perfusion, part: Sampled) -> _Judged:
    n, t = part.tissue.shape
    nothing, seconds = np.zeros(n, np.uint8), DT * np.arange(t)
    curves = TissueCurves(
        curves=part.tissue,
        noise_sd=part.noise_sd,
        time=seconds,
        quality=nothing,
        ttp=np.full(n, np.nan),
    )
    ratio = np.nan_to_num(found.cbf / part.cbf)
    held = np.full((2, n), np.nan)
    if found.posterior is not None:
        for place, (name, true) in enumerate((("cbf", part.cbf), ("cbv", part.cbv))):
            low, high = found.interval(name, 0.9)
            held[place] = (low <= true) & (true <= high)
    marked = poor_fit(curves, found, TE, None)
    return _Judged(ratio, misfits(curves, found.residual, TE), marked, held)


def _row(method: str, disturbance: str, parts: list[_Judged]) -> DisturbedRow:
    ratio, misfit, flagged = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("ratio", "misfit", "flagged")
    )
    held, held_cbv = np.concatenate([part.held for part in parts], axis=1).mean(axis=1)
    return DisturbedRow(
        method=method,
        disturbance=disturbance,
        log_cbf=float(np.abs(np.log(np.maximum(ratio, FLOOR))).mean()),
        ratio=float(np.median(ratio)),
        held=float(held),
        held_cbv=float(held_cbv),
        misfit=float(np.nanmedian(misfit)),
        flagged=float(flagged.mean()),
    )
