"""The numbers that readers ask of the maps of one patient, each with its interval.

A reader measures what belongs together (a tumour, a stroke) where the regions it needs are there.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from bolus.data import PerfusionMaps
from bolus.data.measures import Measurement
from bolus.findings.tumor import tumor_numbers

__all__ = ["READERS", "Reader", "measured_in", "with_numbers"]

Reader = Callable[[PerfusionMaps], tuple[Measurement, ...]]
"""Measures numbers in maps and their regions; none where what it needs is not there."""
READERS: tuple[Reader, ...] = (tumor_numbers,)
"""Who measures, in the order of the list of numbers."""
Maps = TypeVar("Maps", bound=PerfusionMaps)


def measured_in(maps: PerfusionMaps) -> tuple[Measurement, ...]:
    """All numbers that the maps and their regions give."""
    return tuple(number for reader in READERS for number in reader(maps))


def with_numbers(maps: Maps) -> Maps:
    """The same maps with the numbers of the regions they have now."""
    return replace(maps, measurements=measured_in(maps))
