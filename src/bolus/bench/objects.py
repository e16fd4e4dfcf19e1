"""Two digital objects of the literature, rebuilt: what every method makes of tissue of known truth.

Neither was made by anyone here, and no method was made from them. Kudo's phantom has tissue of
three residues at seven delays; that of Bezier's laboratory has an arterial input that is dispersed
on its way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float

from bolus.bench.limit import Limit
from bolus.data import Perfusion
from bolus.estimators import Estimator, Places, Prior, capabilities, deconvolve, deconvolve_patient
from bolus.physics import (
    RESIDUES,
    ForwardModel,
    concentration,
    dispersed,
    noise_gain,
    signal_from_r2star,
)

BEGIN, DECAY = 20.0, 1.5
"""s at which the arterial curve t³·e^(−t/DECAY) begins."""
TE = 0.03
"""Echo time, s; nothing depends on it."""
STEPS = 10
"""Parts that a repetition time is cut into where curves are made."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Tiles:
    """Tissue in ``tiles`` of so many ``voxels`` each, of one arterial input.

    ``cbv`` (ratio), ``mtt`` and ``delay`` (s) and ``residue`` (a name) are those of each tile;
    ``dispersion`` is the mean time in s of an exponential transport function that widens the
    arterial input of all. ``snr`` is that of the baseline, and ``drop`` the signal's at the peak of
    the tallest curve. ``prior`` is what tissue is drawn from: the prior of the limit.
    """

    cbv: Float[np.ndarray, " tiles"]
    mtt: Float[np.ndarray, " tiles"]
    delay: Float[np.ndarray, " tiles"]
    residue: np.ndarray
    prior: Prior | None
    dt: float
    snr: float
    dispersion: float = 0.0
    voxels: int = 25
    seconds: float = 100.0
    drop: float = 0.4

    @property
    def cbf(self) -> Float[np.ndarray, " tiles"]:
        """1/s."""
        return self.cbv / self.mtt

    @property
    def places(self) -> Places:
        """A tile is a square of a slice, five voxels wide; tiles lie in rows of 21."""
        across, wide = 21, round(self.voxels**0.5)
        tile, voxel = np.divmod(np.arange(self.cbv.size * self.voxels), self.voxels)
        x, y = wide * (tile % across) + voxel % wide, wide * (tile // across) + voxel // wide
        shape = (wide * across, wide * -(-self.cbv.size // across), 1)
        return Places(np.stack([x, y, 0 * x], axis=1), shape)

    @property
    def before(self) -> int:
        """Frames before the bolus reaches any tile."""
        return int((BEGIN + self.delay.min()) / self.dt)

    def seen(self, seed: int) -> "Seen":
        """The signal as a scanner would give it."""
        frames, parts = round(self.seconds / self.dt), STEPS
        time = np.arange(frames * parts) * self.dt / parts
        fine = np.maximum(time - BEGIN, 0) ** 3 * np.exp(-np.maximum(time - BEGIN, 0) / DECAY)
        fine /= fine.max()
        wide = dispersed(fine, self.dt / parts, self.dispersion)
        clean = np.empty((self.cbv.size, frames))
        for name in np.unique(self.residue):
            own = self.residue == name
            model = ForwardModel(wide, self.dt / parts, RESIDUES[name])
            clean[own] = model(self.cbf[own], self.mtt[own], self.delay[own])[:, ::parts]
        scale = -np.log(1 - self.drop) / TE / clean.max()
        change = np.repeat(scale * clean, self.voxels, axis=0)
        rng = np.random.default_rng(seed)
        signal = signal_from_r2star(change, 1.0, TE) + rng.normal(size=change.shape) / self.snr
        return Seen(signal, change, scale * fine[::parts])

    def measured(self, seed: int) -> "Measured":
        """Curves of the signal, and their true noise."""
        seen = self.seen(seed)
        s0 = seen.signal[:, : self.before].mean(axis=1, keepdims=True)
        noise = noise_gain(np.maximum(seen.change, 0), TE) / (self.snr * TE)
        return Measured(concentration(seen.signal, s0, TE), seen.aif, self.dt, noise)


@dataclass(frozen=True, eq=False)
class Seen:
    """Signal (n, t) over that before the bolus, the true ΔR2* behind it, and the input's (t,)."""

    signal: Float[np.ndarray, "n t"]
    change: Float[np.ndarray, "n t"]
    aif: Float[np.ndarray, " t"]


@dataclass(frozen=True, eq=False)
class Measured:
    """Curves (n, t) and the arterial input (t,) in 1/s every ``dt`` s, and their true noise."""

    tissue: Float[np.ndarray, "n t"]
    aif: Float[np.ndarray, " t"]
    dt: float
    noise_sd: Float[np.ndarray, "n t"]


def kudo(dt: float) -> Tiles:
    """294 tiles: 2 volumes × 7 transit times × 7 delays × 3 residues, SNR 50.

    After Kudo et al., Radiology 2013 (PMC3606546); the length of the scan, the moment at
    which the bolus begins and what falls by 40 % are taken here.
    """
    axes = (
        ("exponential", "linear", "box"),
        (0.02, 0.04),
        (24.0, 12.0, 8.0, 6.0, 4.8, 4.0, 24 / 7),
        tuple(float(s) for s in range(-3, 4)),
    )
    residue, cbv, mtt, delay = (np.array(values) for values in zip(*product(*axes), strict=True))
    prior = Prior(
        families=tuple((name, None) for name in axes[0]),
        mtt=(3.0, 27.0),
        delay=(-3.5, 3.5),
        cbv=(0.018, 0.044),
        mtt_steps=44,
        delay_steps=28,
    )
    return Tiles(cbv=cbv, mtt=mtt, delay=delay, residue=residue, prior=prior, dt=dt, snr=50.0)


DISPERSIONS = {"none": 0.0, "low": 1.5, "medium": 3.0, "high": 4.5}
"""Mean times in s of the transport function."""
LATE = (0.0, 1.0, 3.0, 6.0)
"""Delays in s."""
FLOWS = (20.0, 40.0, 60.0)
"""mL/100 mL/min."""


def dispersion_object(time: float, delay: float) -> Tiles:
    """Exponential tissue, CBV 4 mL/100 mL, of three flows behind one dispersion and delay, SNR 20.

    After the Bezier object, for which Magn Reson Med 2014;72:1762 has figures. Its curves are sums
    of rectangles, by which their area is up to 13 % too large; these are integrals.
    """
    flow = np.repeat(np.array(FLOWS) / 6000, 4)
    one = np.ones(flow.size)
    return Tiles(
        cbv=0.04 * one,
        mtt=0.04 / flow,
        delay=delay * one,
        residue=np.full(flow.size, "exponential"),
        prior=None,
        dt=1.243,
        snr=20.0,
        dispersion=time,
        seconds=200.0,
    )


@dataclass(frozen=True, kw_only=True)
class KudoRow:
    """Of one method at a repetition time ``dt`` s: agreement of the tiles' means with the truth.

    ``cbf``, ``cbv`` and ``mtt`` are intraclass correlations ICC(A,1). ``early`` is CBF at −3 s over
    its mean, ``flat`` how far CBF at any delay is off that mean at most; ``box``, ``linear`` and
    ``exponential`` the median of CBF over the true one.
    """

    method: str
    dt: float
    cbf: float
    cbv: float
    mtt: float
    early: float
    flat: float
    exponential: float
    linear: float
    box: float


@dataclass(frozen=True, kw_only=True)
class DispersionRow:
    """Median of CBF over the label at each of LATE, and the share of 90 % intervals that hold it.

    ``held`` is NaN for a method without intervals.
    """

    method: str
    dispersion: str
    ratio: tuple[float, ...]
    held: float


def kudo_rows(methods: dict[str, Estimator], tiles: Tiles, seed: int = 0) -> Iterator[KudoRow]:
    """Every method and the limit, which knows what the tiles are drawn from."""
    assert tiles.prior is not None
    seen = tiles.measured(seed)
    for name, method in {"limit": Limit(tiles.prior), **methods}.items():
        yield _agreement(name, tiles, _solved(method, tiles, seen))


def dispersion_rows(
    methods: dict[str, Estimator], dispersion: str, seed: int = 0
) -> Iterator[DispersionRow]:
    """Every method behind one dispersion."""
    objects = [dispersion_object(DISPERSIONS[dispersion], late) for late in LATE]
    seen = [one.measured(seed + place) for place, one in enumerate(objects)]
    for name, method in methods.items():
        ratio, held = [], []
        for one, curves in zip(objects, seen, strict=True):
            found, true = _solved(method, one, curves), np.repeat(one.cbf, one.voxels)
            ratio.append(float(np.median(found.cbf / true)))
            if capabilities(method).posterior:
                low, high = found.interval("cbf", 0.9)
                held.append(float(((low <= true) & (true <= high)).mean()))
        share = float(np.mean(held)) if held else float("nan")
        yield DispersionRow(method=name, dispersion=dispersion, ratio=tuple(ratio), held=share)


def _solved(method: Estimator, tiles: Tiles, seen: Measured) -> Perfusion:
    if capabilities(method).joint:
        return deconvolve_patient(
            seen.tissue, seen.aif, seen.dt, tiles.places, method, seen.noise_sd
        )
    return deconvolve(seen.tissue, seen.aif, seen.dt, method, seen.noise_sd)


def _agreement(name: str, tiles: Tiles, found: Perfusion) -> KudoRow:
    cbf, cbv, mtt = (
        np.nanmean(value.reshape(-1, tiles.voxels), axis=1)
        for value in (found.cbf, found.cbv, found.mtt)
    )
    return kudo_row(name, tiles, cbf, cbv, mtt)


def kudo_row(
    name: str,
    tiles: Tiles,
    cbf: Float[np.ndarray, " tiles"],
    cbv: Float[np.ndarray, " tiles"],
    mtt: Float[np.ndarray, " tiles"],
) -> KudoRow:
    """Agreement of the tiles' means in 1/s, ratio and s with the truth."""
    ratio = cbf / tiles.cbf
    late = np.array([cbf[tiles.delay == s].mean() for s in np.unique(tiles.delay)])
    by = {r: float(np.median(ratio[tiles.residue == r])) for r in np.unique(tiles.residue)}
    return KudoRow(
        method=name,
        dt=tiles.dt,
        cbf=agreement(cbf, tiles.cbf),
        cbv=agreement(cbv, tiles.cbv),
        mtt=agreement(mtt, tiles.mtt),
        early=float(late[0] / late.mean()),
        flat=float(np.abs(late / late.mean() - 1).max()),
        **by,
    )


def agreement(one: Float[np.ndarray, " n"], other: Float[np.ndarray, " n"]) -> float:
    """ICC(A,1): two-way, absolute agreement, of a single measurement.

    Source: McGraw & Wong, Psychol Methods 1996;1:30.
    """
    both = np.stack([one, other], axis=1)
    n, k = both.shape
    whole, rows, columns = both.mean(), both.mean(axis=1), both.mean(axis=0)
    between = k * np.square(rows - whole).sum() / (n - 1)
    judges = n * np.square(columns - whole).sum() / (k - 1)
    left = both - rows[:, None] - columns + whole
    error = np.square(left).sum() / ((n - 1) * (k - 1))
    return float((between - error) / (between + (k - 1) * error + k / n * (judges - error)))
