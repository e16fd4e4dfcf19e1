"""The population that unlabelled curves come from, learned by empirical Bayes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d
from scipy.special import logsumexp

from bolus.data import InputError
from bolus.estimators.bayes.amplitude import marginalise
from bolus.estimators.bayes.estimator import amplitudes
from bolus.estimators.bayes.prior import Prior
from bolus.estimators.blocks import in_blocks, one_blas_thread
from bolus.learning.phae.scenes import FAMILIES, BroadPrior, Tissue, TissuePrior
from bolus.physics import noise_gain

GRID = Prior(delay=(-5.0, 9.0), delay_steps=56)
"""Residue family × MTT × delay: cells of 10 % and 0.25 s."""
ITERATIONS = 80
COMPONENTS = 2
"""Groups of tissue in a population."""
LEAST_SD = np.array([0.03, 0.08])
"""Of log MTT and of delay (s): the least that a group has, a third of a cell."""
KEPT = 0.05
"""Share of the start that stays in what the network is trained on."""
WIDEST_CBV = 1.5
"""Most SD of log CBV that is simulated."""


class Curves(NamedTuple):
    """Some voxels of one patient: (n, t), their baseline noise (n, 1), the AIF (t,) in one unit.

    ``dt`` and ``te`` in s; ``te`` 1 for curves of TE·ΔR2*.
    """

    tissue: Float[np.ndarray, "n t"]
    noise_sd: Float[np.ndarray, "n 1"]
    aif: Float[np.ndarray, " t"]
    dt: float
    te: float


class Likelihood(NamedTuple):
    """Log-likelihood of every cell and the mean log CBV in it, both (n, cells)."""

    log_weight: Float[np.ndarray, "n cells"]
    log_cbv: Float[np.ndarray, "n cells"]


@dataclass(frozen=True, eq=False)
class Population:
    """Shares (families, mtts, delays) of the cells of GRID, and log-normal CBV (ratio).

    A source of tissue for training: within a cell log MTT and delay are uniform.
    """

    share: Float[np.ndarray, "families mtts delays"]
    log_cbv: tuple[float, float] = (-3.3, 0.8)

    def __post_init__(self) -> None:
        if self.share.shape != GRID.shape:
            raise InputError(f"a population's shares are {GRID.shape}, found {self.share.shape}")
        if (self.share < 0).any() or not np.isclose(self.share.sum(), 1.0, atol=1e-4):
            raise InputError("a population's shares are positive and add up to 1")

    def sample(self, rng: np.random.Generator, n: int) -> Tissue:
        """``n`` random voxels."""
        cell = rng.choice(self.share.size, size=n, p=(self.share / self.share.sum()).ravel())
        family, mtt, delay = np.unravel_index(cell, self.share.shape)
        edges, late = np.log(GRID.mtt_edges), GRID.delay_edges
        place = np.array([FAMILIES.index(name) for name, _ in GRID.families])
        shape = np.array([np.nan if s is None else s for _, s in GRID.families])
        within, across = rng.random(n), rng.random(n)
        return Tissue(
            family=place[family],
            shape=shape[family],
            mtt=np.exp(edges[mtt] + within * (edges[1] - edges[0])),
            delay=late[delay] + across * (late[1] - late[0]),
        )

    def sample_cbv(self, rng: np.random.Generator, n: int) -> Float[np.ndarray, " n"]:
        """``n`` random blood volumes, as ratios."""
        mean, sd = self.log_cbv
        return np.exp(rng.normal(mean, sd, n))

    def summary(self) -> Mapping[str, object]:
        """Means and SDs of log MTT and delay (s), and the families' shares."""
        edges, late = np.log(GRID.mtt_edges), GRID.delay_edges
        found: dict[str, object] = {}
        for name, axes, values in (
            ("log_mtt", (0, 2), (edges[1:] + edges[:-1]) / 2),
            ("delay", (0, 1), (late[1:] + late[:-1]) / 2),
        ):
            p = self.share.sum(axis=axes)
            mean = float(p @ values)
            found[name] = {"mean": mean, "sd": float(np.sqrt(p @ (values - mean) ** 2))}
        families = self.share.sum(axis=(1, 2)).tolist()
        names = [name for name, _ in GRID.families]
        return {**found, "families": dict(zip(names, families, strict=True))}

    def kept_open(self, start: "Population", share: float = KEPT) -> "Population":
        """The same with a ``share`` of another, so that no tissue becomes impossible."""
        return replace(self, share=(1 - share) * self.share + share * start.share)

    def prior(self) -> Prior:
        """The same as a prior of the reference posterior."""
        return replace(GRID, share=self.share)


def broad_population(draws: int = 400_000, prior: TissuePrior | None = None) -> Population:
    """What the shipped training drew, binned: MTT and delay by drawing, families equal."""
    tissue = (BroadPrior() if prior is None else prior).sample(np.random.default_rng(0), draws)
    mtt, delay = np.clip(tissue.mtt, *GRID.mtt), np.clip(tissue.delay, *GRID.delay)
    count, *_ = np.histogram2d(mtt, delay, bins=[GRID.mtt_edges, GRID.delay_edges])
    smooth = _smooth(np.broadcast_to((count + 0.01)[None], GRID.shape), 0.7)
    return Population(smooth / smooth.sum())


