"""Random tissue curves with known truth, for benchmarks on curves instead of patients."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, Int

from bolus.data import CurveError, InputError
from bolus.phantom.arterial import Number, Range
from bolus.physics import (
    RESIDUES,
    ForwardModel,
    Residue,
    blood_flow,
    cbv_scale,
    concentration,
    signal_from_r2star,
)

Family = tuple[Residue, Number | None]


def six_families() -> dict[str, Family]:
    """The residue functions of the benchmark, each with its shape (None: it has none)."""
    plain = ("exponential", "lorentzian", "box", "biexponential", "fermi")
    families: dict[str, Family] = {name: (RESIDUES[name], None) for name in plain}
    return families | {"gamma": (RESIDUES["gamma"], 3.0)}


@dataclass(frozen=True, eq=False)
class CurveTruth:
    """What the curves were made from, one entry a curve.

    ``cbv`` is a ratio, ``cbf`` in 1/s, ``mtt`` and the signed ``delay`` in s; ``residue`` is the
    position in ``names``.
    """

    cbv: Float[np.ndarray, " n"]
    cbf: Float[np.ndarray, " n"]
    mtt: Float[np.ndarray, " n"]
    delay: Float[np.ndarray, " n"]
    residue: Int[np.ndarray, " n"]
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CurvePrior:
    """Where random curves are drawn from.

    ``mtt`` s and ``cbv`` mL/100 g are log-uniform, ``delay`` s is uniform, ``families`` (name →
    residue and shape) have equal weight.

    Raises InputError for a range that is empty or not positive, or no family.
    """

    mtt: Range = (1.5, 20.0)
    delay: Range = (-1.0, 4.0)
    cbv: Range = (1.0, 8.0)
    families: Mapping[str, Family] = field(default_factory=six_families)

    def __post_init__(self) -> None:
        for name, (low, high) in {"mtt": self.mtt, "cbv": self.cbv}.items():
            if not 0 < low <= high:
                raise InputError(
                    f"the range of {name} must be positive and rising, found {low, high}"
                )
        if not self.delay[0] <= self.delay[1]:
            raise InputError(f"the range of delay must be rising, found {self.delay}")
        if not self.families:
            raise InputError("a curve prior needs at least one residue family, found none")

    def sample(self, rng: np.random.Generator, n: int) -> CurveTruth:
        """Parameters of ``n`` random curves. Raises InputError for fewer than one."""
        if n < 1:
            raise InputError(f"at least one curve is needed, found n = {n}")
        mtt = _log_uniform(rng, self.mtt, n)
        cbv = _log_uniform(rng, self.cbv, n) / cbv_scale()
        return CurveTruth(
            cbv=cbv,
            cbf=blood_flow(cbv, mtt),
            mtt=mtt,
            delay=rng.uniform(*self.delay, n),
            residue=rng.integers(len(self.families), size=n),
            names=tuple(self.families),
        )

    def shares(
        self, mtt_edges: Float[np.ndarray, " m"], delay_edges: Float[np.ndarray, " d"]
    ) -> Float[np.ndarray, "mtts delays"]:
        """Probability of every cell of a grid, up to a factor; the edges in s, MTT's geometric."""
        return np.ones((mtt_edges.size - 1, delay_edges.size - 1))


@dataclass(frozen=True, kw_only=True)
class PopulationPrior(CurvePrior):
    """Tissue of one population: MTT log-normal and delay normal, both cut off at their ranges.

    ``typical_mtt`` s is the median, ``mtt_sd`` the SD of log MTT; ``delay_mean`` and ``delay_sd``
    are s.
    """

    delay: Range = (-1.1, 3.1)
    typical_mtt: float = 4.8
    mtt_sd: float = 0.3
    delay_mean: float = 1.0
    delay_sd: float = 0.7

    def sample(self, rng: np.random.Generator, n: int) -> CurveTruth:
        """Parameters of ``n`` random curves. Raises InputError for fewer than one."""
        broad = super().sample(rng, n)
        mtt = np.exp(_cut_normal(rng, *self._log_mtt, self._log_range, n))
        delay = _cut_normal(rng, self.delay_mean, self.delay_sd, self.delay, n)
        return replace(broad, mtt=mtt, delay=delay, cbf=blood_flow(broad.cbv, mtt))

    def shares(
        self, mtt_edges: Float[np.ndarray, " m"], delay_edges: Float[np.ndarray, " d"]
    ) -> Float[np.ndarray, "mtts delays"]:
        """Probability of every cell of a grid, up to a factor; both edges in s."""
        from scipy.special import ndtr

        centre, sd = self._log_mtt
        of_mtt = np.diff(ndtr((np.log(mtt_edges) - centre) / sd))
        of_delay = np.diff(ndtr((delay_edges - self.delay_mean) / self.delay_sd))
        return np.outer(of_mtt, of_delay)

    @property
    def _log_mtt(self) -> tuple[float, float]:
        return float(np.log(self.typical_mtt)), self.mtt_sd

    @property
    def _log_range(self) -> tuple[float, float]:
        return float(np.log(self.mtt[0])), float(np.log(self.mtt[1]))


