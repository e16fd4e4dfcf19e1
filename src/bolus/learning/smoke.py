"""Sizes of a smoke test: every part of a training, in seconds."""

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from bolus.data import LeakageCorrection, Preparation
from bolus.learning.choices import with_choices
from bolus.learning.sample import Sample

if TYPE_CHECKING:
    from bolus.learning.presets import Preset

SERIES, PATIENTS, VOXELS = 3, 4, 600
"""Series of a cohort, simulated patients, and voxels of each, at most."""
SIZES = {"scans": 8, "held_out": 2, "voxels": 512, "curves": 60, "always": True, "epochs": 1}
"""Fields of recipes, where they have them."""
BATCH = 96


def smoke_sizes(recipe: Any) -> Any:
    """The usual recipe with the SIZES it has."""
    known = {one.name for one in fields(recipe)}
    return with_choices(recipe, {name: value for name, value in SIZES.items() if name in known})


def smoke_sample(sample: Sample, chosen: "Preset", cohort: bool) -> Sample:
    """What a smoke test trains on: little, of heads as they lie."""
    still = Preparation(motion=None, leakage=LeakageCorrection(use=False))
    patients = chosen.patients and not cohort
    return replace(
        sample,
        epochs=None,
        batch=BATCH if chosen.kind == "phae-paper" else None,
        voxels=VOXELS if cohort or patients else None,
        patients=PATIENTS if patients else None,
        preparation=still if cohort else None,
    )
