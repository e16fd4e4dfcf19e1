"""Blood volume: the amplitude's posterior under the volumes that the patient's brain has."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from bolus.estimators.joint.box import Box, Points
from bolus.estimators.joint.moments import Moments
from bolus.estimators.protocol import Places

NODES = np.linspace(np.log(5e-4), 0.0, 72)
"""Log CBV (ratio): 0.05 to 100 % blood."""
ROUNDS = 30
OPEN = 0.1
"""Share of the volumes' distribution that is even in log CBV."""
TURNS = 4
NEAR = 0.95
"""Share of a voxel's prior that its neighbours' volumes make."""
SMOOTH, SPREAD = 1.0, 1.0
"""Nodes by which a patient's distribution, and the neighbours', are smoothed."""
TEXTURE = 1.5
"""Nodes by which voxels differ from the points around them."""
WORTH, UNSURE = 0.5, 0.3
"""What points are worth beside neighbours at most, and the SD of a volume, in parts of it, at which
they are worth half of that. With 1 white matter gains hardly more, and lesions of half the volume
lose a quarter of their contrast."""
LEAST = 1e-30
POINTS = np.linspace(0.0, 1.0, 49)
"""Of a voxel's own range, at which its posterior is summed."""
REACH = 5.0
"""SDs of the likelihood either side of its mean that the range holds."""
LEAST_ALONE = 2e-3
"""CBV below which a voxel on its own is not taken to be."""


class Volume(NamedTuple):
    """Posterior ``mean`` and ``sd`` of log CBV, and the mean of CBV itself, all (n,)."""

    mean: Float[np.ndarray, " n"]
    sd: Float[np.ndarray, " n"]
    value: Float[np.ndarray, " n"]


def loose(found: Moments) -> Volume:
    """Volumes of voxels of which nothing is known: all from LEAST_ALONE are as likely."""
    even = np.zeros((1, NODES.size))
    return _volume(found, even, np.log(LEAST_ALONE))


def of_patient(found: Moments, places: Places | None, points: Points | None = None) -> Volume:
    """Volumes of the voxels of one brain.

    Their distribution over the brain is learned by EM from all of them, and with ``places`` most
    of a voxel's prior is the distribution that its neighbours' posteriors make: beside grey matter
    and white there are both volumes to choose from, and no edge is blurred. Of a voxel whose own
    curve leaves it open it is partly that of the ``points`` around it.
    """
    likelihood = _likelihood(found)
    prior = _distribution(likelihood)
    if places is None:
        return _volume(found, np.log(prior)[None], NODES[0])
    own = np.broadcast_to(prior, likelihood.shape)
    told, worth = (own, 0.0) if points is None else _told(found, places, points)
    for _ in range(TURNS):
        posterior = _normal(likelihood * own)
        around = gaussian_filter1d(Box(places)(posterior), SPREAD, axis=1)
        total = around.sum(axis=1, keepdims=True)
        near = np.where(total > 0, around / np.maximum(total, LEAST), prior)
        own = NEAR * (near + worth * (told - near)) + (1 - NEAR) * prior
    return _volume(found, np.log(own), NODES[0])


def _distribution(likelihood: Float[np.ndarray, "n nodes"]) -> Float[np.ndarray, " nodes"]:
    """How volumes are distributed, by EM, a share of OPEN left even."""
    share = np.full(NODES.size, 1 / NODES.size, dtype=np.float32)
    for _ in range(ROUNDS):
        share = share * ((1 / (likelihood @ share)) @ likelihood)
        share = gaussian_filter1d(share, SMOOTH)
        share /= share.sum()
    return (1 - OPEN) * share + OPEN / NODES.size


def _told(
    found: Moments, places: Places, points: Points
) -> tuple[Float[np.ndarray, "n nodes"], Float[np.ndarray, "n 1"]]:
    """The volumes that points say there are around each voxel, and what that is worth to it."""
    likelihood = _likelihood(points.found)
    every = np.zeros((len(found.volume), NODES.size), dtype=np.float32)
    every[points.which] = _normal(likelihood * _distribution(likelihood))
    told = gaussian_filter1d(_normal(every + Box(places)(every)), TEXTURE, axis=1)
    unsure = found.variance / np.maximum(np.square(found.volume), LEAST)
    return told, (WORTH * unsure / (unsure + UNSURE**2))[:, None].astype(np.float32)


def _normal(share: Float[np.ndarray, "n nodes"]) -> Float[np.ndarray, "n nodes"]:
    return share / np.maximum(share.sum(axis=1, keepdims=True), LEAST)


def _likelihood(found: Moments) -> Float[np.ndarray, "n nodes"]:
    """Gaussian likelihood of every node, 1 at the most likely; a node has a width of its own."""
    width = (NODES[1] - NODES[0]) / 2 * found.volume
    variance = np.maximum(found.variance + width**2, LEAST)[:, None]
    log_weight = np.square(np.exp(NODES) - found.volume[:, None])
    log_weight /= -2 * variance
    log_weight -= log_weight.max(axis=1, keepdims=True)
    return np.exp(log_weight).astype(np.float32)


def _volume(found: Moments, log_prior: Float[np.ndarray, "#n nodes"], least: float) -> Volume:
    """Posterior of log CBV from ``least`` on, summed over POINTS where the likelihood lies."""
    spread = REACH * np.sqrt(found.variance)
    ends = (np.maximum(found.volume + side * spread, LEAST) for side in (-1, 1))
    low, high = (np.clip(np.log(end), least, NODES[-1]) for end in ends)
    high = np.maximum(high, low + 1e-4)
    at = low[:, None] + (high - low)[:, None] * POINTS
    step = NODES[1] - NODES[0]
    place = np.clip((at - NODES[0]) / step, 0, NODES.size - 1.001)
    left = place.astype(np.intp)
    rows = np.zeros_like(left) if len(log_prior) == 1 else np.arange(len(at))[:, None]
    right = place - left
    log_weight = (1 - right) * log_prior[rows, left] + right * log_prior[rows, left + 1]
    variance = np.maximum(found.variance, LEAST)[:, None]
    log_weight = log_weight - np.square(np.exp(at) - found.volume[:, None]) / (2 * variance)
    log_weight -= log_weight.max(axis=1, keepdims=True)
    weight = np.exp(log_weight)
    weight /= weight.sum(axis=1, keepdims=True)
    mean = np.einsum("np,np->n", weight, at)
    away = at - mean[:, None]
    sd = np.sqrt(np.einsum("np,np,np->n", weight, away, away))
    return Volume(mean, np.maximum(sd, 1e-4), np.einsum("np,np->n", weight, np.exp(at)))
