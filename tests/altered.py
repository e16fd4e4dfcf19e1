"""Prepared series that differ in what was read, and preparations."""

from dataclasses import replace

from bolus.data import LeakageCorrection, Preparation

STILL = Preparation(motion=None)
"""No motion correction."""


def leaking(use=True, model="free"):
    """No motion correction, and leakage corrected or not."""
    return Preparation(motion=None, leakage=LeakageCorrection(use=use, model=model))


def altered(prepared, **fields):
    """The same preparation of a series whose ``fields`` are others."""
    return replace(prepared, series=replace(prepared.series, **fields))
