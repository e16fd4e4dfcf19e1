"""Deconvolution by a spectral filter: the whole of a method is how it filters.

Every estimator here is frozen data with one call, ``estimator(tissue, aif, dt) -> Perfusion``:
tissue (voxels, t), aif (t,), dt in s. CBV = ∫C/∫AIF, CBF = the maximum of the impulse response
k(t) = CBF·R(t − d), MTT = CBV/CBF, Tmax = the time of that maximum; no delay.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from bolus.data import InputError, Perfusion
from bolus.estimators.blocks import in_blocks
from bolus.estimators.lcurve import corner
from bolus.estimators.problem import Circulant, Problem, Toeplitz
from bolus.physics import blood_volume, transit_time

Curves = Float[np.ndarray, "voxels t"]
AIFCurve = Float[np.ndarray, " t"]
Solved = tuple[np.ndarray, ...]
"""Height of every response's maximum, its sample, and the residual; (voxels,) each."""

THRESHOLDS = (0.02, 0.04, 0.07, *(round(0.05 * i, 2) for i in range(2, 20)))


@dataclass(frozen=True)
class SVD:
    """Standard SVD (sSVD): causal matrix, singular values under ``threshold``·σmax dropped.

    Sensitive to delay by construction. Østergaard et al., Magn Reson Med 1996;36:715.
    """

    threshold: float = 0.2

    def __post_init__(self) -> None:
        _fraction("threshold", self.threshold)

    def filter(self, s: np.ndarray) -> np.ndarray:
        """Factors for normalised singular values: 1 at or above the threshold, else 0."""
        return (s >= self.threshold).astype(float)

    def __call__(
        self, tissue: Curves, aif: AIFCurve, dt: float, noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion by one filter for all voxels."""
        problem = Toeplitz(aif, dt)
        return _one_filter(problem, self.filter(problem.s), tissue)


@dataclass(frozen=True)
class CSVD:
    """Block-circulant SVD: frequencies with |FFT(AIF)| under ``threshold``·max dropped.

    Not moved by delay. Wu et al., Magn Reson Med 2003;50:164.
    """

    threshold: float = 0.1

    def __post_init__(self) -> None:
        _fraction("threshold", self.threshold)

    def filter(self, s: np.ndarray) -> np.ndarray:
        """Factors for normalised singular values: 1 at or above the threshold, else 0."""
        return (s >= self.threshold).astype(float)

    def __call__(
        self, tissue: Curves, aif: AIFCurve, dt: float, noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion by one filter for all voxels."""
        problem = Circulant(aif, dt)
        return _one_filter(problem, self.filter(problem.s), tissue)


@dataclass(frozen=True)
class OSVD:
    """Oscillation-index SVD: each voxel takes the lowest threshold with a smooth response.

    Oscillation index OI = Σⱼ|k[j+1] − 2k[j] + k[j−1]| / (L·max k); the threshold rises through
    ``thresholds`` until OI < ``oi``, and stays at the last where none does. 0.035 is the habit of
    the literature, 0.095 measured better at clinical noise (see docs/methods.md).
    Wu et al., Magn Reson Med 2003;50:164.
    """

    oi: float = 0.095
    thresholds: tuple[float, ...] = THRESHOLDS

    def __post_init__(self) -> None:
        if not self.oi > 0:
            raise InputError(
                f"oi, the limit of the oscillation index, is positive, found {self.oi}"
            )
        if list(self.thresholds) != sorted(self.thresholds) or not self.thresholds:
            raise InputError(f"thresholds must rise, found {self.thresholds}")
        for threshold in self.thresholds:
            _fraction("threshold", threshold)

    def filters(self, s: np.ndarray) -> np.ndarray:
        """Candidate filters (candidates, bins), the least smoothing first, no duplicates."""
        rows = (s >= np.array(self.thresholds)[:, None]).astype(float)
        return rows[np.sort(np.unique(rows, axis=0, return_index=True)[1])]

    def __call__(
        self, tissue: Curves, aif: AIFCurve, dt: float, noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion by each voxel's own filter."""
        problem = Circulant(aif, dt)
        bank = _Bank.of(problem, self.filters(problem.s), tissue.dtype)

        def block(curves: Curves) -> Solved:
            return _raise_threshold(curves, bank, self.oi)

        return _readout(tissue, problem, in_blocks(block, tissue))


@dataclass(frozen=True)
class Tikhonov:
    """Tikhonov regularisation with each voxel's own λ, at the corner of its L-curve.

    Filter s²/(s²+λ²) on the block-circulant problem; λ/σmax is looked for between ``lowest`` and
    ``highest``, from the large side (see ``lcurve.corner``). Calamante et al., Magn Reson Med
    2003;50:1237.
    """

    lowest: float = 0.01
    highest: float = 1.0
    steps: int = 24

    def __post_init__(self) -> None:
        if not 0 < self.lowest < self.highest or self.steps < 3:
            raise InputError(
                f"λ/σmax runs over at least 3 steps between two rising positive numbers, found "
                f"{self.steps} steps from {self.lowest} to {self.highest}"
            )

    @property
    def lambdas(self) -> np.ndarray:
        """Candidates for λ/σmax, (steps,), rising."""
        return np.geomspace(self.lowest, self.highest, self.steps)

    def filters(self, s: np.ndarray) -> np.ndarray:
        """Candidate filters (steps, bins)."""
        return s**2 / (s**2 + self.lambdas[:, None] ** 2)

    def __call__(
        self, tissue: Curves, aif: AIFCurve, dt: float, noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion by each voxel's own filter."""
        problem = Circulant(aif, dt)
        bank = _Bank.of(problem, self.filters(problem.s), tissue.dtype)

        def block(curves: Curves) -> Solved:
            return _solve(curves, bank, corner(problem.power(curves), problem.s, self.lambdas))

        return _readout(tissue, problem, in_blocks(block, tissue))


@dataclass(frozen=True)
class TikhonovFixed:
    """Tikhonov with one λ = ``strength``·σmax on the plain causal matrix: what PWS computes.

    A compatibility preset for the program of the PHAE paper; moved by delay like ``SVD``.
    """

    strength: float = 0.2

    def __post_init__(self) -> None:
        _fraction("strength", self.strength)

    def filter(self, s: np.ndarray) -> np.ndarray:
        """Factors s²/(s²+λ²) for normalised singular values."""
        return s**2 / (s**2 + self.strength**2)

    def __call__(
        self, tissue: Curves, aif: AIFCurve, dt: float, noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion by one filter for all voxels."""
        problem = Toeplitz(aif, dt, volterra=False)
        return _one_filter(problem, self.filter(problem.s), tissue)


def _fraction(name: str, value: float) -> None:
    if not 0 < value <= 1:
        raise InputError(f"{name} is a fraction of the largest singular value, found {value}")


@dataclass(frozen=True, eq=False)
class _Bank:
    """For every candidate filter the matrix to the response, and that to what it leaves over."""

    solutions: tuple[np.ndarray, ...]
    misfits: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, problem: Problem, filters: np.ndarray, dtype: np.dtype) -> "_Bank":
        """The matrices of a problem for filters (candidates, bins)."""
        return cls(
            tuple(problem.solution(f).astype(dtype) for f in filters),
            tuple(problem.misfit(f).astype(dtype) for f in filters),
        )


def _one_filter(problem: Problem, factors: np.ndarray, tissue: Curves) -> Perfusion:
    bank = _Bank.of(problem, factors[None], tissue.dtype)

    def block(curves: Curves) -> Solved:
        return *_maximum(curves @ bank.solutions[0]), _rms(curves @ bank.misfits[0])

    return _readout(tissue, problem, in_blocks(block, tissue))


def _solve(curves: Curves, bank: _Bank, choice: Int[np.ndarray, " voxels"]) -> Solved:
    """Peak, its sample and the residual, every voxel by the filter of its choice."""
    peak, residual = np.empty((2, len(curves)), dtype=curves.dtype)
    where = np.empty(len(curves), dtype=int)
    for number in np.unique(choice):
        rows = np.flatnonzero(choice == number)
        own = curves[rows]
        peak[rows], where[rows] = _maximum(own @ bank.solutions[number])
        residual[rows] = _rms(own @ bank.misfits[number])
    return peak, where, residual


def _raise_threshold(curves: Curves, bank: _Bank, oi: float) -> Solved:
    """The same, every voxel by the first filter that is smooth enough, or else by the last."""
    peak, residual = np.empty((2, len(curves)), dtype=curves.dtype)
    where = np.empty(len(curves), dtype=int)
    left = np.arange(len(curves))
    for solution, misfit in zip(bank.solutions, bank.misfits, strict=True):
        response = curves @ solution
        peak[left], where[left] = _maximum(response)
        done = _bending(response) < oi * solution.shape[1] * peak[left]
        if solution is bank.solutions[-1]:
            done[:] = True
        residual[left[done]] = _rms(curves[done] @ misfit)
        left, curves = left[~done], curves[~done]
        if not left.size:
            break
    return peak, where, residual


def _bending(response: np.ndarray) -> np.ndarray:
    """Sum of absolute second differences along the response, (voxels,)."""
    slope = response[:, 1:] - response[:, :-1]
    bend = slope[:, 1:] - slope[:, :-1]
    return np.abs(bend, out=bend) @ np.ones(bend.shape[1], bend.dtype)


def _maximum(response: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    index = response.argmax(axis=1)
    return np.take_along_axis(response, index[:, None], axis=1)[:, 0], index


def _rms(left: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ij,ij->i", left, left) / left.shape[1])


def _readout(tissue: Curves, problem: Problem, solved: Solved) -> Perfusion:
    peak, where, residual = solved
    cbv = blood_volume(tissue, problem.aif.astype(tissue.dtype))
    with np.errstate(divide="ignore", invalid="ignore"):
        mtt = transit_time(cbv, peak)
    return Perfusion(
        cbv=cbv,
        cbf=peak,
        mtt=np.where(np.isfinite(mtt), mtt, np.nan).astype(tissue.dtype),
        tmax=problem.times[where].astype(tissue.dtype),
        delay=np.full_like(cbv, np.nan),
        residual=residual,
    )
