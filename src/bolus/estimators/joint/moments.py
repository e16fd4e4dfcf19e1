"""The posterior of every voxel on its grid, kept as moments."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from bolus.base.parallel import cores
from bolus.estimators.joint.marginals import middle_and_width
from bolus.estimators.joint.noise import Noise, weights
from bolus.estimators.joint.templates import MTTS, NEVER, SHAPES, UNSEEN, Templates
from bolus.estimators.joint.windows import Fineness, Look, Window, windows

Prior = Callable[[Int[np.ndarray, " rows"], Float[np.ndarray, "cells three"]], np.ndarray]
"""Log prior of some voxels ``rows`` at cells (cells, 3): (cells,) or (rows, cells)."""
PAIRS = tuple((i, k) for i in range(3) for k in range(i, 3))
"""The entries of a symmetric matrix that are kept."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Posterior moments of n voxels; within a cell the amplitude is a free number, of either sign.

    ``mean`` (n, 3) and ``covariance`` (n, 3, 3) of log MTT, delay (s, with that by dispersion) and
    log shape; ``volume`` and its ``variance`` (n,) of CBV, which may be negative, and ``together``
    (n,), its covariance with log MTT.
    """

    mean: Float[np.ndarray, "n three"]
    covariance: Float[np.ndarray, "n three three"]
    volume: Float[np.ndarray, " n"]
    variance: Float[np.ndarray, " n"]
    together: Float[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Settled(Moments):
    """What is told of n voxels besides.

    ``residual`` (n,) is the root mean square of curve minus the most probable template, ``best``
    (n, 3) its shape, MTT (places) and delay (steps), ``amplitude`` (n,) its CBV. ``middle`` and
    ``width`` (n, 2) are the median of log MTT and of the delay, and the SD of the normal
    distribution whose 90 % interval is as wide as theirs.
    """

    residual: Float[np.ndarray, " n"]
    best: Int[np.ndarray, "n three"]
    amplitude: Float[np.ndarray, " n"]
    middle: Float[np.ndarray, "n two"]
    width: Float[np.ndarray, "n two"]


@dataclass(frozen=True, eq=False)
class Voxels:
    """Curves (n, t), their noise, the templates they are held against, and each one's window.

    ``late`` (n,) are the seconds by which a voxel is acquired after the arterial input, by which
    its curve looks early; None: none. ``doubt`` is the error of the model, root mean square in
    parts of that of a curve: what a curve says of transit time, delay and shape so has an end as
    its noise falls. Its amplitude is as sure as ever.
    """

    tissue: Float[np.ndarray, "n t"]
    noise: Noise
    table: Templates
    windows: list[Window]
    late: Float[np.ndarray, " n"] | None = None
    doubt: float = 0.0

    def moments(self, prior: Prior) -> Moments:
        """The posterior's moments of every voxel under a prior."""
        return Moments(*self._all(Moments, lambda window: self._held(window, prior).moments()))

    def settled(self, prior: Prior) -> Settled:
        """All that is told of every voxel under a prior."""
        return Settled(*self._all(Settled, lambda window: self._held(window, prior).settled()))

    def _all(
        self, kind: type[Moments], told: Callable[[Window], tuple[np.ndarray, ...]]
    ) -> list[np.ndarray]:
        """What is ``told`` of each window, in the order of the voxels; worked on side by side."""
        n = len(self.tissue)
        shapes = {"mean": (n, 3), "covariance": (n, 3, 3), "best": (n, 3)}
        shapes |= {"middle": (n, 2), "width": (n, 2)}
        kinds = {"best": np.dtype(np.intp)}
        out = [
            np.empty(shapes.get(f.name, (n,)), kinds.get(f.name, self.tissue.dtype))
            for f in fields(kind)
        ]

        def one(window: Window) -> None:
            for all_of_them, values in zip(out, told(window), strict=True):
                all_of_them[window.rows] = values

        with ThreadPoolExecutor(max_workers=cores()) as pool:
            list(pool.map(one, self.windows))
        return out

    def narrowed(self, look: Look, fineness: Fineness) -> "Voxels":
        """The same voxels, in windows of where they are expected."""
        early = np.zeros_like(look.mean)
        if self.late is not None:
            early[:, 1] = self.late
        there = look._replace(mean=look.mean - early)
        where = windows(there, self.noise, self.table, self.late, fineness)
        return replace(self, windows=where, doubt=fineness.doubt)

    def scored(self, window: Window) -> "Scored":
        """The voxels of a window held against its templates."""
        rows, table = window.rows, self.table
        cells = table.cells(window.mtts, window.delays)
        if self.late is not None:
            cells[:, 1] += self.late[rows[0]]
        white = White(weights(self.noise.shape[rows], table.frames))
        bank = table.curves(window.mtts, window.delays).astype(self.tissue.dtype)
        bank = white(bank)
        size = np.sqrt(np.einsum("ij,ij->i", bank, bank))
        least = UNSEEN * size.max()
        seen, size = size > least, np.maximum(size, least)
        curves = white(self.tissue[rows] / self.noise.mean[rows])
        score = curves @ (bank / size[:, None]).T
        energy = np.einsum("ij,ij->i", curves, curves)
        return Scored(cells, seen, size, score, energy, white.samples)

    def _held(self, window: Window, prior: Prior) -> "_Held":
        """The voxels of one window under a prior."""
        rows, held = window.rows, self.scored(window)
        cells, score = held.cells, held.score
        log_prior = np.where(held.seen, prior(rows, cells), NEVER).astype(score.dtype)
        grid = window.mtts.size, window.delays.size
        centre = cells.mean(axis=0)
        trust = held.trust(self.doubt)
        sums = _sums(score, log_prior, cells - centre, 1 / held.size, grid, trust)
        return _Held(self, window, held, sums, centre)


