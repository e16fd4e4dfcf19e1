"""Regions whose rims are shown: what they are called, and in which colours."""

from typing import NamedTuple

Colour = tuple[int, int, int]


class Rim(NamedTuple):
    """A region: its name in a sentence, what it is, and the colour of its rim."""

    word: str
    meaning: str
    colour: Colour


RIMS = {
    "tumor": Rim("tumour", "", (255, 255, 255)),
    "reference": Rim("reference", "", (0, 229, 255)),
    "hypoperfused": Rim("late tissue", "tissue at risk, later than a threshold", (70, 220, 90)),
    "low_flow": Rim("low flow", "late tissue below a share of normal flow", (240, 110, 255)),
    "core": Rim("infarct core", "diffusion below a threshold", (255, 176, 0)),
}
"""By name; those with a meaning are found in maps, the others are given."""


def words(names: list[str]) -> dict[str, str]:
    """What regions are called."""
    return {name: RIMS[name].word for name in names}