@dataclass(frozen=True, eq=False)
class SimulatedCurves:
    """Noisy and clean concentration (n, t) in 1/s with their truth.

    ``noise_sd`` (n, t) in 1/s is σ/(TE·S/S0), the noise of the signal carried through the
    logarithm to first order at the clean curve; the noise of S0 itself is not in it.
    """

    tissue: Float[np.ndarray, "n t"]
    clean: Float[np.ndarray, "n t"]
    noise_sd: Float[np.ndarray, "n t"]
    truth: CurveTruth


def simulate_curves(
    rng: np.random.Generator,
    prior: CurvePrior,
    n: int,
    aif: Float[np.ndarray, " fine"],
    dt: Number,
    *,
    snr: Number = 50,
    te: float = 0.03,
    baseline: int | None = None,
    oversampling: int = 1,
) -> SimulatedCurves:
    """``n`` random tissue curves as a scanner would have measured them.

    ``aif`` holds ``oversampling`` samples a frame, in 1/s; ``dt`` (frame) and ``te`` in s. The
    signal S = e^(−TE·C) with S0 = 1 gets Gaussian noise of SD 1/``snr``; S0 is then estimated as
    the mean of the first ``baseline`` frames (None: those no curve of this prior has reached yet),
    and C = −ln(S/S0)/TE with S clamped to 1 % of S0 or above.

    Raises InputError for an SNR, echo time, frame time or oversampling that is not positive,
    CurveError when fewer than two baseline frames remain.
    """
    for name, value in {"snr": snr, "te": te, "dt": dt, "oversampling": oversampling}.items():
        if not value > 0:
            raise InputError(f"{name} must be positive, found {value}")
    truth = prior.sample(rng, n)
    clean = clean_curves(truth, prior, aif, dt, oversampling)
    steady = _baseline(aif[::oversampling], dt, prior) if baseline is None else baseline
    if not 2 <= steady <= clean.shape[1]:
        raise CurveError(f"S0 needs at least two frames before the bolus, found {steady}")
    ideal = signal_from_r2star(clean, 1.0, te)
    signal = ideal + rng.standard_normal(clean.shape) / snr
    s0 = signal[:, :steady].mean(axis=1, keepdims=True)
    return SimulatedCurves(
        tissue=concentration(signal, s0, te),
        clean=clean,
        noise_sd=1 / (snr * te * ideal),
        truth=truth,
    )


def clean_curves(
    truth: CurveTruth,
    prior: CurvePrior,
    aif: Float[np.ndarray, " fine"],
    dt: Number,
    oversampling: int = 1,
) -> Float[np.ndarray, "n t"]:
    """Noise-free concentration (n, t) of known parameters: one forward call a residue family.

    ``aif`` holds ``oversampling`` samples a frame of ``dt`` s; unit of the result is the AIF's.
    """
    clean = np.zeros((truth.cbf.size, aif[::oversampling].size))
    for index, (residue, shape) in enumerate(prior.families.values()):
        of = np.flatnonzero(truth.residue == index)
        if of.size:
            cbf, mtt, delay = truth.cbf[of], truth.mtt[of], truth.delay[of]
            curves = ForwardModel(aif, dt / oversampling, residue)(cbf, mtt, delay, shape)
            clean[of] = curves[:, ::oversampling]
    return clean


def _baseline(aif: Float[np.ndarray, " t"], dt: Number, prior: CurvePrior) -> int:
    """Frames before the earliest curve of the prior can feel 1 % of the arterial peak."""
    arrival = int(np.argmax(aif > 0.01 * aif.max()))
    return arrival - int(np.ceil(max(0.0, -prior.delay[0]) / dt))


def _log_uniform(rng: np.random.Generator, within: Range, n: int) -> Float[np.ndarray, " n"]:
    low, high = within
    return np.exp(rng.uniform(np.log(low), np.log(high), n))


def _cut_normal(
    rng: np.random.Generator, mean: float, sd: float, within: Range, n: int
) -> Float[np.ndarray, " n"]:
    """Normal numbers that lie ``within`` a range, by the inverse of the distribution."""
    from scipy.special import ndtr, ndtri

    low, high = ((float(edge) - mean) / sd for edge in within)
    return mean + sd * ndtri(rng.uniform(ndtr(low), ndtr(high), n))
