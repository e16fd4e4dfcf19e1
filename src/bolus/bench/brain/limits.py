"""What is possible in a brain: the posterior when its true population is known, and neighbours.

``limit, voxel`` knows the distribution of the tissue of this very brain, the true arterial input,
the noise and the phantom's own forward model, and a voxel's own curve. ``limit, neighbours`` also
knows what is true of the 26 voxels around, which no method does: a bound that cannot be passed.
Point estimates are posterior medians, which make the expected |ln(estimate/true)| least.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtri

from bolus.bench.brain.bank import Bank, Cells, bank_of
from bolus.bench.brain.clouds import Cloud, neighbourhoods, population, true_tissue
from bolus.bench.brain.subject import Subject
from bolus.bench.brain.voxels import Errors, Voxels, errors_of, kinds_of
from bolus.data import Perfusion
from bolus.phantom.acquisition import BRIGHTNESS
from bolus.physics import cbv_scale

LIMITS = ("limit, voxel", "limit, neighbours")
OPEN = 0.1
"""Share of the population in the prior that knows the neighbours: an edge stays possible."""
DRAWS = 128
"""Draws from each posterior, evenly spaced in its distribution function."""
CHUNK = 256
"""Voxels worked on at once."""
MOST = 500
"""Voxels at most of each tissue, and of lesions of each size, in a brain."""


class Curves(NamedTuple):
    """Concentration ``value`` (n, t) in 1/s and the true ``weight`` of each sample, 1/variance."""

    value: Float[np.ndarray, "n t"]
    weight: Float[np.ndarray, "n t"]

    def some(self, rows: slice) -> "Curves":
        """Those of some voxels."""
        return Curves(self.value[rows], self.weight[rows])


class Given(NamedTuple):
    """Points and what a curve says of each, with p points of all voxels or of each of n.

    ``log`` is the log of weight times likelihood; ``mean`` and ``sd`` those of CBV (ratio) at the
    point; ``mtt`` and ``delay`` in s.
    """

    log: Float[np.ndarray, "n p"]
    mean: Float[np.ndarray, "n p"]
    sd: Float[np.ndarray, "n p"]
    mtt: Float[np.ndarray, "#n p"]
    delay: Float[np.ndarray, "#n p"]

    def beside(self, other: "Given", share: float) -> "Given":
        """These points with ``share`` of the prior, and another's with the rest."""
        logs = (self.log + np.log(share), other.log + np.log(1 - share))
        rows = [
            [np.broadcast_to(value, self.log.shape[:1] + value.shape[1:]) for value in pair]
            for pair in zip(self[1:], other[1:], strict=True)
        ]
        return Given(*(np.concatenate(pair, axis=1) for pair in (logs, *rows)))


@dataclass(frozen=True, eq=False)
class Drawn:
    """Posterior ``draws`` (4, n, draws) of CBV (ratio), CBF (1/s), MTT and delay (s)."""

    draws: Float[np.ndarray, "four n draws"]
    quantities: tuple[str, ...] = ("cbv", "cbf", "mtt", "delay")

    def quantile(self, name: str, q: float) -> Float[np.ndarray, " n"]:
        """Posterior quantile (n,): ratio, 1/s or s."""
        return np.asarray(np.quantile(self.draws[self.quantities.index(name)], q, axis=-1))


def limits(subject: Subject) -> dict[str, Errors]:
    """Errors of both limits in some of the scored voxels; in the others they are NaN."""
    rows = chosen_voxels(subject.voxels)
    tissue = true_tissue(subject)
    low, high = np.quantile(tissue.point[:, 0], (0.0005, 0.9995))
    used = subject.measured.series.frames.used
    bank = bank_of(subject.made, used, (float(low) - 0.1, float(high) + 0.1))
    whole, curves = population(tissue), _curves(subject, bank, rows)
    index, shape = subject.voxels.index[rows], subject.made.settings.shape
    near = neighbourhoods(tissue, index, shape)
    cells = bank.cells(whole.point, whole.dispersion)
    templates = bank.curves(cells)
    parts: list[list[np.ndarray]] = [[], []]
    for start in range(0, rows.size, CHUNK):
        part = slice(start, start + CHUNK)
        alone = _given(curves.some(part), bank, cells, templates, whole)
        own = Cloud(*(column[part] for column in near))
        about = bank.cells(own.point, own.dispersion)
        local = _given(curves.some(part), bank, about, bank.curves(about), own)
        parts[0].append(_draws(alone))
        parts[1].append(_draws(local.beside(alone, 1 - OPEN)))
    joined = (Drawn(np.concatenate(draws, axis=1)) for draws in parts)
    return {name: _errors(d, subject, rows) for name, d in zip(LIMITS, joined, strict=True)}


def chosen_voxels(voxels: Voxels) -> Int[np.ndarray, " r"]:
    """Rows of the scored voxels that a limit is computed of: at most MOST of a kind."""
    kind = kinds_of(voxels)
    rng = np.random.default_rng(0)
    kept = [rng.permutation(np.flatnonzero(kind == value))[:MOST] for value in np.unique(kind)]
    return np.sort(np.concatenate(kept))


