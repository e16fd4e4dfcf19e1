"""A prior for each voxel from its neighbours: tissue like the patient's own, or like a lesion's."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.ndimage import correlate1d
from scipy.special import softmax

from bolus.estimators.joint.gaussian import Gaussian, Mixture, around
from bolus.estimators.joint.messages import Messages
from bolus.estimators.joint.moments import PAIRS
from bolus.estimators.joint.small import inverse
from bolus.estimators.protocol import Places

LESION = 0.2
"""Share of voxels that is expected to lie in tissue unlike the rest."""
LESION_SD = around((0.0, 0.0, 0.0), (0.6, 2.0, 0.35)).covariance
"""Spread of such tissue; to that of the delay the patient's own is added."""
LATER = np.array([0.2, 0.3, 0.0])
"""Log MTT, delay (s) and log shape by which it differs on average."""
TEXTURE = around((0.0, 0.0, 0.0), (0.1, 0.3, 0.1)).covariance
"""Covariance of a voxel about the mean of the tissue around it; twice that in a lesion."""
SOFTENED = 0.5
"""Power of the neighbours' joint evidence: they vary together more than is said of them."""
ROUNDS = 3
OPEN = 0.05
"""Share of the prior of a voxel that does not heed its neighbours."""
HELD = 0.5
"""Neighbours' worth of belief in the shares before the neighbours are seen."""


@dataclass(frozen=True, eq=False)
class LocalPrior:
    """A mixture for each of n voxels: kinds of ``share``, Gaussian, and the ``rest``, not local."""

    share: Float[np.ndarray, "n kinds"]
    mean: Float[np.ndarray, "n kinds three"]
    covariance: Float[np.ndarray, "n kinds three three"]
    rest: Mixture

    def __call__(
        self, rows: Int[np.ndarray, " rows"], cells: Float[np.ndarray, "cells three"]
    ) -> Float[np.ndarray, "rows cells"]:
        """Log prior of some voxels at cells (cells, 3)."""
        centre = cells.mean(axis=0)
        near = (cells - centre).astype(np.float32)
        products = [near[:, i] * near[:, k] for i, k in PAIRS]
        terms = np.stack([*products, *near.T, np.ones(len(near), dtype=np.float32)])
        total = np.float32(OPEN) * np.exp(self.rest.log_density(cells)).astype(np.float32)[None]
        for kind in range(self.share.shape[1]):
            density = self._coefficients(rows, kind, centre) @ terms
            np.exp(density, out=density)
            total = total + density
        return np.log(total)

    def _coefficients(
        self, rows: Int[np.ndarray, " rows"], kind: int, centre: np.ndarray
    ) -> Float[np.ndarray, "rows ten"]:
        """Those of the quadratic log density of one kind about ``centre``."""
        precision, log_volume = inverse(self.covariance[rows, kind])
        mean = self.mean[rows, kind] - centre
        slope = np.einsum("nij,nj->ni", precision, mean)
        square = [-0.5 * precision[:, i, k] * (1 if i == k else 2) for i, k in PAIRS]
        log_share = np.log((1 - OPEN) * np.maximum(self.share[rows, kind], 1e-12))
        level = log_share - 0.5 * (
            np.einsum("ni,ni->n", slope, mean) + log_volume + 3 * np.log(2 * np.pi)
        )
        return np.stack([*square, *slope.T, level], axis=1).astype(np.float32)


