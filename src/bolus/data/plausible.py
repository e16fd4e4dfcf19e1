"""What a DSC-MRI series of a head can be: the one table of plausible limits.

Values outside are refused by name, for they make maps that look right and mean nothing: an echo
time of 300 ms typed for 30 divides every concentration by ten. The limits are wide: what some
scanner has done on purpose lies within them.
"""

import math
from typing import NamedTuple

from bolus.data.errors import InputError

MIN_FRAMES = 20
"""Frames that a series must have, and that must be left of it once it is prepared."""


class Plausible(NamedTuple):
    """A quantity, its lowest and highest plausible value, their unit, and where they come from."""

    name: str
    lowest: float
    highest: float
    unit: str
    origin: str

    def holds(self, value: float) -> bool:
        """Whether a value lies within; one that is not a number does not."""
        return self.lowest <= value <= self.highest

    @property
    def range(self) -> str:
        """The limits as text."""
        if math.isinf(self.highest):
            return f"at least {self.lowest:g} {self.unit}".rstrip()
        return f"{self.lowest:g} to {self.highest:g} {self.unit}".rstrip()

    def check(self, value: float, where: str, error: type[InputError] = InputError) -> None:
        """Raise ``error`` for a value outside; ``where`` begins the message."""
        if not self.holds(value):
            raise error(
                f"{where}: {self.name} of {self.range} is expected ({self.origin}), found {value:g}"
            )


ECHO_TIME = Plausible(
    "an echo time", 0.003, 0.15, "s",
    "first echoes of multi-echo DSC begin near 3 ms, spin echoes end near 100 ms",
)  # fmt: skip
"""Gradient echoes 25–50 ms (Welker et al., AJNR 2015;36:E41; Boxerman et al., Neuro-Oncology
2020;22:1262), spin echoes up to about 100 ms (Schmiedeskamp et al., MRM 2012;68:30), first echoes
of multi-echo sequences from 3 ms on (Paulson and Schmainda, Radiology 2008;249:601)."""

REPETITION_TIME = Plausible(
    "a time between frames", 0.1, 5.0, "s",
    "the bolus passes in about 10 s, and fewer than two frames of it make no curve",
)  # fmt: skip
"""1–2 s are usual (Welker et al., AJNR 2015;36:E41), 0.1 s the fastest sequences of a volume."""

VOXEL_EDGE = Plausible("a voxel edge", 0.2, 50.0, "mm", "perfusion of a head is imaged at 1 to 10")
ORIGIN = Plausible(
    "a position of the first voxel", -1e4, 1e4, "mm", "a head lies within 10 m of the scanner"
)
SQUARENESS = Plausible(
    "a volume of the axes' unit vectors", 0.5, 1.0 + 1e-6, "",
    "axes at right angles have 1, a slab tilted by 30 degrees 0.87",
)  # fmt: skip
"""Determinant of the directions of the voxel axes: 1 at right angles, 0 where they lie flat."""

BRAIN_VOLUME = Plausible(
    "a brain", 1.0, 3000.0, "mL",
    "one thin slice of a brain has several mL, the largest heads hold 2000",
)  # fmt: skip
SIGNAL = Plausible(
    "a largest signal", 1e-12, 1e12, "", "scanners store whole numbers of at most 32 bits"
)
SCALING = Plausible("a slope", 1e-9, 1e9, "", "it makes the signal of stored whole numbers")
DISTINCT = Plausible(
    "a count of different values", 16, math.inf, "",
    "a measured signal changes with the bolus and with noise; fewer come of a mask or a label map",
)  # fmt: skip
