"""The population of a patient's tissue, learned from the patient's own voxels."""

import numpy as np
from jaxtyping import Float

from bolus.estimators.joint.gaussian import ANYTHING, Gaussian, Mixture, around
from bolus.estimators.joint.messages import Messages

GROUPS = 2
OPEN = 0.1
"""Share of the population that may be any tissue."""
ROUNDS = 60
VOXELS = 4000
"""Voxels at most that a population is learned from."""
USUAL = around((np.log(4.6), 0.8, np.log(1.35)), (0.14, 0.6, 0.18))
"""What a group of tissue is taken to be before the patient is seen …"""
MEAN_WEIGHT, SPREAD_WEIGHT = 0.02, 0.05
"""… and what that is worth, in parts of the group's voxels. Without it the errors of the model,
which thousands of voxels share, would be taken for properties of the tissue."""
APART = 0.25
"""Distance in log MTT of the groups' first means from the usual one."""
WIDE = np.diag([0.35, 1.5, 0.3]) ** 2
"""Their first covariance."""
LEAST_SHARE = 0.02


def learn_population(found: Messages, seed: int = 0) -> Mixture:
    """The mixture that makes what was found of the voxels most likely, by EM.

    Each voxel is a Gaussian likelihood; a group is updated by its responsibilities, its means and
    its covariances given the voxels ("extreme deconvolution", Bovy et al., Ann Appl Stat
    2011;5:1657), and drawn a little towards USUAL by conjugate priors.
    """
    rng = np.random.default_rng(seed)
    some = rng.choice(len(found.mean), min(VOXELS, len(found.mean)), replace=False)
    value, own = found.mean[some].astype(float), found.covariance[some].astype(float)
    away = np.linspace(-APART, APART, GROUPS)
    groups = [Gaussian(USUAL.mean + np.array([a, 0, 0]), WIDE) for a in away]
    share = np.full(GROUPS, (1 - OPEN) / GROUPS)
    outside = _evidence(value, own, ANYTHING) + np.log(OPEN)
    for _ in range(ROUNDS):
        inside = [_evidence(value, own, g) + np.log(s) for g, s in zip(groups, share, strict=True)]
        log_part = np.stack([outside, *inside], axis=1)
        part = np.exp(log_part - log_part.max(axis=1, keepdims=True))
        part /= part.sum(axis=1, keepdims=True)
        groups = [_updated(value, own, g, p) for g, p in zip(groups, part.T[1:], strict=True)]
        size = np.maximum(part[:, 1:].sum(axis=0), LEAST_SHARE * len(value))
        share = (1 - OPEN) * size / size.sum()
    return Mixture(share, tuple(groups))


def _evidence(
    value: Float[np.ndarray, "n three"], own: Float[np.ndarray, "n three three"], group: Gaussian
) -> Float[np.ndarray, " n"]:
    """Log density of what was found of voxels under a group, up to a constant."""
    spread, away = own + group.covariance, value - group.mean
    squared = np.einsum("ni,ni->n", away, np.linalg.solve(spread, away[..., None])[..., 0])
    return -0.5 * (squared + np.linalg.slogdet(spread)[1])


def _updated(
    value: Float[np.ndarray, "n three"],
    own: Float[np.ndarray, "n three three"],
    group: Gaussian,
    part: Float[np.ndarray, " n"],
) -> Gaussian:
    """A group from the voxels' parts in it."""
    gain = np.linalg.solve(own + group.covariance, np.broadcast_to(group.covariance, own.shape))
    gain = gain.transpose(0, 2, 1)
    expected = group.mean + np.einsum("nij,nj->ni", gain, value - group.mean)
    size = part.sum()
    mean = (part @ expected + MEAN_WEIGHT * size * USUAL.mean) / (size * (1 + MEAN_WEIGHT))
    away = expected - mean
    spread = np.einsum("n,ni,nj->ij", part, away, away) / size
    spread += group.covariance - np.einsum("n,nij->ij", part, gain) / size @ group.covariance
    spread = (spread + SPREAD_WEIGHT * USUAL.covariance) / (1 + SPREAD_WEIGHT)
    return Gaussian(mean, (spread + spread.T) / 2)
