"""Tissue segmentation: a Gaussian mixture with a Markov random field, of perfusion features."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import InputError, PerfusionMaps
from bolus.tissue.features import Features, features_of

CLASSES = ("white", "grey", "fluid", "vessel")
BLOOD = 1.8
"""CBV over its median from which a voxel is first taken for a vessel.

Without a class of their own vessels became the grey matter and all matter the white of 3 of 25
simulated heads with a tumour that had moved (seeds 1300 and on, the second day of ``bolus bench
--tumors``), and 4 were refused; with it none and none, also from 1.6 times the median, and from 2.0
one was refused.
"""
ROUNDS = 30
BEFORE_FIELD = 6
"""Rounds before CBV may vary within a class."""
FIELD = 12.0
"""mm over which CBV varies within a class, as a Gaussian's SD."""
LEAST_VARIANCE = 0.05
"""Of a feature within a class, as a part of its variance in the brain."""
ALIKE = 2.0
"""How much neighbours are alike: log odds that all neighbours of a class add."""
APART = 2.0
"""Pooled SDs of log CBV that grey and white matter lie apart at least."""
LEAST_SHARE = 0.12
"""Share of the brain that grey and white matter each have at least."""
PLAUSIBLE = (1.3, 5.0)
"""CBV of grey over that of white matter; 2 to 3 is usual."""
OUTLIER = 0.02
"""Prior share of voxels that are none of the classes."""


