"""The numbers that readers ask of the maps of one patient, each with its interval.

A reader measures what belongs together (a tumour, a stroke) where the regions it needs are there.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np

from bolus.data import PerfusionMaps
from bolus.data.measures import Measurement
from bolus.findings.stroke import stroke_numbers, stroke_regions
from bolus.findings.tumor import tumor_numbers

__all__ = ["FINDERS", "READERS", "Finder", "Reader", "measured_in", "with_numbers"]

Reader = Callable[[PerfusionMaps], tuple[Measurement, ...]]
"""Measures numbers in maps and their regions; none where what it needs is not there."""
READERS: tuple[Reader, ...] = (tumor_numbers, stroke_numbers)
"""Who measures, in the order of the list of numbers."""
Finder = Callable[[PerfusionMaps], Mapping[str, np.ndarray]]
"""Finds regions (x, y, z) in maps, by name; none where what it needs is not there."""
FINDERS: tuple[Finder, ...] = (stroke_regions,)
"""Who finds regions."""
Maps = TypeVar("Maps", bound=PerfusionMaps)


def measured_in(maps: PerfusionMaps) -> tuple[Measurement, ...]:
    """All numbers that the maps and their regions give."""
    return tuple(number for reader in READERS for number in reader(maps))


def with_numbers(maps: Maps) -> Maps:
    """The same maps with the regions found in them, and the numbers of all regions."""
    found = {name: mask for finder in FINDERS for name, mask in finder(maps).items()}
    return replace(maps, found=found, measurements=measured_in(maps))
