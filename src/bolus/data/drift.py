"""How the signal of a series drifted."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.data.errors import SeriesError

RANGE = (2.5, 97.5)
"""Percentiles that are told as the range over voxels."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Drift:
    """Signal drift that was looked for, and what of it was found is corrected.

    ``change`` (x, y, z) is the natural logarithm of the signal's change over the used frames, 0
    where nothing was removed. A voxel's signal was divided by exp(change · time), time running over
    the used frames by 1 from a mean of 0 over the baseline.

    Raises SeriesError for a change that is not finite.
    """

    change: Float[np.ndarray, "x y z"]

    def __post_init__(self) -> None:
        if self.change.ndim != 3 or not np.isfinite(self.change).all():
            raise SeriesError(
                f"the drift of a series is finite in (x, y, z), found shape {self.change.shape}"
            )

    @property
    def found(self) -> bool:
        """Whether anything was removed."""
        return bool(self.change.any())
