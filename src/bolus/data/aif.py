"""An arterial input function."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from bolus.data.errors import ArterialInputError

Origin = Literal["automatic", "mask", "file", "given"]


@dataclass(frozen=True, kw_only=True, eq=False)
class AIF:
    """Arterial concentration over the used frames of a series, in the tissue curves' own unit.

    ``curve`` is (t,), ``dt`` in s. ``mask`` marks the voxels averaged (None for a curve from a
    file), ``quality`` is 0 (useless) to 1 (textbook), ``notes`` says what the score rests on.

    Raises ArterialInputError for a curve that is not finite or nowhere positive.
    """

    curve: Float[np.ndarray, " t"]
    dt: float
    origin: Origin
    mask: Bool[np.ndarray, "x y z"] | None = None
    quality: float | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.curve.ndim != 1 or not np.isfinite(self.curve).all():
            raise ArterialInputError(
                f"an arterial input must be one finite curve, found shape {self.curve.shape} with "
                f"{int((~np.isfinite(self.curve)).sum())} non-finite samples"
            )
        if not self.curve.max() > 0:
            raise ArterialInputError("the arterial input is nowhere positive")