def likelihood(curves: Curves) -> Likelihood:
    """How likely each cell makes each curve, its amplitude and baseline integrated out.

    The noise of every sample counts, not only the baseline's: with that the curves of a strong
    bolus look unlikely under any one cell, and the population comes out too wide.
    """
    bank = GRID.templates(curves.aif.astype(float), curves.dt).reshape(-1, curves.aif.size)
    bank = bank.astype(np.float32)

    def block(tissue: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, ...]:
        log_cbv, log_weight = marginalise(*amplitudes(tissue, sd, bank), GRID.cbv)
        return log_cbv.astype(np.float32), log_weight.astype(np.float32)

    tissue = curves.tissue.astype(np.float32)
    noise = curves.noise_sd * noise_gain(np.maximum(tissue, 0), curves.te)
    with one_blas_thread():
        log_cbv, log_weight = in_blocks(block, tissue, noise.astype(np.float32), size=64)
    return Likelihood(log_weight, log_cbv)


def learn_population(
    parts: Iterable[Likelihood], start: Population, iterations: int = ITERATIONS
) -> Population:
    """The mixture that makes all curves together most likely, by expectation-maximisation.

    COMPONENTS groups of tissue, each Gaussian in log MTT and delay with families of its own, begun
    over the range of ``start``. A free share for every cell would be as likely but far too wide:
    noisy curves say little of one cell. Source: Dempster et
    al., J R Stat Soc B 1977;39:1; Laird, J Am Stat Assoc 1978;73:805, for mixing distributions.
    """
    every = list(parts)
    log_weight = np.concatenate([p.log_weight for p in every])
    relative = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    groups = _begin(start)
    for _ in range(iterations):
        groups = _step(relative, groups)
    share = groups.sum(axis=0).reshape(GRID.shape)
    return Population(share / share.sum(), _log_normal_cbv(every, share))


def em_step(
    relative: Float[np.ndarray, "n cells"], share: Float[np.ndarray, " cells"]
) -> Float[np.ndarray, " cells"]:
    """Mean responsibility of every cell: what free shares would become."""
    single = share.astype(relative.dtype)
    total = relative @ single
    return share * ((1 / total) @ relative) / len(relative)


def _cells() -> Float[np.ndarray, "2 cells"]:
    """Log MTT and delay of the middle of every cell."""
    edges, late = np.log(GRID.mtt_edges), GRID.delay_edges
    middles = np.meshgrid((edges[1:] + edges[:-1]) / 2, (late[1:] + late[:-1]) / 2, indexing="ij")
    return np.tile(np.stack([m.ravel() for m in middles]), (1, len(GRID.families)))


def _begin(start: Population) -> Float[np.ndarray, "groups cells"]:
    """Groups of equal size, their means spread along log MTT by the spread of ``start``."""
    where, share = _cells(), start.share.ravel()
    mean = where @ share
    spread = np.cov(where, aweights=share, ddof=0)
    away = np.linspace(-0.7, 0.7, COMPONENTS) if COMPONENTS > 1 else np.zeros(1)
    centres = [mean + np.array([a * np.sqrt(spread[0, 0]), 0.0]) for a in away]
    return np.stack([_gaussian(c, spread) / COMPONENTS for c in centres])


def _step(
    relative: Float[np.ndarray, "n cells"], groups: Float[np.ndarray, "groups cells"]
) -> Float[np.ndarray, "groups cells"]:
    """Every group's size, mean, covariance and families from its responsibilities."""
    share = groups.sum(axis=0)
    mean_of_cell = em_step(relative, share)
    where, families = _cells(), len(GRID.families)
    found = []
    for group in groups:
        weight = mean_of_cell * group / np.maximum(share, np.finfo(float).tiny)
        size = weight.sum()
        mean = where @ weight / size
        spread = _no_less(np.cov(where, aweights=np.maximum(weight, 0), ddof=0))
        parts = weight.reshape(families, -1).sum(axis=1) / size
        found.append(size * _gaussian(mean, spread, parts))
    every = np.stack(found)
    return every / every.sum()


def _no_less(spread: Float[np.ndarray, "2 2"]) -> Float[np.ndarray, "2 2"]:
    """A covariance with at least LEAST_SD; what is added in every round would add up."""
    return spread + np.diag(np.maximum(LEAST_SD**2 - np.diag(spread), 0))


def _gaussian(
    mean: np.ndarray, spread: np.ndarray, families: np.ndarray | None = None
) -> Float[np.ndarray, " cells"]:
    """A Gaussian of log MTT and delay over the cells times the families' shares; sums to 1."""
    away = _cells() - mean[:, None]
    log_p = -0.5 * np.einsum("ij,ik,kj->j", away, np.linalg.inv(spread), away)
    p = np.exp(log_p - log_p.max()).reshape(len(GRID.families), -1)
    if families is not None:
        p = p * families[:, None]
    return (p / p.sum()).ravel()


def evidence(found: Likelihood, population: Population) -> Float[np.ndarray, " n"]:
    """Log predictive likelihood (n,) of curves under a population, up to one shared constant."""
    with np.errstate(divide="ignore"):
        log_share = np.log(population.share.ravel())
    return logsumexp(found.log_weight.astype(float) + log_share, axis=1)


def _log_normal_cbv(parts: list[Likelihood], share: np.ndarray) -> tuple[float, float]:
    """Mean and SD of the posterior mean log CBV over all curves; the SD is no narrower than 0.3."""
    means = []
    for part in parts:
        log_p = part.log_weight + np.log(share.ravel() + 1e-30).astype(np.float32)
        weight = np.exp(log_p - log_p.max(axis=1, keepdims=True))
        means.append(np.einsum("ij,ij->i", weight, part.log_cbv) / weight.sum(axis=1))
    every = np.concatenate(means)
    return float(every.mean()), float(np.clip(every.std(), 0.3, WIDEST_CBV))


def _smooth(share: np.ndarray, width: float) -> np.ndarray:
    once = gaussian_filter1d(share, width, axis=1, mode="nearest")
    return gaussian_filter1d(once, width, axis=2, mode="nearest")
