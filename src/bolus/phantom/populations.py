"""What the tissue of a population is like: young people, old people."""

from dataclasses import dataclass

from bolus.data import InputError
from bolus.phantom.arterial import Number


@dataclass(frozen=True, kw_only=True)
class Population:
    """Healthy tissue of a kind of people; the default is the plain digital patient's.

    ``grey`` and ``white`` are CBV in mL/100 g and MTT in s; ``cbv_spread`` and ``mtt_spread`` the
    relative SD of their smooth variation over a brain. Arrival is ``arrival`` times as late beyond
    the trunks as in the plain patient, and varies smoothly by ``arrival_spread`` s. ``shape`` is
    the centre and spread of the residue's shape, as in SHAPES; None: those of SHAPES.
    """

    grey: tuple[Number, Number] = (4.8, 4.4)
    white: tuple[Number, Number] = (2.0, 4.8)
    cbv_spread: Number = 0.12
    mtt_spread: Number = 0.08
    arrival: Number = 1.0
    arrival_spread: Number = 0.15
    shape: tuple[Number, Number] | None = None

    def __post_init__(self) -> None:
        if not min(*self.grey, *self.white, self.arrival) > 0:
            raise InputError(f"CBV, MTT and arrival of a population are positive, found {self}")
        if min(self.cbv_spread, self.mtt_spread, self.arrival_spread) < 0:
            raise InputError(f"spreads of a population are 0 or more, found {self}")


ADULT = Population()
"""The plain digital patient."""
