"""A prior for each voxel from its neighbours: tissue like the patient's own, late, or a lesion."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import softmax

from bolus.estimators.joint.box import Around, Box
from bolus.estimators.joint.gaussian import ANYTHING, Gaussian, Mixture, around
from bolus.estimators.joint.messages import Messages, seen
from bolus.estimators.joint.moments import PAIRS, Moments
from bolus.estimators.joint.population import IN_TIME, LATE
from bolus.estimators.joint.small import inverse
from bolus.estimators.joint.windows import Look
from bolus.estimators.protocol import Places

LESIONS = ((0.15, around((0.2, 0.3, 0.0), (0.6, 2.0, 0.35))),)
"""Tissue unlike the rest: the share of voxels that is expected to lie in it, and how it differs
from the usual. To the spread of its delay the patient's own is added."""
SCALES = np.geomspace(0.03, 2.0, 13)
"""By which a patient's tissue may be more even or less than TEXTURE …"""
EXPECTED, SURE = (np.log(0.4), 0.8), 0.1
"""… the mean and SD of their logarithm, and what voxels are worth, which vary together."""
ASKED = 2000
"""Voxels at most that are asked for it."""
TEXTURE = around((0.0, 0.0, 0.0), (0.1, 0.3, 0.1)).covariance
"""Covariance of a voxel about the mean of the tissue around it; twice that in a lesion."""
SOFTENED = 0.5
"""Power of the neighbours' joint evidence: they vary together more than is said of them."""
ROUNDS = 3
OPEN = 0.04
"""Share of the prior of a voxel that does not heed its neighbours."""
HELD = 0.5
"""Neighbours' worth of belief in the shares before the neighbours are seen."""
COARSE = 0.95
"""Share that what points say has of the prior of a voxel whose own curve says nothing."""


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

    def look(self, said: Messages, found: Moments) -> Look:
        """Where voxels are expected under it; the part that is not local is as found without it."""
        weights, means, spreads = [], [], []
        for kind in range(self.share.shape[1]):
            mean, spread = self.mean[:, kind], self.covariance[:, kind]
            view = seen(said, mean, spread)
            weights.append(np.log(np.maximum(self.share[:, kind], 1e-12)) + view.evidence)
            gain = spread @ view.precision
            means.append((mean + np.einsum("nij,nj->ni", gain, view.away))[:, :2])
            own = spread - gain @ spread
            spreads.append(own[:, [0, 1], [0, 1]])
        part = (1 - OPEN) * softmax(np.stack(weights, axis=1), axis=1)
        part = np.concatenate([part, np.full((len(part), 1), OPEN)], axis=1)[..., None]
        value = np.stack([*means, found.mean[:, :2]], axis=1)
        variance = np.stack([*spreads, found.covariance[:, [0, 1], [0, 1]]], axis=1)
        mean = (part * value).sum(axis=1)
        total = (part * (variance + (value - mean[:, None]) ** 2)).sum(axis=1)
        return Look(mean, np.sqrt(total))

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
            np.einsum("ni,ni->n", slope, mean) + log_volume + slope.shape[1] * np.log(2 * np.pi)
        )
        return np.stack([*square, *slope.T, level], axis=1).astype(np.float32)


class Coarse(NamedTuple):
    """What points say of the tissue around each of n voxels, and what that is ``worth`` (n,)."""

    around: Around
    worth: Float[np.ndarray, " n"]


def coarse_prior(around: Around, found: Moments) -> Coarse:
    """What points say to voxels, worth the more the less was ``found`` of MTT from each alone.

    With the variance of log MTT, not its square, they take part where voxels need no help: with
    blocks, which points replaced, the CBF ratios of 20 simulated gliomas without added noise were
    off by 0.109 then, by 0.094 with its square.
    """
    unsure = found.covariance[:, 0, 0] / ANYTHING.covariance[0, 0]
    return Coarse(around, COARSE * np.square(np.minimum(unsure, 1)))


def from_population(population: Mixture, count: int) -> LocalPrior:
    """The population as the prior of each of so many voxels, whatever lies around them."""
    share = np.tile(population.share / population.share.sum(), (count, 1))
    mean, covariance = (np.stack(part) for part in zip(*population.groups, strict=True))
    every = (count, *mean.shape)
    return LocalPrior(
        share, np.broadcast_to(mean, every), np.broadcast_to(covariance, (*every, 3)), population
    )


