"""Concentration curves of the voxels in a mask."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from bolus.data.brief import brief
from bolus.data.errors import SeriesError


@dataclass(frozen=True, kw_only=True, eq=False)
class TissueCurves:
    """Curves of the n voxels of a series' mask, in the mask's C order, over its used frames.

    ``curves`` (n, t) is ΔR2* in 1/s, or dimensionless TE·ΔR2* where the echo time is unknown; a
    row is NaN throughout for a voxel without usable signal. ``noise_sd`` (n,) is the standard
    deviation of the concentration before the bolus, in the same unit. ``time`` (t,) and ``ttp``
    (n,), the time of the peak (NaN where no bolus), are seconds from the first used frame.
    ``quality`` (n,) holds Quality bits.

    Raises SeriesError when the parts do not fit each other.
    """

    __repr__ = brief

    curves: Float[np.ndarray, "n t"]
    noise_sd: Float[np.ndarray, " n"]
    time: Float[np.ndarray, " t"]
    quality: UInt8[np.ndarray, " n"]
    ttp: Float[np.ndarray, " n"]

    def __post_init__(self) -> None:
        n, t = self.curves.shape
        shapes = (self.noise_sd.shape, self.quality.shape, self.ttp.shape, self.time.shape)
        if shapes != ((n,), (n,), (n,), (t,)):
            raise SeriesError(
                f"curves of shape {(n, t)} do not fit noise, quality, ttp and time of {shapes}"
            )

    @property
    def mean(self) -> Float[np.ndarray, " t"]:
        """Mean curve of the voxels that have one, (t,); NaN where none has."""
        usable = np.isfinite(self.curves[:, 0])
        if not usable.any():
            return np.full(self.time.shape, np.nan)
        return np.asarray(np.mean(self.curves, axis=0, dtype=float, where=usable[:, None]))
