"""The anatomical images of a result folder, with the transforms of the series to them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bolus.data import AnatomicalImage, Anatomy, InputError, RegistrationScore
from bolus.data.anatomy import anatomy_name
from bolus.io.map import read_map
from bolus.io.transform import read_transform

SCORE = ("information_left", "parts_apart_mm", "travel_mm")


def read_registered(folder: Path, told: Mapping[str, Any]) -> tuple[Anatomy, ...]:
    """The anatomies of a result folder, by what its summary told; none where it told of none.

    Raises InputError where their files are missing or cannot be read.
    """
    further = told.get("further_anatomies") or []
    if not isinstance(further, list):
        raise InputError(f"{folder}: further_anatomies is a list, found {type(further).__name__}")
    first = told.get("anatomy")
    scores = [*([] if first is None else [first]), *further]
    return tuple(_registered(folder, score, number) for number, score in enumerate(scores, 1))


def _registered(folder: Path, told: Any, number: int) -> Anatomy:
    if not isinstance(told, dict) or not all(isinstance(told.get(n), int | float) for n in SCORE):
        raise InputError(f"{folder}: the summary is expected to tell the scores {', '.join(SCORE)}")
    name = anatomy_name(number)
    volume, grid = read_map(folder / f"{name}.nii.gz")
    return Anatomy(
        image=AnatomicalImage(volume=volume, grid=grid),
        to_anatomy=read_transform(folder / f"{name}_xfm.tfm"),
        score=RegistrationScore(*(float(told[name]) for name in SCORE)),
    )
