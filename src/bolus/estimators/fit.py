"""What a method makes of one curve, beyond numbers: how it explains it."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.data import Perfusion
from bolus.physics import RESIDUES, impulse_response

STEP, BEFORE, AFTER = 0.1, 10.0, 120.0
"""Spacing in s at which a parametric response is given, and its span before and after arrival."""


class Fit(NamedTuple):
    """``perfusion`` of one voxel, ``reconstruction`` (t,) of its curve in the curve's own unit.

    ``response`` (l,) in 1/s is the impulse response k(t) = CBF·R(t − delay) at rising ``times``
    (l,) in s, negative before the arterial input. Where it jumps a time stands twice.
    """

    perfusion: Perfusion
    reconstruction: Float[np.ndarray, " t"]
    times: Float[np.ndarray, " l"]
    response: Float[np.ndarray, " l"]


def parametric_response(
    cbf: float, mtt: float, delay: float, residue: str, shape: float | None = None
) -> tuple[Float[np.ndarray, " l"], Float[np.ndarray, " l"]]:
    """Times in s around the arrival and CBF·R(t − delay) there in 1/s, its jump upright."""
    after = np.arange(0, AFTER + STEP / 2, STEP)
    times = np.concatenate([[delay - BEFORE, delay], delay + after])
    response = np.concatenate(
        [
            [0.0, 0.0],
            impulse_response(after, cbf, np.float64(mtt), RESIDUES[residue], 0.0, shape),
        ]
    )
    return times, response
