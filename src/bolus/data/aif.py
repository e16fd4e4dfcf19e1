"""An arterial input function."""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.data.brief import brief
from bolus.data.errors import ArterialInputError

Origin = Literal["automatic", "mask", "file", "given"]


class Criterion(NamedTuple):
    """One criterion of an arterial input.

    ``value`` is its factor in the score, 0 (useless) to 1 (textbook), or None where it counts
    something that is not scored; ``sentence`` says what was measured, ``concern`` whether it speaks
    against the input, and ``explanation`` what it speaks of then ('' where the sentence says it).
    ``voxels`` is their number where it counts some.
    """

    name: str
    value: float | None
    sentence: str
    concern: bool
    explanation: str = ""
    voxels: int | None = None


@dataclass(frozen=True, kw_only=True)
class ArterialScore:
    """How arterial a curve looks: ``value``, 0 (useless) to 1 (textbook), and its criteria."""

    value: float
    criteria: tuple[Criterion, ...]

    @property
    def concerns(self) -> tuple[Criterion, ...]:
        """The criteria that speak against the input."""
        return tuple(criterion for criterion in self.criteria if criterion.concern)

    @property
    def weak_in(self) -> str:
        """What speaks against the input, in words; '' for nothing."""
        return "; ".join(criterion.sentence for criterion in self.concerns)

    def criterion(self, name: str) -> Criterion | None:
        """The criterion of a name, None where it was not looked at."""
        return next((found for found in self.criteria if found.name == name), None)

    def with_criteria(self, *more: Criterion) -> "ArterialScore":
        """The score with further criteria, multiplied by what they are worth."""
        factor = math.prod(one.value for one in more if one.value is not None)
        return ArterialScore(value=self.value * factor, criteria=(*self.criteria, *more))


@dataclass(frozen=True, kw_only=True, eq=False)
class Vein:
    """A vein that drains the brain, whose curve has the area of the arterial one.

    ``mask`` marks its voxels, ``curve`` (t,) is their mean concentration, in the tissue curves' own
    unit and at the arterial input's time of a frame; ``by_hand`` says that the voxels were given.
    """

    mask: Bool[np.ndarray, "x y z"]
    curve: Float[np.ndarray, " t"]
    by_hand: bool = False

    @property
    def voxels(self) -> int:
        """How many voxels it has."""
        return int(self.mask.sum())

    @property
    def line(self) -> str:
        """Origin and voxels in one line."""
        count = "1 voxel" if self.voxels == 1 else f"{self.voxels} voxels"
        return f"{'marked by hand' if self.by_hand else 'found'}, {count}"


@dataclass(frozen=True, kw_only=True, eq=False)
class AIF:
    """Arterial concentration over the used frames of a series, in the tissue curves' own unit.

    ``curve`` is (t,), ``dt`` in s. ``mask`` marks the voxels averaged (None for a curve from a
    file), ``score`` says how arterial the curve looks (None where that was not judged), ``notes``
    how it was made. ``slice_time`` is when in a frame it was acquired, in s from its start; None
    where that is unknown. ``mixed`` (t,) is the curve of the voxels as they are, where the tissue
    in them was taken off, and ``scale_sd`` the SD of the log of what CBF and CBV are all off by
    together; None where that is not known. ``vein`` is the vein that the arterial input was held
    against when that was done.

    Raises ArterialInputError for a curve that is not finite or nowhere positive.
    """

    __repr__ = brief

    curve: Float[np.ndarray, " t"]
    dt: float
    origin: Origin
    mask: Bool[np.ndarray, "x y z"] | None = None
    score: ArterialScore | None = None
    notes: tuple[str, ...] = ()
    slice_time: float | None = None
    mixed: Float[np.ndarray, " t"] | None = None
    scale_sd: float | None = None
    vein: Vein | None = None

    def __post_init__(self) -> None:
        if self.curve.ndim != 1 or not np.isfinite(self.curve).all():
            raise ArterialInputError(
                f"an arterial input must be one finite curve, found shape {self.curve.shape} with "
                f"{int((~np.isfinite(self.curve)).sum())} non-finite samples"
            )
        if not self.curve.max() > 0:
            raise ArterialInputError("the arterial input is nowhere positive")

    @property
    def quality(self) -> float | None:
        """The value of the score, 0 (useless) to 1 (textbook); None where it was not judged."""
        return None if self.score is None else self.score.value
