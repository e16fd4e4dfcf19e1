"""The numbers of regions as a table of text."""

from typing import NamedTuple

from bolus.data.measures import Measurement, shortened

NONE = "–"


class Line(NamedTuple):
    """One number in words: its title and unit, region, value, interval, and what else to know."""

    title: str
    region: str
    value: str
    interval: str
    definition: str
    note: str


def number_lines(numbers: tuple[Measurement, ...]) -> tuple[Line, ...]:
    """The lines of the table, in the order of measuring."""
    return tuple(_line(number) for number in numbers)


def _line(number: Measurement) -> Line:
    about = number.about
    unit = f", {about.unit.printed}" if about.unit.printed else ""
    told = NONE if number.interval is None else " to ".join(map(_told, number.interval))
    return Line(
        title=about.title + unit,
        region={"tumor": "tumour"}.get(number.region, number.region),
        value=_told(number.value),
        interval=told,
        definition=f"{about.definition} ({about.source})",
        note=number.note,
    )


def _told(value: float) -> str:
    """Three digits of what the files have in six."""
    known = shortened(value)
    return NONE if known is None else f"{known:.3g}"
