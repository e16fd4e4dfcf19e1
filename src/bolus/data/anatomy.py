"""An anatomical image of the patient, and where the series lies in it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.data.errors import InputError, RegistrationScore
from bolus.data.grid import Grid


def anatomy_name(number: int) -> str:
    """What the file of an image is called, by its number from 1: 'anat', then 'anat2', 'anat3'."""
    return "anat" if number == 1 else f"anat{number}"


_RIGID = 1e-4
"""How far a rotation may be from one that keeps lengths."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AnatomicalImage:
    """One volume of a patient's head, of any contrast.

    ``name`` is what errors call it; a path may name a patient, so that it is written nowhere.

    Raises InputError for a volume that does not lie on its grid, or has a value that is not finite.
    """

    volume: Float[np.ndarray, "i j k"]
    grid: Grid
    name: str = "anatomy"

    def __post_init__(self) -> None:
        if self.volume.shape != self.grid.shape:
            raise InputError(
                f"{self.name}: a volume of shape {self.volume.shape} on a grid of {self.grid.shape}"
            )
        if not np.isfinite(self.volume).all():
            count = int((~np.isfinite(self.volume)).sum())
            raise InputError(f"{self.name}: {count} values are not finite")


@dataclass(frozen=True, kw_only=True, eq=False)
class Anatomy:
    """An anatomical ``image``, and the rigid transform of the series to it.

    ``to_anatomy`` takes mm of the series (RAS+) to mm of the image; ``score`` says how well it
    fits. Raises InputError for a transform that is not rigid.
    """

    image: AnatomicalImage
    to_anatomy: Float[np.ndarray, "4 4"]
    score: RegistrationScore

    def __post_init__(self) -> None:
        turn = self.to_anatomy[:3, :3]
        rigid = np.abs(turn @ turn.T - np.eye(3)).max() < _RIGID and np.linalg.det(turn) > 0
        if not rigid or not np.array_equal(self.to_anatomy[3], (0, 0, 0, 1)):
            raise InputError(f"a rigid transform is expected, found {self.to_anatomy.tolist()}")

    @property
    def grid(self) -> Grid:
        """Where the image's voxels lie."""
        return self.image.grid

    @property
    def seen_by_series(self) -> Grid:
        """The image's grid in mm of the series: where its voxels lie in the series."""
        return Grid(shape=self.grid.shape, affine=np.linalg.inv(self.to_anatomy) @ self.grid.affine)
