"""Which file holds the second echo of a series, by its BIDS name."""

import re
from pathlib import Path

_FIRST = re.compile(r"(?<=_)echo-0*1(?=_)")


def second_echo(first: Path) -> Path | None:
    """The file beside ``…_echo-1_…`` that is called ``…_echo-2_…``; None where there is none."""
    name = first.name
    found = _FIRST.search(name)
    if found is None:
        return None
    other = found.group().removesuffix("1") + "2"
    second = first.with_name(name[: found.start()] + other + name[found.end() :])
    return second if second.is_file() else None
