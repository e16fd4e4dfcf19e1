"""Lesions of a digital patient, and a hemisphere that is late."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from bolus.data import InputError
from bolus.phantom.arterial import Number

Place = tuple[Number, Number, Number]


@dataclass(frozen=True, kw_only=True)
class Ball:
    """A ball of tissue around a ``centre`` (place on the grid), ``diameter`` voxels across.

    Its transit time becomes ``mtt`` s (None: as it was), its blood volume ``volume`` times what it
    was, and ``later`` s are added to its delay.
    """

    centre: Place
    diameter: Number
    mtt: Number | None = None
    volume: Number = 1.0
    later: Number = 0.0

    def __post_init__(self) -> None:
        if not (self.diameter > 0 and self.volume > 0 and (self.mtt is None or self.mtt > 0)):
            raise InputError(f"a ball has a positive diameter, MTT and volume, found {self}")

    def mask(self, shape: tuple[int, int, int]) -> Bool[np.ndarray, "x y z"]:
        """Voxels of a grid that lie in it."""
        away = [n - c for n, c in zip(np.indices(shape), self.centre, strict=True)]
        inside: np.ndarray = sum(a**2 for a in away) <= (self.diameter / 2) ** 2
        return inside


@dataclass(frozen=True, kw_only=True)
class LateSide:
    """The half of the brain with the lower x is late, as behind an occluded carotid artery.

    ``later`` s are added to its delay, its transit time becomes ``mtt`` times and its flow ``flow``
    times what it was.
    """

    later: Number
    mtt: Number = 1.0
    flow: Number = 1.0

    def __post_init__(self) -> None:
        if not (self.mtt > 0 and self.flow > 0):
            raise InputError(f"transit time and flow of a late side are positive, found {self}")