def local_prior(found: Messages, population: Mixture, places: Places) -> LocalPrior:
    """The prior of every voxel given what was found of the 26 voxels around it.

    Two kinds of tissue, the patient's usual one and that of lesions, each with a mean of its own
    around every voxel: that of the neighbours of the kind, under the kind's prior. Which voxels
    are of which kind is first judged by a voxel and its neighbours together, then round by round
    by the voxel's own likelihood under either kind's prior. A voxel on its own cannot show a long
    transit time at clinical noise; a small lesion can.
    """
    usual = population.whole()
    late = np.diag([0.0, usual.covariance[1, 1], 0.0])
    kinds = (usual, Gaussian(usual.mean + LATER, LESION_SD + late))
    log_share = np.log([1 - LESION, LESION])
    around_it = Box(places)
    together = np.stack([_joint(found, k, around_it) for k in kinds], axis=1)
    part = softmax(SOFTENED * together + log_share, axis=1)
    number = around_it(np.ones((len(found.mean), 1)))
    for _ in range(ROUNDS):
        means, spreads, evidence = [], [], []
        for kind, (own, texture) in enumerate(zip(kinds, (TEXTURE, 2 * TEXTURE), strict=True)):
            mean, spread = _field(found, own, texture, part[:, kind], around_it)
            means.append(mean)
            spreads.append(spread)
            evidence.append(_evidence(found, mean, spread))
        share = (around_it(part) + HELD * np.exp(log_share)) / (number + HELD)
        part = softmax(np.stack(evidence, axis=1) + np.log(share), axis=1)
    return LocalPrior(share, np.stack(means, axis=1), np.stack(spreads, axis=1), population)


class Box(NamedTuple):
    """Sums over the 26 voxels around each."""

    places: Places

    def __call__(self, values: Float[np.ndarray, "n c"]) -> Float[np.ndarray, "n c"]:
        """Sums (n, c) of values (n, c) of the neighbours that are among the voxels."""
        where = tuple(self.places.index.T)
        grid = np.zeros((*self.places.shape, values.shape[1]), dtype=np.float64)
        grid[where] = values
        for axis in range(3):
            grid = correlate1d(grid, np.ones(3), axis=axis, mode="constant")
        return grid[where] - values


def _natural(
    found: Messages, texture: Float[np.ndarray, "three three"]
) -> Float[np.ndarray, "n nine"]:
    """Precision (its PAIRS) and precision times mean of each voxel as a witness of its tissue."""
    precision, _ = inverse(found.covariance + texture)
    slope = np.einsum("nij,nj->ni", precision, found.mean)
    return np.concatenate([np.stack([precision[:, i, k] for i, k in PAIRS], axis=1), slope], axis=1)


def _with(
    sums: Float[np.ndarray, "n nine"], kind: Gaussian
) -> tuple[Float[np.ndarray, "n three"], Float[np.ndarray, "n three three"]]:
    """Slope (n, 3) and precision (n, 3, 3) of a tissue's mean: witnesses added to its prior."""
    own = np.linalg.inv(kind.covariance)
    precision = np.empty((len(sums), 3, 3))
    for place, (i, k) in enumerate(PAIRS):
        precision[:, i, k] = precision[:, k, i] = sums[:, place] + own[i, k]
    return sums[:, 6:] + own @ kind.mean, precision


def _joint(found: Messages, kind: Gaussian, around_it: Box) -> Float[np.ndarray, " n"]:
    """Log evidence for a kind of tissue from a voxel and its neighbours, up to what kinds share."""
    witness = _natural(found, TEXTURE)
    slope, precision = _with(around_it(witness) + witness, kind)
    own = np.linalg.inv(kind.covariance)
    spread, log_precision = inverse(precision)
    fit = np.einsum("ni,nij,nj->n", slope, spread, slope) - kind.mean @ own @ kind.mean
    volume = log_precision + np.linalg.slogdet(kind.covariance)[1]
    return np.asarray(0.5 * (fit - volume))


def _field(
    found: Messages,
    kind: Gaussian,
    texture: Float[np.ndarray, "three three"],
    part: Float[np.ndarray, " n"],
    around_it: Box,
) -> tuple[Float[np.ndarray, "n three"], Float[np.ndarray, "n three three"]]:
    """Mean and covariance of a voxel of a kind, given the neighbours' ``part`` in that kind."""
    slope, precision = _with(around_it(_natural(found, texture) * part[:, None]), kind)
    spread, _ = inverse(precision)
    return np.einsum("nij,nj->ni", spread, slope), spread + texture


def _evidence(
    found: Messages, mean: Float[np.ndarray, "n three"], spread: Float[np.ndarray, "n three three"]
) -> Float[np.ndarray, " n"]:
    """Log density of what was found of each voxel under its own prior, up to a constant."""
    precision, log_volume = inverse(found.covariance + spread)
    away = found.mean - mean
    return np.asarray(-0.5 * (np.einsum("ni,nij,nj->n", away, precision, away) + log_volume))
