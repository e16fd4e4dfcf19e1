"""Simulated scans to train on: one arterial input, many voxels, and the noise drawn afresh."""

from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from bolus.phantom import ArterialShape
from bolus.physics import RESIDUES, ForwardModel, concentration, signal_from_r2star

Range = tuple[float, float]
FAMILIES: tuple[str, ...] = (
    "exponential",
    "lorentzian",
    "box",
    "gamma",
    "biexponential",
    "fermi",
    "weibull",
)
"""Residues of the training curves; gamma only with shape 3, so that other gammas are unseen."""
LEAST_BASELINE = 3


class Tissue(NamedTuple):
    """Voxels (n,): place in FAMILIES, its shape (NaN: the residue's own), MTT and delay in s."""

    family: Int[np.ndarray, " n"]
    shape: Float[np.ndarray, " n"]
    mtt: Float[np.ndarray, " n"]
    delay: Float[np.ndarray, " n"]


@runtime_checkable
class TissuePrior(Protocol):
    """Where tissue is drawn from."""

    def sample(self, rng: np.random.Generator, n: int) -> Tissue:
        """``n`` random voxels."""
        ...

    def sample_cbv(self, rng: np.random.Generator, n: int) -> Float[np.ndarray, " n"]:
        """``n`` random blood volumes, as ratios."""
        ...


@dataclass(frozen=True, kw_only=True)
class BroadPrior:
    """Tissue of no particular population.

    MTT (s) and CBV (ratio) are log-uniform, delay (s) is uniform with tapered ends of
    2·``delay_taper`` s; a share of ``unusual`` voxels has the ``wide`` ranges. A share ``weibull``
    of voxels has a Weibull residue of log-uniform shape, the others one of the six plain families.
    The delay's range is wider than what is usual so that its ends do not pull: under a prior that
    ends at 4 s even the exact posterior reads CBF 10 % low at delays of 3 to 4 s.
    """

    mtt: Range = (1.5, 20.0)
    mtt_wide: Range = (0.8, 30.0)
    delay: Range = (-2.5, 5.5)
    delay_taper: float = 1.5
    delay_wide: Range = (-5.0, 10.0)
    cbv: Range = (0.012, 0.14)
    cbv_wide: Range = (0.002, 0.8)
    unusual: float = 0.1
    weibull: float = 0.15
    weibull_shape: Range = (0.7, 4.0)

    def sample(self, rng: np.random.Generator, n: int) -> Tissue:
        """``n`` random voxels."""
        family = rng.integers(len(FAMILIES) - 1, size=n)
        family[rng.random(n) < self.weibull] = FAMILIES.index("weibull")
        shape = np.full(n, np.nan)
        shape[family == FAMILIES.index("gamma")] = 3.0
        stretched = family == FAMILIES.index("weibull")
        shape[stretched] = log_uniform(rng, self.weibull_shape, int(stretched.sum()))
        wide = rng.random(n) < self.unusual
        mtt = np.where(wide, log_uniform(rng, self.mtt_wide, n), log_uniform(rng, self.mtt, n))
        near = rng.uniform(*self.delay, n) + rng.uniform(-self.delay_taper, self.delay_taper, n)
        delay = np.where(wide, rng.uniform(*self.delay_wide, n), near)
        return Tissue(family, shape, mtt, delay)

    def sample_cbv(self, rng: np.random.Generator, n: int) -> Float[np.ndarray, " n"]:
        """``n`` random blood volumes, as ratios."""
        wide = rng.random(n) < self.unusual
        return np.where(wide, log_uniform(rng, self.cbv_wide, n), log_uniform(rng, self.cbv, n))


@dataclass(frozen=True, kw_only=True)
class ScanPrior:
    """How scans differ: ``dt``, ``duration`` and ``te`` in s, ``snr`` of the baseline.

    ``arterial_noise`` is the highest SD of the measured arterial input over its peak; half of the
    scans know theirs without noise.
    """

    dt: Range = (0.5, 3.0)
    usual_dt: Range = (0.9, 2.2)
    duration: Range = (40.0, 150.0)
    te: Range = (0.015, 0.045)
    snr: Range = (5.0, 250.0)
    arterial_noise: float = 0.02


@dataclass(frozen=True, eq=False)
class Scene:
    """One scan's voxels without noise, for a CBV of 1.

    ``aif`` (t,) as it was measured and ``clean`` (n, t), both in 1/s; ``dt``, ``te`` s;
    ``baseline`` frames are free of contrast agent; ``pooled`` says whether the noise is known
    well or only from a voxel's own baseline.
    """

    aif: Float[np.ndarray, " t"]
    clean: Float[np.ndarray, "n t"]
    tissue: Tissue
    dt: float
    te: float
    baseline: int
    pooled: bool


class Voxels(NamedTuple):
    """Noisy curves (n, t) in 1/s, what is known of their noise (n, 1), and their CBV (n,)."""

    curves: Float[np.ndarray, "n t"]
    noise_sd: Float[np.ndarray, "n 1"]
    cbv: Float[np.ndarray, " n"]