class TissueError(InputError):
    """The tissue of a series cannot be told apart, or has no region that could be a reference."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Classes:
    """Probabilities (x, y, z) that a voxel is ``white`` or ``grey`` matter or ``fluid``.

    They add up to 1 less that of being something else, a vessel or none. 0 outside the brain and
    within what was kept apart. ``contrast`` is CBV of grey over that of white matter.
    """

    white: Float[np.ndarray, "x y z"]
    grey: Float[np.ndarray, "x y z"]
    fluid: Float[np.ndarray, "x y z"]
    contrast: float


def tissue_classes(maps: PerfusionMaps, apart: Bool[np.ndarray, "x y z"]) -> Classes:
    """Classes of the brain's voxels that are not ``apart`` (x, y, z): a lesion and its margin.

    A mixture of Gaussians with a diagonal covariance over ``features_of``, a uniform class for
    outliers, a smooth field by which CBV varies within a class, and neighbours in a slice that
    favour the same class (mean field). Deterministic. Sources: Wells et al., IEEE Trans Med Imaging
    1996;15:429 (field); Zhang, Brady and Smith, ibid. 2001;20:45 (neighbours).

    Raises TissueError where grey and white matter do not show as two classes.
    """
    found = features_of(maps, apart)
    if len(found.values) < 100:
        raise TissueError(
            f"tissue cannot be told apart: {len(found.values)} voxels of brain have a CBV outside "
            "the lesion and its margin, 100 are needed"
        )
    shares = _fitted(found, maps.grid.voxel_size)
    _check(found, shares)
    volumes = [np.zeros(found.where.shape) for _ in CLASSES]
    for volume, share in zip(volumes, shares.T, strict=False):
        volume[found.where] = share
    white, grey, fluid, _ = volumes
    return Classes(white=white, grey=grey, fluid=fluid, contrast=_contrast(found, shares))


def _start(volume: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n k"]:
    """Shares by CBV alone: fluid, vessels, the lower half of the rest white, then grey."""
    fluid, vessel = volume < np.log(0.25), volume > np.log(BLOOD)
    rest = volume[~fluid & ~vessel]
    middle = 0.5 * (np.quantile(rest, 0.1) + np.quantile(rest, 0.9))
    kind = np.select([fluid, vessel, volume > middle], [2, 3, 1], 0)
    return np.asarray(np.eye(len(CLASSES) + 1)[kind] * 0.9 + 0.1 / (len(CLASSES) + 1))


def _fitted(found: Features, edges: tuple[float, ...]) -> Float[np.ndarray, "n k"]:
    """Posterior shares (n, k) of the classes, the outliers' last."""
    spread = found.values.std(axis=0)
    values = found.values[:, spread > 0] / spread[spread > 0]
    shares, field = _start(found.values[:, 0]), np.zeros(len(values))
    density = -np.log(np.prod(np.ptp(values, axis=0) + 1e-6))
    for number in range(ROUNDS):
        flat = values - field[:, None] * (np.arange(values.shape[1]) == 0)
        own = shares[:, : len(CLASSES)]
        weight = own.sum(axis=0) + 1e-9
        mean = own.T @ flat / weight[:, None]
        variance = np.maximum(own.T @ flat**2 / weight[:, None] - mean**2, LEAST_VARIANCE)
        away = (flat[:, None, :] - mean) ** 2 / variance
        log = -0.5 * (away + np.log(2 * np.pi * variance)).sum(axis=2)
        log = np.concatenate([log, np.full((len(flat), 1), density)], axis=1)
        log += np.log(np.append((1 - OUTLIER) * weight / weight.sum(), OUTLIER))
        log += ALIKE * _around(shares, found)
        shares = np.exp(log - log.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        if number >= BEFORE_FIELD:
            field = _field(values[:, 0, None] - mean[:, 0], shares[:, :2], found, edges)
    return np.asarray(shares)


def _field(
    away: Float[np.ndarray, "n k"],
    matter: Float[np.ndarray, "n 2"],
    found: Features,
    edges: tuple[float, ...],
) -> Float[np.ndarray, " n"]:
    """How log CBV varies within a class over FIELD mm: the mean of what is ``away`` from it."""
    from scipy.ndimage import gaussian_filter

    def smooth(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        volume = np.zeros(found.where.shape)
        volume[found.where] = values
        filtered = gaussian_filter(volume, [FIELD / edge for edge in edges])
        return np.asarray(filtered[found.where])

    weight = matter.sum(axis=1)
    field = smooth((matter * away[:, :2]).sum(axis=1)) / (smooth(weight) + 0.02)
    return field - float(np.average(field, weights=weight + 1e-12))


def _around(shares: Float[np.ndarray, "n k"], found: Features) -> Float[np.ndarray, "n k"]:
    """Mean shares of the four neighbours in the slice; 0 of what lies outside."""
    out = np.empty_like(shares)
    for k in range(shares.shape[1]):
        volume = np.zeros(found.where.shape)
        volume[found.where] = shares[:, k]
        wide = np.pad(volume, ((1, 1), (1, 1), (0, 0)))
        near = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]
        out[:, k] = near[found.where] / 4
    return out


def _moments(found: Features, share: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """Mean and SD of log CBV in a class."""
    volume = found.values[:, 0]
    mean = float(np.average(volume, weights=share + 1e-12))
    return mean, float(np.sqrt(np.average((volume - mean) ** 2, weights=share + 1e-12)))


def _contrast(found: Features, shares: Float[np.ndarray, "n k"]) -> float:
    return float(np.exp(_moments(found, shares[:, 1])[0] - _moments(found, shares[:, 0])[0]))


def _check(found: Features, shares: Float[np.ndarray, "n k"]) -> None:
    part = shares[:, :2].mean(axis=0)
    (white, white_sd), (grey, grey_sd) = (_moments(found, shares[:, k]) for k in (0, 1))
    apart = (grey - white) / max(np.hypot(white_sd, grey_sd) / np.sqrt(2), 1e-9)
    contrast = float(np.exp(grey - white))
    if part.min() < LEAST_SHARE or apart < APART or not PLAUSIBLE[0] <= contrast <= PLAUSIBLE[1]:
        raise TissueError(
            f"tissue cannot be told apart: two classes of CBV {PLAUSIBLE[0]:g} to {PLAUSIBLE[1]:g} "
            f"times each other, {APART:g} SD apart, of {100 * LEAST_SHARE:.0f} % of the brain each "
            f"are expected; found {contrast:.2f} times, {apart:.1f} SD, {100 * part[0]:.0f} and "
            f"{100 * part[1]:.0f} %"
        )
