"""A brain of which one part fills later than the other."""

import numpy as np
from jaxtyping import Bool, Float, Num

LEAST = 0.1
"""Share of the voxels that either part has at least."""
VOXELS = 4000
"""Voxels at most from which it is learned how the parts differ."""
ROUNDS = 20


def two_parts(
    signal: Num[np.ndarray, "x y z t"], mask: Bool[np.ndarray, "x y z"]
) -> tuple[Bool[np.ndarray, "x y z"], Bool[np.ndarray, "x y z"]] | None:
    """The voxels of a mask in two parts whose signals have different courses in time.

    Every voxel's signal is taken off its mean and scaled to norm 1, so that what counts is when it
    changes, not by how much. Two mean courses are found by k-means, which starts from the sign of
    the second principal component. Voxels with samples that are not finite, or without any change,
    are in neither. None where one part has less than LEAST of the voxels.
    """
    courses, usable = _courses(signal[mask])
    if len(courses) < 2:
        return None
    some = courses[np.linspace(0, len(courses) - 1, min(VOXELS, len(courses))).astype(int)]
    _, _, axes = np.linalg.svd(some.T @ some)
    second = some @ axes[1] > 0
    for _ in range(ROUNDS):
        if not 0 < second.sum() < len(second):
            return None
        means = np.stack([some[~second].mean(axis=0), some[second].mean(axis=0)])
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        nearer = some @ (means[1] - means[0]) > 0
        if (nearer == second).all():
            break
        second = nearer
    nearer = courses @ (means[1] - means[0]) > 0
    if min(nearer.mean(), 1 - nearer.mean()) < LEAST:
        return None
    return _inside(mask, usable, ~nearer), _inside(mask, usable, nearer)


def _courses(
    voxels: Num[np.ndarray, "n t"],
) -> tuple[Float[np.ndarray, "m t"], Bool[np.ndarray, " n"]]:
    """Signals off their mean and of norm 1, and which voxels have one."""
    finite = np.isfinite(voxels).all(axis=1)
    away = np.where(finite[:, None], voxels, 0).astype(np.float32)
    away -= away.mean(axis=1, keepdims=True)
    size = np.linalg.norm(away, axis=1)
    usable = finite & (size > 0)
    return away[usable] / size[usable, None], usable


def _inside(
    mask: Bool[np.ndarray, "x y z"], usable: Bool[np.ndarray, " n"], those: Bool[np.ndarray, " m"]
) -> Bool[np.ndarray, "x y z"]:
    """A mask of some of the usable voxels of a mask."""
    chosen = usable.copy()
    chosen[usable] = those
    out = np.zeros(mask.shape, dtype=bool)
    out[mask] = chosen
    return out