def _curves(subject: Subject, bank: Bank, rows: Int[np.ndarray, " r"]) -> Curves:
    """Curves of some scored voxels, with the noise that their true curves have.

    The SD of a sample of ΔR2* is σ/(TE·S), S = S0·e^(−TE·ΔR2*), with the scanner's σ.
    """
    made, series = subject.made, subject.measured.series
    x, y, z = subject.voxels.index[rows].T
    truth, te = made.truth, series.te or 1.0
    point = np.stack([np.log(truth.mtt), truth.delay, truth.shape], axis=-1)[x, y, z]
    clean = bank.curves(bank.cells(point.astype(float), truth.dispersion[x, y, z]))
    clean *= (truth.cbv[x, y, z] / cbv_scale())[:, None]
    window = series.frames
    s0 = series.signal[x, y, z, window.first : window.onset].mean(axis=1, dtype=float)
    sd = BRIGHTNESS / made.settings.snr / (te * s0[:, None] * np.exp(-te * clean))
    measured = subject.measured.curves.curves[subject.rows[rows]]
    return Curves(measured.astype(np.float32), (1 / np.square(sd)).astype(np.float32))


def _given(
    curves: Curves, bank: Bank, cells: Cells, templates: Float[np.ndarray, "... t"], cloud: Cloud
) -> Given:
    """What curves say of a cloud's points, with a constant free and CBV integrated out.

    With u and s² the amplitude's least-squares estimate and its variance, and N(c, τ²) its prior,
    the evidence is e^(u²/2s²)·s·N(u; c, s² + τ²), up to what all points share.
    """
    value, weight = curves
    total, level = weight.sum(axis=1)[:, None], (weight * value).sum(axis=1)[:, None]
    one, square = _sums(templates, weight), _sums(np.square(templates), weight)
    square -= one**2 / total
    cross = _sums(templates, weight * value) - one * level / total
    variance = 1 / np.maximum(square, 1e-9)
    volume, spread = (v.astype(np.float32) for v in (cloud.volume, np.square(cloud.spread)))
    wide = variance + spread
    log = 0.5 * (cross**2 * variance - (cross * variance - volume) ** 2 / wide)
    log += 0.5 * np.log(variance / wide) + cloud.log_weight
    precision = 1 / variance + 1 / spread
    mean = (cross + volume / spread) / precision
    mtt, delay = np.exp(bank.log_mtts[cells.mtt]), bank.step * cells.delay
    lead = (1,) * (2 - mtt.ndim) + mtt.shape
    return Given(log, mean, precision**-0.5, mtt.reshape(lead), delay.reshape(lead))


def _sums(
    templates: Float[np.ndarray, "... t"], weight: Float[np.ndarray, "n t"]
) -> Float[np.ndarray, "n p"]:
    """Weighted sums over the samples of templates (p, t), or of those (n, p, t) of each voxel."""
    if templates.ndim == 2:
        return np.asarray(weight @ templates.T)
    return np.asarray(np.matmul(templates, weight[:, :, None])[..., 0])


def _draws(found: Given) -> Float[np.ndarray, "four n draws"]:
    """DRAWS of each voxel's posterior of CBV, CBF, MTT and delay.

    Points are drawn at even steps of the sum of their weights, CBV at even steps of its normal
    distribution, in another order.
    """
    weight = np.exp(found.log - found.log.max(axis=1, keepdims=True))
    reached = np.cumsum(weight, axis=1, dtype=float)
    reached /= reached[:, -1:]
    n, points = reached.shape
    steps = (np.arange(DRAWS) + 0.5) / DRAWS
    rows = np.arange(n)[:, None]
    place = np.searchsorted((reached + rows).ravel(), (steps + rows).ravel())
    place = np.minimum(place.reshape(n, DRAWS) - points * rows, points - 1)
    normal = ndtri(np.random.default_rng(0).permutation(steps))
    mean, sd, mtt, delay = (
        np.take_along_axis(np.broadcast_to(value, (n, points)), place, axis=1)
        for value in found[1:]
    )
    volume = np.maximum(mean + sd * normal, 1e-6)
    return np.stack([volume, volume / mtt, mtt, delay]).astype(np.float32)


def _errors(drawn: Drawn, subject: Subject, rows: Int[np.ndarray, " r"]) -> Errors:
    """Errors of the medians in the voxels of some rows, NaN in the others."""
    cbv, cbf, mtt, delay = (drawn.quantile(name, 0.5) for name in drawn.quantities)
    answer = Perfusion(cbv, cbf, mtt, delay, delay, np.zeros_like(cbv), drawn)
    own = errors_of(answer, np.arange(rows.size), subject.voxels.some(rows))
    whole = [np.full((len(subject.voxels.index), 4), np.nan, dtype=np.float32) for _ in own]
    for out, values in zip(whole, own, strict=True):
        out[rows] = values
    return Errors(*whole)
