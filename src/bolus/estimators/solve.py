"""The mechanics that all spectral methods share: filters to matrices, matrices to perfusion."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from bolus.data import Perfusion
from bolus.estimators.blocks import in_blocks
from bolus.estimators.problem import Problem
from bolus.physics import blood_volume, transit_time

Curves = Float[np.ndarray, "voxels t"]
Solved = tuple[np.ndarray, ...]
"""Height of every response's maximum, its sample, and the residual; (voxels,) each."""


@dataclass(frozen=True, eq=False)
class Bank:
    """For every candidate filter the matrix to the response, and that to what it leaves over."""

    solutions: tuple[np.ndarray, ...]
    misfits: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, problem: Problem, filters: np.ndarray, dtype: np.dtype) -> "Bank":
        """The matrices of a problem for filters (candidates, bins)."""
        return cls(
            tuple(problem.solution(f).astype(dtype) for f in filters),
            tuple(problem.misfit(f).astype(dtype) for f in filters),
        )


def by_one_filter(problem: Problem, factors: np.ndarray, tissue: Curves) -> Perfusion:
    """Perfusion of curves (voxels, t) by one filter (bins,) for all of them."""
    bank = Bank.of(problem, factors[None], tissue.dtype)

    def block(curves: Curves) -> Solved:
        return *_maximum(curves @ bank.solutions[0]), _rms(curves @ bank.misfits[0])

    return readout(tissue, problem, in_blocks(block, tissue))


def by_choice(curves: Curves, bank: Bank, choice: Int[np.ndarray, " voxels"]) -> Solved:
    """Peak, its sample and the residual, every voxel by the filter of its choice."""
    peak, residual = np.empty((2, len(curves)), dtype=curves.dtype)
    where = np.empty(len(curves), dtype=int)
    for number in np.unique(choice):
        rows = np.flatnonzero(choice == number)
        own = curves[rows]
        peak[rows], where[rows] = _maximum(own @ bank.solutions[number])
        residual[rows] = _rms(own @ bank.misfits[number])
    return peak, where, residual


def by_rising_threshold(curves: Curves, bank: Bank, oi: float) -> Solved:
    """The same, every voxel by the first filter that is smooth enough, or else by the last."""
    peak, residual = np.empty((2, len(curves)), dtype=curves.dtype)
    where = np.empty(len(curves), dtype=int)
    left = np.arange(len(curves))
    for solution, misfit in zip(bank.solutions, bank.misfits, strict=True):
        response = curves @ solution
        peak[left], where[left] = _maximum(response)
        done = bending(response) < oi * solution.shape[1] * peak[left]
        if solution is bank.solutions[-1]:
            done[:] = True
        residual[left[done]] = _rms(curves[done] @ misfit)
        left, curves = left[~done], curves[~done]
        if not left.size:
            break
    return peak, where, residual


def bending(response: np.ndarray) -> np.ndarray:
    """Sum of absolute second differences along the response, (voxels,)."""
    slope = response[:, 1:] - response[:, :-1]
    bend = slope[:, 1:] - slope[:, :-1]
    return np.abs(bend, out=bend) @ np.ones(bend.shape[1], bend.dtype)


def _maximum(response: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    index = response.argmax(axis=1)
    return np.take_along_axis(response, index[:, None], axis=1)[:, 0], index


def _rms(left: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ij,ij->i", left, left) / left.shape[1])


def readout(tissue: Curves, problem: Problem, solved: Solved) -> Perfusion:
    """Perfusion from the responses' maxima: CBV = ∫C/∫AIF, CBF the height, MTT = CBV/CBF.

    A transit time that is not positive (noise around a zero area) is NaN.
    """
    peak, where, residual = solved
    cbv = blood_volume(tissue, problem.aif.astype(tissue.dtype))
    with np.errstate(divide="ignore", invalid="ignore"):
        mtt = transit_time(cbv, peak)
    return Perfusion(
        cbv=cbv,
        cbf=peak,
        mtt=np.where(np.isfinite(mtt) & (mtt > 0), mtt, np.nan).astype(tissue.dtype),
        tmax=problem.times[where].astype(tissue.dtype),
        delay=np.full_like(cbv, np.nan),
        residual=residual,
    )
