"""The population of a patient's tissue, learned from the patient's own voxels."""

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

from bolus.estimators.joint.gaussian import ANYTHING, Gaussian, Mixture, around
from bolus.estimators.joint.messages import Messages, Seen, seen

OPEN = 0.1
"""Share of the population that may be any tissue."""
ROUNDS = 60
VOXELS = 2000
"""Voxels at most that a population is learned from."""
USUAL = around((np.log(4.6), 0.8, np.log(1.35)), (0.12, 0.6, 0.1))
"""What a group of tissue is taken to be before the patient is seen …"""
MEAN_WEIGHT, SPREAD_WEIGHT, FEW = 0.02, 0.05, 5.0
"""… and what that is worth, in parts of the group's voxels, and in voxels besides. Without the
parts the errors of the model, which thousands of voxels share, would be taken for properties of the
tissue; the voxels hold a group near it that has hardly any."""
APART = np.array([[-0.25, 0.0, 0.0], [0.25, 0.0, 0.0], [0.25, 5.0, 0.0]])
"""First means of the groups less the usual one: fast, slow, and late as behind an occlusion …"""
WIDE = [np.diag(sd) ** 2 for sd in ([0.35, 1.5, 0.3], [0.35, 1.5, 0.3], [0.4, 3.0, 0.3])]
"""… and their first covariances."""
IN_TIME, LATE = slice(0, 2), 2
"""Places of the groups."""
LEAST_SHARE = 0.02


def learn_population(found: Messages, anything: Gaussian = ANYTHING, seed: int = 0) -> Mixture:
    """The mixture that makes what was found of the voxels most likely, by EM.

    Each voxel is a Gaussian likelihood; a group is updated by its responsibilities, its means and
    its covariances given the voxels ("extreme deconvolution", Bovy et al., Ann Appl Stat
    2011;5:1657), and drawn a little towards USUAL by conjugate priors.
    """
    rng = np.random.default_rng(seed)
    some = rng.choice(len(found.mean), min(VOXELS, len(found.mean)), replace=False)
    drawn = Messages(*(value[some].astype(float) for value in found))
    usual = _usual(anything)
    groups = [Gaussian(usual.mean + away, wide) for away, wide in zip(APART, WIDE, strict=True)]
    share = np.full(len(groups), (1 - OPEN) / len(groups))
    outside = seen(drawn, *anything).evidence + np.log(OPEN)
    for _ in range(ROUNDS):
        views = [seen(drawn, *g) for g in groups]
        inside = [one.evidence + np.log(s) for one, s in zip(views, share, strict=True)]
        part = softmax(np.stack([outside, *inside], axis=1), axis=1)
        each = zip(groups, views, part.T[1:], strict=True)
        groups = [_updated(g, one, p, usual) for g, one, p in each]
        size = np.maximum(part[:, 1:].sum(axis=0), LEAST_SHARE * len(some))
        share = (1 - OPEN) * size / size.sum()
    return Mixture(share, tuple(groups), anything)


def _usual(anything: Gaussian) -> Gaussian:
    """The usual tissue, of the shape that any tissue of the patient has."""
    return Gaussian(np.array([*USUAL.mean[:2], anything.mean[2]]), USUAL.covariance)


def _updated(
    group: Gaussian, view: Seen, part: Float[np.ndarray, " n"], usual: Gaussian
) -> Gaussian:
    """A group from the voxels' parts in it."""
    slope = np.einsum("nij,nj->ni", view.precision, view.away)
    expected = group.mean + slope @ group.covariance
    size = part.sum()
    worth = MEAN_WEIGHT * size + FEW
    mean = (part @ expected + worth * usual.mean) / (size + worth)
    away = expected - mean
    spread = (away * part[:, None]).T @ away + size * group.covariance
    weight = np.einsum("n,nij->ij", part, view.precision)
    spread -= group.covariance @ weight @ group.covariance
    worth = SPREAD_WEIGHT * size + FEW
    spread = (spread + worth * usual.covariance) / (size + worth)
    return Gaussian(mean, (spread + spread.T) / 2)
