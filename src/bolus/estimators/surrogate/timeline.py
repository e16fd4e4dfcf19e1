"""Curves of any scan at the times at which a network sees them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Linear interpolation to ``samples`` times, every ``step`` s, around the arterial peak.

    The first lies ``before`` s ahead of it. Before a scan begins a curve is 0, and after its end
    it stays what it was last.
    """

    step: float
    before: float
    samples: int

    def matrix(
        self, aif: Float[np.ndarray, " t"], dt: float, late: float = 0.0
    ) -> Float[np.ndarray, "t samples"]:
        """What curves (n, t) are multiplied by; their frames lie ``late`` s after the artery's."""
        frames, peak = aif.size, float(np.argmax(aif)) * dt
        wanted = (peak - self.before + self.step * np.arange(self.samples) - late) / dt
        place = np.minimum(wanted, frames - 1)
        low = np.clip(np.floor(place).astype(int), 0, frames - 2)
        share, column = place - low, np.arange(self.samples)
        found = np.zeros((frames, self.samples))
        found[low, column], found[low + 1, column] = 1 - share, share
        found[:, wanted < 0] = 0
        return found

    def seen(
        self,
        curves: Float[np.ndarray, "n t"],
        aif: Float[np.ndarray, " t"],
        dt: float,
        late: float = 0.0,
    ) -> Float[np.ndarray, "n samples"]:
        """Curves over the peak of the arterial input, float32."""
        wanted = self.matrix(aif, dt, late) / float(aif.max())
        return (curves @ wanted.astype(curves.dtype)).astype(np.float32)
