"""Gaussians of log MTT, delay and log shape, and mixtures of them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Gaussian(NamedTuple):
    """``mean`` (3,) and ``covariance`` (3, 3) of log MTT, delay and log shape."""

    mean: Float[np.ndarray, " three"]
    covariance: Float[np.ndarray, "three three"]

    def log_density(self, cells: Float[np.ndarray, "cells three"]) -> Float[np.ndarray, " cells"]:
        """Log density at cells (cells, 3)."""
        away = cells - self.mean
        squared = np.einsum("ni,ij,nj->n", away, np.linalg.inv(self.covariance), away)
        return -0.5 * (squared + np.linalg.slogdet(2 * np.pi * self.covariance)[1])


def around(mean: tuple[float, float, float], sd: tuple[float, float, float]) -> Gaussian:
    """An upright Gaussian."""
    return Gaussian(np.array(mean), np.diag(np.square(sd)))


ANYTHING = around((np.log(5.0), 1.0, np.log(1.35)), (0.65, 4.0, 0.45))
"""Any tissue at all: nine tenths lie between MTT 1.7 and 14.6 s, delay −5.6 and 7.6 s."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Gaussian ``groups`` of ``share`` each, and of the rest ``anything``."""

    share: Float[np.ndarray, " groups"]
    groups: tuple[Gaussian, ...]
    anything: Gaussian = ANYTHING

    @property
    def open(self) -> float:
        """Share that may be any tissue."""
        return float(1 - self.share.sum())

    def log_density(self, cells: Float[np.ndarray, "cells three"]) -> Float[np.ndarray, " cells"]:
        """Log density at cells (cells, 3)."""
        parts = [self.open * np.exp(self.anything.log_density(cells))]
        for share, group in zip(self.share, self.groups, strict=True):
            parts.append(share * np.exp(group.log_density(cells)))
        return np.asarray(np.log(np.sum(parts, axis=0)))

    def some(self, which: slice) -> "Mixture":
        """Some of the groups; what is left is open."""
        return Mixture(self.share[which], self.groups[which], self.anything)

    def whole(self) -> Gaussian:
        """One Gaussian with the mean and the covariance of all groups."""
        share = self.share / self.share.sum()
        mean = share @ np.stack([g.mean for g in self.groups])
        away = [np.outer(g.mean - mean, g.mean - mean) for g in self.groups]
        spread = [s * (g.covariance + a) for s, g, a in zip(share, self.groups, away, strict=True)]
        return Gaussian(mean, np.sum(spread, axis=0))
