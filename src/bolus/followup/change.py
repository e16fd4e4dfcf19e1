"""The change of a number between two dates, and the probability that it is real."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from bolus.data.measures import Measurement, shortened
from bolus.grading.ratio import Z90

PER_CENT = "%"


class Estimate(NamedTuple):
    """A value with the SD of its error; None where none is known."""

    value: float
    sd: float | None


@dataclass(frozen=True, kw_only=True)
class Change:
    """How a number of a region changed.

    ``quantity`` is the map's name or that of a measure, ``kind`` one of KINDS. ``before`` and
    ``after`` are in ``unit``; ``change`` is in ``change_unit``: per cent, or the number's own unit.
    ``interval`` is its central 90 % interval, ``probability`` that of the widest central interval
    which leaves out no change at all: 0.95 or more is seen by chance in one of twenty numbers that
    did not change. Both None where they are not known; ``note`` says why.
    """

    quantity: str
    region: str
    kind: str
    before: float
    after: float
    unit: str
    change: float
    change_unit: str
    interval: tuple[float, float] | None
    probability: float | None
    voxels: int | None = None
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """For the summary and the table: everything by name; None where there is no number."""
        low, high = self.interval or (math.nan, math.nan)
        return {
            "quantity": self.quantity,
            "region": self.region,
            "kind": self.kind,
            "before": shortened(self.before),
            "after": shortened(self.after),
            "unit": self.unit,
            "change": shortened(self.change),
            "change_unit": self.change_unit,
            "low_90": shortened(low),
            "high_90": shortened(high),
            "probability": None if self.probability is None else shortened(self.probability),
            "voxels": self.voxels,
            "note": self.note,
        }


KINDS = {
    "normalised": "over the mean of the reference region",
    "absolute": "in the map's own unit",
    "number": "a number of the results",
}


def probability_of(z: float) -> float:
    """Content of the widest central interval without 0, of an error z SDs from it: erf(|z|/√2)."""
    return math.erf(abs(z) / math.sqrt(2))


def per_cent(log: Estimate) -> tuple[float, tuple[float, float] | None, float | None]:
    """Change in per cent, its 90 % interval and probability, from that of a logarithm."""
    change = 100 * math.expm1(log.value)
    if log.sd is None:
        return change, None, None
    low, high = (100 * math.expm1(log.value + sign * Z90 * log.sd) for sign in (-1, 1))
    return change, (low, high), probability_of(log.value / log.sd)


def in_unit(found: Estimate) -> tuple[float, tuple[float, float] | None, float | None]:
    """Change in the number's own unit, likewise."""
    if found.sd is None:
        return found.value, None, None
    reach = Z90 * found.sd
    ends = (found.value - reach, found.value + reach)
    return found.value, ends, probability_of(found.value / found.sd)


def of_numbers(
    before: Measurement, after: Measurement, *, wider: float = 1.0, without: str = ""
) -> Change:
    """The change of a number that both results have; ``without`` says why it has no interval.

    Of the two intervals, which need not be symmetric, the halves that face each other count for
    the direction of the change: from the lower end of one to the upper end of the other is
    d ± w·√(l₁² + u₂²), w being how much ``wider`` two dates are apart than either says. Source: Zou
    and Donner, Stat Med 2008;27:1693 (MOVER).
    """
    change = after.value - before.value
    interval, probability = None, None
    if before.interval is not None and after.interval is not None and not without:
        (low, high), (low2, high2) = before.interval, after.interval
        down = wider * math.hypot(high - before.value, after.value - low2)
        up = wider * math.hypot(before.value - low, high2 - after.value)
        interval = (change - down, change + up)
        facing = down if change > 0 else up
        probability = probability_of(Z90 * change / facing) if facing > 0 else None
    about, notes = before.about, dict.fromkeys([before.note, after.note, without])
    return Change(
        quantity=before.measure,
        region=before.region,
        kind="number",
        before=before.value,
        after=after.value,
        unit=about.unit.written,
        change=change,
        change_unit=about.unit.written,
        interval=interval,
        probability=probability,
        note=" ".join(filter(None, notes)),
    )
