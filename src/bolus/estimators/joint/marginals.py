"""Medians and intervals of a posterior on a grid."""

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

TAIL = 0.05
"""Share of a posterior on either side of its 90 % interval."""
LEAST = 1e-3


def middle_and_width(
    weight: Float[np.ndarray, "rows k"], at: Float[np.ndarray, " k"]
) -> tuple[Float[np.ndarray, " rows"], Float[np.ndarray, " rows"]]:
    """Median, and SD of the normal distribution whose 90 % interval is as long, both (rows,).

    ``weight`` is the share of every value ``at``, in any order. Half of a value's share lies below
    it, and between values the share rises evenly. A posterior with a heavy tail has a much larger
    SD than that.
    """
    order = np.argsort(at, kind="stable")
    values, share = at[order], weight[:, order]
    below = np.cumsum(share, axis=1)
    below -= share / 2
    low, median, high = (_quantile(below, values, q) for q in (TAIL, 0.5, 1 - TAIL))
    return median, np.maximum((high - low) / (-2 * ndtri(TAIL)), LEAST)


def _quantile(
    below: Float[np.ndarray, "rows k"], values: Float[np.ndarray, " k"], q: float
) -> Float[np.ndarray, " rows"]:
    """Where the share below is q, between the first value and the last."""
    last = np.clip((below < q).sum(axis=1), 1, values.size - 1)[:, None]
    high, low = (np.take_along_axis(below, n, axis=1)[:, 0] for n in (last, last - 1))
    part = np.clip((q - low) / np.maximum(high - low, 1e-30), 0, 1)
    start, end = values[last[:, 0] - 1], values[last[:, 0]]
    return start + part * (end - start)
