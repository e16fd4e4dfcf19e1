"""Gauss-Newton for all voxels at once: maximum a posteriori with a normal prior."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Model = Callable[[Float[np.ndarray, "n p"]], tuple[np.ndarray, np.ndarray]]
"""Parameters (n, p) → curves (n, t) and their derivatives (n, p, t)."""
FIRST_DAMPING, LESS, MORE = 0.1, 0.3, 4.0
"""Damping at first, and what it is multiplied by after a step that helped, or did not."""
MOST_DAMPING = 1e3
"""Where no smaller step helps a voxel has arrived."""
LITTLE = 1e-4
"""Relative gain of a step under which a voxel has arrived."""


@dataclass(frozen=True, eq=False)
class NormalPrior:
    """Independent normal distributions: ``mean`` and ``sd`` (p,), clamped to ``low``, ``high``."""

    mean: Float[np.ndarray, " p"]
    sd: Float[np.ndarray, " p"]
    low: Float[np.ndarray, " p"]
    high: Float[np.ndarray, " p"]


class Found(NamedTuple):
    """The maximum ``theta`` (n, p), with ``covariance`` (n, p, p) by Laplace, and its ``curves``.

    These are (n, t), the offset included.
    """

    theta: np.ndarray
    covariance: np.ndarray
    curves: np.ndarray


class _Given(NamedTuple):
    model: Model
    prior: NormalPrior
    held: float
    """Precision of the offset with its prior, over that without."""


class _State(NamedTuple):
    theta: np.ndarray
    cost: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    curves: np.ndarray


def maximum(
    model: Model,
    start: Float[np.ndarray, "n p"],
    tissue: Float[np.ndarray, "n t"],
    noise_sd: Float[np.ndarray, "n ..."],
    prior: NormalPrior,
    steady: int = 0,
    steps: int = 25,
) -> Found:
    """Most probable parameters under Gaussian noise, a normal prior and an unknown offset.

    The offset is the error of S0, a mean of ``steady`` frames: constant, normal about 0, of a
    variance that many times under that of a sample (0: free). It is integrated out.
    Levenberg's damping, each voxel with its own; a voxel that has arrived takes no part any more,
    so that no voxel depends on another. ``noise_sd`` (n, t) or (n, 1); infinite: no weight. The
    covariance is that of Gauss and Newton, (JᵀWJ + P)⁻¹ with the offset integrated out (Laplace).
    Source: Levenberg, Q Appl Math 1944;2:164; Friston, NeuroImage 2002;16:513, for its use here.
    """
    weight = np.broadcast_to(1 / np.square(noise_sd), tissue.shape)
    given = _Given(model, prior, 1 + steady / tissue.shape[1])
    now = _at(given, np.clip(start, prior.low, prior.high), tissue, weight)
    state = _State(*(part.copy() for part in now))
    damping = np.full(len(tissue), FIRST_DAMPING)
    active = np.arange(len(tissue))
    for _ in range(steps):
        if not active.size:
            break
        tried = _State(*(part[active] for part in state))
        proposal = np.clip(tried.theta + _step(tried, damping[active]), prior.low, prior.high)
        found = _at(given, proposal, tissue[active], weight[active])
        gain = tried.cost - found.cost
        better = gain > 0
        for old, new in zip(state, found, strict=True):
            old[active[better]] = new[better]
        damping[active] *= np.where(better, LESS, MORE)
        arrived = better & (gain <= LITTLE * (1 + found.cost))
        active = active[~arrived & (damping[active] < MOST_DAMPING)]
    return Found(state.theta, np.linalg.inv(state.hessian), state.curves)


def _step(state: _State, damping: np.ndarray) -> np.ndarray:
    size = state.theta.shape[1]
    diagonal = np.einsum("npp->np", state.hessian)
    damped = state.hessian + np.eye(size) * (damping[:, None] * diagonal)[:, None, :]
    return -np.linalg.solve(damped, state.gradient[..., None])[..., 0]


def _at(given: _Given, theta: np.ndarray, tissue: np.ndarray, weight: np.ndarray) -> _State:
    """Half the sum of squares, with its gradient and curvature, at some parameters."""
    curves, slopes = given.model(theta)
    prior = given.prior
    share = weight / (given.held * weight.sum(axis=1, keepdims=True))
    left = tissue - curves
    offset = np.einsum("nt,nt->n", share, left)[:, None]
    weighted = slopes * weight[:, None, :]
    constant = weighted.sum(axis=2)
    shared = constant / (given.held * weight.sum(axis=1, keepdims=True))
    away, precision = theta - prior.mean, 1 / np.square(prior.sd)
    cost = 0.5 * np.einsum("nt,nt,nt->n", weight, left, left - offset)
    return _State(
        theta,
        cost + 0.5 * (np.square(away) @ precision),
        precision * away - (weighted @ (left - offset)[..., None])[..., 0],
        weighted @ slopes.transpose(0, 2, 1)
        - constant[:, :, None] * shared[:, None, :]
        + np.diag(precision),
        curves + offset,
    )
