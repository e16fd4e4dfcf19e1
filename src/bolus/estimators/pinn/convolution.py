"""Response functions on the frames' grid, and the forward model as a matrix on them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.physics import ForwardModel

EARLY = 6.0
"""Seconds before the artery at which a response may begin."""


@dataclass(frozen=True)
class Triangle:
    """A 'residue' that rises to 1 in ``width`` s and falls to 0 in as many; ``mtt`` has no part."""

    width: float

    def __call__(self, t: Float[np.ndarray, "..."], mtt: object) -> Float[np.ndarray, "..."]:
        """Its value at ``t`` ≥ 0 s."""
        return np.asarray(np.maximum(1 - np.abs(t / self.width - 1), 0))

    def edge(self, mtt: object) -> None:
        """Smooth."""


def response_times(frames: int, dt: float) -> Float[np.ndarray, " l"]:
    """Times (l,) in s, every ``dt``, at which a response is given; straight lines between."""
    early = int(np.ceil(EARLY / dt))
    return dt * np.arange(-early, frames)


def convolution(aif: Float[np.ndarray, " t"], dt: float) -> Float[np.ndarray, "l t"]:
    """Matrix A in s with curve = response @ A, for responses at ``response_times``."""
    times = response_times(aif.size, dt)
    one = np.ones_like(times)
    return np.asarray(ForwardModel(aif, dt, Triangle(dt))(one, one, times - dt))
