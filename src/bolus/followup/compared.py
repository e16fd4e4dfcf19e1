"""Two dates compared: maps, regions and numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bolus.data import Anatomy, InputError
from bolus.data.measures import MEASURES, Measurement
from bolus.data.quantities import FLOW, VOLUME
from bolus.followup.alike import UNKNOWN, numbers_apart
from bolus.followup.change import Change, of_numbers
from bolus.followup.pair import Pair
from bolus.followup.protocol import Allowed, Difference, allowed, differences
from bolus.followup.regions import OTHERS, region_changes
from bolus.followup.visit import Visit
from bolus.followup.voxels import VoxelChange, voxel_changes


@dataclass(frozen=True, kw_only=True, eq=False)
class Compared:
    """What changed from one examination to another, on the grid of the first.

    ``differences`` is what they do not have in common, and ``may`` what that leaves to be compared;
    ``changes`` are those of regions, ``numbers`` those of the numbers that both results have, and
    ``voxels`` the maps of change.
    """

    pair: Pair
    differences: tuple[Difference, ...]
    may: Allowed
    changes: tuple[Change, ...]
    numbers: tuple[Change, ...]
    voxels: tuple[VoxelChange, ...]
    anatomy: Anatomy | None = None
    """The image of the first examination on whose grid maps of change are written, too."""


def compared_pair(pair: Pair) -> Compared:
    """The comparison of two registered examinations."""
    found = differences(pair.before, pair.after)
    may = allowed(found)
    return Compared(
        pair=pair,
        differences=found,
        may=may,
        changes=tuple(region_changes(pair, may)),
        numbers=tuple(_number_changes(pair, may)),
        voxels=tuple(voxel_changes(pair, may)),
    )


def _number_changes(pair: Pair, may: Allowed) -> Iterator[Change]:
    """Of the numbers that both results have; each has its own regions."""
    before, after = (_numbers(visit) for visit in (pair.before, pair.after))
    for key, number in before.items():
        scaled = number.about.unit in (FLOW, VOLUME)
        if key in after and (may.absolute or not scaled):
            without = UNKNOWN.get(number.measure, "") if may.probability else OTHERS
            wider = numbers_apart(pair.before.method, number.measure)
            yield of_numbers(number, after[key], wider=wider, without=without)


def _numbers(visit: Visit) -> dict[tuple[str, str], Measurement]:
    """Numbers of a result by measure and region, of those that have a value."""
    told = visit.told.get("measurements", [])
    if not isinstance(told, list):
        raise InputError(f"measurements of a summary are a list, found {type(told).__name__}")
    found = [_number(one) for one in told if _known(one)]
    return {(number.measure, number.region): number for number in found}


def _known(told: Any) -> bool:
    return (
        isinstance(told, dict)
        and told.get("measure") in MEASURES
        and isinstance(told.get("region"), str)
        and isinstance(told.get("value"), int | float)
    )


def _number(told: dict[str, Any]) -> Measurement:
    found = told.get("interval_90")
    ends: list[Any] = found if isinstance(found, list) else []
    known = len(ends) == 2 and all(isinstance(end, int | float) for end in ends)
    return Measurement(
        measure=told["measure"],
        region=told["region"],
        value=float(told["value"]),
        interval=(float(ends[0]), float(ends[1])) if known else None,
        note=str(told.get("note", "")),
    )
