"""Tissue curves of control points: sums of a few curves of the forward model, read from a table."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from bolus.estimators.cpi.residue import FREE, POINTS, HermiteBasis, coefficients
from bolus.physics import ForwardModel
from bolus.physics.special import log_gamma

EARLIEST, LATEST, STEP = -10.0, 16.0, 0.2
"""Delays in s that the table holds, and their distance; between them it is read linearly."""
DELAYS = round((LATEST - EARLIEST) / STEP) + 1
SHARPNESS = 2.0
"""s of the gamma dispersion kernel, 1/s: FABBER's prior mean, e^0.7."""
DISPERSIONS = np.linspace(np.log(0.1), np.log(6.0), 8)
"""Log of its time to peak, p in s."""
PLAIN = ("cbf", "delay", "rate", *(f"rate{k}" for k in range(FREE)))
"""Parameters: log CBF (1/s), delay (s), the log of a rate common to all spans (1/s), and by how
much that of each span differs; with dispersion also the log of its time to peak (s)."""
COMMON, SPANS = 2, slice(3, 3 + FREE)


@dataclass(frozen=True)
class GammaKernel:
    """The gamma dispersion kernel s^(1+sp)/Γ(1+sp)·t^(sp)·e^(−st), as a 'residue'; ``mtt`` is p.

    Source: Mehndiratta et al., Magn Reson Med 2014;72:1762.
    """

    def __call__(
        self, t: Float[np.ndarray, "..."], mtt: Float[np.ndarray, "..."]
    ) -> Float[np.ndarray, "..."]:
        """Its value in 1/s at ``t`` ≥ 0 s."""
        power = SHARPNESS * mtt
        positive = np.maximum(t, 1e-12)
        log = (1 + power) * np.log(SHARPNESS) + power * np.log(positive) - SHARPNESS * t
        return np.asarray(np.exp(log - log_gamma(1 + power)))

    def edge(self, mtt: object) -> None:
        """Smooth."""


def dispersed_inputs(aif: Float[np.ndarray, " t"], dt: float) -> Float[np.ndarray, "k t"]:
    """The arterial input (t,) after dispersion by each of DISPERSIONS."""
    peak = np.exp(DISPERSIONS)
    return np.asarray(ForwardModel(aif, dt, GammaKernel())(np.ones_like(peak), peak, 0 * peak))


@dataclass(frozen=True, eq=False)
class PointCurves:
    """Curves of ``inputs`` (k, t) every ``dt`` s: one arterial input, or one a dispersion."""

    inputs: Float[np.ndarray, "k t"]
    dt: float

    @property
    def dispersed(self) -> bool:
        """Whether the dispersion is a parameter."""
        return len(self.inputs) > 1

    @cached_property
    def _table(self) -> Float[np.ndarray, "cells double t"]:
        """Of every cell of dispersion and delay the basis curves at its left, and their rise."""
        delay = np.arange(EARLIEST, LATEST + STEP / 2, STEP)
        one = np.ones_like(delay)
        made = np.array([
            [
                ForwardModel(aif, self.dt, HermiteBasis(point, slope))(one, one, delay)
                for slope in (False, True)
                for point in range(POINTS)
            ]
            for aif in self.inputs
        ]).transpose(0, 2, 1, 3)  # fmt: skip
        cells = np.concatenate([made[:, :-1], np.diff(made, axis=1)], axis=2)
        return cells.reshape(-1, 4 * POINTS, self.inputs.shape[1])

    def __call__(self, theta: Float[np.ndarray, "n p"]) -> tuple[np.ndarray, np.ndarray]:
        """Curves (n, t) of PLAIN parameters, with dispersion one more; derivatives (n, p, t)."""
        weights, slopes = coefficients(theta[:, COMMON, None] + theta[:, SPANS])
        cell, share = _place(theta[:, 1], EARLIEST, STEP, DELAYS)
        sums = np.zeros((len(theta), theta.shape[1], 2, 2 * POINTS))
        sums[:, 0, 0], sums[:, COMMON, 0], sums[:, SPANS, 0] = weights, slopes.sum(axis=1), slopes
        sums *= np.exp(theta[:, 0])[:, None, None, None]
        sums[:, :, 1] = share[:, None, None] * sums[:, :, 0]
        sums[:, 1, 1] = sums[:, 0, 0] / STEP
        out = np.empty((len(theta), theta.shape[1], self.inputs.shape[1]))
        flat = sums.reshape(*sums.shape[:2], 4 * POINTS)
        if not self.dispersed:
            self._read(flat, cell, out)
            return out[:, 0], out
        span = float(DISPERSIONS[1] - DISPERSIONS[0])
        row, below = _place(theta[:, -1], float(DISPERSIONS[0]), span, len(self.inputs))
        cell += row * (DELAYS - 1)
        lower = np.empty_like(out)
        self._read(flat, cell, out)
        self._read(flat, cell + DELAYS - 1, lower)
        lower -= out
        out += below[:, None, None] * lower
        out[:, -1] = lower[:, 0] / span
        return out[:, 0], out

    def _read(
        self,
        sums: Float[np.ndarray, "n p double"],
        cell: Int[np.ndarray, " n"],
        out: Float[np.ndarray, "n p t"],
    ) -> None:
        """Put sums of the curves of each voxel's cell into ``out``, all voxels of one at once."""
        order = np.argsort(cell, kind="stable")
        found, first = np.unique(cell[order], return_index=True)
        ends = np.append(first, order.size)
        for which, start, end in zip(found, ends, ends[1:], strict=False):
            some = order[start:end]
            out[some] = sums[some] @ self._table[which]


def _place(
    value: Float[np.ndarray, " n"], start: float, step: float, nodes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Left node, and how far beyond it as a share of the step."""
    position = np.clip((value - start) / step, 0, nodes - 1)
    left = np.minimum(position.astype(np.intp), nodes - 2)
    return left, position - left
