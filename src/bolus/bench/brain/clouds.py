"""True tissue as clouds of points: the population's, and one around each voxel."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import qmc

from bolus.bench.brain.subject import Subject
from bolus.physics import cbv_scale

POINTS, LEAST_POINTS = 16000, 300
"""Points of a population, about, and of one of its strata at least."""
NEAR_POINTS = 128
"""Points around each voxel."""
SMOOTH = 0.3
"""Kernel of a stratum's density, in its own SDs."""
MOST_VOLUME = 0.3
"""SD of the kernel of log CBV at most."""
NEAR_VOLUME = 0.15
"""SD of log CBV about that of a neighbour."""
FLOOR = (0.01, 0.03, 0.02)
"""Local SDs of log MTT, of delay in s and of shape, at least."""
_AROUND = np.array(
    [
        (i, j, k)
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
        for k in (-1, 0, 1)
        if (i, j, k) != (0, 0, 0)
    ]
)


class Tissue(NamedTuple):
    """True tissue of a brain's voxels beside large vessels, v of them.

    ``place`` on the grid; ``point`` log MTT, delay in s and residue shape; log CBV (ratio);
    ``dispersion`` s; ``stratum``, a number for each tissue and kind of lesion.
    """

    place: Int[np.ndarray, "v three"]
    point: Float[np.ndarray, "v three"]
    volume: Float[np.ndarray, " v"]
    dispersion: Float[np.ndarray, " v"]
    stratum: Int[np.ndarray, " v"]


class Cloud(NamedTuple):
    """Points that stand for tissue: (p,) of a population, or (n, p) around n voxels.

    ``point`` as in Tissue; CBV (ratio) is normal about ``volume`` with the SD ``spread``;
    ``log_weight`` is that of the points, which add up to 1.
    """

    point: Float[np.ndarray, "... three"]
    volume: Float[np.ndarray, "..."]
    spread: Float[np.ndarray, "..."]
    dispersion: Float[np.ndarray, "..."]
    log_weight: Float[np.ndarray, "..."]


def true_tissue(subject: Subject) -> Tissue:
    """The true tissue of a subject."""
    truth, masks, own = subject.made.truth, subject.made.masks, subject.voxels
    keep = masks.brain & ~masks.vessels
    stratum = np.full(keep.shape, -1)
    stratum[tuple(own.index.T)] = 10 * own.tissue + own.kind + 1
    point = [np.log(truth.mtt[keep]), truth.delay[keep], truth.shape[keep]]
    return Tissue(
        np.argwhere(keep),
        np.stack(point, axis=1).astype(float),
        np.log(truth.cbv[keep].astype(float) / cbv_scale()),
        truth.dispersion[keep].astype(float),
        stratum[keep],
    )


