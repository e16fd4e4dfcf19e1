"""Rigid registration of two examinations by their images before the bolus."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Num
from scipy import ndimage

from bolus.data import Grid, InputError
from bolus.followup.carried import carried, inside_of
from bolus.preprocess.motion.one_thread import one_itk_thread
from bolus.preprocess.motion.register import (
    BINS,
    COARSE,
    FINE,
    FINEST,
    SAMPLES,
    SEED,
    SHORTEST_STEP,
    STEPS,
    Level,
    smoothed,
)
from bolus.preprocess.motion.space import LEVER

if TYPE_CHECKING:
    from SimpleITK import Image

LEAST_SLICES = 4
"""Voxels along every axis that the search needs."""
LIKENESS, OVERLAP, ERROR = 0.6, 0.7, 3.0
"""Least correlation of the two images, least overlap of the brains (Dice) and largest error in mm
that a registration may have, or it is refused."""
MARGIN = 20.0
"""mm around the brain that are looked at, too: its rim and the scalp tell most of where it is."""
FLOOR = 0.3
"""mm: no registration is taken to be nearer than this along any axis."""

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
    between registering one to the other and the other to the one.
    """

    transform: Transform
    likeness: float
    overlap: float
    error: float

    @property
    def sd(self) -> float:
        """SD in mm along an axis of a place that was carried over, at least FLOOR."""
        return max(FLOOR, self.error / np.sqrt(3))

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

    Mattes' mutual information of the smoothed images is climbed from where the headers put them and
    from where the middles of the brains meet, and on from the better end with less smoothing.
    The way back is searched too; the mean of both is taken, and how far they are apart is the
    error.

    Raises InputError for grids of fewer than LEAST_SLICES voxels along an axis, and for a
    registration that is not ``good``, with its scores.
    """
    for head in (fixed, moving):
        if min(head.grid.shape) < LEAST_SLICES:
            raise InputError(
                f"two dates are registered on grids of at least {LEAST_SLICES} voxels along every "
                f"axis, found {head.grid.shape}"
            )
    with one_itk_thread():
        there = _searched(fixed, moving)
        back = _searched(moving, fixed)
    mean = _between(there, np.linalg.inv(back), _middle(fixed))
    found = Registration(
        transform=mean,
        likeness=_likeness(fixed, moving, mean),
        overlap=_overlap(fixed, moving, mean),
        error=_apart(fixed, back @ there),
    )
    if not found.good:
        raise InputError(f"the two dates could not be registered: {found.told}")
    return found


def _searched(fixed: Head, moving: Head) -> Transform:
    """Coarse from every start, and fine from the better end."""
    starts = [np.eye(4), np.eye(4)]
    starts[1][:3, 3] = _middle(moving) - _middle(fixed)
    ends = [_climbed(fixed, moving, start, COARSE) for start in starts]
    best = min(ends, key=lambda end: end[1])[0]
    return _climbed(fixed, moving, best, FINE)[0]


def _between(one: Transform, other: Transform, centre: Float[np.ndarray, "3"]) -> Transform:
    """The rigid movement half way between two that are near each other, about a centre."""
    mean = (one + other) / 2
    left, _, right = np.linalg.svd(mean[:3, :3])
    found = np.eye(4)
    found[:3, :3] = left @ right
    found[:3, 3] = mean[:3, :3] @ centre + mean[:3, 3] - found[:3, :3] @ centre
    return found


def _climbed(fixed: Head, moving: Head, start: Transform, level: Level) -> tuple[Transform, float]:
    """The end of one search, and the negative mutual information there."""
    import SimpleITK as sitk  # noqa: N813

    centre = _middle(fixed) / LEVER
    transform = sitk.Euler3DTransform()
    transform.SetCenter(centre.tolist())
    transform.SetMatrix(start[:3, :3].ravel().tolist(), 1e-6)
    shift = start[:3, 3] / LEVER + start[:3, :3] @ centre - centre
    transform.SetTranslation(shift.tolist())
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    around = _around(fixed)
    method.SetMetricSamplingPercentage(min(1.0, SAMPLES / int(around.sum())), SEED)
    method.SetMetricFixedMask(_image(around.astype(np.uint8), fixed.grid))
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        level.step / LEVER, SHORTEST_STEP / LEVER, STEPS, gradientMagnitudeTolerance=1e-7
    )
    method.SetInitialTransform(transform, inPlace=True)
    try:
        method.Execute(
            _image(_smooth(fixed, level.smoothing), fixed.grid),
            _fine(_smooth(moving, level.smoothing), moving.grid),
        )
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise InputError(f"the two dates could not be registered ({reason})") from error
    return _in_mm(transform, centre), float(method.GetMetricValue())


def _in_mm(transform: "object", centre: Float[np.ndarray, "3"]) -> Transform:
    found = np.eye(4)
    found[:3, :3] = np.array(transform.GetMatrix()).reshape(3, 3)  # type: ignore[attr-defined]
    shift = np.array(transform.GetTranslation())  # type: ignore[attr-defined]
    found[:3, 3] = LEVER * (centre - found[:3, :3] @ centre + shift)
    return found


def _fine(volume: Float[np.ndarray, "x y z"], grid: Grid) -> "Image":
    """A volume with its thick voxels split by cubic splines, down to the size of the thinnest.

    The linear interpolation of the search would else blur one place more than another.
    """
    size = np.array(grid.voxel_size)
    parts = np.clip(np.round(size / size.min()), 1, FINEST).astype(int)
    sides = [np.arange((n - 1) * k + 1) / k for n, k in zip(volume.shape, parts, strict=True)]
    places = np.meshgrid(*sides, indexing="ij")
    return _image(ndimage.map_coordinates(volume, places, order=3, mode="nearest"), grid, parts)


def _image(
    volume: Num[np.ndarray, "x y z"], grid: Grid, parts: np.ndarray | tuple[int, ...] = (1, 1, 1)
) -> "Image":
    """A volume where it lies, in units of LEVER (RAS+), so that turns weigh as shifts do.

    Its voxels are ``parts`` of the grid's along its axes.
    """
    import SimpleITK as sitk  # noqa: N813

    image = sitk.GetImageFromArray(np.ascontiguousarray(volume.T))
    size = np.array(grid.voxel_size)
    image.SetSpacing((size / parts / LEVER).tolist())
    image.SetDirection((grid.affine[:3, :3] / size).ravel().tolist())
    image.SetOrigin((grid.affine[:3, 3] / LEVER).tolist())
    return image


def _around(head: Head) -> Bool[np.ndarray, "x y z"]:
    """The brain and its rim, MARGIN mm wide, where it is told from what surrounds it."""
    apart = ndimage.distance_transform_edt(~head.brain, sampling=head.grid.voxel_size)
    return np.asarray(apart <= MARGIN)


def _smooth(head: Head, smoothing: float) -> Float[np.ndarray, "x y z"]:
    known = np.nan_to_num(head.image, nan=0.0).astype(np.float32)
    return smoothed(known, head.grid, smoothing, head.brain)


def _middle(head: Head) -> Float[np.ndarray, "3"]:
    """The middle of a brain, mm (RAS+)."""
    centre = np.argwhere(head.brain).mean(axis=0)
    return np.asarray(head.grid.affine[:3, :3] @ centre + head.grid.affine[:3, 3])


def _likeness(fixed: Head, moving: Head, transform: Transform) -> float:
    one = _smooth(fixed, FINE.smoothing)
    other = carried(_smooth(moving, FINE.smoothing), moving.grid, fixed.grid, transform)
    both = fixed.brain & np.isfinite(other) & _brain_carried(fixed, moving, transform)
    if both.sum() < SAMPLES // 100:
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


def _apart(head: Head, round_trip: Transform) -> float:
    """How far the voxels of a brain are from where they were, mm on average."""
    points = np.argwhere(head.brain) @ head.grid.affine[:3, :3].T + head.grid.affine[:3, 3]
    gap = points @ (round_trip[:3, :3] - np.eye(3)).T + round_trip[:3, 3]
    return float(np.linalg.norm(gap, axis=1).mean())
