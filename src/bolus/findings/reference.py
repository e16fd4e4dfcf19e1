"""The reference region of a result: given, or found where none is."""

from dataclasses import replace
from typing import TypeVar

from bolus.data import PerfusionMaps
from bolus.data.reference import FoundReference
from bolus.tissue import TissueError, find_reference

Maps = TypeVar("Maps", bound=PerfusionMaps)


def with_reference(maps: Maps, how: str) -> Maps:
    """The same maps with a reference region found, ``how`` of CHOICES, where none is given.

    Where none can be found the maps say why, and have none.
    """
    if how == "none" or "reference" in maps.rois:
        return maps
    try:
        mask, found = find_reference(maps, maps.rois.get("tumor"), how)
    except TissueError as error:
        return replace(maps, reference=FoundReference(how=how, refusal=str(error)))
    return replace(maps, rois={**maps.rois, "reference": mask}, reference=found)
