"""How a head moved during a series."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from bolus.data.errors import SeriesError


@dataclass(frozen=True, kw_only=True, eq=False)
class Motion:
    """Rigid motion that was found and corrected, for all frames of a series.

    ``pose`` (t, 6) holds three shifts in mm along x, y, z (RAS+) and three turns in degrees about
    them, through the middle of the grid, that bring a frame back to the reference (see
    ``bolus.preprocess.motion.rigid``); ``displacement`` (t,) is the framewise displacement in mm, 0
    for the first frame. ``flagged`` (t,) marks frames that moved by more than ``limit`` mm.

    Raises SeriesError when the parts do not fit each other.
    """

    pose: Float[np.ndarray, "t six"]
    displacement: Float[np.ndarray, " t"]
    flagged: Bool[np.ndarray, " t"]
    limit: float

    def __post_init__(self) -> None:
        frames = len(self.pose)
        shapes = (self.pose.shape, self.displacement.shape, self.flagged.shape)
        if shapes != ((frames, 6), (frames,), (frames,)):
            raise SeriesError(
                f"poses (t, 6), displacements and flags (t,) are expected, found {shapes}"
            )
        if not (np.isfinite(self.pose).all() and np.isfinite(self.displacement).all()):
            raise SeriesError("poses and displacements must be finite")
