"""The posterior of every voxel on its grid, kept as moments."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from bolus.base.parallel import cores
from bolus.estimators.joint.noise import Noise, weights
from bolus.estimators.joint.templates import MTTS, NEVER, SHAPES, UNSEEN, Templates
from bolus.estimators.joint.windows import Window

Prior = Callable[[Int[np.ndarray, " rows"], Float[np.ndarray, "cells three"]], np.ndarray]
"""Log prior of some voxels ``rows`` at cells (cells, 3): (cells,) or (rows, cells)."""
PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
"""The entries of a symmetric matrix that are kept."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Posterior moments of n voxels; within a cell the amplitude is a free number, of either sign.

    ``mean`` (n, 3) and ``covariance`` (n, 3, 3) of log MTT, delay (s) and log shape; ``volume``
    and its ``variance`` (n,) of CBV, which may be negative, and ``together`` (n,), its covariance
    with log MTT. ``residual`` (n,) is the root mean square of curve minus the most probable
    template, ``best`` (n, 3) its shape, MTT (places) and delay (steps), ``amplitude`` (n,) its CBV.
    """

    mean: Float[np.ndarray, "n three"]
    covariance: Float[np.ndarray, "n three three"]
    volume: Float[np.ndarray, " n"]
    variance: Float[np.ndarray, " n"]
    together: Float[np.ndarray, " n"]
    residual: Float[np.ndarray, " n"]
    best: Int[np.ndarray, "n three"]
    amplitude: Float[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Voxels:
    """Curves (n, t), their noise, the templates they are held against, and each one's window.

    ``late`` (n,) are the seconds by which a voxel is acquired after the arterial input, by which
    its curve looks early; None: none.
    """

    tissue: Float[np.ndarray, "n t"]
    noise: Noise
    table: Templates
    windows: list[Window]
    late: Float[np.ndarray, " n"] | None = None

    def moments(self, prior: Prior) -> Moments:
        """The posterior of every voxel under a prior, its windows worked on side by side."""
        n = len(self.tissue)
        shapes = {"mean": (n, 3), "covariance": (n, 3, 3), "best": (n, 3)}
        kinds = {"best": np.dtype(np.intp)}
        out = Moments(
            *(
                np.empty(shapes.get(f.name, (n,)), kinds.get(f.name, self.tissue.dtype))
                for f in fields(Moments)
            )
        )

        def one(window: Window) -> None:
            for field, values in zip(fields(Moments), self._window(window, prior), strict=True):
                getattr(out, field.name)[window.rows] = values

        with ThreadPoolExecutor(max_workers=cores()) as pool:
            list(pool.map(one, self.windows))
        return out

    def _window(self, window: Window, prior: Prior) -> tuple[np.ndarray, ...]:
        """What the voxels of one window have of ``Moments``, in its order.

        With white templates b of norm |b| and u = y·b/(σ|b|), a cell's amplitude is σ·u/|b| ± σ/|b|
        and its likelihood, with an amplitude of any order of magnitude, near e^(u²/2)/√(1 + u²) for
        u > 0. A flat amplitude would have 1/|b| for the root, which favours long transit times.
        """
        rows, table = window.rows, self.table
        cells = table.cells(window.mtts, window.delays)
        if self.late is not None:
            cells[:, 1] += self.late[rows[0]]
        white = White(weights(self.noise.shape[rows], table.frames))
        bank = white(table.curves(window.mtts, window.delays).astype(self.tissue.dtype))
        size = np.sqrt(np.einsum("ij,ij->i", bank, bank))
        least = UNSEEN * size.max()
        seen, size = size > least, np.maximum(size, least)
        curves = white(self.tissue[rows] / self.noise.mean[rows])
        score = curves @ (bank / size[:, None]).T
        log_prior = np.where(seen, prior(rows, cells), NEVER)
        sums = _sums(score, log_prior.astype(score.dtype), cells - cells.mean(axis=0), 1 / size)
        top = np.take_along_axis(score, sums.best[:, None], axis=1)[:, 0]
        top = np.maximum(top, 0)
        mean = sums.plain[:, :3]
        covariance = _symmetric(sums.plain[:, 3:9]) - mean[:, :, None] * mean[:, None, :]
        covariance += np.diag(_cell(window, table) ** 2 / 12).astype(covariance.dtype)
        unit = self.noise.mean[rows, 0]
        volume = sums.first[:, 0]
        variance = sums.second - volume**2 + sums.plain[:, 9]
        together = sums.first[:, 1] - volume * mean[:, 0]
        left = np.einsum("ij,ij->i", curves, curves) - top**2
        return (
            mean + cells.mean(axis=0),
            covariance,
            unit * volume,
            unit**2 * variance,
            unit * together,
            unit * np.sqrt(np.maximum(left, 0) / white.samples),
            _numbers(sums.best, window),
            unit * top / size[sums.best],
        )


def _numbers(best: Int[np.ndarray, " rows"], window: Window) -> Int[np.ndarray, "rows three"]:
    """Shape, MTT (places) and delay (steps) of cells of a window."""
    lengths = (SHAPES.size, window.mtts.size, window.delays.size)
    shape, mtt, delay = np.unravel_index(best, lengths)
    return np.stack([shape, window.mtts[mtt], window.delays[delay]], axis=1)


class White(NamedTuple):
    """Makes noise white: each sample times the root of its ``weight`` (t,), a constant taken off.

    The error of the baseline signal S0 shifts a whole curve; so a constant is free.
    """

    weight: Float[np.ndarray, " t"]

    @property
    def samples(self) -> int:
        """Number of samples that have weight."""
        return int((self.weight > 0).sum())

    def __call__(self, curves: Float[np.ndarray, "n t"]) -> Float[np.ndarray, "n t"]:
        """The curves (n, t), white."""
        mean = curves @ (self.weight / self.weight.sum())
        return (curves - mean[:, None]) * np.sqrt(self.weight)


class _Sums(NamedTuple):
    """Posterior means over a window's cells.

    ``plain`` of the cells' places, of their products and of 1/|b|²; ``first`` of u/|b|, alone and
    with log MTT; ``second`` of (u/|b|)². ``best`` is the most probable cell.
    """

    plain: Float[np.ndarray, "rows ten"]
    first: Float[np.ndarray, "rows two"]
    second: Float[np.ndarray, " rows"]
    best: Int[np.ndarray, " rows"]


def _sums(
    score: Float[np.ndarray, "rows cells"],
    log_prior: np.ndarray,
    places: Float[np.ndarray, "cells three"],
    inverse: Float[np.ndarray, " cells"],
) -> _Sums:
    """The sums over the posterior of scores u with a log prior (rows or 1, cells)."""
    weight = np.maximum(score, 0)
    weight *= weight
    weight -= np.log1p(weight)
    weight *= 0.5
    weight += log_prior
    weight -= weight.max(axis=1, keepdims=True)
    np.exp(weight, out=weight)
    weight /= weight.sum(axis=1, keepdims=True)
    best = weight.argmax(axis=1)
    products = [places[:, i] * places[:, k] for i, k in PAIRS]
    single = score.dtype
    plain = weight @ np.stack([*places.T, *products, inverse**2], axis=1).astype(single)
    weight *= score
    first = weight @ np.stack([inverse, inverse * places[:, 0]], axis=1).astype(single)
    weight *= score
    second = weight @ np.square(inverse).astype(single)
    return _Sums(plain, first, second, best)


def _symmetric(entries: Float[np.ndarray, "n six"]) -> Float[np.ndarray, "n three three"]:
    """Matrices from their PAIRS."""
    out = np.empty((len(entries), 3, 3), dtype=entries.dtype)
    for place, (i, k) in enumerate(PAIRS):
        out[:, i, k] = out[:, k, i] = entries[:, place]
    return out


def _cell(window: Window, table: Templates) -> Float[np.ndarray, " three"]:
    """Width of a cell in log MTT, delay (s) and log shape."""
    strides = [axis[1] - axis[0] if axis.size > 1 else 1 for axis in (window.mtts, window.delays)]
    return np.array(
        [
            strides[0] * np.log(MTTS[1] / MTTS[0]),
            strides[1] * table.step,
            np.log(SHAPES[1] / SHAPES[0]),
        ]
    )