class _Held(NamedTuple):
    """What voxels of a window are held to be: ``sums`` over cells about their ``centre`` (3,)."""

    voxels: Voxels
    window: Window
    scored: "Scored"
    sums: "_Sums"
    centre: Float[np.ndarray, " three"]

    def moments(self) -> tuple[np.ndarray, ...]:
        """What the voxels have of ``Moments``, in its order."""
        sums, unit = self.sums, self._unit
        mean = sums.plain[:, :3]
        covariance = _symmetric(sums.plain[:, 3:9]) - mean[:, :, None] * mean[:, None, :]
        cell = _cell(self.window, self.voxels.table)
        covariance += np.diag(cell**2 / 12).astype(covariance.dtype)
        volume = sums.first[:, 0]
        variance = sums.second - volume**2 + sums.plain[:, 9]
        return (
            mean + self.centre,
            covariance,
            unit * volume,
            unit**2 * variance,
            unit * (sums.first[:, 1] - volume * mean[:, 0]),
        )

    def settled(self) -> tuple[np.ndarray, ...]:
        """What the voxels have of ``Settled``, in its order."""
        scored, best, unit = self.scored, self.sums.best, self._unit
        top = np.maximum(np.take_along_axis(scored.score, best[:, None], axis=1)[:, 0], 0)
        left = np.maximum(scored.energy - top**2, 0) / scored.samples
        return (
            *self.moments(),
            unit * np.sqrt(left),
            _numbers(best, self.window),
            unit * top / scored.size[best],
            *self._quantiles(),
        )

    @property
    def _unit(self) -> Float[np.ndarray, " rows"]:
        return self.voxels.noise.mean[self.window.rows, 0]

    def _quantiles(self) -> tuple[Float[np.ndarray, "rows two"], Float[np.ndarray, "rows two"]]:
        """Medians and widths of log MTT and of the delay."""
        voxels, window = self.voxels, self.window
        table = voxels.table
        late = table.rest - table.spread
        if voxels.late is not None:
            late += float(voxels.late[window.rows[0]])
        mtt, mtt_width = middle_and_width(self.sums.mtts, np.log(MTTS[window.mtts]))
        delay, delay_width = middle_and_width(self.sums.delays, window.delays * table.step + late)
        return np.stack([mtt, delay], axis=1), np.stack([mtt_width, delay_width], axis=1)


