"""The mechanics that all spectral methods share: filters to matrices, matrices to perfusion."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from bolus.data import Perfusion
from bolus.estimators.blocks import in_blocks
from bolus.estimators.fit import Fit
from bolus.estimators.negative import not_negative
from bolus.estimators.spectral.problem import Problem
from bolus.physics import blood_volume, transit_time

Curves = Float[np.ndarray, "voxels t"]
Solved = tuple[np.ndarray, ...]
"""Height of every response's maximum, its sample, the residual, and the filter's place in the
bank; (voxels,) each."""


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


@dataclass(frozen=True, eq=False)
class Spectral:
    """A spectral method bound to an arterial input: the problem, its filters, how to choose."""

    problem: Problem
    bank: Bank
    solve: Callable[[Curves, Bank], Solved]

    def __call__(self, tissue: Curves, noise_sd: np.ndarray | None = None) -> Perfusion:
        """Perfusion of curves (voxels, t); the noise is not used."""
        return self._readout(tissue, in_blocks(lambda block: self.solve(block, self.bank), tissue))

    def fit(self, curve: Float[np.ndarray, "1 t"], noise_sd: np.ndarray | None = None) -> Fit:
        """The response, its wrapped half at negative times, and what it explains of the curve."""
        solved = self.solve(curve, self.bank)
        chosen = int(solved[3][0])
        order = np.argsort(self.problem.times)
        return Fit(
            perfusion=self._readout(curve, solved),
            reconstruction=(curve - curve @ self.bank.misfits[chosen])[0],
            times=self.problem.times[order],
            response=(curve @ self.bank.solutions[chosen])[0, order],
        )

    def _readout(self, tissue: Curves, solved: Solved) -> Perfusion:
        return readout(tissue, self.problem, solved)


def by_the_first(curves: Curves, bank: Bank) -> Solved:
    """Peak, its sample and the residual, every voxel by the first filter."""
    peak, where = _maximum(curves @ bank.solutions[0])
    return peak, where, _rms(curves @ bank.misfits[0]), np.zeros_like(where)


def by_choice(curves: Curves, bank: Bank, choice: Int[np.ndarray, " voxels"]) -> Solved:
    """The same, every voxel by the filter of its choice."""
    peak, residual = np.empty((2, len(curves)), dtype=curves.dtype)
    where = np.empty(len(curves), dtype=int)
    for number in np.unique(choice):
        rows = np.flatnonzero(choice == number)
        own = curves[rows]
        peak[rows], where[rows] = _maximum(own @ bank.solutions[number])
        residual[rows] = _rms(own @ bank.misfits[number])
    return peak, where, residual, choice


def by_rising_threshold(curves: Curves, bank: Bank, oi: float) -> Solved:
    """The same, every voxel by the first filter that is smooth enough, or else by the last."""
    peak, residual = np.empty((2, len(curves)), dtype=curves.dtype)
    where, choice = np.empty((2, len(curves)), dtype=int)
    left = np.arange(len(curves))
    for number, solution in enumerate(bank.solutions):
        response = curves @ solution
        peak[left], where[left] = _maximum(response)
        done = bending(response) < oi * solution.shape[1] * peak[left]
        if solution is bank.solutions[-1]:
            done[:] = True
        residual[left[done]] = _rms(curves[done] @ bank.misfits[number])
        choice[left[done]] = number
        left, curves = left[~done], curves[~done]
        if not left.size:
            break
    return peak, where, residual, choice


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

    Where noise makes the area negative: ``not_negative``.
    """
    peak, where, residual, _ = solved
    aif, first = problem.aif.astype(tissue.dtype), problem.first
    cbv = blood_volume(tissue[:, first:], aif[first:])
    with np.errstate(divide="ignore", invalid="ignore"):
        cbf, mtt = not_negative(cbv, peak, transit_time(cbv, peak))
    return Perfusion(
        cbv=cbv,
        cbf=cbf,
        mtt=mtt,
        tmax=problem.times[where].astype(tissue.dtype),
        delay=np.full_like(cbv, np.nan),
        residual=residual,
    )
