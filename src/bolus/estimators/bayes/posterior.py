"""Posterior summaries over a grid: means, and distributions from which quantiles are read."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from bolus.data import PARAMETERS, NoPosteriorError
from bolus.estimators.bayes.amplitude import marginalise
from bolus.estimators.bayes.prior import Prior

BINS = 64
REACH = 5.0
"""Distributions of log CBV and log CBF span this many posterior SDs either side of the mean."""


class Summary(NamedTuple):
    """What is kept of the posterior of every voxel; logarithms are natural.

    Means and SDs are (voxels,); ``*_cdf`` (voxels, edges) are cumulative at the edges of the
    prior's cells, or of BINS equal bins over mean ± REACH·SD; ``best`` is the most probable cell,
    ``amplitude`` its CBV and ``spread`` the mean relative SD of an amplitude.
    """

    log_cbv: np.ndarray
    log_mtt: np.ndarray
    delay: np.ndarray
    sd_cbv: np.ndarray
    sd_cbf: np.ndarray
    spread: np.ndarray
    best: np.ndarray
    amplitude: np.ndarray
    cbv_cdf: np.ndarray
    cbf_cdf: np.ndarray
    mtt_cdf: np.ndarray
    delay_cdf: np.ndarray


def summarise(
    amplitude: Float[np.ndarray, "voxels cells"],
    precision: Float[np.ndarray, "#voxels cells"],
    prior: Prior,
) -> Summary:
    """Posterior over cells from each cell's profiled amplitude Â and its inverse variance.

    The amplitude itself is integrated over the prior's CBV range (see ``amplitude.marginalise``).
    """
    log_a, log_w = marginalise(amplitude, precision, prior.cbv)
    if (log_share := prior.log_share) is not None:
        log_w = log_w + log_share.astype(log_w.dtype)
    best = log_w.argmax(axis=1)
    weight = np.exp(log_w - np.take_along_axis(log_w, best[:, None], axis=1))
    weight /= weight.sum(axis=1, keepdims=True)

    edges, late = np.log(prior.mtt_edges), prior.delay_edges
    log_mtt = np.broadcast_to((edges[1:, None] + edges[:-1, None]) / 2, prior.shape).ravel()
    log_cbf = log_a - log_mtt.astype(log_a.dtype)
    grid = weight.reshape(-1, *prior.shape)
    mtt, delay = grid.sum(axis=(1, 3)), grid.sum(axis=(1, 2))
    mean_cbv, sd_cbv, cbv_cdf = _histogram(log_a, weight)
    _, sd_cbf, cbf_cdf = _histogram(log_cbf, weight)
    relative = 1 / np.sqrt(np.exp(2 * log_a) * precision + 1)
    return Summary(
        log_cbv=mean_cbv,
        log_mtt=mtt @ ((edges[1:] + edges[:-1]) / 2).astype(mtt.dtype),
        delay=delay @ ((late[1:] + late[:-1]) / 2).astype(delay.dtype),
        sd_cbv=sd_cbv,
        sd_cbf=sd_cbf,
        spread=np.einsum("ij,ij->i", weight, relative),
        best=best,
        amplitude=np.take_along_axis(np.exp(log_a), best[:, None], axis=1)[:, 0],
        cbv_cdf=cbv_cdf,
        cbf_cdf=cbf_cdf,
        mtt_cdf=_cumulative(mtt),
        delay_cdf=_cumulative(delay),
    )


def _histogram(values: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mean = np.einsum("ij,ij->i", weight, values)
    centred = values - mean[:, None]
    sd = np.sqrt(np.einsum("ij,ij,ij->i", weight, centred, centred) + 1e-6)
    place = (centred / sd[:, None] + REACH) * (BINS / (2 * REACH))
    index = np.clip(place, 0, BINS - 1).astype(np.int64)
    index += BINS * np.arange(len(values))[:, None]
    mass = np.bincount(index.ravel(), weight.ravel(), minlength=BINS * len(values))
    return mean, sd, _cumulative(mass.reshape(-1, BINS).astype(values.dtype))


def _cumulative(mass: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros_like(mass[:, :1]), mass.cumsum(axis=1)], axis=1)


@dataclass(frozen=True, eq=False)
class GridPosterior:
    """Quantiles of CBV, CBF, MTT, delay and Tmax, read off binned distributions.

    A cell's mass lies evenly over the cell. The width of an amplitude, and for CBF that of an MTT
    cell, is added in quadrature to the distance from the median.
    """

    summary: Summary
    prior: Prior
    quantities: tuple[str, ...] = PARAMETERS

    def quantile(self, name: str, q: float) -> Float[np.ndarray, " voxels"]:
        """Posterior quantile (voxels,): ratio, 1/s or s. NoPosteriorError for another name."""
        s = self.summary
        if name == "mtt":
            return np.exp(_read(s.mtt_cdf, np.log(self.prior.mtt_edges), q))
        if name in ("delay", "tmax"):
            return _read(s.delay_cdf, self.prior.delay_edges, q)
        if name == "cbv":
            return np.exp(s.log_cbv + self._standard(s.cbv_cdf, s.sd_cbv, s.spread, q))
        if name == "cbf":
            cell = np.log(self.prior.mtt[1] / self.prior.mtt[0]) / self.prior.mtt_steps
            width = np.sqrt(s.spread**2 + cell**2 / 12)
            return np.exp(s.log_cbv - s.log_mtt + self._standard(s.cbf_cdf, s.sd_cbf, width, q))
        raise NoPosteriorError(f"no posterior of '{name}'; there is one of {self.quantities}")

    def _standard(self, cdf: np.ndarray, sd: np.ndarray, width: np.ndarray, q: float) -> np.ndarray:
        edges = np.linspace(-REACH, REACH, BINS + 1)
        median = _read(cdf, edges, 0.5) * sd
        offset = _read(cdf, edges, q) * sd - median
        return median + np.sign(q - 0.5) * np.hypot(offset, ndtri(q) * width)


def _read(cdf: np.ndarray, edges: np.ndarray, q: float) -> np.ndarray:
    """Inverse of rows of a cumulative distribution by linear interpolation."""
    cell = np.clip((cdf < q).sum(axis=1) - 1, 0, edges.size - 2)
    low = np.take_along_axis(cdf, cell[:, None], axis=1)[:, 0]
    high = np.take_along_axis(cdf, cell[:, None] + 1, axis=1)[:, 0]
    part = np.clip((q - low) / np.maximum(high - low, np.finfo(cdf.dtype).tiny), 0, 1)
    return (edges[cell] + part * (edges[cell + 1] - edges[cell])).astype(cdf.dtype)