def random_scene(
    rng: np.random.Generator, prior: TissuePrior, n: int, scans: ScanPrior | None = None
) -> Scene:
    """A scan of ``n`` voxels with a random protocol and arterial input."""
    scans = ScanPrior() if scans is None else scans
    within = scans.usual_dt if rng.random() < 0.8 else scans.dt
    dt = float(log_uniform(rng, within, 1)[0])
    if rng.random() < 0.25:
        dt = float(rng.choice([1.0, 1.25, 1.5, 2.0]))
    duration = float(rng.uniform(*scans.duration)) if rng.random() < 0.7 else 90.0
    time = dt * np.arange(max(20, round(duration / dt)))
    return scene(rng, prior, n, random_input(rng, time), dt, scans)


def scene(
    rng: np.random.Generator,
    prior: TissuePrior,
    n: int,
    aif: Float[np.ndarray, " t"],
    dt: float,
    scans: ScanPrior | None = None,
    *,
    noisy: bool = True,
) -> Scene:
    """A scan of ``n`` voxels with a known arterial input (t,) in 1/s, ``dt`` in s."""
    scans = ScanPrior() if scans is None else scans
    tissue = prior.sample(rng, n)
    error = rng.uniform(0, scans.arterial_noise) * aif.max() * (noisy and rng.random() < 0.5)
    return Scene(
        aif=aif + error * rng.standard_normal(aif.size),
        clean=clean_curves(tissue, aif, dt).astype(np.float32),
        tissue=tissue,
        dt=dt,
        te=float(rng.uniform(*scans.te)),
        baseline=_baseline(aif, dt),
        pooled=bool(rng.random() < 0.5),
    )


def clean_curves(
    tissue: Tissue, aif: Float[np.ndarray, " t"], dt: float
) -> Float[np.ndarray, "n t"]:
    """Curves (n, t) of CBV 1 by the forward model, in the unit of ``aif`` (t,); ``dt`` in s."""
    clean = np.zeros((tissue.mtt.size, aif.size))
    for place, name in enumerate(FAMILIES):
        of = np.flatnonzero(tissue.family == place)
        if of.size:
            mtt, shape = tissue.mtt[of], tissue.shape[of]
            known = None if np.isnan(shape).any() else shape
            clean[of] = ForwardModel(aif, dt, RESIDUES[name])(1 / mtt, mtt, tissue.delay[of], known)
    return clean


def with_noise(
    rng: np.random.Generator,
    scene: Scene,
    rows: slice,
    cbv: Float[np.ndarray, " n"],
    snr: Float[np.ndarray, " n"],
) -> Voxels:
    """Voxels ``rows`` of a scene as a scanner would have measured them.

    Gaussian noise of SD 1/``snr`` on S = e^(−TE·CBV·C) with S0 = 1; S0 and the noise are then
    read from the baseline frames, as a measurement would.
    """
    clean = scene.clean[rows]
    signal = signal_from_r2star(cbv[:, None].astype(np.float32) * clean, 1.0, scene.te)
    signal = signal + rng.standard_normal(clean.shape, dtype=np.float32) / snr[:, None].astype(
        np.float32
    )
    s0 = signal[:, : scene.baseline].mean(axis=1, keepdims=True)
    curves = concentration(signal, s0, scene.te)
    known = 1 / (snr * scene.te)
    read = curves[:, : scene.baseline].std(axis=1, ddof=1)
    noise = known * np.exp(0.1 * rng.standard_normal(known.size)) if scene.pooled else read
    return Voxels(curves, noise[:, None].astype(np.float32), cbv)


def random_input(
    rng: np.random.Generator, time: Float[np.ndarray, " t"]
) -> Float[np.ndarray, " t"]:
    """A random arterial input (t,) in 1/s at the times (t,) in s.

    Wider than the benchmark's: sharper and broader first passes, some of them the sum of two
    arriving up to 3 s apart, with any recirculation between none and strong.
    """
    latest = max(8.0, min(40.0, time[-1] - 28.0))
    first = ArterialShape(
        onset=rng.uniform(6.0, latest),
        r=rng.uniform(1.5, 5.0),
        b=rng.uniform(0.8, 3.2),
        recirculation=rng.uniform(0.0, 0.3),
        return_time=rng.uniform(5.0, 14.0),
        dispersion=rng.uniform(1.1, 2.5),
        tail=rng.uniform(0.0, 0.12),
        washout=rng.uniform(60.0, 400.0),
        amplitude=1.0,
    )
    curve = first(time)
    if rng.random() < 0.25:
        second = replace(first, onset=first.onset + rng.uniform(0.5, 3.0))
        curve = curve + rng.uniform(0.2, 1.0) * second(time)
    fine = np.linspace(0, 40.0, 401)
    area = np.trapezoid(first(first.onset + fine), fine)
    return curve * float(rng.uniform(800.0, 2000.0) / area)


def log_uniform(rng: np.random.Generator, within: Range, n: int) -> Float[np.ndarray, " n"]:
    """``n`` numbers whose logarithm is uniform between those of ``within``."""
    low, high = within
    return np.exp(rng.uniform(np.log(low), np.log(high), n))


def _baseline(aif: Float[np.ndarray, " t"], dt: float) -> int:
    """Frames before the artery is at 1 % of its peak, one second spared for early tissue."""
    arrival = int(np.argmax(aif > 0.01 * aif.max()))
    return max(LEAST_BASELINE, arrival - int(np.ceil(1.0 / dt)))
