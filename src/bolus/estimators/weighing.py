"""Samples that were not measured, and the methods that can leave them out."""

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import PreparedSeries
from bolus.estimators.protocol import Estimator, capabilities

LEAST_WEIGHED = 1 / 2
"""Share of a curve's samples that must have weight."""


def sample_noise(
    estimator: Estimator,
    noise_sd: Float[np.ndarray, " n"],
    series: PreparedSeries,
    rows: slice = slice(None),
) -> Float[np.ndarray, "m ..."]:
    """The noise of the curves of a prepared series, or of some ``rows``, as a method takes it.

    That is (m,) as it is, or, for a method that can leave samples out and a series that has
    censored ones, (m, t) with ∞ in these.
    """
    if series.measured.all() or not capabilities(estimator).censoring:
        return noise_sd[rows]
    measured = series.measured_in(series.mask)[rows]
    return np.where(measured, noise_sd[rows, None], np.inf)


def usable_noise(estimator: Estimator, noise: Float[np.ndarray, "n ..."]) -> Bool[np.ndarray, " n"]:
    """Rows of noise, (n, 1) or (n, t), that a method can work with: positive, finite or left out.

    At least half the samples of a row must have weight.
    """
    finite, positive = np.isfinite(noise), noise > 0
    if not capabilities(estimator).censoring:
        return np.asarray((finite & positive).all(axis=1))
    return np.asarray(positive.all(axis=1) & (finite.mean(axis=1) >= LEAST_WEIGHED))
