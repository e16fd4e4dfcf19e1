"""Tissue of a digital patient with lesions put in, and with a hemisphere that is late."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from bolus.phantom.lesions import Ball, LateSide
from bolus.phantom.tissue import Tissue


def altered(tissue: Tissue, balls: Sequence[Ball], side: LateSide | None) -> Tissue:
    """The tissue with a late side, and then with lesions."""
    cbv, cbf, delay = (a.copy() for a in (tissue.cbv, tissue.cbf, tissue.delay))
    if side is not None:
        _alter((cbv, cbf, delay), side.mask(cbv.shape), side.flow * side.mtt, side.flow, side.later)
    for ball in balls:
        where = ball.mask(cbv.shape)
        flow = ball.volume
        if ball.mtt is not None:
            flow = ball.volume * (60 * cbv[where] / cbf[where]) / ball.mtt
        _alter((cbv, cbf, delay), where, ball.volume, flow, ball.later)
    return replace(tissue, cbv=cbv, cbf=cbf, delay=delay)


def _alter(
    maps: tuple[np.ndarray, np.ndarray, np.ndarray],
    where: Bool[np.ndarray, "x y z"],
    volume: float,
    flow: float | Float[np.ndarray, " n"],
    later: float,
) -> None:
    """Multiply CBV and CBF, and add to the delay, in place."""
    maps[0][where] *= volume
    maps[1][where] *= flow
    maps[2][where] += later