def _numbers(best: Int[np.ndarray, " rows"], window: Window) -> Int[np.ndarray, "rows three"]:
    """Shape, MTT (places) and delay (steps) of cells of a window."""
    lengths = (SHAPES.size, window.mtts.size, window.delays.size)
    shape, mtt, delay = np.unravel_index(best, lengths)
    return np.stack([shape, window.mtts[mtt], window.delays[delay]], axis=1)


class Scored(NamedTuple):
    """Voxels of a window against its templates.

    Of every template its place among ``cells`` (cells, 3), whether its bolus is ``seen`` in the
    scan and its norm ``size``, both (cells,); ``score`` (rows, cells) is u of curves whose sum of
    squares is ``energy`` (rows,), of so many ``samples``.

    With white templates b of norm |b| and u = y·b/(σ|b|), a cell's amplitude is σ·u/|b| ± σ/|b| and
    its likelihood, with an amplitude of any order of magnitude, near e^(u²/2)/√(1 + u²) for u > 0.
    A flat amplitude would have 1/|b| for the root, which favours long transit times.
    """

    cells: Float[np.ndarray, "cells three"]
    seen: Bool[np.ndarray, " cells"]
    size: Float[np.ndarray, " cells"]
    score: Float[np.ndarray, "rows cells"]
    energy: Float[np.ndarray, " rows"]
    samples: int

    def trust(self, doubt: float) -> Float[np.ndarray, " rows"]:
        """What a score of 1 counts for where the model is in error, see ``Voxels.doubt``."""
        power = np.maximum(self.energy / self.samples - 1, 0)
        return 1 / np.sqrt(1 + doubt**2 * power)


def log_likelihood(score: Float[np.ndarray, "rows cells"]) -> Float[np.ndarray, "rows cells"]:
    """That of scores u, up to a constant of the voxel; see ``Scored``."""
    weight = np.maximum(score, 0)
    weight *= weight
    weight -= np.log1p(weight)
    weight *= 0.5
    return weight


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
    with log MTT; ``second`` of (u/|b|)². ``best`` is the most probable cell; then the shares of
    every MTT and delay.
    """

    plain: Float[np.ndarray, "rows ten"]
    first: Float[np.ndarray, "rows two"]
    second: Float[np.ndarray, " rows"]
    best: Int[np.ndarray, " rows"]
    mtts: Float[np.ndarray, "rows m"]
    delays: Float[np.ndarray, "rows d"]


def _sums(
    score: Float[np.ndarray, "rows cells"],
    log_prior: np.ndarray,
    places: Float[np.ndarray, "cells three"],
    inverse: Float[np.ndarray, " cells"],
    grid: tuple[int, int],
    trust: Float[np.ndarray, " rows"],
) -> _Sums:
    """The sums over the posterior of scores u with a log prior (rows or 1, cells).

    ``trust`` (rows,) is what a score of 1 counts for.
    """
    weight = log_likelihood(score * trust[:, None])
    weight += log_prior
    weight -= weight.max(axis=1, keepdims=True)
    np.exp(weight, out=weight)
    weight /= weight.sum(axis=1, keepdims=True)
    best = weight.argmax(axis=1)
    whole = weight.reshape(len(weight), -1, *grid).sum(axis=1)
    shares = whole.sum(axis=2), whole.sum(axis=1)
    products = [places[:, i] * places[:, k] for i, k in PAIRS]
    single = score.dtype
    plain = weight @ np.stack([*places.T, *products, inverse**2], axis=1).astype(single)
    weight *= score
    first = weight @ np.stack([inverse, inverse * places[:, 0]], axis=1).astype(single)
    weight *= score
    second = weight @ np.square(inverse).astype(single)
    return _Sums(plain, first, second, best, *shares)


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
