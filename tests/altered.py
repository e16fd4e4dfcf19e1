"""Prepared series that differ in what was read."""

from dataclasses import replace


def altered(prepared, **fields):
    """The same preparation of a series whose ``fields`` are others."""
    return replace(prepared, series=replace(prepared.series, **fields))