def population(tissue: Tissue, seed: int = 0) -> Cloud:
    """The brain's tissue as a smooth density, drawn from: in order of their MTT.

    Within each stratum the density is that of its voxels under a Gaussian kernel of SMOOTH of
    their covariance, shrunk so that mean and covariance stay (West, J R Stat Soc B 1993;55:409).
    Rare strata have more points than their share, which their weight makes up for.
    """
    rng = np.random.default_rng(seed)
    strata, number, count = np.unique(tissue.stratum, return_inverse=True, return_counts=True)
    wanted = np.maximum(LEAST_POINTS, POINTS * np.sqrt(count) / np.sqrt(count).sum()).astype(int)
    parts = []
    for s, points in enumerate(wanted):
        rows = np.flatnonzero(number == s)
        weight = np.log(rows.size / len(number) / points)
        parts.append(_stratum(tissue, rows, int(points), float(weight), rng))
    joined = Cloud(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    order = np.argsort(joined.point[:, 0], kind="stable")
    assert strata.size == len(parts)
    return Cloud(*(column[order] for column in joined))


def _stratum(
    tissue: Tissue,
    rows: Int[np.ndarray, " r"],
    points: int,
    log_weight: float,
    rng: np.random.Generator,
) -> Cloud:
    """Points of one stratum."""
    of = rows[rng.permutation(np.arange(points) % rows.size)]
    own, volume = tissue.point[rows], tissue.volume[rows]
    keep = np.sqrt(1 - SMOOTH**2)
    root = np.linalg.cholesky(np.cov(own.T, ddof=0) + np.diag(np.square(FLOOR)))
    noise = SMOOTH * rng.standard_normal((points, 3)) @ root.T
    middle = own.mean(axis=0)
    log_volume = volume.mean() + keep * (tissue.volume[of] - volume.mean())
    value = np.exp(log_volume)
    spread = np.clip(SMOOTH * volume.std(), 0.02, MOST_VOLUME)
    return Cloud(
        middle + keep * (tissue.point[of] - middle) + noise,
        value,
        spread * value,
        tissue.dispersion[of],
        np.full(points, log_weight),
    )


def neighbourhoods(
    tissue: Tissue, index: Int[np.ndarray, "n three"], shape: tuple[int, int, int]
) -> Cloud:
    """Around each voxel what is true of the 26 about it: (n, NEAR_POINTS) points.

    Gaussian about the mean of their log MTT, delay and shape. Its covariance is the local scatter:
    the mean, over the neighbours, of how far each is from the mean of its own neighbours. CBV is
    near that of one of them. Nothing of the voxel itself but for its share in its neighbours'
    means goes in.
    """
    grid = np.full((*(side + 2 for side in shape), 5), np.nan)
    inside = tuple((tissue.place + 1).T)
    grid[inside] = np.column_stack([tissue.point, tissue.volume, tissue.dispersion])
    mean, _ = _mean(grid, tissue.place + 1)
    away = np.full((*grid.shape[:3], 3), np.nan)
    away[inside] = tissue.point - mean[:, :3]
    near = _neighbours(away, index + 1)
    known = np.isfinite(near[:, :, :1])
    near = np.where(known, near, 0)
    total = np.einsum("nki,nkj->nij", near, near)
    number = np.maximum(known.sum(axis=1), 1)[:, :, None]
    root = np.linalg.cholesky(total / number + np.diag(np.square(FLOOR)))
    middle, volume = _mean(grid, index + 1)
    draws = qmc.MultivariateNormalQMC(np.zeros(3), seed=0).random(NEAR_POINTS)
    point = middle[:, None, :3] + np.einsum("nij,kj->nki", root, draws)
    value = np.exp(volume[:, np.arange(NEAR_POINTS) % volume.shape[1]])
    return Cloud(
        point,
        value,
        NEAR_VOLUME * value,
        np.broadcast_to(middle[:, 4:], value.shape),
        np.full(value.shape, -np.log(NEAR_POINTS)),
    )


def _neighbours(
    grid: Float[np.ndarray, "x y z c"], place: Int[np.ndarray, "n three"]
) -> Float[np.ndarray, "n 26 c"]:
    return grid[tuple(np.moveaxis(place[:, None] + _AROUND, -1, 0))]


def _mean(
    grid: Float[np.ndarray, "x y z c"], place: Int[np.ndarray, "n three"]
) -> tuple[Float[np.ndarray, "n c"], Float[np.ndarray, "n 26"]]:
    """Mean of the neighbours, and the log CBV of each; an unknown one has that of a known one.

    A voxel without a known neighbour has the mean of all.
    """
    near = _neighbours(grid, place)
    known: Bool[np.ndarray, "n 26"] = np.isfinite(near[..., 0])
    number = known.sum(axis=1, keepdims=True)
    every = np.nanmean(grid, axis=(0, 1, 2))
    mean = np.where(known[..., None], near, 0).sum(axis=1) / np.maximum(number, 1)
    mean = np.where(number > 0, mean, every)
    order = np.argsort(~known, axis=1, kind="stable")
    chosen = np.take_along_axis(order, np.arange(26) % np.maximum(number, 1), axis=1)
    volume = np.take_along_axis(near[..., 3], chosen, axis=1)
    return mean, np.where(number > 0, volume, every[3])
