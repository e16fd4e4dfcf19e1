"""Lesions of a digital patient, and a hemisphere that is late."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from bolus.data import InputError
from bolus.phantom.arterial import Number, Range

Place = tuple[Number, Number, Number]
MIDDLE = ("mca", "mca_front", "mca_back", "mca_low")
"""The middle cerebral artery and its branches, as ``phantom.vessels`` names their centre lines."""
INSULA: Place = (-38.0, -2.0, 8.0)
"""mm in the template: the middle of a stroke's core."""
RIM = 4.0
"""mm over which tissue changes from spared to ischaemic."""


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
    times what it was. It ends abruptly at a ``share`` of the grid along x: a straight edge.
    """

    later: Number
    mtt: Number = 1.0
    flow: Number = 1.0
    share: Number = 0.5

    def __post_init__(self) -> None:
        if not (self.mtt > 0 and self.flow > 0):
            raise InputError(f"transit time and flow of a late side are positive, found {self}")
        if not 0 < self.share <= 1:
            raise InputError(f"a late side has a share of the grid in (0, 1], found {self}")

    def mask(self, shape: tuple[int, int, int]) -> Bool[np.ndarray, "x y z"]:
        """Voxels of a grid that are late."""
        late = np.zeros(shape, dtype=bool)
        late[: round(self.share * shape[0])] = True
        return late


@dataclass(frozen=True, kw_only=True)
class Occlusion:
    """The left carotid artery is occluded: its territory lives on collaterals.

    Of the territory of its two arteries a severity from 0 to 1 varies smoothly over the voxels,
    evenly distributed. ``later`` (added to the delay, s), ``mtt`` and ``flow`` (times what they
    were) go with it from their first value to their second.
    """

    later: Range = (1.0, 8.0)
    mtt: Range = (1.2, 2.2)
    flow: Range = (0.95, 0.55)


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """The left middle cerebral artery has just been occluded: an infarct core, penumbra around it.

    ``flow`` and ``volume`` are times what they were and ``later`` s added to the delay, in the core
    and in the penumbra; they vary smoothly by ``spread`` (relative; of the delay too). The core is
    ``radius`` mm around a ``centre`` (mm in the template; the insula), the penumbra the rest of the
    territory of the ``arteries`` that are cut off, names of centre lines of ``phantom.vessels``.
    The territory begins over ``rim`` mm. All of the hemisphere is ``hemisphere`` s late besides, as
    behind a narrow carotid artery.
    """

    flow: Range = (0.18, 0.42)
    volume: Range = (0.45, 1.1)
    later: Range = (6.0, 4.5)
    spread: Number = 0.15
    radius: Number = 24.0
    centre: Place = INSULA
    arteries: tuple[str, ...] = MIDDLE
    rim: Number = RIM
    hemisphere: Number = 0.0

    def __post_init__(self) -> None:
        if not set(self.arteries) <= set(MIDDLE) or not self.arteries:
            raise InputError(f"a stroke cuts off {', '.join(MIDDLE)}, found {self.arteries}")
        if min(*self.flow, *self.volume, self.radius, self.rim) <= 0:
            raise InputError(f"flow, volume, radius and rim of a stroke are positive, found {self}")
        if min(*self.later, self.spread, self.hemisphere) < 0:
            raise InputError(f"delays and spread of a stroke are 0 or more, found {self}")


Ischaemia = Occlusion | Stroke
