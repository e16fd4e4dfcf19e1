"""Limits at which a trial decided, and whether a number is sure to lie on one side of them."""

from typing import NamedTuple


class Limit(NamedTuple):
    """A limit of a measure; ``met`` says on which side a patient was treated."""

    measure: str
    value: float
    met: str
    trial: str


TRIAL = "DEFUSE 3"
LIMITS = (
    Limit("core_volume", 70.0, "less than 70 mL", TRIAL),
    Limit("mismatch_volume", 15.0, "at least 15 mL", TRIAL),
    Limit("mismatch_ratio", 1.8, "at least 1.8", TRIAL),
)
"""Albers et al., N Engl J Med 2018;378:708."""


def straddled(measure: str, interval: tuple[float, float] | None) -> str:
    """A warning where a limit of the measure lies within its 90 % interval; '' where none does."""
    if interval is None:
        return ""
    low, high = interval
    return " ".join(
        f"Not sure on which side of {one.trial}'s limit ({one.met}) it lies: the 90 % interval "
        "holds the limit."
        for one in LIMITS
        if one.measure == measure and low < one.value <= high
    )
