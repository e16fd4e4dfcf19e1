"""What the voxels say, as Gaussian likelihoods that can be handed on."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.estimators.joint.gaussian import Gaussian
from bolus.estimators.joint.moments import Moments
from bolus.estimators.joint.small import inverse

LEAST, MOST = 1e-4, 1e3
"""Variance of a posterior over its prior's, at least; of a likelihood over it, at most."""
TOLD = 0.05
"""Part of its prior's variance that a posterior has lost, at least, where its mean says what it
should. One that has several peaks is as wide as its prior, or wider, and the mean is anywhere."""


class Messages(NamedTuple):
    """Gaussian likelihoods of n voxels: ``mean`` (n, 3), and ``covariance`` (n, 3, 3).

    The mean of a direction that the curve says little of lies far away, with a wide covariance.
    """

    mean: Float[np.ndarray, "n three"]
    covariance: Float[np.ndarray, "n three three"]


def messages(found: Moments, prior: Gaussian) -> Messages:
    """Posteriors under a Gaussian ``prior`` with that prior divided out.

    In coordinates in which the prior is standard, a posterior of variance v and mean m comes of a
    likelihood of variance v/(1 − v) and mean m/(1 − v), direction by direction; m/TOLD where less
    than that was learned. In double precision: beside a direction that is wide, single precision
    loses the one that is narrow.
    """
    root = np.linalg.cholesky(prior.covariance)
    back = np.linalg.inv(root)
    value, axes = np.linalg.eigh(back @ found.covariance @ back.T)
    value = np.clip(value, LEAST, 1 - 1 / MOST)
    away = np.einsum("nji,nj->ni", axes, (found.mean - prior.mean) @ back.T)
    mean = np.einsum("nij,nj->ni", axes, away / np.maximum(1 - value, TOLD))
    spread = (axes * (value / (1 - value))[:, None, :]) @ axes.transpose(0, 2, 1)
    return Messages(mean @ root.T + prior.mean, root @ spread @ root.T)


class Seen(NamedTuple):
    """Voxels as a prior sees them.

    Log ``evidence`` (n,), up to a constant, how far ``away`` (n, 3) they are from its mean, and the
    ``precision`` (n, 3, 3) of that.
    """

    evidence: Float[np.ndarray, " n"]
    away: Float[np.ndarray, "n three"]
    precision: Float[np.ndarray, "n three three"]


def seen(found: Messages, mean: np.ndarray, covariance: np.ndarray) -> Seen:
    """Voxels under a Gaussian of one ``mean`` (3,) and ``covariance`` (3, 3), or one for each."""
    precision, log_volume = inverse(found.covariance + covariance)
    away = found.mean - mean
    squared = np.einsum("ni,nij,nj->n", away, precision, away)
    return Seen(-0.5 * (squared + log_volume), away, precision)
