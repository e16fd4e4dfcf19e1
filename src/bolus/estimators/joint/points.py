"""Points of a brain: mean curves of the voxels around them that agree."""

import numpy as np
from jaxtyping import Float, Int

from bolus.estimators.joint.blocks import Blocks, Curves, with_shared_noise
from bolus.estimators.joint.noise import LEAST
from bolus.estimators.protocol import Places

NUMBERS = 5
"""Numbers of a curve that are compared: where it lies along the first principal components."""
SAMPLE = 3000
"""Curves at most that these are learned from."""
AROUND = np.array([(x, y, 0) for x in range(-2, 3) for y in range(-2, 3) if x * x + y * y <= 4])
"""The 13 voxels of a slice that lie around a point: slices have times of their own."""
SHAPE_SD, SIZE_SD = 0.15, 0.4
"""SD of curves of like tissue, in parts of their mean: of their shape, and of their size."""
SOFT = 2.0
"""Squared SDs, beyond those that are expected, over which a voxel's weight falls e-fold."""
OWN, NONE = 0.1, 0.02
"""Weight that the voxel at a point has at least; under which another has none."""
ROUNDS = 6


def points(curves: Curves, places: Places, made: Blocks, aif: Float[np.ndarray, " t"]) -> Curves:
    """The curve at one voxel of every block: the mean of it and of those around that agree.

    Found as a mean that outliers do not move: round by round a voxel counts by how near its curve
    lies to the mean (Huber, Ann Math Stat 1964;35:73). The first mean is the voxel itself. A mean
    of all voxels around would be that of the tissue with the largest curves: beside an infarct,
    of what lies around it. ``aif`` (t,) is the arterial input, before whose bolus the noise of the
    means is seen.
    """
    noise = _noise(curves)
    whole = curves.tissue - curves.tissue.mean(axis=1, keepdims=True)
    seen = (whole @ _components(whole / noise)).astype(np.float32)
    near = _around(places, made.first)
    weight = _agreement(seen, noise[:, 0].astype(np.float32), near, made.first)
    return with_shared_noise(_mean(curves, near, weight), curves, aif)


def _noise(curves: Curves) -> Float[np.ndarray, "n 1"]:
    """SD (n, 1) of the samples that are not censored."""
    kept = np.isfinite(curves.noise_sd)
    power = np.square(np.where(kept, curves.noise_sd, 0)).sum(axis=1, keepdims=True)
    return np.maximum(np.sqrt(power / np.maximum(kept.sum(axis=1, keepdims=True), 1)), LEAST)


def _components(white: Float[np.ndarray, "n t"], seed: int = 0) -> Float[np.ndarray, "t k"]:
    """Principal components of white curves, those of the largest variance."""
    rng = np.random.default_rng(seed)
    some = white[rng.choice(len(white), min(SAMPLE, len(white)), replace=False)].astype(float)
    return np.linalg.eigh(some.T @ some)[1][:, -NUMBERS:]


def _around(places: Places, which: Int[np.ndarray, " p"]) -> Int[np.ndarray, "p around"]:
    """Rows of the voxels around some, −1 where there is none."""
    reach = np.abs(AROUND).max(axis=0)
    rows = np.full(np.array(places.shape) + 2 * reach, -1)
    padded = places.index + reach
    rows[tuple(padded.T)] = np.arange(len(padded))
    there = padded[which][:, None] + AROUND
    return rows[tuple(np.moveaxis(there, -1, 0))]


def _agreement(
    seen: Float[np.ndarray, "n k"],
    noise: Float[np.ndarray, " n"],
    near: Int[np.ndarray, "p around"],
    which: Int[np.ndarray, " p"],
) -> Float[np.ndarray, "p around"]:
    """What each voxel around a point counts for."""
    there, own = near >= 0, near == which[:, None]
    value, sd = seen[near], noise[near]
    weight = own.astype(np.float32)
    power = np.einsum("pak,pak->pa", value, value)
    for _ in range(ROUNDS):
        total = weight.sum(axis=1, keepdims=True)
        mean = np.einsum("pa,pak->pk", weight, value) / total
        size = np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), LEAST)
        along = np.einsum("pak,pk->pa", value, mean / size)
        across = np.maximum(power - along**2, 0) / (sd**2 + (SHAPE_SD * size) ** 2)
        apart = across + (along - size) ** 2 / (sd**2 + (SIZE_SD * size) ** 2)
        weight = there * np.exp(-np.maximum(apart - NUMBERS, 0) / SOFT)
        weight = np.maximum(weight, OWN * own)
    return np.where(weight > NONE, weight, 0)


def _mean(
    curves: Curves, near: Int[np.ndarray, "p around"], weight: Float[np.ndarray, "p around"]
) -> Curves:
    """Weighted means of curves, and their noise; samples censored in one are in the mean."""
    dtype = curves.tissue.dtype
    total = np.zeros((len(near), curves.tissue.shape[1]), dtype)
    power = np.zeros((len(near), curves.noise_sd.shape[1]), dtype)
    for rows, part in zip(near.T, weight.T.astype(dtype), strict=True):
        some = np.flatnonzero(part)
        times = part[some, None]
        total[some] += times * curves.tissue[rows[some]]
        power[some] += np.square(times * curves.noise_sd[rows[some]])
    sure = weight.sum(axis=1, keepdims=True).astype(dtype)
    return Curves(total / sure, np.sqrt(power) / sure)
