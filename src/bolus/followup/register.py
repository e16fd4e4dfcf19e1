"""Rigid registration of two examinations by their images before the bolus."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from bolus.data import AnatomicalImage, Grid, RegistrationError
from bolus.followup.carried import carried, inside_of
from bolus.preprocess.anatomy import fixed_of, mean_distance, moving_of, search
from bolus.preprocess.motion.one_thread import one_itk_thread
from bolus.preprocess.motion.register import smoothed
from bolus.preprocess.motion.resample import filled

SMOOTHING = 3.0
"""SD in mm of the smoothing in which two images are likened."""
FEWEST = 100
"""Voxels of the common brain that likeness needs."""
LIKENESS, OVERLAP, ERROR = 0.6, 0.7, 3.0
"""Least correlation of the two images, least overlap of the brains (Dice) and largest error in mm
that a registration may have, or it is refused."""
MARGIN = 20.0
"""mm around the brain that are looked at, too: its rim and the scalp tell most of where it is."""
FLOOR = 0.1
"""Of a voxel's edge: no registration is taken to be nearer than this along any axis.

There and back are wrong alike: on simulated heads of 6 × 6 × 7 mm they were 0.9 mm apart where both
were 1.2 mm off.
"""

Transform = Float[np.ndarray, "4 4"]
"""From places in the first examination to those in the second, mm (RAS+)."""


class Head(NamedTuple):
    """An image of a head on its grid, and its brain."""

    image: Float[np.ndarray, "x y z"]
    brain: Bool[np.ndarray, "x y z"]
    grid: Grid


@dataclass(frozen=True, kw_only=True, eq=False)
class Registration:
    """Where places of one head are in another, and how well that is known.

    ``likeness`` is the correlation of the two smoothed images in the common brain, ``overlap``
    Dice's coefficient of the brains where both were imaged, ``error`` the mean distance in mm
    between registering one to the other and the other to the one. ``voxel`` is the edge in mm of a
    cube as large as a voxel of the first.
    """

    transform: Transform
    likeness: float
    overlap: float
    error: float
    voxel: float

    @property
    def sd(self) -> float:
        """SD in mm along an axis of a place that was carried over, at least FLOOR of a voxel."""
        return max(FLOOR * self.voxel, self.error / np.sqrt(3))

    @property
    def told(self) -> str:
        """The scores in a sentence."""
        return (
            f"correlation of the images {self.likeness:.2f} (at least {LIKENESS:g}), overlap of "
            f"the brains {self.overlap:.2f} (at least {OVERLAP:g}), distance between there and "
            f"back {self.error:.1f} mm (at most {ERROR:g} mm)"
        )

    @property
    def good(self) -> bool:
        """Whether it may be used."""
        return self.likeness >= LIKENESS and self.overlap >= OVERLAP and self.error <= ERROR


def registered(fixed: Head, moving: Head) -> Registration:
    """The rigid movement that brings places of the ``fixed`` head to the ``moving`` one.

    By the search that puts a series on an anatomical image (``preprocess.anatomy``), there and
    back; the mean of both is taken, and how far they are apart is the error. Two examinations on
    one grid are registered as others are: a grid says where the scanner was, not the head.

    Raises RegistrationError for a registration that is not ``good``, with its scores, and
    InputError for brains that are too small.
    """
    with one_itk_thread():
        there, back = _searched(fixed, moving), _searched(moving, fixed)
    mean = _between(there, np.linalg.inv(back), _middle(fixed))
    found = Registration(
        transform=mean,
        likeness=_likeness(fixed, moving, mean),
        overlap=_overlap(fixed, moving, mean),
        error=mean_distance(back @ there, np.eye(4), _places(fixed)),
        voxel=float(np.prod(fixed.grid.voxel_size) ** (1 / 3)),
    )
    if not found.good:
        raise RegistrationError(f"the two dates could not be registered: {found.told}")
    return found


def _searched(fixed: Head, moving: Head) -> Transform:
    image = AnatomicalImage(
        volume=filled(moving.image), grid=moving.grid, name="the other examination"
    )
    return search(fixed_of(fixed.image, fixed.brain, fixed.grid, MARGIN), moving_of(image))


def _between(one: Transform, other: Transform, centre: Float[np.ndarray, "3"]) -> Transform:
    """The rigid movement half way between two that are near each other, about a centre."""
    mean = (one + other) / 2
    left, _, right = np.linalg.svd(mean[:3, :3])
    found = np.eye(4)
    found[:3, :3] = left @ right
    found[:3, 3] = mean[:3, :3] @ centre + mean[:3, 3] - found[:3, :3] @ centre
    return found


def _smooth(head: Head, smoothing: float) -> Float[np.ndarray, "x y z"]:
    known = np.nan_to_num(head.image, nan=0.0).astype(np.float32)
    return smoothed(known, head.grid, smoothing, head.brain)


def _middle(head: Head) -> Float[np.ndarray, "3"]:
    """The middle of a brain, mm (RAS+)."""
    return np.asarray(_places(head).mean(axis=0))


def _likeness(fixed: Head, moving: Head, transform: Transform) -> float:
    one = _smooth(fixed, SMOOTHING)
    other = carried(_smooth(moving, SMOOTHING), moving.grid, fixed.grid, transform)
    both = fixed.brain & np.isfinite(other) & _brain_carried(fixed, moving, transform)
    if both.sum() < FEWEST:
        return 0.0
    return float(np.corrcoef(one[both], other[both])[0, 1])


def _overlap(fixed: Head, moving: Head, transform: Transform) -> float:
    seen = inside_of(moving.grid, fixed.grid, transform)
    one, other = fixed.brain & seen, _brain_carried(fixed, moving, transform)
    total = int(one.sum() + other.sum())
    return 2 * float((one & other).sum()) / total if total else 0.0


def _brain_carried(fixed: Head, moving: Head, transform: Transform) -> Bool[np.ndarray, "x y z"]:
    found = carried(moving.brain.astype(np.float32), moving.grid, fixed.grid, transform)
    return np.nan_to_num(found, nan=0.0) > 0.5


def _places(head: Head) -> Float[np.ndarray, "n 3"]:
    """Where the voxels of a brain lie, mm (RAS+)."""
    return np.asarray(
        np.argwhere(head.brain) @ head.grid.affine[:3, :3].T + head.grid.affine[:3, 3]
    )