def local_prior(
    found: Messages, population: Mixture, places: Places, coarse: Coarse | None = None
) -> LocalPrior:
    """The prior of every voxel given what was found of the 26 voxels around it.

    Kinds of tissue, the patient's usual one, the late one and those of lesions, each with a mean of
    its own around every voxel: that of the neighbours of the kind, under the kind's prior. Which
    voxels are of which kind is first judged by a voxel and its neighbours together, then round by
    round by the voxel's own likelihood under every kind's prior. A voxel on its own cannot show a
    long transit time at clinical noise; a small lesion can. Where voxels are so noisy that no sum
    of what each says can show it, their mean curves still do: tissue as in the ``coarse`` brain is
    one kind more.
    """
    kinds, first = _kinds(population)
    around_it = Box(places)
    together = np.stack([_joint(found, kind, around_it) for kind in kinds], axis=1)
    part = softmax(SOFTENED * together + np.log(first), axis=1)
    if coarse is not None:
        part = _beside(part, coarse.worth)
    number = around_it(np.ones((len(found.mean), 1)))
    textures = [TEXTURE, TEXTURE] + [2 * TEXTURE] * len(LESIONS)
    for _ in range(ROUNDS):
        fields = [
            _field(found, kind, texture, mine, around_it)
            for kind, texture, mine in zip(kinds, textures, part.T, strict=False)
        ]
        textures[:2] = [_texture(found, *fields[0], part[:, 0])] * 2
        means = [mean for mean, _ in fields]
        spreads = [own + texture for (_, own), texture in zip(fields, textures, strict=True)]
        if coarse is not None:
            means.append(coarse.around.mean)
            spreads.append(coarse.around.covariance + textures[0])
        evidence = [seen(found, *one).evidence for one in zip(means, spreads, strict=True)]
        share = (around_it(part[:, : len(kinds)]) + HELD * first) / (number + HELD)
        if coarse is not None:
            share = _beside(share / share.sum(axis=1, keepdims=True), coarse.worth)
        part = softmax(np.stack(evidence, axis=1) + np.log(share), axis=1)
    return LocalPrior(share, np.stack(means, axis=1), np.stack(spreads, axis=1), population)


def _beside(
    share: Float[np.ndarray, "n kinds"], worth: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "n more"]:
    """The shares of kinds with one more that has so much."""
    return np.concatenate([share * (1 - worth[:, None]), worth[:, None]], axis=1)


def _kinds(population: Mixture) -> tuple[list[Gaussian], Float[np.ndarray, " kinds"]]:
    """Usual and late tissue, then lesions, and the share of voxels in each before any is seen."""
    whole, usual = population.whole(), population.some(IN_TIME).whole()
    spread = np.diag([0.0, whole.covariance[1, 1], 0.0])
    lesions = [Gaussian(whole.mean + g.mean, g.covariance + spread) for _, g in LESIONS]
    rare = [share for share, _ in LESIONS]
    own = population.share / population.share.sum() * (1 - sum(rare))
    kinds = [usual, population.groups[LATE], *lesions]
    return kinds, np.array([own[IN_TIME].sum(), own[LATE], *rare])


def _texture(
    found: Messages,
    mean: Float[np.ndarray, "n three"],
    spread: Float[np.ndarray, "n three three"],
    part: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "three three"]:
    """How a patient's voxels differ from the mean of the tissue around them, in usual tissue."""
    some = np.linspace(0, len(part) - 1, min(ASKED, len(part))).astype(int)
    few, mean, spread = Messages(*(value[some] for value in found)), mean[some], spread[some]
    fits = [part[some] @ seen(few, mean, spread + scale * TEXTURE).evidence for scale in SCALES]
    away = (np.log(SCALES) - EXPECTED[0]) / EXPECTED[1]
    weight = softmax(SURE * np.array(fits) - 0.5 * away**2)
    return float(weight @ SCALES) * TEXTURE


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
    return sums[:, len(PAIRS) :] + own @ kind.mean, precision


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
    """Mean of the tissue around a voxel and its covariance, from neighbours' ``part`` in a kind."""
    slope, precision = _with(around_it(_natural(found, texture) * part[:, None]), kind)
    spread, _ = inverse(precision)
    return np.einsum("nij,nj->ni", spread, slope), spread
